/**
 * What the lock workload asks of one key: acquire, write a few times with the token, release.
 *
 * Some holders die: they never release, and never come back to the key. Some pause: they keep their
 * token while others go on, and then write with it as if nothing had happened. So the others take
 * the lock over from a holder that they have been refused for several times without a sign of life.
 * Operations that complete decide all this, and the seed; no clock does. [Jepsen]
 */
import type { Op } from '../checker/history.ts';
import {
  type Generator,
  type GeneratorContext,
  type OpTemplate,
  unfold,
} from '../harness/generator.ts';

/** What a holder will do, drawn when it asks for the lock. */
interface Plan {
  readonly writes: number;
  /** After half of the writes it pauses until so many operations have completed; 0: it does not. */
  readonly pauseOps: number;
  /** Instead of a release. */
  readonly dies: boolean;
  /** So many refusals the others take before they take over. */
  readonly patience: number;
}

interface Holder {
  readonly token: number;
  readonly plan: Plan;
  readonly written: number;
  /** Operations of the key that must complete until it goes on; 0: it does not pause. */
  readonly waits: number;
}

interface LockKey {
  /** Every payload is written at most once in a run. */
  readonly nextPayload: number;
  /** By process: who waits for an answer to an acquire. */
  readonly asking: ReadonlyMap<number, Plan>;
  /** By process: who believes to hold the lock. */
  readonly holders: ReadonlyMap<number, Holder>;
  /** By thread, its process: who has been here. */
  readonly present: ReadonlyMap<number, number>;
  /** Threads that died holding the lock. */
  readonly dead: ReadonlySet<number>;
  /** The token that it was last held under, as far as the answers tell; null: none is known. */
  readonly heldBy: number | null;
  /** For that token, since its holder was last seen to do something. */
  readonly refusals: number;
  readonly patience: number;
}

/** `state` must not change in place; `op` null is nothing now. */
interface Step {
  readonly op: OpTemplate | null;
  readonly state: LockKey;
}

const askingMax = 2;
/** How often a client that is not the holder asks for a lock whose holder is alive. */
const askShare = 0.02;

export function createLockKey(firstPayload: number): Generator {
  const start: LockKey = {
    nextPayload: firstPayload,
    asking: new Map(),
    holders: new Map(),
    present: new Map(),
    dead: new Set(),
    heldBy: null,
    refusals: 0,
    patience: 3,
  };
  return unfold(start, { next, learn });
}

/**
 * Whoever is asked while nothing is under way must get something, or somebody who is asked after
 * him: what changes that, such as a death, happens when an operation completes.
 */
function next(before: LockKey, context: GeneratorContext): Step | null {
  const { thread, process } = context;
  const state = arrive(before, thread, process);
  // Where all are dead nobody would ever take over: the key has had its share.
  if (state.dead.has(thread)) return isAnybodyElse(state, thread) ? { op: null, state } : null;
  const holder = state.holders.get(process);
  return holder === undefined ? ask(state, context) : hold(state, holder, context);
}

/** A process that was replaced elsewhere holds nothing any more. */
function arrive(state: LockKey, thread: number, process: number): LockKey {
  const earlier = state.present.get(thread);
  if (earlier === process) return state;
  const present = new Map(state.present).set(thread, process);
  return { ...(earlier === undefined ? state : withHolder(state, earlier, null)), present };
}

/** Somebody who neither died nor pauses, and so will go on. */
function isAnybodyElse({ present, dead, holders }: LockKey, self: number): boolean {
  return [...present].some(
    ([thread, process]) =>
      thread !== self && !dead.has(thread) && (holders.get(process)?.waits ?? 0) === 0,
  );
}

function ask(state: LockKey, { process, random }: GeneratorContext): Step {
  const { asking, holders, heldBy, refusals, patience } = state;
  if (asking.size >= askingMax) return { op: null, state };
  const isAlive = [...holders.values()].some(({ waits }) => waits === 0);
  if (isAlive && random() >= askShare) return { op: null, state };
  const value = heldBy !== null && refusals >= patience ? heldBy : null;
  return {
    op: { f: 'acquire', value },
    state: { ...state, asking: new Map(asking).set(process, drawPlan(random)) },
  };
}

