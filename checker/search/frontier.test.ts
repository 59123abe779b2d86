import { expect, test } from 'vitest';
import { columnsOf } from '../columns.ts';
import { createRegister } from '../models/register.ts';
import { history, read, write } from '../testing/operations.ts';
import { configuration, Frontier } from './frontier.ts';
import { Ground } from './ground.ts';
import { OpenRows } from './open-rows.ts';

/** All open at once; the last row is another one that must return next. */
const operations = history(
  write(1, [0, 30]),
  write(1, [1, 20]),
  write(2, [2, 60]),
  read(1, [3, 70]),
  write(1, [4]),
  write(1, [5]),
  write(2, [6]),
  read(2, [7, 80]),
  write(3, [8, 10]),
);
const a = 0;
const b = 1;
const c = 2;
const r = 3;
const [openOne, openTwo, required] = [4, 6, 8];

interface Draft {
  readonly done: readonly number[];
  /** Rows of open operations, once for each use. */
  readonly used?: readonly number[];
}

/** Which of them are kept when they come in this order. */
function keptOf(...drafts: readonly Draft[]): number[] {
  const ground = new Ground(columnsOf(operations), createRegister());
  const { slots, transitions, used } = ground;
  const open = new OpenRows(ground);
  for (const row of [a, b, c, r, 7, required]) open.add(row);
  open.beginPhase();
  open.prepareCovers(required);
  const frontier = new Frontier(ground, open);
  drafts.forEach((draft, number) => {
    const words = new Int32Array(frontier.stride);
    words[configuration.node] = number;
    for (const row of draft.done) {
      const slot = slots.slot[row] ?? 0;
      const kind = open.isObserver(row) ? slots.mutatorWords : 0;
      const word = configuration.bits + kind + (slot >> 5);
      words[word] = (words[word] ?? 0) | (1 << (slot & 31));
    }
    for (const row of draft.used ?? []) {
      const id = transitions.classOfRow[row] ?? 0;
      words[configuration.vector] = used.increment(words[configuration.vector] ?? 0, id);
    }
    frontier.insert(words);
  });
  const kept: number[] = [];
  for (let at = 0; at < frontier.count; at += 1) {
    const node = frontier.pool[at * frontier.stride + configuration.node] ?? 0;
    if (!frontier.isDead(at)) kept.push(node);
  }
  return kept;
}

/** Whether the first replaces the second, whichever comes first. */
function replaces(first: Draft, second: Draft): boolean {
  const [kept] = [keptOf(first, second)];
  const reversed = keptOf(second, first);
  const isReplaced = kept.length === 1 && kept[0] === 0;
  expect(reversed.length === 1 && reversed[0] === 1).toBe(isReplaced);
  return isReplaced;
}

test('fewer open operations used replace more of them, and not others', () => {
  expect(replaces({ done: [] }, { done: [], used: [openOne] })).toBe(true);
  expect(replaces({ done: [], used: [openOne] }, { done: [] })).toBe(false);
  expect(replaces({ done: [], used: [openTwo] }, { done: [], used: [openOne] })).toBe(false);
});

test('fewer observers left replace more of them', () => {
  expect(replaces({ done: [r] }, { done: [] })).toBe(true);
  expect(replaces({ done: [] }, { done: [r] })).toBe(false);
});

test('of equal operations it is better to have the one left that returns later', () => {
  expect(replaces({ done: [b] }, { done: [a] })).toBe(true);
  expect(replaces({ done: [a] }, { done: [b] })).toBe(false);
});

test('who did a thing replaces who used an open operation for it, one for each', () => {
  expect(replaces({ done: [a] }, { done: [], used: [openOne] })).toBe(true);
  expect(replaces({ done: [a] }, { done: [], used: [openTwo] })).toBe(false);
  expect(replaces({ done: [a, b] }, { done: [], used: [openOne] })).toBe(false);
  expect(replaces({ done: [a, b] }, { done: [], used: [openOne, openOne] })).toBe(true);
});

test('who has more left replaces only where it can be hidden before what returns no later', () => {
  // Either write of 1 hides that of 2; nothing that returns before it hides the first to return.
  expect(replaces({ done: [] }, { done: [c] })).toBe(true);
  expect(replaces({ done: [] }, { done: [a] })).toBe(true);
  expect(replaces({ done: [] }, { done: [b] })).toBe(false);
  expect(replaces({ done: [] }, { done: [a, b, c] })).toBe(false);
});
