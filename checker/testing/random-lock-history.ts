/**
 * Random histories of locks, queues and a key of a store for the tests: seeded, small, and of
 * many shapes.
 *
 * Most come from an object that really ran, some of their answers spoiled; the others have
 * intervals and answers that nothing ever produced.
 */
import type { Operation } from '../history.ts';
import type { RandomSource } from './random-history.ts';
import { createLockObject, type LockObject } from './random-lock-object.ts';

export interface RandomLockHistory {
  readonly operations: Operation[];
  /** What definitely did not happen. */
  readonly failed: Operation[];
}

/** What is drawn once for a whole history. */
export interface LockShape {
  readonly operations: number;
  readonly processes: number;
  /** How many operations stay open. */
  readonly infoShare: number;
  readonly failShare: number;
  /** How often an answer is spoiled. */
  readonly spoilShare: number;
  /** How often a value is not new. */
  readonly repeatShare: number;
  /** How often a client does what no good client does. */
  readonly wildShare: number;
  /** How often the kinds of operations that only look, or remove, are drawn. */
  readonly lookShare: number;
}

export interface LockDraft {
  readonly process: number;
  readonly f: string;
  readonly value: unknown;
  call: number;
  return: number | null;
  output: unknown;
  isDone: boolean;
}

/** `model` is one of fifo-queue, mutex, fenced-lock, lock, kv. */
export function randomLockHistory(model: string, random: RandomSource): RandomLockHistory {
  const shape: LockShape = {
    operations: 2 + Math.floor(random() * 8),
    processes: 2 + Math.floor(random() * 3),
    infoShare: random() < 0.4 ? 0 : random() * 0.6,
    failShare: random() < 0.7 ? 0 : 0.2,
    spoilShare: random() < 0.4 ? 0 : random() * 0.4,
    repeatShare: random() < 0.6 ? 0 : 0.3,
    wildShare: random() < 0.5 ? 0 : random() * 0.6,
    lookShare: 0.3 + random() * 0.5,
  };
  const object = createLockObject(model, shape, random);
  return random() < 0.7 ? simulate(object, shape, random) : scribble(object, shape, random);
}

function simulate(object: LockObject, shape: LockShape, random: RandomSource): RandomLockHistory {
  const drafts: LockDraft[] = [];
  const failed: LockDraft[] = [];
  const open = new Map<number, LockDraft>();
  const slots = Array.from({ length: shape.processes }, (_, index) => index);
  let nextProcess = shape.processes;
  const moves = shape.operations * 12;
  for (let position = 0; position < moves; position += 1) {
    const slot = Math.floor(random() * slots.length);
    const process = slots[slot] ?? 0;
    const draft = open.get(process);
    if (draft === undefined) {
      if (drafts.length + failed.length >= shape.operations) continue;
      const next = { ...object.invoke(process), call: position };
      drafts.push(next);
      open.set(process, next);
    } else if (!draft.isDone && random() < 0.6) {
      object.apply(draft);
    } else if (random() < shape.infoShare) {
      // Nobody knows; it may still take effect now, or never.
      open.delete(process);
      if (!draft.isDone && random() < 0.5) object.apply(draft);
      slots[slot] = nextProcess;
      nextProcess += 1;
    } else if (!draft.isDone && random() < shape.failShare) {
      open.delete(process);
      draft.return = position;
      drafts.splice(drafts.indexOf(draft), 1);
      failed.push(draft);
    } else if (draft.isDone || object.apply(draft)) {
      open.delete(process);
      draft.return = position;
    }
  }
  for (const draft of drafts) {
    if (draft.return !== null && random() < shape.spoilShare) object.spoil(draft, drafts);
  }
  return finish(drafts, failed);
}

/** Random intervals, and answers drawn from the values that occur. */
function scribble(object: LockObject, shape: LockShape, random: RandomSource): RandomLockHistory {
  const drafts = Array.from({ length: shape.operations }, (_, index) => {
    const draft = object.invoke(index % shape.processes);
    object.apply(draft);
    draft.isDone = true;
    draft.call = random() * shape.operations;
    const length = random() * random() * shape.processes * 3;
    draft.return = random() < shape.infoShare ? null : draft.call + 0.01 + length;
    return { ...draft, process: index };
  });
  drafts.sort((a, b) => a.call - b.call);
  for (const draft of drafts) {
    if (draft.return !== null && random() < 0.8) object.spoil(draft, drafts);
  }
  return finish(drafts, []);
}

/** Positions become dense and all different. */
function finish(drafts: readonly LockDraft[], failed: readonly LockDraft[]): RandomLockHistory {
  const times = [...drafts, ...failed].flatMap(({ call, return: end }) =>
    end === null ? [call] : [call, end],
  );
  const positions = new Map(times.sort((a, b) => a - b).map((time, at) => [time, at]));
  const toOperation = (draft: LockDraft): Operation => {
    const call = positions.get(draft.call) ?? 0;
    const isOpen = draft.return === null;
    return {
      id: call,
      process: draft.process,
      f: draft.f,
      key: null,
      value: draft.value,
      output: isOpen ? undefined : draft.output,
      call,
      return: draft.return === null ? null : (positions.get(draft.return) ?? 0),
    };
  };
  return { operations: drafts.map(toOperation), failed: failed.map(toOperation) };
}
