import { expect, test } from 'vitest';
import { columnsOf, operationsOf, selectRows } from './columns.ts';
import type { Op, Operation } from './history.ts';
import { defineModel } from './model.ts';
import { createCasRegister } from './models/register.ts';
import { pairHistory } from './pairing.ts';
import { replayOrder } from './replay.ts';
import { checkWhole } from './testing/check-whole.ts';

const common = { process: 1, key: null, node: 'n1' };
const operations: readonly Operation[] = [
  { ...common, id: 0, f: 'write', value: 41, output: 41, call: 0, return: 3 },
  { ...common, id: 1, f: 'cas', value: [41, 42], output: undefined, call: 1, return: null },
  { ...common, id: 2, f: 'cas', value: [1, 2], output: { swapped: false }, call: 2, return: 5 },
  {
    ...common,
    id: 4,
    f: 'cas',
    value: [null, 'x'],
    output: { swapped: true, seen: null },
    call: 4,
    return: 9,
  },
  {
    ...common,
    id: 6,
    f: 'move',
    key: 'k',
    value: { from: 1 },
    output: { swapped: true, version: 3 },
    call: 6,
    return: 7,
  },
  { ...common, id: 8, f: 'read', value: null, output: null, call: 8, return: 10 },
  { ...common, id: 11, f: 'read', value: null, output: [1, 2], call: 11, return: 12 },
];

test('records become columns and come back as they were', () => {
  expect(operationsOf(columnsOf(operations))).toEqual(operations);
  const timed = operations.map((operation) =>
    operation.return === null
      ? { ...operation, callTimeNs: operation.call * 10 }
      : { ...operation, callTimeNs: operation.call * 10, returnTimeNs: operation.return * 10 },
  );
  expect(operationsOf(columnsOf(timed))).toEqual(timed);
});

test('a selection holds those rows alone', () => {
  const selected = operationsOf(selectRows(columnsOf(operations), [1, 4, 6]));
  expect(selected).toEqual([operations[1], operations[4], operations[6]]);
});

/** What a person writes: a stack, with nothing but a step. */
const stack = defineModel<readonly unknown[]>({
  name: 'stack',
  functions: ['push', 'pop'],
  init: [],
  step(state, { f, value, output, return: end }) {
    if (f === 'push') return [...state, value];
    const top = state.at(-1) ?? null;
    return end === null || output === top ? state.slice(0, -1) : undefined;
  },
});

function push(value: number, call: number): Operation {
  return { ...common, id: call, f: 'push', value, output: null, call, return: call + 1 };
}

function pop(output: unknown, call: number): Operation {
  return { ...common, id: call, f: 'pop', value: null, output, call, return: call + 1 };
}

test('a model of a name, an initial state and a step is enough for all three verdicts', () => {
  const valid = [push(1, 0), push(2, 2), pop(2, 4), pop(1, 6), pop(null, 8)];
  expect(checkWhole({ operations: valid, model: stack })).toMatchObject({ valid: true });
  const invalid = [push(1, 0), push(2, 2), pop(1, 4)];
  expect(checkWhole({ operations: invalid, model: stack })).toMatchObject({
    valid: false,
    witness: { confirmedBy: 'brute-force' },
  });
  const stopped = checkWhole({ operations: invalid, model: stack, searchStepsMax: 1 });
  expect(stopped.valid).toBe('unknown');
  const replay = (): void => replayOrder(columnsOf(invalid), Uint32Array.of(0, 1, 2), stack);
  expect(replay).toThrow('operation 4 (pop) is not possible');
});

test.each([
  [{ swapped: true }],
  [{ swapped: false, seen: 1 }],
  ['\u0000 nobody saw it'],
  ['Symbol(nobody saw it)'],
  [[1, 2]],
  [false],
  [''],
])('%j is a value like any other where no cas answered it', (value) => {
  const write = { ...common, id: 0, f: 'write', value, output: value, call: 0, return: 1 };
  const read = { ...common, id: 2, f: 'read', value: null, output: value, call: 2, return: 3 };
  const history = [write, read];
  expect(operationsOf(columnsOf(history))).toEqual(history);
  const model = createCasRegister();
  expect(checkWhole({ operations: history, model })).toMatchObject({ valid: true });
  const lines = history.flatMap(({ f, value: argument, output, call }): Op[] => [
    { index: call, timeNs: 0, process: 1, type: 'invoke', f, value: argument },
    { index: call + 1, timeNs: 0, process: 1, type: 'ok', f, value: null, result: output },
  ]);
  const [, paired] = operationsOf(pairHistory(lines).columns);
  expect(paired).toMatchObject({ output: value });
  // Twice the same write, so that the search decides, and values that nobody saw are merged.
  const twice = { ...write, id: 4, call: 4, return: 5 };
  const other = { ...write, value: 101, id: 6, call: 6, return: 7 };
  const late = { ...read, id: 8, call: 8, return: 9 };
  const spoiled = checkWhole({ operations: [write, read, twice, other, late], model });
  expect(spoiled).toMatchObject({ valid: false });
});
