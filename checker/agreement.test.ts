import { expect, test } from 'vitest';
import { linearizeByBruteForce } from './brute-force.ts';
import { columnsOf } from './columns.ts';
import type { Operation } from './history.ts';
import { createCasRegister } from './models/register.ts';
import { replayOrder } from './replay.ts';
import { checkFast, checkWhole, searchWhole } from './testing/check-whole.ts';
import { cas, history, read, type Span, write } from './testing/operations.ts';
import {
  createRandom,
  type RandomSource,
  randomShape,
  scribbleHistory,
  simulateHistory,
} from './testing/random-history.ts';

const model = createCasRegister();

/** All that decide, against the naive check. Gives what the answer was. */
function compare(operations: readonly Operation[], name: string): boolean {
  const truth = linearizeByBruteForce(operations, model).type === 'found';
  const fast = checkFast({ operations }, model);
  if (fast?.type === 'valid' || fast?.type === 'invalid') {
    expect(fast.type, `near-linear: ${name}`).toBe(truth ? 'valid' : 'invalid');
  }
  const search = searchWhole({ operations, model });
  expect(search.type, `search: ${name}`).toBe(truth ? 'found' : 'none');
  if (search.type === 'found') {
    replayOrder(columnsOf(operations), search.order, model);
  }
  const verdict = checkWhole({ operations, model });
  expect(verdict.valid, `checker: ${name}`).toBe(truth);
  if (verdict.valid === false) {
    expect(verdict.witness.confirmedBy, `witness: ${name}`).toBe('brute-force');
    const alone = linearizeByBruteForce(verdict.witness.operations, model);
    expect(alone.type, `witness: ${name}`).toBe('none');
  }
  return truth;
}

type Build = (span: Span) => ReturnType<typeof read>;

const completed: readonly Build[] = [
  (span) => write(1, span),
  (span) => write(2, span),
  (span) => read(null, span),
  (span) => read(1, span),
  (span) => read(2, span),
  (span) => cas([1, 2], span),
  (span) => cas([1, 2], span, { swapped: false }),
  (span) => cas([1, 2], span, { swapped: false, seen: 2 }),
  (span) => cas([null, 1], span),
];
const open: readonly Build[] = [
  ([call]) => write(1, [call]),
  ([call]) => write(2, [call]),
  ([call]) => cas([1, 2], [call]),
  ([call]) => cas([2, 1], [call]),
];

/** All ways in which the spans of so many operations can lie, sorted by invocation. */
function allSpans(count: number): Span[][] {
  const found: Span[][] = [];
  const extend = (spans: readonly Span[], position: number): void => {
    if (position === 2 * count) {
      found.push([...spans]);
      return;
    }
    if (spans.length < count) extend([...spans, [position]], position + 1);
    spans.forEach(([call, returned], at) => {
      if (returned !== undefined) return;
      extend(spans.with(at, [call, position]), position + 1);
    });
  };
  extend([], 0);
  return found;
}

function checkAll(count: number, builds: readonly Build[]): { valid: number; invalid: number } {
  const tally = { valid: 0, invalid: 0 };
  const spans = allSpans(count);
  const chosen: Build[] = [];
  const choose = (): void => {
    if (chosen.length < count) {
      for (const build of builds) {
        chosen.push(build);
        choose();
        chosen.pop();
      }
      return;
    }
    for (const lie of spans) {
      const operations = history(...chosen.map((build, at) => build(lie[at] ?? [0])));
      if (compare(operations, JSON.stringify(operations))) tally.valid += 1;
      else tally.invalid += 1;
    }
  };
  choose();
  return tally;
}

test('on every history of two operations all algorithms agree with the naive check', () => {
  expect(checkAll(2, [...completed, ...open])).toEqual({ valid: 283, invalid: 224 });
});

