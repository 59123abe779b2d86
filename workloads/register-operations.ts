/**
 * What the register workloads ask for: reads, unique writes and compare-and-sets on several keys.
 *
 * A pure generator. A few keys are in use at a time; one that has had its share of operations gives
 * way to a new one, so that each key's history stays short enough for any checker.
 */
import type { CasResult, Op } from '../checker/history.ts';
import type { Generator, GeneratorContext, OpTemplate } from '../harness/generator.ts';

export interface RegisterMix {
  /** Weights, any scale. */
  readonly read: number;
  readonly write: number;
  readonly cas: number;
}

export interface RegisterOptions {
  /** What threads do that are not reserved for reading. */
  readonly mix: RegisterMix;
  /** Keys in use at a time. */
  readonly keyCount: number;
  readonly opsPerKey: number;
}

/** A key in use: how many operations it has had, and the value that was last seen in it. */
interface KeyInUse {
  readonly key: string;
  readonly opCount: number;
  readonly lastSeen: unknown;
}

interface RegisterProgress {
  readonly keys: readonly KeyInUse[];
  readonly nextKey: number;
  /** Every value is written at most once in a run, which keeps checking near-linear. */
  readonly nextValue: number;
}

/** Endless; bound it with the combinators of harness/generator.ts. */
export function createRegisterGenerator(options: RegisterOptions): Generator {
  const keys: KeyInUse[] = [];
  for (let key = 0; key < options.keyCount; key++) {
    keys.push({ key: String(key), opCount: 0, lastSeen: null });
  }
  return registerGenerator(options, { keys, nextKey: options.keyCount, nextValue: 1 });
}

function registerGenerator(options: RegisterOptions, progress: RegisterProgress): Generator {
  return {
    op: (context) => {
      const { op, progress: next } = nextOperation(options, progress, context);
      return { type: 'op', op, generator: registerGenerator(options, next) };
    },
    update: (event) => {
      const next = learn(progress, event);
      return registerGenerator(options, next);
    },
  };
}

function nextOperation(
  options: RegisterOptions,
  progress: RegisterProgress,
  context: GeneratorContext,
): { readonly op: OpTemplate; readonly progress: RegisterProgress } {
  const slot = Math.floor(context.random() * progress.keys.length);
  const inUse = progress.keys[slot];
  if (inUse === undefined) throw new RangeError('a register workload needs at least one key');
  const retires = inUse.opCount + 1 >= options.opsPerKey;
  const replacement: KeyInUse = retires
    ? { key: String(progress.nextKey), opCount: 0, lastSeen: null }
    : { ...inUse, opCount: inUse.opCount + 1 };
  const keys = progress.keys.with(slot, replacement);
  const nextKey = progress.nextKey + (retires ? 1 : 0);
  const { mix } = options;
  const { key } = inUse;
  // Every other thread only reads: a client whose write hangs in a leader that has lost its
  // followers reads nothing there any more, and reads are what shows that it answers from the past.
  const readsOnly = context.thread % 2 === 1;
  const choice = readsOnly ? 0 : context.random() * (mix.read + mix.write + mix.cas);
  const next = (valueCount: number): RegisterProgress => ({
    keys,
    nextKey,
    nextValue: progress.nextValue + valueCount,
  });
  if (readsOnly || choice < mix.read)
    return { op: { f: 'read', key, value: null }, progress: next(0) };
  const value = progress.nextValue;
  if (choice < mix.read + mix.write) return { op: { f: 'write', key, value }, progress: next(1) };
  return { op: { f: 'cas', key, value: [inUse.lastSeen, value] }, progress: next(1) };
}

/** Remembers the value that a key was last seen with, so that a compare-and-set may succeed. */
function learn(progress: RegisterProgress, event: Op): RegisterProgress {
  if (event.type !== 'ok') return progress;
  const slot = progress.keys.findIndex((inUse) => inUse.key === event.key);
  const inUse = progress.keys[slot];
  if (inUse === undefined) return progress;
  const seen = valueAfter(event);
  if (seen === undefined || seen === inUse.lastSeen) return progress;
  return { ...progress, keys: progress.keys.with(slot, { ...inUse, lastSeen: seen }) };
}

function valueAfter(event: Op): unknown {
  if (event.f !== 'cas') return event.value;
  const result = event.result as CasResult;
  return result.swapped && Array.isArray(event.value) ? event.value[1] : result.seen;
}
