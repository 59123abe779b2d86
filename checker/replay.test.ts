import { expect, test } from 'vitest';
import { columnsOf } from './columns.ts';
import { createCasRegister } from './models/register.ts';
import { ReplayError, replayOrder } from './replay.ts';
import { history, read, write } from './testing/operations.ts';

const model = createCasRegister();
const operations = history(write(1, [0, 1]), write(2, [2, 5]), read(1, [3, 4]), write(3, [6]));
const sequence = history(write(1, [0, 1]), write(2, [2, 3]));

function replay(order: readonly number[]): void {
  replayOrder(columnsOf(operations), Uint32Array.from(order), model);
}

test('an order that keeps real time and fits the model replays, open write or not', () => {
  replay([0, 2, 1]);
  replay([0, 2, 1, 3]);
});

test.each([
  ['misses a completed operation', [0, 2], 'operation 1 is missing'],
  ['holds an operation twice', [0, 2, 2, 1], 'unknown or twice'],
  ['holds an operation that does not exist', [0, 2, 1, 9], 'unknown or twice'],
  ['gives a read another value', [0, 1, 2], 'not possible in the state'],
])('an order that %s is an assertion, not a verdict', (_, order, words) => {
  expect(() => replay(order)).toThrow(ReplayError);
  expect(() => replay(order)).toThrow(words);
});

test('an order that breaks real time is an assertion even where the model would accept it', () => {
  const replayLate = (): void => replayOrder(columnsOf(sequence), Uint32Array.of(1, 0), model);
  expect(replayLate).toThrow('before one ahead of it was invoked at 2');
});
