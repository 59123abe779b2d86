/**
 * Did the run ask enough, and was it answered: counts by function and outcome, the share that
 * succeeded while the cluster was healthy, the keys, and the schedule of `--rate`.
 *
 * Healthy is what met no fault and was asked for after the first success since the last healing.
 * The start of the run is one, for no cluster serves before it has found itself; it may take ten
 * seconds. The final operations do not count: whoever asks them goes on until they are answered.
 * A run in which a function never succeeded, or hardly anything did while nothing was broken or
 * next to nothing in all, has tested too little to be called valid.
 */
import type { CheckedRun, Checker, CheckerResult } from '../checker.ts';
import { describeCount, describeMany } from '../report/figures.ts';
import { recoveryKey } from '../run/recovery.ts';
import { graceMs } from './availability-duty.ts';
import { FaultTimeline, intervalsOf } from './fault-timeline.ts';
import { type CountedOperation, type Outcome, operationsOf, outcomeOf } from './operations.ts';
import { Refusals } from './refusals.ts';
import { describeSchedule, ScheduleWatch } from './schedule.ts';
import { type Counts, countOf, describeShare, noCounts, totalOf } from './shares.ts';

const name = 'stats';

/** Below this share of successes while nothing is broken, a run has tested too little. */
const healthyShareMin = 0.2;

/** The same of the whole workload, whatever was broken. */
const wholeShareMin = 0.02;

export const stats: Checker = {
  name,
  description: 'each function has succeeded, and a fair share of the operations while healthy',
  check,
};

interface KeyCounts {
  asked: number;
  unknown: number;
}

interface Tally {
  readonly byF: Map<string, Counts>;
  /** All but the final operations; those of them that met nothing bad. */
  readonly workload: Counts;
  readonly healthy: Counts;
  /** Not successful, and asked for before the first success. */
  startingCount: number;
  readonly succeeded: Set<string>;
  readonly keys: Map<string, KeyCounts>;
  /** Whether anything was asked of the probe's key. */
  isProbed: boolean;
  readonly schedule: ScheduleWatch;
  readonly refusals: Refusals;
}

function check(run: CheckedRun): CheckerResult {
  const tally = tallyOf(run);
  const missing = run.workload.fs.filter((f) => !tally.succeeded.has(f));
  const total = totalOf(tally.byF.values());
  const health = describeHealth(tally);
  const whole = describeWhole(tally.workload);
  const isPoor = missing.length > 0 || !health.isEnough || whole.sentence !== null;
  const refusal = isPoor ? tally.refusals.describe(missing) : null;
  const keysGivenUp = countGivenUp(run, tally.keys);
  const schedule = describeSchedule(run, tally.schedule.lag);
  const sentences = [
    ...(missing.length === 0 ? [] : [describeMissing(missing, tally)]),
    health.sentence,
    ...(whole.sentence === null || !health.isEnough ? [] : [whole.sentence]),
    ...(refusal === null ? [] : [refusal]),
    describeAmount(countOf(total), tally),
    ...(keysGivenUp === 0 ? [] : [`${describeCount(keysGivenUp)} of these given up early`]),
    ...schedule.sentences,
  ];
  return {
    name,
    valid: isPoor ? 'unknown' : true,
    summary: `${isPoor ? 'the run tested too little: ' : ''}${sentences.join('; ')}`,
    details: {
      byF: [...tally.byF]
        .map(([f, counts]) => ({ f, ...counts }))
        .sort((a, b) => (a.f < b.f ? -1 : 1)),
      total,
      healthy: { ...tally.healthy, share: health.share, shareMin: healthyShareMin },
      workload: { ...tally.workload, share: whole.share, shareMin: wholeShareMin },
      missing,
      keys: { used: tally.keys.size, givenUpEarly: keysGivenUp, ...run.size },
      schedule: schedule.details,
    },
    blind: [
      ...describeStart(tally.startingCount),
      ...describeOutages(tally),
      ...describeGivenUp(run, keysGivenUp),
      ...schedule.blind,
      ...describeBreak(run),
    ],
  };
}

function describeStart(count: number): readonly string[] {
  const operations = describeMany(count, 'operation');
  return count === 0
    ? []
    : [`the start: ${operations} that came to nothing before the first success`];
}

/** The probe's key is none of the workload's, though it is checked like these. */
function describeAmount(operations: number, { keys, isProbed }: Tally): string {
  const probed = isProbed ? " and the probe's" : '';
  const where = keys.size === 0 ? '' : ` on ${describeMany(keys.size, 'key')}${probed}`;
  return `${describeMany(operations, 'operation')}${where} in all`;
}

