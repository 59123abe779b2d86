/**
 * Random histories of one register for the tests: seeded, small, and of many shapes.
 *
 * `simulateHistory` runs a real register and then may spoil an answer; `scribbleHistory` draws
 * intervals and answers that nothing ever produced.
 */
import type { Operation } from '../history.ts';

/** Uniform in [0, 1); the same seed gives the same numbers. */
export type RandomSource = () => number;

/** Mulberry32. */
export function createRandom(seed: number): RandomSource {
  let word = seed | 0;
  return () => {
    word = (word + 0x6d2b79f5) | 0;
    let mixed = Math.imul(word ^ (word >>> 15), 1 | word);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export interface HistoryShape {
  readonly operations: number;
  readonly processes: number;
  /** Values are 0..n-1 (small numbers collide); null: every written value is new. */
  readonly values: number | null;
  /** How often a value that should be new is not. */
  readonly repeatShare: number;
  readonly casShare: number;
  /** Whether a cas that misses tells what it found. */
  readonly tellsSeen: boolean;
  /** How many operations stay open. */
  readonly infoShare: number;
  /** How often an answer is spoiled. */
  readonly spoilShare: number;
}

/** Draws a shape with at most that many operations. */
export function randomShape(random: RandomSource, operationsMax: number): HistoryShape {
  return {
    operations: 1 + Math.floor(random() * operationsMax),
    processes: 1 + Math.floor(random() * 4),
    values: random() < 0.5 ? null : 2 + Math.floor(random() * 3),
    repeatShare: 0.03,
    casShare: random() < 0.3 ? 0 : random() * 0.7,
    tellsSeen: random() < 0.5,
    infoShare: random() < 0.4 ? 0 : random() * 0.6,
    spoilShare: random() < 0.3 ? 0 : random() * 0.3,
  };
}

interface Draft {
  readonly process: number;
  readonly f: string;
  readonly value: unknown;
  call: number;
  return: number | null;
  output: unknown;
  isDone: boolean;
}

/** The answers of a register that really ran, some of them spoiled; sorted by invocation. */
export function simulateHistory(shape: HistoryShape, random: RandomSource): Operation[] {
  const drafts: Draft[] = [];
  const open = new Map<number, Draft>();
  const register = { value: null as unknown };
  let position = 0;
  let nextProcess = shape.processes;
  const slots = Array.from({ length: shape.processes }, (_, index) => index);
  while (drafts.length < shape.operations || open.size > 0) {
    const slot = Math.floor(random() * slots.length);
    const process = slots[slot] ?? 0;
    const draft = open.get(process);
    if (draft === undefined) {
      if (drafts.length >= shape.operations) {
        // Only the operations that are open still move.
        slots.splice(slot, 1);
        continue;
      }
      const next = drawInvocation(shape, random, { process, count: drafts.length });
      next.call = position;
      drafts.push(next);
      open.set(process, next);
    } else if (!draft.isDone && random() < 0.6) {
      apply(draft, register, shape);
    } else if (random() < shape.infoShare) {
      // Nobody knows; it may still take effect later, or never.
      open.delete(process);
      if (!draft.isDone && random() < 0.5) apply(draft, register, shape);
      draft.output = undefined;
      slots[slot] = nextProcess;
      nextProcess += 1;
    } else {
      if (!draft.isDone) apply(draft, register, shape);
      draft.return = position;
      open.delete(process);
    }
    position += 1;
  }
  for (const draft of drafts) {
    if (draft.return !== null && random() < shape.spoilShare) spoil(draft, drafts, random);
  }
  return drafts.map(toOperation);
}

/** Random intervals, and answers drawn from the values that occur. */
export function scribbleHistory(shape: HistoryShape, random: RandomSource): Operation[] {
  const drafts = Array.from({ length: shape.operations }, (_, index) => {
    const draft = drawInvocation(shape, random, { process: index, count: index });
    draft.call = Math.floor(random() * shape.operations * 2);
    const length = Math.floor(random() * shape.processes * 3);
    draft.return = random() < shape.infoShare ? null : draft.call + 1 + length;
    return draft;
  });
  drafts.sort((a, b) => a.call - b.call);
  for (const draft of drafts) {
    if (draft.return === null) continue;
    apply(draft, { value: null }, shape);
    spoil(draft, drafts, random);
  }
  return drafts.map(toOperation);
}

function drawInvocation(
  shape: HistoryShape,
  random: RandomSource,
  { process, count }: { readonly process: number; readonly count: number },
): Draft {
  const draft = { process, call: 0, return: null, output: undefined, isDone: false };
  const anyValue = (): unknown => {
    const span = shape.values ?? Math.max(1, count);
    // A cas should often expect what was written last, or it never swaps.
    const isRecent = shape.values === null && random() < 0.5;
    const value = isRecent ? count - 1 : Math.floor(random() * (span + 1));
    return value < 0 || value === span ? null : value;
  };
  const newValue = (): unknown =>
    shape.values === null && random() >= shape.repeatShare ? count : anyValue();
  if (random() < shape.casShare) return { ...draft, f: 'cas', value: [anyValue(), newValue()] };
  return random() < 0.5
    ? { ...draft, f: 'write', value: newValue() }
    : { ...draft, f: 'read', value: null };
}

function apply(draft: Draft, register: { value: unknown }, { tellsSeen }: HistoryShape): void {
  draft.isDone = true;
  const seen = register.value;
  if (draft.f === 'read') draft.output = seen;
  else if (draft.f === 'write') register.value = draft.value;
  else if (Array.isArray(draft.value)) {
    const swapped = draft.value[0] === seen;
    if (swapped) register.value = draft.value[1];
    draft.output = tellsSeen ? { swapped, seen } : { swapped };
  }
}

function spoil(draft: Draft, drafts: readonly Draft[], random: RandomSource): void {
  const other = drafts[Math.floor(random() * drafts.length)];
  const value = Array.isArray(other?.value) ? other.value[1] : (other?.value ?? null);
  if (draft.f === 'read') draft.output = value;
  if (draft.f !== 'cas' || !Array.isArray(draft.value)) return;
  if (random() < 0.5) draft.output = { swapped: random() < 0.5 };
  else draft.output = { swapped: value === draft.value[0], seen: value };
}

function toOperation(draft: Draft, index: number): Operation {
  return {
    id: index,
    process: draft.process,
    f: draft.f,
    key: null,
    value: draft.value,
    output: draft.return === null ? undefined : draft.output,
    call: draft.call,
    return: draft.return,
  };
}
