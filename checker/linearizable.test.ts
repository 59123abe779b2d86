import { expect, test } from 'vitest';
import { columnsOf } from './columns.ts';
import type { Operation } from './history.ts';
import { createChecker } from './linearizable.ts';
import { createCasRegister, createRegister } from './models/register.ts';
import { HistoryError } from './pairing.ts';
import { ReplayError } from './replay.ts';
import { checkWhole, searchWhole } from './testing/check-whole.ts';
import { cas, history, read, type Span, write } from './testing/operations.ts';

const model = createCasRegister();
const missed = { swapped: false };
const always: Span = [0, 1_000_000];

const linearizable: readonly (readonly [string, Operation[]])[] = [
  ['nothing at all', []],
  ['only open operations', history(write(1, [0]), read(1, [1]), cas([1, 2], [2]))],
  ['two overlapping reads of the initial value', history(read(null, [0, 2]), read(null, [1, 3]))],
  [
    'an unread open write inside the certain interval of a value',
    history(write(1, [0, 1]), read(1, [2, 3]), write(2, [4]), read(1, [6, 7])),
  ],
  [
    'a chain of open cas of which only the end is read',
    history(write('a', [0, 1]), cas(['a', 'b'], [2]), cas(['b', 'c'], [3]), read('c', [4, 5])),
  ],
  [
    'two open cas from one value, one of them seen',
    history(write(1, [0, 1]), cas([1, 2], [2]), cas([1, 3], [3]), read(3, [4, 5])),
  ],
  ['a cas of a value to itself', history(write(1, [0, 1]), cas([1, 1], [2, 3]), read(1, [4, 5]))],
  [
    'a cas back to the initial value',
    history(cas([null, 1], [0, 1]), cas([1, null], [2, 3]), read(null, [4, 5])),
  ],
  [
    'a failed cas that only an unobserved open write explains',
    history(write(1, [0, 1]), write(2, [2]), cas([1, 3], [3, 4], missed)),
  ],
  [
    'a failed cas that only an unobserved open cas explains',
    history(write(1, [0, 1]), cas([1, 2], [2]), cas([1, 3], [3, 4], missed)),
  ],
  ['equal positions, which are concurrent', history(write(1, [0, 5]), read(null, [5, 6]))],
  [
    'the same value written twice and never seen',
    history(write(1, [0, 1]), write(1, [2, 3]), write(2, [4, 5]), read(2, [6, 7])),
  ],
  [
    'the same value written twice and seen twice',
    history(write(1, [0, 1]), read(1, [2, 3]), write(2, [4, 5]), write(1, [6, 7]), read(1, [8, 9])),
  ],
  [
    'a read open for the whole history',
    history(read(2, always), write(1, [1, 2]), write(2, [3, 4]), write(3, [5, 6]), read(3, [7, 8])),
  ],
  [
    'a failed cas that tells what it found',
    history(write(1, [0, 1]), cas([2, 3], [2, 3], { swapped: false, seen: 1 }), read(1, [4, 5])),
  ],
];

