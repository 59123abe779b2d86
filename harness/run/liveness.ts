/**
 * The liveness phase of a simulated run, after the last healing: first a healthy majority is left
 * with a minority that goes on disturbing it, then all are well. [Raft §5.6]
 *
 * It measures in virtual time and judges nothing: how long until a change is acknowledged, how long
 * none is meanwhile, how many terms it takes, and what each node is left with.
 */
import type { NodeEnd, RunLiveness } from '../checker.ts';
import type { Link } from '../cluster.ts';
import { untilOk } from '../generator.ts';
import { rulesOn } from '../nemesis/network-fault.ts';
import { introspectNode, pause } from './introspect.ts';
import { type RandomSource, randomInteger, randomItem, randomShuffle } from './random.ts';
import { drive, type RecoveryOptions, recoveryKey, startAll } from './recovery.ts';

export interface LivenessSettings {
  /** The longest time in which a follower that hears nobody stands. */
  readonly electionTimeoutMs: number;
  /** Whether few enough messages are lost or late that a majority can keep its leader. */
  readonly isQuiet: boolean;
  /** Entries of the log that a snapshot and what is kept before it leave; null: not known. */
  readonly logEntries: number | null;
  /** Of a segment of the log on disk; null: not known. */
  readonly segmentKiB: number | null;
  /** Of a node on its disk; null where nobody can tell. */
  filesOf?(node: string): ReadonlyMap<string, number> | null;
}

export interface LivenessOptions extends Omit<RecoveryOptions, 'random'> {
  readonly liveness: LivenessSettings;
  readonly random: RandomSource;
}

/** How many election timeouts the disturbed majority is watched. */
const watchedTimeouts = 10;
/** And all of them, when nobody asks them anything. */
const quietTimeouts = 3;
/** The share of runs in which a disturbed majority is watched: it takes half of their time. */
const coreShare = 0.3;
/** Beside them: so long a node may need at least until it answers a read. */
const readLeastMs = 10_000;
/** How the minority is a nuisance. */
const nuisances = ['deaf', 'mute', 'gone', 'flapping'] as const;
type Nuisance = (typeof nuisances)[number];

type Core = NonNullable<RunLiveness['core']>;

/** What became of the disturbed majority, if it was watched; the first process id left unused. */
export async function watchCore(
  options: LivenessOptions,
): Promise<{ readonly core: Core | null; readonly nextProcess: number }> {
  const { members, random, cluster, firstProcess } = options;
  const minority = randomShuffle(random, members).slice(0, Math.floor((members.length - 1) / 2));
  const disturbing = minority.slice(0, 1 + randomInteger(random, Math.max(1, minority.length)));
  const how = randomItem(random, nuisances);
  const isWatched = random() < coreShare;
  if (!isWatched || minority.length === 0 || !cluster.capabilities().drop.available) {
    return { core: null, nextProcess: firstProcess };
  }
  await startAll(options);
  const healthy = members.filter((node) => !disturbing.includes(node));
  let isOver = false;
  const nuisance = disturb(options, { disturbing, healthy, how, isOver: () => isOver });
  const watched = await watch({ ...options, members: healthy });
  isOver = true;
  await nuisance;
  await cluster.network.set([]);
  const description = `${disturbing.join(' and ')} ${how}`;
  return { core: { description, ...watched.core }, nextProcess: watched.nextProcess };
}

interface Disturbance {
  readonly disturbing: readonly string[];
  readonly healthy: readonly string[];
  readonly how: Nuisance;
  isOver(): boolean;
}

async function disturb(
  { cluster, timers, liveness }: LivenessOptions,
  { disturbing, healthy, how, isOver }: Disturbance,
): Promise<void> {
  const links = (from: readonly string[], to: readonly string[]): readonly Link[] =>
    from.flatMap((one) => to.map((other) => ({ from: one, to: other })));
  const [inward, outward] = [links(healthy, disturbing), links(disturbing, healthy)];
  const cut = how === 'deaf' ? inward : how === 'mute' ? outward : [...inward, ...outward];
  await cluster.network.set(rulesOn(cut, { type: 'drop' }));
  let isCut = true;
  while (how === 'flapping' && !isOver()) {
    await pause(timers, isCut ? 1.5 * liveness.electionTimeoutMs : liveness.electionTimeoutMs / 2);
    isCut = !isCut;
    await cluster.network.set(isCut ? rulesOn(cut, { type: 'drop' }) : []);
  }
}