function tallyOf(run: CheckedRun): Tally {
  const timeline = new FaultTimeline(run.brokeOff === null ? run.faults : intervalsOf(run.ops));
  const finalFrom = run.recovery?.beganAt ?? Number.POSITIVE_INFINITY;
  const tally: Tally = {
    byF: new Map(),
    workload: noCounts(),
    healthy: noCounts(),
    startingCount: 0,
    succeeded: new Set(),
    keys: new Map(),
    isProbed: false,
    schedule: new ScheduleWatch(run),
    refusals: new Refusals(),
  };
  let startedAt: number | null = null;
  for (const operation of operationsOf(tally.schedule.pass(run.ops))) {
    const { invoked, completed } = operation;
    const outcome = outcomeOf(completed);
    const counts = tally.byF.get(invoked.f) ?? noCounts();
    counts[outcome]++;
    tally.byF.set(invoked.f, counts);
    if (outcome === 'ok' && invoked.key !== recoveryKey) tally.succeeded.add(invoked.f);
    if (invoked.key === recoveryKey) tally.isProbed = true;
    const isFinal = invoked.index >= finalFrom;
    if (!isFinal) countWorkload(tally, operation, outcome);
    if (completed === null) continue;
    timeline.advance(completed.index);
    if (outcome === 'ok') timeline.succeeded(invoked.index, completed);
    const { during, after } = timeline.met(invoked.index);
    const isStarted = startedAt !== null && startedAt < invoked.index;
    if (isFinal) continue;
    if (!isStarted) tally.startingCount += outcome === 'ok' ? 0 : 1;
    else if (during.length === 0 && after.length === 0) tally.healthy[outcome]++;
    if (outcome === 'ok' || completed.timeNs >= graceMs * 1e6) startedAt ??= completed.index;
  }
  return tally;
}

function countWorkload(
  { keys, workload, refusals }: Tally,
  { invoked, completed }: CountedOperation,
  outcome: Outcome,
): void {
  workload[outcome]++;
  if (outcome === 'failed' || outcome === 'unknown') refusals.note(invoked.f, completed?.error);
  if (invoked.key !== undefined) {
    const counts = keys.get(invoked.key) ?? { asked: 0, unknown: 0 };
    counts.asked++;
    if (completed?.type === 'info') counts.unknown++;
    keys.set(invoked.key, counts);
  }
}

/** The probe's operations are in the table of the report, and count for nothing here. */
function describeMissing(missing: readonly string[], { isProbed }: Tally): string {
  const besides = isProbed ? " (the probe's do not count)" : '';
  return `no ${missing.join(' and no ')} has succeeded${besides}`;
}

interface Whole {
  readonly share: number | null;
  /** null when there was enough. */
  readonly sentence: string | null;
}

/** Healthy moments may be few, and what little was asked in them may all have succeeded. */
function describeWhole(workload: Counts): Whole {
  const count = countOf(workload) - workload.redirected;
  if (count === 0) return { share: null, sentence: null };
  const share = (workload.ok + workload.answered) / count;
  if (share >= wholeShareMin) return { share, sentence: null };
  const operations = `all ${describeMany(count, 'operation')} of the workload`;
  return { share, sentence: `only ${describeShare(share)} of ${operations} succeeded` };
}

/** Says so when most of the run went into outages. */
function describeOutages({ workload, healthy, startingCount }: Tally): readonly string[] {
  const count = countOf(workload) - workload.redirected;
  const lost = workload.failed + workload.unknown - startingCount;
  if (2 * lost <= count || countOf(healthy) === 0) return [];
  const share = describeShare(lost / count);
  return [
    `what most operations would have shown: ${share} of them met an outage and came to nothing`,
  ];
}

interface Health {
  readonly share: number | null;
  readonly isEnough: boolean;
  readonly sentence: string;
}

/**
 * An answer of the object counts as a success: a lock that is held has been served. What was told
 * to go elsewhere does not count: a client that stays with a follower is soon back for more. Where
 * faults left no time in which the cluster was healthy, all operations are taken.
 */
function describeHealth({ healthy, workload }: Tally): Health {
  const wasHealthy = countOf(healthy) > healthy.redirected;
  const counts = wasHealthy ? healthy : workload;
  const count = countOf(counts) - counts.redirected;
  if (count === 0) {
    const sentence = 'nothing was asked of a node that did not name another one';
    return { share: null, isEnough: false, sentence };
  }
  const share = (counts.ok + counts.answered) / count;
  const isEnough = share >= healthyShareMin;
  const when = wasHealthy
    ? 'while the cluster was healthy'
    : 'at all, and none was asked for while the cluster was healthy';
  const others = [
    ...(counts.answered === 0
      ? []
      : [`${describeCount(counts.answered)} of them were told no, as by a lock that is held`]),
    ...(counts.redirected === 0
      ? []
      : [`${describeCount(counts.redirected)} more were told to ask another node`]),
  ];
  const besides = others.length === 0 ? '' : ` (${others.join('; ')})`;
  const sentence =
    `${isEnough ? '' : 'only '}${describeShare(share)} of ${describeMany(count, 'operation')} ` +
    `succeeded ${when}${besides}`;
  return { share, isEnough, sentence };
}

/** Keys that the workload left before their share was asked for, as their check would be slow. */
function countGivenUp({ size }: CheckedRun, keys: ReadonlyMap<string, KeyCounts>): number {
  const { unknownPerKey, opsPerKey } = size;
  if (unknownPerKey === null) return 0;
  let count = 0;
  for (const { asked, unknown } of keys.values()) {
    if (unknown >= unknownPerKey && asked < opsPerKey) count++;
  }
  return count;
}

function describeGivenUp({ size }: CheckedRun, count: number): readonly string[] {
  if (count === 0) return [];
  return [
    `longer histories of ${describeMany(count, 'key')}: after ` +
      `${describeMany(size.unknownPerKey ?? 0, 'operation')} of unknown outcome another key took ` +
      'its place, to keep the check quick',
  ];
}

function describeBreak({ brokeOff }: CheckedRun): readonly string[] {
  return brokeOff === null ? [] : ['what would have been asked after the run broke off'];
}