const impossible: readonly (readonly [string, string, Operation[]])[] = [
  [
    'an unread completed write inside the certain interval of a value',
    'lost-write',
    history(write(1, [0, 1]), read(1, [2, 3]), write(2, [4, 5]), read(1, [6, 7])),
  ],
  [
    'a read of an older value after a newer one was read by others',
    'stale-read',
    history(write(1, [0, 1]), write(2, [2, 3]), read(2, [4, 5]), read(1, [6, 7])),
  ],
  [
    'a read of an older value after a read of a newer one, its write still open',
    'non-monotonic-read',
    history(write(1, [0, 1]), write(2, [2]), read(2, [4, 5]), read(1, [6, 7])),
  ],
  [
    'a read of the initial value after a write',
    'lost-write',
    history(write(1, [0, 1]), read(null, [2, 3])),
  ],
  ['a read of a value that nobody wrote', 'unwritten-value', history(read(9, [0, 1]))],
  [
    'a read that returned before the open write of its value began',
    'future-read',
    history(read(1, [0, 1]), write(1, [2])),
  ],
  [
    'two open cas from one value, both seen',
    'lost-update',
    history(write(1, [0, 1]), cas([1, 2], [2]), cas([1, 3], [3]), read(2, [4, 5]), read(3, [6, 7])),
  ],
  [
    'two cas that succeeded from one value',
    'lost-update',
    history(write(1, [0, 1]), cas([1, 2], [2, 5]), cas([1, 3], [3, 6])),
  ],
  [
    'two cas that each made what the other expected',
    'cas-cycle',
    history(cas([1, 2], [0, 3]), cas([2, 1], [1, 4])),
  ],
  [
    'a cas that succeeded from a value that was replaced before',
    'stale-cas',
    history(write(1, [0, 1]), write(2, [2, 3]), cas([1, 3], [4, 5])),
  ],
  [
    'a read of a value that a cas had consumed and replaced',
    'stale-read',
    history(write(1, [0, 1]), cas([1, 2], [2, 3]), read(1, [4, 5])),
  ],
  [
    'two values that take turns',
    'split-brain',
    history(
      write(1, [0, 9]),
      write(2, [1, 9]),
      read(1, [2, 3]),
      read(2, [4, 5]),
      read(1, [6, 7]),
      read(2, [8, 9]),
    ),
  ],
  [
    'a failed cas, and the only write that explains it began after it had returned',
    'impossible-cas',
    history(write(1, [0, 1]), cas([1, 3], [2, 3], missed), write(2, [4])),
  ],
  [
    'a failed cas between two reads of the value that it expected',
    'impossible-cas',
    history(write(1, [0, 1]), read(1, [2, 3]), cas([1, 9], [4, 5], missed), read(1, [6, 7])),
  ],
  [
    'a cas that says that it found the old value and did not swap',
    'impossible-cas',
    history(write(1, [0, 1]), cas([1, 2], [2, 3], { swapped: false, seen: 1 })),
  ],
  [
    'a value written twice but read between other values once too often',
    'lost-write',
    history(write(1, [0, 1]), write(2, [2, 3]), read(1, [4, 5]), write(1, [6, 7]), read(1, [8, 9])),
  ],
];

test.each(linearizable)('linearizable: %s', (_, operations) => {
  expect(checkWhole({ operations, model }).valid).toBe(true);
  expect(searchWhole({ operations, model }).type).toBe('found');
});

test.each(impossible)('not linearizable: %s (%s)', (_, kind, operations) => {
  const verdict = checkWhole({ operations, model });
  expect(verdict).toMatchObject({ valid: false, witness: { kind, confirmedBy: 'brute-force' } });
  expect(searchWhole({ operations, model }).type).toBe('none');
});

test('a read of what a failed write would have written is called that', () => {
  const [failed] = history(write(7, [0, 1]));
  const operations = history(write(1, [2, 3]), read(7, [4, 5]));
  if (failed === undefined) throw new Error('one');
  const verdict = checkWhole({ operations, failed: [failed], model });
  expect(verdict).toMatchObject({ valid: false, witness: { kind: 'failed-write-read' } });
});

test('each key is a register of its own, and the witness names its key', () => {
  const operations = history(
    write(1, [0, 1]),
    read(null, [2, 3]),
    write(1, [4, 5]),
    read(null, [6, 7]),
  );
  const keys = ['a', 'b', 'c', 'c'];
  const keyed = operations.map((operation, at) => ({ ...operation, key: keys[at] ?? null }));
  const verdict = checkWhole({ operations: keyed, model });
  expect(verdict).toMatchObject({ valid: false, keys: ['c'], witness: { key: 'c' } });
});

test('the initial value can be another one', () => {
  const operations = history(read(0, [0, 1]), cas([0, 1], [2, 3]));
  expect(checkWhole({ operations, model: createCasRegister(0) }).valid).toBe(true);
  expect(checkWhole({ operations, model }).valid).toBe(false);
});

test('an order that an algorithm made up is caught by the replay, and is no verdict', () => {
  const operations = history(write(1, [0, 1]), read(null, [2, 3]));
  const wrong = { ...model, fast: () => ({ type: 'valid', order: Uint32Array.of(0, 1) }) as const };
  expect(() => checkWhole({ operations, model: wrong })).toThrow(ReplayError);
});

/** No cas chain here: a value is written twice, so only the search can tell. */
const needsSearch = history(
  write(1, [0, 3]),
  write(1, [1, 4]),
  read(1, [2, 5]),
  write(2, [6, 9]),
  read(1, [7, 8]),
);

