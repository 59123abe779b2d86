import { expect, test } from 'vitest';
import { columnsOf } from '../columns.ts';
import type { Operation } from '../history.ts';
import { createCounter } from '../models/counter.ts';
import { createCasRegister } from '../models/register.ts';
import { cas, history, read, write } from '../testing/operations.ts';
import { StepTable, unknownStep } from './step-table.ts';
import { refused, Transitions } from './transitions.ts';

test('equal operations are one class; answers, arguments and being open tell them apart', () => {
  const operations: Operation[] = [];
  for (let id = 0; id < 40_000; id += 1) {
    const value = Math.floor(id / 4);
    const draft = id % 4 < 2 ? write(value, [id]) : write(value, [id, id + 1]);
    operations.push({ ...draft, id, process: id, key: null });
  }
  const { classOfRow, classCount } = new Transitions(columnsOf(operations), createCasRegister());
  expect(classCount).toBe(20_000);
  const openOfValue = classOfRow.filter((_, row) => row % 4 === 0);
  const doneOfValue = classOfRow.filter((_, row) => row % 4 === 2);
  expect(new Set([...openOfValue, ...doneOfValue]).size).toBe(20_000);
  expect(classOfRow.filter((_, row) => row % 4 === 1)).toEqual(openOfValue);
  expect(classOfRow.filter((_, row) => row % 4 === 3)).toEqual(doneOfValue);
});

test('what hides what, and what stands in for what, is read off all states there are', () => {
  const operations = history(
    write(1, [0, 1]),
    write(2, [2, 3]),
    cas([1, 2], [4, 5]),
    read(1, [6, 7]),
    cas([1, 2], [8]),
    write(2, [9]),
  );
  const transitions = new Transitions(columnsOf(operations), createCasRegister());
  const classOf = (row: number): number => transitions.classOfRow[row] ?? 0;
  expect(transitions.isAbsorbed(classOf(0), classOf(1))).toBe(true);
  expect(transitions.isAbsorbed(classOf(1), classOf(2))).toBe(false);
  // It is refused where the value is another one.
  expect(transitions.isAbsorbed(classOf(2), classOf(0))).toBe(false);
  expect(transitions.replacedBy(classOf(4))).toEqual([classOf(2)]);
  expect([...transitions.replacedBy(classOf(5))].sort()).toEqual([classOf(1), classOf(2)].sort());
});

test('nothing is said about all states where there is no end of them', () => {
  const add = (id: number, end: number | null): Operation => ({
    ...write(1, [id]),
    id,
    process: id,
    key: null,
    f: 'add',
    return: end,
  });
  const transitions = new Transitions(columnsOf([add(0, 1), add(2, null)]), createCounter());
  expect(transitions.isAbsorbed(0, 0)).toBe(false);
  expect(transitions.replacedBy(1)).toEqual([]);
  expect(transitions.step(0, 0)).not.toBe(refused);
});

test('steps are the same in the plain array, while it grows, and in the table that follows', () => {
  const classes = 3000;
  const table = new StepTable(classes);
  const stepOf = (state: number, id: number): number => (state * 31 + id * 7) % 1000;
  for (let state = 0; state < 1500; state += 1) {
    for (let id = state % 50; id < classes; id += 97) table.set(state, id, stepOf(state, id));
  }
  for (let state = 0; state < 1500; state += 1) {
    for (let id = state % 50; id < classes; id += 97) {
      if (table.get(state, id) !== stepOf(state, id)) expect.fail(`${state} ${id}`);
    }
    expect(table.get(state, (state % 50) + 1)).toBe(unknownStep);
  }
  expect(table.byteLength).toBeLessThan(8 << 20);
});