test('on every history of three operations of a few kinds all algorithms agree', () => {
  const builds = [...completed.slice(0, 6), ...completed.slice(6, 7), ...open.slice(0, 1)];
  const { valid, invalid } = checkAll(3, builds);
  expect(valid + invalid).toBe(8 ** 3 * 15);
  expect(invalid).toBeGreaterThan(1000);
}, 60_000);

test('on thousands of random histories all algorithms agree with the naive check', () => {
  let invalid = 0;
  for (let seed = 0; seed < 3000; seed += 1) {
    const random = createRandom(seed);
    const shape = randomShape(random, 7);
    const draw = random() < 0.6 ? simulateHistory : scribbleHistory;
    if (!compare(draw(shape, random), `seed ${seed}`)) invalid += 1;
  }
  expect(invalid).toBeGreaterThan(300);
}, 60_000);

test('with many open operations and few values all algorithms agree with the naive check', () => {
  for (let seed = 0; seed < 800; seed += 1) {
    const random = createRandom(seed);
    const shape = {
      ...randomShape(random, 8),
      values: 2,
      processes: 4,
      casShare: 0.6,
      tellsSeen: false,
      infoShare: 0.5,
    };
    compare(simulateHistory({ ...shape, spoilShare: 0.1 }, random), `seed ${seed}`);
  }
}, 60_000);

/** Histories that are linearizable because a register made them. */
function validHistories(count: number): { operations: Operation[]; random: RandomSource }[] {
  return Array.from({ length: count }, (_, seed) => {
    const random = createRandom(seed);
    const shape = { ...randomShape(random, 30), spoilShare: 0 };
    return { operations: simulateHistory(shape, random), random };
  });
}

const verdictOf = (operations: readonly Operation[]): unknown =>
  checkWhole({ operations, model }).valid;

test('what a register really answered is linearizable, and stays so when it binds less', () => {
  for (const { operations, random } of validHistories(400)) {
    expect(verdictOf(operations)).toBe(true);
    const at = Math.floor(random() * operations.length);
    const change = (edit: (operation: Operation) => Operation[]): Operation[] =>
      operations.flatMap((operation, index) => (index === at ? edit(operation) : [operation]));
    const forgotten = change((operation) => [{ ...operation, return: null, output: undefined }]);
    expect(verdictOf(forgotten), 'an answer was lost').toBe(true);
    const longer = change((operation) => {
      const end = operation.return === null ? null : operation.return + 7;
      return [{ ...operation, return: end }];
    });
    expect(verdictOf(longer), 'a return came later').toBe(true);
    const fewer = change((operation) => (model.isObserver(operation) ? [] : [operation]));
    expect(verdictOf(fewer), 'an observer is gone').toBe(true);
  }
});

test('names of values and open writes that nobody saw change no verdict', () => {
  const rename = (value: unknown): unknown => (value === null ? null : `value ${value}`);
  for (let seed = 0; seed < 400; seed += 1) {
    const random = createRandom(seed);
    const operations = scribbleHistory(randomShape(random, 7), random);
    const before = verdictOf(operations);
    expect(verdictOf(operations.map((operation) => renameValues(operation, rename)))).toBe(before);
    const [last] = history(write('nobody saw it', [1000]));
    const longer = last === undefined ? [] : [...operations, { ...last, id: operations.length }];
    expect(verdictOf(longer)).toBe(before);
    const shifted = operations.map((operation) => ({
      ...operation,
      call: operation.call + 5,
      return: operation.return === null ? null : operation.return + 5,
    }));
    expect(verdictOf(shifted)).toBe(before);
  }
});

function renameValues(operation: Operation, rename: (value: unknown) => unknown): Operation {
  const { f, value, output } = operation;
  if (f === 'cas' && Array.isArray(value)) {
    const isResult = typeof output === 'object' && output !== null && 'seen' in output;
    const renamed = isResult ? { ...output, seen: rename(output.seen) } : output;
    return { ...operation, value: value.map(rename), output: renamed };
  }
  return { ...operation, value: rename(value), output: rename(output ?? null) };
}