test('a budget of one step is unknown, with the reason, and never a verdict', () => {
  const verdict = checkWhole({ operations: needsSearch, model, searchStepsMax: 1 });
  expect(verdict).toMatchObject({ valid: 'unknown', reason: 'steps', keys: [null] });
  expect(checkWhole({ operations: needsSearch, model }).valid).toBe(true);
});

test('too little memory is unknown', () => {
  const verdict = checkWhole({ operations: needsSearch, model, bytesMax: 100 });
  expect(verdict).toMatchObject({ valid: 'unknown', reason: 'memory' });
});

test('a check that is told to stop at once has decided nothing, whatever the algorithm', () => {
  for (const operations of [needsSearch, history(write(1, [0, 1]), read(1, [2, 3]))]) {
    const verdict = checkWhole({ operations, model, shouldStop: () => 'time' });
    expect(verdict).toMatchObject({ valid: 'unknown', reason: 'time', position: 0 });
  }
});

test('a search that is told to stop says how far it got', () => {
  const operations = concurrentWrites(14);
  const questions = { count: 0 };
  const shouldStop = (): 'interrupted' | null => {
    questions.count += 1;
    return questions.count > 4 ? 'interrupted' : null;
  };
  const verdict = checkWhole({ operations, model, shouldStop });
  expect(verdict).toMatchObject({ valid: 'unknown', reason: 'interrupted' });
  if (verdict.valid === 'unknown') expect(verdict.position).toBeGreaterThan(0);
});

/** The search has to try every subset of writes before it knows. */
function concurrentWrites(count: number): Operation[] {
  const writes = Array.from({ length: count }, (_, at) => write(at % 7, [at, 1000 + at]));
  const reads = Array.from({ length: count }, (_, at) =>
    read(at % 7, [2000 + 2 * at, 2001 + 2 * at]),
  );
  return history(...writes, ...reads);
}

test('it does nothing that it was not given steps for, and goes on where it was', () => {
  const checker = createChecker({ columns: columnsOf(concurrentWrites(9)), model });
  let slices = 0;
  while (checker.step(1) === null) slices += 1;
  expect(slices).toBeGreaterThan(1);
  expect(checker.step(1)).toMatchObject({ valid: false });
});

test('an operation that the model does not know is an input error, not a verdict', () => {
  const operations = history(cas([1, 2], [0, 1]));
  const check = (): unknown => checkWhole({ operations, model: createRegister() });
  expect(check).toThrow(HistoryError);
  expect(check).toThrow('the model register knows read, write, not cas');
});

test('an answered cas without a result, and one without [old, new], are input errors', () => {
  const [operation] = history(cas([1, 2], [0, 1]));
  if (operation === undefined) throw new Error('one');
  const check = (changed: Operation): unknown => checkWhole({ operations: [changed], model });
  expect(() => check({ ...operation, output: [1, 2] })).toThrow('an ok cas needs "result"');
  expect(() => check({ ...operation, value: 3 })).toThrow('a cas takes [old, new]');
});

test('hundreds of thousands of operations in sequence overflow no stack', () => {
  const count = 250_000;
  const operations: Operation[] = [];
  for (let id = 0; id < count; id += 1) {
    const what =
      id % 2 === 0 ? write(id, [2 * id, 2 * id + 1]) : read(id - 1, [2 * id, 2 * id + 1]);
    operations.push({ id, process: 0, key: null, ...what });
  }
  expect(checkWhole({ operations, model }).valid).toBe(true);
  const repeated = operations.slice(0, 50_000).map(repeatValue);
  expect(searchWhole({ operations: repeated, model }).type).toBe('found');
});

function repeatValue(operation: Operation): Operation {
  const value = (operation.id >> 1) % 5;
  return operation.f === 'write' ? { ...operation, value } : { ...operation, output: value };
}

test('50,000 open writes before everything else change no answer', () => {
  const open = Array.from({ length: 50_000 }, (_, at) => write(`open ${at}`, [at]));
  const operations = history(
    ...open,
    write(1, [60_000, 60_001]),
    cas([1, 2], [60_002, 60_003], missed),
    read(1, [60_004, 60_005]),
  );
  // Something must have been there in between, and then nobody put the 1 back.
  const verdict = checkWhole({ operations, model });
  expect(verdict).toMatchObject({ valid: false, witness: { confirmedBy: 'brute-force' } });
  if (verdict.valid === false) expect(verdict.witness.operations.length).toBeLessThan(7);
  expect(checkWhole({ operations: operations.slice(0, -1), model }).valid).toBe(true);
});
