import { expect, test } from 'vitest';
import { columnsOf } from './columns.ts';
import type { Operation } from './history.ts';
import { createChecker } from './linearizable.ts';
import { createCasRegister, createRegister } from './models/register.ts';
import { ReplayError, replayOrder } from './replay.ts';
import { DepthSearch } from './search/depth-search.ts';
import { Ground } from './search/ground.ts';
import { bareModel, runSearch } from './testing/agreement.ts';
import { checkWhole } from './testing/check-whole.ts';
import { drawCase, runCase } from './testing/fuzz-case.ts';
import { fuzzSubjects } from './testing/fuzz-subjects.ts';
import { generateRegisterColumns, type RegisterRun } from './testing/generate-register-columns.ts';
import { cas, history, read, write } from './testing/operations.ts';
import type { OperationKind } from './testing/tiny-histories.ts';
import type { Verdict } from './verdict.ts';

// Cases that once went wrong somewhere, or nearly; the small ones are in linearizable.test.ts.
const named = fuzzSubjects.map((subject) => [subject.model.name, subject] as const);
const model = createCasRegister();
const missed = { swapped: false };

test.each(named)('%s: a history without operations is linearizable', (_, { model }) => {
  expect(checkWhole({ operations: [], model })).toMatchObject({ valid: true, operations: 0 });
});

function openOperations(kinds: readonly OperationKind[], count: number): Operation[] {
  const open = kinds.filter((kind) => kind.isOpen === true);
  return Array.from({ length: count }, (_, at) => {
    const { f, value } = open[at % open.length] ?? { f: '', value: null };
    return { id: at, process: at, key: null, f, value, output: undefined, call: at, return: null };
  });
}

test.each(named)('%s: only open operations are linearizable', (_, { model, kinds }) => {
  const operations = openOperations(kinds, 40);
  expect(checkWhole({ operations, model }).valid).toBe(true);
});

test.each(named)('%s: open operations after all others change no verdict', (_, subject) => {
  const { kinds, model } = subject;
  for (let seed = 0; seed < 20; seed += 1) {
    const { operations } = drawCase(subject, 'random', seed);
    const end = operations.reduce((max, { call, return: to }) => Math.max(max, call, to ?? 0), 0);
    const open = openOperations(kinds, 500).map((operation) => {
      return { ...operation, id: end + 1 + operation.id, call: end + 1 + operation.call };
    });
    const before = checkWhole({ operations, model }).valid;
    expect(checkWhole({ operations: [...operations, ...open], model }).valid).toBe(before);
  }
});

test.each(named)('%s: with few steps the answer is right or unknown', (_, subject) => {
  const { fast: _fast, guided: _guided, ...general } = subject.model;
  const answers = new Set<unknown>();
  for (let seed = 0; seed < 60; seed += 1) {
    const { operations } = drawCase(subject, 'random', seed);
    const truth = checkWhole({ operations, model: subject.model }).valid;
    for (const searchStepsMax of [1, 2, 5, 12]) {
      for (const model of [general, subject.model]) {
        const { valid } = checkWhole({ operations, model, searchStepsMax });
        answers.add(valid);
        if (valid !== 'unknown') expect(valid, `seed ${seed}, ${searchStepsMax} steps`).toBe(truth);
      }
    }
  }
  expect(answers).toContain('unknown');
});

test.each(named)('%s: of a model that is only a step the search tells the same', (_, subject) => {
  const limits = { stepsMax: 100_000, bytesMax: 1 << 28, shouldStop: (): null => null };
  for (let seed = 1000; seed < 1100; seed += 1) {
    const records = drawCase(subject, 'random', seed);
    const truth = runCase(subject, 'random', seed)?.isLinearizable;
    const { type } = runSearch(bareModel(subject.model), records, limits);
    expect(type, `seed ${seed}`).toBe(truth === true ? 'found' : 'none');
  }
});

function check(run: Partial<RegisterRun>, initial: unknown = null): Verdict {
  const columns = generateRegisterColumns({
    operations: 1000,
    clients: 1,
    keys: 1,
    writeShare: 0.5,
    casShare: 0,
    values: null,
    tellsSeen: true,
    crashedShare: 0,
    hasStaleRead: false,
    seed: 1,
    ...run,
  });
  const checker = createChecker({ columns, model: createCasRegister(initial) });
  for (;;) {
    const verdict = checker.step(1_000_000);
    if (verdict !== null) return verdict;
  }
}

test('two million operations one after the other: no recursion, and sort keys beyond 2^42', () => {
  const verdict = check({ operations: 2 ** 21 + 10_000 });
  expect(verdict).toMatchObject({ valid: true, operations: 2 ** 21 + 10_000 });
}, 60_000);

test('two hundred thousand one after the other, of few values: the search does not recurse', () => {
  const run = { operations: 200_000, casShare: 0.3, values: 5, tellsSeen: false };
  expect(check(run).valid).toBe(true);
}, 60_000);

