import { expect, test } from 'vitest';
import { classifyCore } from './classify.ts';
import { selectRows } from './columns.ts';
import type { Operation } from './history.ts';
import { createCasRegister } from './models/register.ts';
import { checkWhole, columnsOfRecords } from './testing/check-whole.ts';
import { cas, history, read, write } from './testing/operations.ts';
import {
  createRandom,
  randomShape,
  scribbleHistory,
  simulateHistory,
} from './testing/random-history.ts';
import type { Witness } from './verdict.ts';

const model = createCasRegister();
/** The search alone: no near-linear algorithm gives the name. */
const { fast: _, guided: __, ...bare } = model;

function nameOf(operations: readonly Operation[], failed: readonly Operation[] = []): string {
  const columns = columnsOfRecords({ operations, failed });
  return classifyCore(operations, { model, ...columns })?.kind ?? 'none';
}

const missed = { swapped: false };

test.each<[string, readonly Operation[]]>([
  ['unwritten-value', history(read(7, [0, 1]))],
  ['future-read', history(read(7, [0, 1]), write(7, [2, 3]), write(7, [4]))],
  ['stale-read', history(write(1, [0, 1]), write(2, [2, 3]), read(1, [4, 5]), read(2, [6, 7]))],
  ['lost-write', history(write(1, [0, 1]), write(1, [2, 3]), write(2, [4, 5]), read(1, [6, 7]))],
  ['stale-cas', history(write(1, [0, 1]), write(2, [2, 3]), cas([1, 3], [4, 5]))],
  [
    'non-monotonic-read',
    history(write(1, [0, 1]), write(2, [2]), read(2, [3, 4]), read(1, [5, 6])),
  ],
  ['lost-update', history(write(1, [0, 9]), cas([1, 2], [1, 8]), cas([1, 3], [2, 7]))],
  ['impossible-cas', history(write(1, [0, 1]), cas([1, 2], [2, 3], missed), write(1, [4, 5]))],
  ['none', history(write(1, [0, 9]), write(2, [1, 8]), read(1, [2, 3]), read(2, [4, 5]))],
])('%s is recognized by its facts', (kind, operations) => {
  expect(nameOf(operations)).toBe(kind);
});

test('what a failed write would have written is called that', () => {
  const failed = history({ ...write(7, [0, 1]), output: undefined });
  expect(nameOf(history(read(7, [2, 3])), failed)).toBe('failed-write-read');
});

/** What a class claims of the whole history, said apart from the code that gives it. */
function isTrue({ kind, operations }: Witness, all: readonly Operation[]): boolean {
  const seen = operations.flatMap((operation) => {
    const sees = operation.return === null ? null : (model.touches?.(operation).sees ?? null);
    return sees === null ? [] : [{ sees, id: operation.id, end: operation.return ?? 0 }];
  });
  // That a compare-and-set wrote back what it found explains nothing.
  const writersOf = (sees: string, seer: number): readonly Operation[] =>
    all.filter((other) => other.id !== seer && model.touches?.(other).writes === sees);
  if (kind === 'unwritten-value')
    return seen.some(({ sees, id }) => writersOf(sees, id).length === 0);
  if (kind !== 'future-read') return true;
  return seen.some(({ sees, id, end }) => writersOf(sees, id).every(({ call }) => call > end));
}

test('a value that somebody wrote is never called unwritten, whatever the reduction left', () => {
  const random = createRandom(5);
  const kinds = new Map<string, number>();
  for (let round = 0; round < 1500; round += 1) {
    const shape = { ...randomShape(random, 9), spoilShare: 0.3 };
    const operations =
      random() < 0.5 ? scribbleHistory(shape, random) : simulateHistory(shape, random);
    const verdict = checkWhole({ operations, model: bare });
    if (verdict.valid !== false) continue;
    const { witness } = verdict;
    expect(witness.confirmedBy, JSON.stringify(operations)).toBe('brute-force');
    expect(isTrue(witness, operations), JSON.stringify({ witness, operations })).toBe(true);
    kinds.set(witness.kind, (kinds.get(witness.kind) ?? 0) + 1);
  }
  expect(kinds.size).toBeGreaterThan(6);
});

test('a class is not claimed of a model that does not say what its operations see', () => {
  const { touches: ___, ...silent } = bare;
  const { columns } = columnsOfRecords({ operations: history(read(7, [0, 1])) });
  const failed = selectRows(columns, []);
  expect(classifyCore(history(read(7, [0, 1])), { model: silent, columns, failed })).toBe(null);
});
