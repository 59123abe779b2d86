import { expect, test } from 'vitest';
import type { Operation } from './history.ts';
import { createCasRegister } from './models/register.ts';
import { modelNames } from './models/registry.ts';
import { compareAlgorithms, Disagreement } from './testing/agreement.ts';
import { checkWhole } from './testing/check-whole.ts';
import { countTinyCases, drawCase, type FuzzSort, runCase } from './testing/fuzz-case.ts';
import { type FuzzSubject, fuzzSubjects } from './testing/fuzz-subjects.ts';
import { checkOneRule } from './testing/metamorphic.ts';
import { history, read, write } from './testing/operations.ts';
import { createRandom, randomShape, simulateHistory } from './testing/random-history.ts';
import { countTinyHistories } from './testing/tiny-histories.ts';

// A share of what `npm run fuzz:checker` does; the numbers are its.
const named = fuzzSubjects.map((subject) => [subject.model.name, subject] as const);

interface Tally {
  valid: number;
  invalid: number;
}

function runAll(subject: FuzzSubject, sort: FuzzSort, numbers: readonly number[]): Tally {
  const tally = { valid: 0, invalid: 0 };
  for (const number of numbers) {
    const again = `--model ${subject.model.name} --only ${sort} --seed ${number} --count 1`;
    try {
      const opinion = runCase(subject, sort, number);
      if (opinion?.isLinearizable === true) tally.valid += 1;
      if (opinion?.isLinearizable === false) tally.invalid += 1;
    } catch (error) {
      throw new Error(`npm run fuzz:checker -- ${again}`, { cause: error });
    }
  }
  return tally;
}

const upTo = (count: number, step = 1): number[] =>
  Array.from({ length: Math.ceil(count / step) }, (_, at) => at * step);

test('every model of the registry is fuzzed', () => {
  expect(named.map(([name]) => name).sort()).toEqual(modelNames);
});

test.each(named)(
  '%s: on all histories of one operation, two, and a share of three',
  (_, subject) => {
    const few = countTinyHistories(subject.kinds, 1) + countTinyHistories(subject.kinds, 2);
    const all = countTinyCases(subject);
    // A prime step, so that it meets all kinds and all ways to overlap.
    const rest = upTo(all - few, 97).map((number) => few + number);
    const { valid, invalid } = runAll(subject, 'tiny', [...upTo(few), ...rest]);
    expect(valid).toBeGreaterThan(10);
    expect(invalid).toBeGreaterThan(10);
  },
  60_000,
);

test.each(named)(
  '%s: on random histories all algorithms agree with the naive check',
  (_, subject) => {
    const { valid, invalid } = runAll(subject, 'random', upTo(700));
    expect(valid).toBeGreaterThan(70);
    expect(invalid).toBeGreaterThan(30);
  },
  60_000,
);

test.each(named)(
  '%s: on large histories the near-linear algorithm is right',
  (_, subject) => {
    const { valid, invalid } = runAll(subject, 'large', upTo(12));
    expect(valid + invalid).toBeGreaterThan(0);
  },
  60_000,
);

const model = createCasRegister();

test('the number of a case gives the same history again', () => {
  for (const [, subject] of named) {
    for (const sort of ['tiny', 'random', 'large'] as const) {
      expect(drawCase(subject, sort, 5)).toEqual(drawCase(subject, sort, 5));
    }
  }
});

/** Histories that are linearizable because a register made them; too long for the naive check. */
function validHistories(count: number): { operations: Operation[]; seed: number }[] {
  return upTo(count).map((seed) => {
    const random = createRandom(seed);
    const shape = { ...randomShape(random, 30), spoilShare: 0 };
    return { operations: simulateHistory(shape, random), seed };
  });
}

test('what a register really answered is linearizable, and stays so when it binds less', () => {
  const subject = fuzzSubjects.find((one) => one.model.name === 'cas-register');
  if (subject === undefined) return never();
  for (const { operations, seed } of validHistories(300)) {
    expect(checkWhole({ operations, model }).valid, `seed ${seed}`).toBe(true);
    const random = createRandom(seed);
    for (let rule = 0; rule < 4; rule += 1) {
      checkOneRule(subject, { operations, isLinearizable: true }, random);
    }
  }
}, 60_000);

test('an algorithm that says valid, invalid, or names a wrong core, is found out', () => {
  const impossible = history(write(1, [0, 1]), read(null, [2, 3]));
  const core = impossible.slice(0, 1);
  const lies = [
    { type: 'valid', order: Uint32Array.of(0, 1) } as const,
    { type: 'invalid', finding: { kind: 'made-up', sentence: '', core } } as const,
  ];
  for (const lie of lies) {
    const liar = { ...model, fast: () => lie };
    expect(() => compareAlgorithms(liar, { operations: impossible }, 0)).toThrow(Disagreement);
  }
  const [, invalid] = lies;
  const stubborn = { ...model, fast: () => invalid ?? never() };
  expect(() => compareAlgorithms(stubborn, { operations: core }, 0)).toThrow(Disagreement);
});

function never(): never {
  throw new Error('it is there');
}
