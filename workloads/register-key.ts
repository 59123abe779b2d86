/** What the register workloads ask of one key: reads, unique writes and compare-and-sets. */
import type { Op } from '../checker/history.ts';
import { type Generator, type OpTemplate, repeat, unfold } from '../harness/generator.ts';
import { withReaders } from './reader-threads.ts';

/** Weights, any scale. */
export interface RegisterMix {
  readonly read: number;
  readonly write: number;
  readonly cas: number;
}

interface RegisterKey {
  /** The value that the key was last seen with, so that a compare-and-set may succeed. */
  readonly lastSeen: unknown;
  /** Every value is written at most once in a run, which keeps checking near-linear. */
  readonly nextValue: number;
}

const read: OpTemplate = { f: 'read', value: null };

export function createRegisterKey(mix: RegisterMix, firstValue: number): Generator {
  return withReaders(
    repeat(() => read),
    writesAndReads(mix, firstValue),
  );
}

function writesAndReads(mix: RegisterMix, firstValue: number): Generator {
  const start: RegisterKey = { lastSeen: null, nextValue: firstValue };
  return unfold(start, {
    next: (state, { random }) => {
      const choice = random() * (mix.read + mix.write + mix.cas);
      if (choice < mix.read) return { op: read, state };
      const { nextValue: value, lastSeen } = state;
      const next = { ...state, nextValue: value + 1 };
      if (choice < mix.read + mix.write) return { op: { f: 'write', value }, state: next };
      return { op: { f: 'cas', value: [lastSeen, value] }, state: next };
    },
    learn: (state, event) => {
      if (event.type !== 'ok') return state;
      const seen = valueAfter(event);
      return seen === undefined ? state : { ...state, lastSeen: seen };
    },
  });
}

/** What the key held when the operation was done; undefined when that was not told. */
function valueAfter({ f, value, result }: Op): unknown {
  if (f !== 'cas') return value;
  if (typeof result !== 'object' || result === null || !('swapped' in result)) return undefined;
  if (result.swapped === true) return Array.isArray(value) ? value[1] : undefined;
  return 'seen' in result ? result.seen : undefined;
}
