/**
 * Generators made of several: chosen at random, by thread, or one for each key. [Jepsen]
 *
 * As pure as those of generator.ts. A part that is done leaves the others going; the whole is done
 * when all of them are.
 */
import type { Op } from '../checker/history.ts';
import { type Generator, type GeneratorContext, type Next, nothing } from './generator.ts';

/** One of the parts each time, by weight (any scale); one without weight never. */
export function mix(...parts: readonly (readonly [weight: number, part: Generator])[]): Generator {
  return {
    op: (context) => mixedOp(parts, context),
    update: (event) => mix(...parts.map(([weight, part]) => [weight, part.update(event)] as const)),
  };
}

function mixedOp(
  parts: readonly (readonly [number, Generator])[],
  context: GeneratorContext,
): Next {
  let left = [...parts.keys()].filter((at) => (parts[at]?.[0] ?? 0) > 0);
  let current = [...parts];
  const pending: (number | null)[] = [];
  while (left.length > 0) {
    const total = left.reduce((sum, at) => sum + (current[at]?.[0] ?? 0), 0);
    const chosen = weighted(current, left, context.random() * total);
    left = left.filter((at) => at !== chosen);
    const [weight, part] = current[chosen] ?? [0, nothing];
    const next = part.op(context);
    if (next.type === 'done') {
      current = current.with(chosen, [0, nothing]);
      continue;
    }
    current = current.with(chosen, [weight, next.generator]);
    if (next.type === 'op') return { ...next, generator: mix(...current) };
    pending.push(next.untilNs);
  }
  return pending.length === 0 ? { type: 'done' } : waiting(pending, mix(...current));
}

/** The first of `left` at which the weights so far go beyond the point. */
function weighted(
  parts: readonly (readonly [number, Generator])[],
  left: readonly number[],
  point: number,
): number {
  let sum = 0;
  for (const at of left) {
    sum += parts[at]?.[0] ?? 0;
    if (point < sum) return at;
  }
  return left.at(-1) ?? 0;
}

/** Threads that fit ask the first, all others the second. */
export function onThreads(
  fits: (thread: number) => boolean,
  own: Generator,
  others: Generator,
): Generator {
  return {
    op: (context) => {
      const isOwn = fits(context.thread);
      const next = (isOwn ? own : others).op(context);
      if (next.type === 'done') {
        const rest = isOwn ? others : own;
        // Done for these threads; whether the others are, only they can be asked.
        if (rest === nothing) return next;
        const generator = isOwn ? onThreads(fits, nothing, rest) : onThreads(fits, rest, nothing);
        return { type: 'pending', untilNs: null, generator };
      }
      const generator = isOwn
        ? onThreads(fits, next.generator, others)
        : onThreads(fits, own, next.generator);
      return { ...next, generator };
    },
    update: (event) => onThreads(fits, updated(own, event), updated(others, event)),
  };
}

/** The first so many threads have a part of their own, the next so many another. [Jepsen] */
export function reserve(
  parts: readonly (readonly [count: number, part: Generator])[],
  rest: Generator,
): Generator {
  const reserveFrom = (at: number, first: number): Generator => {
    const part = parts[at];
    if (part === undefined) return rest;
    const [count, own] = part;
    const end = first + count;
    return onThreads((thread) => thread >= first && thread < end, own, reserveFrom(at + 1, end));
  };
  return reserveFrom(0, 0);
}

interface Pool {
  readonly parts: readonly Generator[];
  /** The first of them that nobody has begun. */
  readonly next: number;
  /** Whose part is whose. */
  readonly begun: ReadonlyMap<number, Generator>;
  /** Parts whose process ended, because it got no answer. */
  readonly left: readonly Generator[];
}

/**
 * Each part once, as many at a time as there are clients: a process carries out a part to its end,
 * and one whose process got no answer goes on with another. For final operations.
 */
export function inAnyOrder(parts: readonly Generator[]): Generator {
  return poolFrom({ parts, next: 0, begun: new Map(), left: [] });
}

function poolFrom(pool: Pool): Generator {
  return {
    op: (context) => poolOp(pool, context),
    update: (event) => poolFrom(poolUpdate(pool, event)),
  };
}

function poolOp(pool: Pool, context: GeneratorContext): Next {
  const begun = new Map(pool.begun);
  let { next, left } = pool;
  for (;;) {
    const [orphan, ...others] = left;
    const own = begun.get(context.process) ?? orphan ?? pool.parts[next];
    if (own === undefined) break;
    if (!begun.has(context.process)) {
      if (orphan === undefined) next++;
      else left = others;
    }
    const step = own.op(context);
    if (step.type === 'done') {
      begun.delete(context.process);
      continue;
    }
    begun.set(context.process, step.generator);
    return { ...step, generator: poolFrom({ ...pool, next, begun, left }) };
  }
  // Nothing is left to begin: are the others at their end?
  for (const [process, part] of pool.begun) {
    if (part.op(context).type === 'done') begun.delete(process);
  }
  if (begun.size === 0) return { type: 'done' };
  const generator = poolFrom({ ...pool, next, begun, left });
  return { type: 'pending', untilNs: null, generator };
}