async function watch(
  options: LivenessOptions,
): Promise<{ readonly core: Omit<Core, 'description'>; readonly nextProcess: number }> {
  const { timers, liveness, limitMs } = options;
  const beganNs = timers.nowNs();
  const sinceMs = (ns: number): number => (timers.nowNs() - ns) / 1e6;
  const isLate = (): boolean => sinceMs(beganNs) > limitMs || options.shouldStop();
  let { firstProcess: nextProcess } = options;
  let servedAfterMs: number | null = null;
  let longestGapMs = 0;
  let termBefore: number | null = null;
  let watchedFromNs = beganNs;
  while (servedAfterMs === null || sinceMs(watchedFromNs) < watchedMs(liveness)) {
    const askedNs = timers.nowNs();
    const probed = await probe({ ...options, firstProcess: nextProcess }, isLate);
    ({ nextProcess } = probed);
    if (!probed.isDone) {
      longestGapMs = Math.max(longestGapMs, sinceMs(askedNs));
      break;
    }
    if (servedAfterMs === null) {
      servedAfterMs = sinceMs(beganNs);
      // Whoever led before the disturbance is to have its time to notice.
      await pause(timers, 2 * liveness.electionTimeoutMs);
      watchedFromNs = timers.nowNs();
      termBefore = await highestTerm(options);
      continue;
    }
    longestGapMs = Math.max(longestGapMs, sinceMs(askedNs));
    await pause(timers, liveness.electionTimeoutMs / 8);
  }
  const termAfter = await highestTerm(options);
  const terms = termBefore === null || termAfter === null ? 0 : termAfter - termBefore;
  return { core: { servedAfterMs, longestGapMs, terms }, nextProcess };
}

function watchedMs({ electionTimeoutMs }: LivenessSettings): number {
  return watchedTimeouts * electionTimeoutMs;
}

function probe(options: LivenessOptions, stop: () => boolean): ReturnType<typeof drive> {
  const { workload, members } = options;
  const probes = untilOk((attempt) => ({ ...workload.createProbe(attempt), key: recoveryKey }));
  return drive(options, probes, { stop, nodes: members.slice(0, 1) });
}

async function highestTerm(options: LivenessOptions): Promise<number | null> {
  const answers = await Promise.all(options.members.map((node) => introspectNode(options, node)));
  const terms = answers.flatMap((answer) => (answer === null ? [] : [answer.term]));
  return terms.length === 0 ? null : Math.max(...terms);
}

/** After the recovery: whether terms have settled, who answers a read, and what is left. */
export async function watchEnd(
  options: LivenessOptions,
): Promise<Pick<RunLiveness, 'termsAtEnd' | 'silent' | 'ends'>> {
  const { timers, liveness, members } = options;
  const termBefore = await highestTerm(options);
  await pause(timers, quietTimeouts * liveness.electionTimeoutMs);
  const termAfter = await highestTerm(options);
  const ends = await Promise.all(members.map((node) => endOf(options, node)));
  const answers = await Promise.all(members.map((node) => answersRead(options, node)));
  return {
    termsAtEnd: (termAfter ?? 0) - (termBefore ?? 0),
    silent: members.filter((_, position) => answers[position] === false),
    ends: ends.filter((end) => end !== null),
  };
}

/** Tries until there was time for many elections. */
async function answersRead(options: LivenessOptions, node: string): Promise<boolean> {
  const { timers, system, cluster, liveness } = options;
  if (system.answersRead === undefined) return true;
  const endNs = timers.nowNs() + (readLeastMs + watchedMs(liveness)) * 1e6;
  while (timers.nowNs() < endNs && !options.shouldStop()) {
    try {
      if (await system.answersRead(await cluster.connect(node), timers)) return true;
    } catch {
      // It does not listen: asked again, for as long as it has.
    }
    await pause(timers, liveness.electionTimeoutMs / 4);
  }
  return false;
}

async function endOf(options: LivenessOptions, node: string): Promise<NodeEnd | null> {
  const found = await introspectNode(options, node);
  if (found === null) return null;
  const files = options.liveness.filesOf?.(node) ?? null;
  const { waitingWrites = 0, waitingReads = 0, transferringTo = null } = found;
  return {
    ...{ node, waitingWrites, waitingReads, transferringTo },
    logEntries: found.lastLogIndex - (found.firstLogIndex ?? 1) + 1,
    files: files?.size ?? null,
    bytes: files === null ? null : [...files.values()].reduce((sum, bytes) => sum + bytes, 0),
  };
}
