import { describe, expect, test } from 'vitest';
import { linearizeByBruteForce } from './brute-force.ts';
import type { Operation } from './history.ts';
import type { Model } from './model.ts';
import { findModel } from './models/registry.ts';
import { allowedRemovals, type Core, reduceToCore } from './reduce.ts';
import { cas, history, read, write } from './testing/operations.ts';
import {
  createRandom,
  type RandomSource,
  randomShape,
  scribbleHistory,
  simulateHistory,
} from './testing/random-history.ts';
import { randomLockHistory } from './testing/random-lock-history.ts';
import { randomObjectHistory } from './testing/random-object-history.ts';
import { asOpen } from './witness-dependencies.ts';

const objectModels = ['set', 'grow-set', 'list-append', 'counter', 'fetch-and-add', 'unique-ids'];

const drawers: Readonly<Record<string, (random: RandomSource) => readonly Operation[]>> = {
  register: (random) => {
    return simulateHistory({ ...randomShape(random, 9), casShare: 0, spoilShare: 0.3 }, random);
  },
  'cas-register': (random) => {
    const shape = { ...randomShape(random, 9), spoilShare: 0.3 };
    return random() < 0.3 ? scribbleHistory(shape, random) : simulateHistory(shape, random);
  },
  ...Object.fromEntries(
    objectModels.map((name) => [
      name,
      (random: RandomSource) => randomObjectHistory(name, random).operations,
    ]),
  ),
  ...Object.fromEntries(
    ['fifo-queue', 'mutex', 'fenced-lock', 'lock', 'kv'].map((name) => [
      name,
      (random: RandomSource) => randomLockHistory(name, random).operations,
    ]),
  ),
};

function modelOf(name: string): Model {
  const model = findModel(name);
  if (model === undefined) throw new Error(`no model ${name}`);
  return model;
}

function reduceWhole(universe: readonly Operation[], model: Model): Core {
  const work = reduceToCore({ universe, isWhole: true, model, shouldStop: () => null });
  for (;;) {
    const next = work.next();
    if (next.done !== true) continue;
    if (next.value === null) throw new Error('the reduction found an order');
    return next.value;
  }
}

function isImpossible(operations: readonly Operation[], model: Model): boolean {
  const sorted = operations.toSorted((a, b) => a.call - b.call);
  return linearizeByBruteForce(sorted, model).type === 'none';
}

/** Whether no choice of what was left out, answers and all, gives the core an order. */
function restsOnNothingElse(
  core: readonly Operation[],
  universe: readonly Operation[],
  model: Model,
): boolean {
  const ids = new Set(core.map(({ id }) => id));
  const rest = universe.filter((other) => !ids.has(other.id) && !model.isObserver(other));
  for (let choice = 1; choice < 2 ** rest.length; choice += 1) {
    const chosen = rest.filter((_, at) => (choice & (1 << at)) !== 0);
    if (!isImpossible([...core, ...chosen], model)) return false;
  }
  return true;
}

describe.each(Object.keys(drawers))('%s', (name) => {
  test('a core is impossible alone, minimal, and rests on nothing that was left out', () => {
    const model = modelOf(name);
    const random = createRandom(7);
    const rounds = name.endsWith('register') ? 3000 : 700;
    let invalid = 0;
    for (let round = 0; round < rounds; round += 1) {
      const universe = drawers[name]?.(random) ?? [];
      if (universe.length > 9 || !isImpossible(universe, model)) continue;
      invalid += 1;
      const core = reduceWhole(universe, model);
      const operations = universe.filter(({ id }) => core.operations.some((o) => o.id === id));
      const again = JSON.stringify({ round, operations });
      expect(isImpossible(operations, model), again).toBe(true);
      const opened = core.operations.map((operation) =>
        core.openEnded.has(operation.id) ? asOpen(operation) : operation,
      );
      expect(isImpossible(opened, model), `opened: ${again}`).toBe(true);
      // Those that were freed rest on nothing more, so removals are judged by what they became.
      const changed = universe.map((o) => core.operations.find(({ id }) => id === o.id) ?? o);
      const judged = core.isFreed ? core.operations : operations;
      const among = { universe: core.isFreed ? changed : universe, model };
      for (const { rest, helpers } of allowedRemovals(judged, among)) {
        const isSmaller = rest.length > 0 && isImpossible([...rest, ...helpers], model);
        expect(isSmaller, `not minimal: ${again}`).toBe(false);
      }
      const isReal = restsOnNothingElse(operations, universe, model);
      expect(isReal, `makes something up: ${again}`).toBe(true);
    }
    expect(invalid).toBeGreaterThan(30);
  });
});

const register = modelOf('cas-register');

test('a read keeps a writer of its value, and what had overwritten it', () => {
  const universe = history(
    write(1, [0, 1]),
    read(1, [2, 3]),
    write(1, [4, 5]),
    write(2, [6, 7]),
    write(3, [8, 20]),
    read(1, [9, 10]),
  );
  const core = reduceWhole(universe, register);
  const kinds = core.operations.map(({ f, value, output }) => [f, value ?? output]);
  expect(kinds).toEqual([
    ['write', 1],
    ['write', 2],
    ['read', 1],
  ]);
});

test('the links of a chain stay, for without one the next would be impossible by itself', () => {
  const universe = history(
    write(0, [0, 1]),
    cas([0, 1], [2, 3]),
    cas([1, 2], [4, 5]),
    read(0, [6, 7]),
    write(9, [8, 9]),
  );
  const { operations } = reduceWhole(universe, register);
  expect(operations.map(({ id }) => id)).toEqual([0, 1, 3]);
});

test('it says of which operations only the invocation matters', () => {
  const universe = history(write(1, [0, 1]), read(2, [2, 3]), write(2, [4, 5]));
  const { operations, openEnded } = reduceWhole(universe, register);
  expect(operations.map(({ id }) => id)).toEqual([1, 2]);
  expect([...openEnded]).toEqual([2]);
});

test('it ends at once when it is told to stop, with what it has', () => {
  const universe = history(write(1, [0, 1]), write(2, [2, 3]), read(1, [4, 5]), read(1, [6, 7]));
  const shouldStop = (): 'time' => 'time';
  const work = reduceToCore({ universe, isWhole: true, model: register, shouldStop });
  let next = work.next();
  while (next.done !== true) next = work.next();
  expect(next.value?.operations.length).toBe(4);
});

test('who began where a read returned may have been seen by it, so one later does not do', () => {
  const universe = history(
    write(null, [4, 8]),
    read(2, [5, 9]),
    write(2, [9]),
    read(null, [10, 18]),
    write(2, [20, 21]),
  );
  const core = reduceWhole(universe, register);
  expect(restsOnNothingElse(core.operations, universe, register)).toBe(true);
  expect(core.operations.map(({ id }) => id)).toContain(2);
});