test('a stale read in the middle of a long history is found, and told in a few operations', () => {
  for (const crashedShare of [0, 0.05]) {
    for (const casShare of [0, 0.3]) {
      const run = { operations: 30_000, clients: 10, crashedShare, casShare, hasStaleRead: true };
      const verdict = check(run);
      expect(verdict).toMatchObject({ valid: false, witness: { confirmedBy: 'brute-force' } });
      if (verdict.valid === false) expect(verdict.witness.operations.length).toBeLessThan(9);
    }
  }
});

test('50,000 crashed operations in a long history cost no verdict', () => {
  const run = { operations: 100_000, clients: 20, crashedShare: 0.5, casShare: 0.2 };
  expect(check(run).valid).toBe(true);
}, 60_000);

test('an operation that is open all the time, and many short ones meanwhile', () => {
  for (const hasAnswer of [true, false]) {
    const short = Array.from({ length: 5000 }, (_, at) =>
      at % 2 === 0 ? write(at, [2 * at + 1, 2 * at + 2]) : read(at - 1, [2 * at + 1, 2 * at + 2]),
    );
    const long = cas([2000, 'x'], [0, 20_000], hasAnswer ? missed : { swapped: true });
    const operations = history(long, ...short);
    // It may have swapped between the last read of 2000 and the next write.
    expect(checkWhole({ operations, model }).valid).toBe(true);
  }
});

test('equal positions are concurrent, for every algorithm', () => {
  const operations = history(
    write(1, [0, 4]),
    read(null, [4, 6]),
    read(1, [6, 8]),
    write(2, [8, 9]),
    read(1, [9, 10]),
  );
  expect(checkWhole({ operations, model: createRegister() }).valid).toBe(true);
  const later = operations.map((operation) => ({ ...operation, call: operation.call * 2 }));
  const apart = later.map((operation) => {
    return { ...operation, return: operation.return === null ? null : operation.return * 2 - 1 };
  });
  expect(checkWhole({ operations: apart, model: createRegister() }).valid).toBe(false);
});

test('of several misses in windows around each other each needs a moment of its own value', () => {
  const base = [write(1, [0, 1]), read(1, [2, 3]), write(2, [10, 11]), read(2, [12, 13])];
  const around = [cas([1, 'a'], [4, 9], missed), cas([2, 'b'], [5, 8], missed)];
  expect(checkWhole({ operations: history(...base, ...around), model }).valid).toBe(false);
  const helped = history(...base, ...around, write(3, [4.5]));
  expect(checkWhole({ operations: helped, model }).valid).toBe(true);
});

test('an order with an open operation twice is no proof', () => {
  const columns = columnsOf(history(write(1, [0]), write(2, [1, 2]), read(1, [3, 4])));
  replayOrder(columns, Uint32Array.of(1, 0, 2), model);
  const twice = Uint32Array.of(0, 1, 0, 2);
  expect(() => replayOrder(columns, twice, model)).toThrow(ReplayError);
});

test('with 20 to 70 operations open at once the search finds what really happened', () => {
  for (let seed = 0; seed < 60; seed += 1) {
    const run = { operations: 150, clients: 20 + (seed % 51), casShare: 0.4, values: 3, seed };
    const { valid } = check({ ...run, writeShare: 0.2, crashedShare: 0.02, tellsSeen: false });
    expect(valid, `seed ${seed}`).toBe(true);
  }
}, 60_000);

test('the memory tells operations apart whose places in the bit set are 16 or 32 apart', () => {
  for (const fillers of [15, 31, 47]) {
    const late = 200;
    // The write may give the cas what it expects, but then the other cas has no place any more.
    const operations = history(
      cas([null, 'p'], [0, late]),
      ...Array.from({ length: fillers }, (_, at) => write('f', [at + 1, late + 1 + at])),
      write('p', [60, 103]),
      cas(['p', 'y'], [61, 101]),
      cas(['y', 'z'], [62, 102]),
    );
    const depth = new DepthSearch(new Ground(columnsOf(operations), model));
    let result = depth.step();
    while (result === null) result = depth.step();
    expect(result, `${fillers} others`).toBe('found');
  }
});

test('an open write whose value a miss expects does not stand in for another one', () => {
  const operations = history(
    write(5, [0, 1]),
    write(7, [2]),
    write(9, [3]),
    read(5, [8, 9]),
    cas([5, 'a'], [10, 11], missed),
    cas([9, 'b'], [12, 13], missed),
    write(6, [20, 21]),
    read(6, [22, 23]),
    cas([6, 'c'], [24, 25], missed),
  );
  // Only the 7 explains the first two, so the 9 is left for the last one.
  expect(checkWhole({ operations, model }).valid).toBe(true);
  const without = operations.filter(({ value }) => value !== 7);
  expect(checkWhole({ operations: without, model }).valid).toBe(false);
});
