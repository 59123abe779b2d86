import { expect, test } from 'vitest';
import { decide, op, outline, records } from '../testing/lock-operations.ts';
import type { Span } from '../testing/operations.ts';
import { compareLocks } from '../testing/random-lock-agreement.ts';
import { createKv } from './kv.ts';

const model = createKv();
const get = (output: unknown, span: Span) => op('get', span, { output });
const put = (value: unknown, span: Span) => op('put', span, { value });
const append = (value: unknown, span: Span) => op('append', span, { value });

test('on thousands of random histories the near-linear check agrees with the naive one', () => {
  const tally = compareLocks(model, 12_000);
  expect(tally.get('valid')).toBeGreaterThan(5000);
  const kinds = [
    'unwritten-value',
    'future-read',
    'duplicate-element',
    'reordered-elements',
    'lost-write',
    'lost-update',
    'stale-read',
    'non-monotonic-read',
  ];
  for (const kind of kinds) expect(tally.get(kind), kind).toBeGreaterThan(15);
});

test('an append that was seen has its place in the value, and one that was not has any', () => {
  const operations = [
    put('a', [0, 1]),
    append('b', [2, 9]),
    append('c', [3, 8]),
    get('ac', [4, 5]),
    get('acb', [6, 7]),
  ];
  expect(outline(decide(model, records(...operations)))).toBe('valid');
  const unseen = [put('x', [10, 13]), append('d', [11, 14]), get('x', [15, 16])];
  expect(outline(decide(model, records(...operations, ...unseen)))).toBe('valid');
});

test('an append that completed and is not in a later value was lost', () => {
  const operations = records(put('a', [0, 1]), append('b', [2, 3]), get('a', [4, 5]));
  const result = decide(model, operations);
  expect(outline(result)).toBe('lost-write: 0 2 4');
  expect(result.type === 'invalid' && result.finding.sentence).toBe(
    'process 2\'s get (op 4) returned "a", although process 1\'s append of "b" (op 2) had ' +
      'completed one entry of the history before that get began. Nobody ever saw what that one ' +
      'wrote.',
  );
});

test('two appends to one value are told with both who saw what came of it', () => {
  const operations = records(
    append('a', [0, 3]),
    append('b', [1, 2]),
    get('a', [4, 5]),
    get('b', [6, 7]),
  );
  expect(outline(decide(model, operations))).toBe('lost-update: 0 1 4 6');
});

test('one append makes one value', () => {
  const operations = records(append('a', [0, 1]), get('aa', [2, 3]));
  expect(outline(decide(model, operations))).toBe('duplicate-element: 0 2');
});

test('appends of one text are told apart by time where each value was there once', () => {
  const first = [append('a', [0, 1]), get('a', [2, 3])];
  const second = [append('a', [4, 5]), get('aa', [6, 7])];
  expect(outline(decide(model, records(...first, ...second)))).toBe('valid');
  const stale = get('a', [8, 9]);
  const result = decide(model, records(...first, ...second, stale));
  expect(result.type === 'invalid' && result.finding.kind).toBe('stale-read');
  const together = [append('a', [0, 5]), append('a', [1, 6]), get('a', [2, 3]), get('aa', [7, 8])];
  expect(outline(decide(model, records(...together)))).toBe('undecided');
});

test('a value that can come back is left to the search', () => {
  const again = records(put('a', [0, 1]), get('a', [2, 3]), put('a', [4, 5]), get('a', [6, 7]));
  expect(outline(decide(model, again))).toBe('undecided');
  const deleted = records(put('a', [0, 1]), op('delete', [2, 3]), get(null, [4, 5]));
  expect(outline(decide(model, deleted))).toBe('undecided');
  const unseen = records(
    put('a', [0, 1]),
    op('delete', [2, 3]),
    put('b', [4, 5]),
    get('b', [6, 7]),
  );
  expect(outline(decide(model, unseen))).toBe('valid');
});

test('a value that several can make again is left to the search, however late they began', () => {
  const byAppend = [put('ab', [0, 1]), get('ab', [2, 3]), put('a', [4, 5]), append('b', [6, 7])];
  expect(outline(decide(model, records(...byAppend, get('ab', [8, 9]))))).toBe('undecided');
  const afterDelete = [
    put('a', [0, 1]),
    get('a', [2, 3]),
    op('delete', [4, 5]),
    append('a', [6, 7]),
    get('a', [8, 9]),
  ];
  expect(outline(decide(model, records(...afterDelete)))).toBe('undecided');
  const nothing = records(put('a', [0, 1]), append('', [2, 3]), get('a', [4, 5]));
  expect(outline(decide(model, nothing))).toBe('undecided');
});

test('the proof holds what tells who made a value, when others wrote the same text', () => {
  const operations = records(
    put('p', [0, 1]),
    append('a', [2, 3]),
    get('pa', [4, 5]),
    put('q', [6, 7]),
    append('a', [8, 9]),
    get('qa', [10, 11]),
    get('q', [12, 13]),
  );
  expect(outline(decide(model, operations))).toBe('stale-read: 0 2 4 6 8 10 12');
});

test('a value that nobody made is named with what failed, if that made it', () => {
  const operations = records(put('a', [0, 1]), get('ab', [2, 3]));
  expect(outline(decide(model, operations))).toBe('unwritten-value: 2');
  const failed = records(append('b', [4, 5]));
  expect(outline(decide(model, operations, failed))).toBe('failed-write-read: 2');
});

test('a chain of twenty thousand appends takes no recursion and no square of its length', () => {
  const pieces = Array.from({ length: 20_000 }, (_, at) => `${at}.`);
  const appends = pieces.map((piece, at) => append(piece, [2 * at, 2 * at + 1]));
  const seen = get(pieces.join(''), [50_000, 50_001]);
  expect(outline(decide(model, records(...appends, seen)))).toBe('valid');
  const late = get(pieces.slice(0, 10_000).join(''), [50_002, 50_003]);
  const result = decide(model, records(...appends, seen, late));
  expect(result.type === 'invalid' && result.finding.kind).toBe('stale-read');
});

test('an append of something that is no text is refused in words', () => {
  const [operation] = records(append(7, [0, 1]));
  expect(operation && model.check(operation)).toMatch(/text/);
});