function poolUpdate(pool: Pool, event: Op): Pool {
  if (event.process === 'nemesis') return pool;
  const own = pool.begun.get(event.process);
  if (own === undefined) return pool;
  const begun = new Map(pool.begun);
  const learnt = own.update(event);
  if (event.type !== 'info') return { ...pool, begun: begun.set(event.process, learnt) };
  begun.delete(event.process);
  return { ...pool, begun, left: [...pool.left, learnt] };
}

export interface IndependentOptions {
  /** Keys in use at a time. */
  readonly keyCount: number;
  /** A key has had its share after so many operations, and a new one takes its place. */
  readonly opsPerKey: number;
  /** Or after so many whose outcome is unknown; null for any number. */
  readonly unknownPerKey: number | null;
  /**
   * What is asked of a key; its operations need not name it. `firstValue` is the first of a block
   * of `opsPerKey` whole numbers above 0 that no other key has.
   */
  createGenerator(key: string, firstValue: number): Generator;
}

interface KeyInUse {
  readonly key: string;
  readonly generator: Generator;
  readonly opCount: number;
  readonly unknownCount: number;
}

interface KeysInUse {
  readonly slots: readonly KeyInUse[];
  readonly nextKey: number;
}

/** Endless: a few keys at a time, each with a generator of its own, each given up in its turn. */
export function independent(options: IndependentOptions): Generator {
  const slots = Array.from({ length: options.keyCount }, (_, at) => newKey(options, at));
  return independentFrom(options, { slots, nextKey: options.keyCount });
}

function newKey(options: IndependentOptions, number: number): KeyInUse {
  const key = String(number);
  const generator = options.createGenerator(key, number * options.opsPerKey + 1);
  return { key, generator, opCount: 0, unknownCount: 0 };
}

function withNewKey(options: IndependentOptions, keys: KeysInUse, slot: number): KeysInUse {
  const { slots, nextKey } = keys;
  return { slots: slots.with(slot, newKey(options, nextKey)), nextKey: nextKey + 1 };
}

function independentFrom(options: IndependentOptions, keys: KeysInUse): Generator {
  return {
    op: (context) => independentOp(options, keys, context),
    update: (event) => independentFrom(options, learnOfKey(options, keys, event)),
  };
}

function independentOp(
  options: IndependentOptions,
  keys: KeysInUse,
  context: GeneratorContext,
): Next {
  const count = keys.slots.length;
  if (count === 0) throw new RangeError('independent keys need at least one key');
  const first = Math.floor(context.random() * count);
  let current = keys;
  const pending: (number | null)[] = [];
  for (let turn = 0; turn < count; turn++) {
    const slot = (first + turn) % count;
    let inUse = current.slots[slot] as KeyInUse;
    let next = inUse.generator.op(context);
    if (next.type === 'done') {
      current = withNewKey(options, current, slot);
      inUse = current.slots[slot] as KeyInUse;
      next = inUse.generator.op(context);
      if (next.type === 'done') throw new RangeError(`nothing is asked of key ${inUse.key}`);
    }
    const { generator } = next;
    if (next.type === 'op') {
      const { key } = inUse;
      const opCount = inUse.opCount + 1;
      const slots = current.slots.with(slot, { ...inUse, generator, opCount });
      current = { ...current, slots };
      if (opCount >= options.opsPerKey) current = withNewKey(options, current, slot);
      return { ...next, op: { ...next.op, key }, generator: independentFrom(options, current) };
    }
    current = { ...current, slots: current.slots.with(slot, { ...inUse, generator }) };
    pending.push(next.untilNs);
  }
  return waiting(pending, independentFrom(options, current));
}

function learnOfKey(options: IndependentOptions, keys: KeysInUse, event: Op): KeysInUse {
  const slot = keys.slots.findIndex(({ key }) => key === event.key);
  const inUse = keys.slots[slot];
  if (inUse === undefined) return keys;
  const unknownCount = inUse.unknownCount + (event.type === 'info' ? 1 : 0);
  if (options.unknownPerKey !== null && unknownCount >= options.unknownPerKey) {
    return withNewKey(options, keys, slot);
  }
  const generator = inUse.generator.update(event);
  return { ...keys, slots: keys.slots.with(slot, { ...inUse, generator, unknownCount }) };
}

function waiting(untilNs: readonly (number | null)[], generator: Generator): Next {
  const times = untilNs.filter((time) => time !== null);
  return { type: 'pending', untilNs: times.length === 0 ? null : Math.min(...times), generator };
}

function updated(part: Generator, event: Op): Generator {
  return part === nothing ? part : part.update(event);
}