function drawPlan(random: () => number): Plan {
  const fate = random();
  return {
    writes: 2 + Math.floor(random() * 4),
    pauseOps: fate < 0.25 ? 6 + Math.floor(random() * 15) : 0,
    dies: fate > 0.9,
    patience: 2 + Math.floor(random() * 3),
  };
}

function hold(state: LockKey, holder: Holder, { process, thread }: GeneratorContext): Step {
  const { token, plan, written, waits } = holder;
  // Nothing completes where nobody else is: then there is nothing to wait for.
  if (waits > 0 && isAnybodyElse(state, thread)) return { op: null, state };
  if (written >= plan.writes) return { op: { f: 'release', value: token }, state };
  const op = { f: 'write', value: [token, state.nextPayload] };
  const awake = withHolder(state, process, { ...holder, waits: 0 });
  return { op, state: { ...awake, nextPayload: state.nextPayload + 1 } };
}

function withHolder(state: LockKey, process: number, holder: Holder | null): LockKey {
  const holders = new Map(state.holders);
  if (holder === null) holders.delete(process);
  else holders.set(process, holder);
  return { ...state, holders };
}

function learn(before: LockKey, event: Op): LockKey {
  const { type, f, process } = event;
  if (type === 'invoke' || process === 'nemesis') return before;
  const state = { ...before, holders: pauseOn(before.holders) };
  if (f === 'acquire') return learnOfAcquire(state, process, event);
  const holder = state.holders.get(process);
  if (holder === undefined) return state;
  // An operation without an answer ends its process: the lock stays as it is, without a holder.
  if (type === 'info') return withHolder(state, process, null);
  const isSign = type === 'ok' && holder.token === state.heldBy;
  const known = isSign ? { ...state, refusals: 0 } : state;
  if (f === 'write' && event.result !== false) return afterWrite(known, process, holder);
  return withHolder(known, process, null);
}

/** On with the plan: another write, a pause, or death. */
function afterWrite(state: LockKey, process: number, holder: Holder): LockKey {
  const { plan } = holder;
  const written = holder.written + 1;
  if (written >= plan.writes && plan.dies) {
    const [thread] = [...state.present].find(([, each]) => each === process) ?? [];
    const dead = thread === undefined ? state.dead : new Set(state.dead).add(thread);
    return { ...withHolder(state, process, null), dead };
  }
  const waits = written === Math.ceil(plan.writes / 2) ? plan.pauseOps : 0;
  return withHolder(state, process, { ...holder, written, waits });
}

function learnOfAcquire(state: LockKey, process: number, event: Op): LockKey {
  const plan = state.asking.get(process);
  const asking = new Map(state.asking);
  asking.delete(process);
  const answered = { ...state, asking };
  const token = event.result;
  if (event.type === 'ok' && typeof token === 'number' && plan !== undefined) {
    const { patience } = plan;
    const granted = withHolder(answered, process, { token, plan, written: 0, waits: 0 });
    return { ...granted, heldBy: token, refusals: 0, patience };
  }
  if (event.type !== 'fail') return answered;
  if (event.error?.code === 'free') return { ...answered, heldBy: null, refusals: 0 };
  if (event.error?.code !== 'held') return answered;
  const heldBy = tokenIn(event) ?? state.heldBy;
  return { ...answered, heldBy, refusals: heldBy === state.heldBy ? state.refusals + 1 : 1 };
}

/** The token that a refusal names: nobody else knows it when the answer to its grant was lost. */
export function tokenIn({ error }: Op): number | null {
  const digits = /\d+/.exec(error?.message ?? '')?.[0];
  return digits === undefined ? null : Number(digits);
}

/** Each pause becomes shorter by one operation: who pauses asks for none. */
function pauseOn(holders: ReadonlyMap<number, Holder>): ReadonlyMap<number, Holder> {
  return new Map(
    [...holders].map(([process, holder]) => [
      process,
      holder.waits > 0 ? { ...holder, waits: holder.waits - 1 } : holder,
    ]),
  );
}
