import { expect, test } from 'vitest';
import { columnsOf, selectRows } from '../columns.ts';
import type { FastResult } from '../model.ts';
import { type Draft, did } from '../testing/object-operations.ts';
import { history, type Span } from '../testing/operations.ts';
import { createRandom } from '../testing/random-history.ts';
import {
  checkFast,
  checkOrder,
  compareWithBruteForce,
} from '../testing/random-object-agreement.ts';
import { randomObjectHistory } from '../testing/random-object-history.ts';
import { createSet } from './set.ts';

const model = createSet();
const add = (element: unknown, span: Span, wasAdded?: boolean) =>
  did('add', [element, wasAdded], span);
const remove = (element: unknown, span: Span, wasThere?: boolean) =>
  did('remove', [element, wasThere], span);
const has = (element: unknown, span: Span) => did('contains', [element, true], span);
const lacks = (element: unknown, span: Span) => did('contains', [element, false], span);
const read = (elements: unknown, span: Span) => did('read', [null, elements], span);
const check = (...drafts: readonly Draft[]): FastResult => checkFast(model, history(...drafts));

test('the near-linear check agrees with the naive one on random histories', () => {
  const { valid, invalid, kinds } = compareWithBruteForce(model, 4_000);
  expect(valid).toBeGreaterThan(2_000);
  expect(invalid).toBeGreaterThan(200);
  expect([...kinds.keys()]).toEqual(
    expect.arrayContaining([
      'failed-write-read',
      'future-read',
      'lost-element',
      'lost-update',
      'stale-read',
      'unwritten-value',
    ]),
  );
});

test('its parts are decided alone as they are together', () => {
  for (let seed = 0; seed < 500; seed += 1) {
    const { operations } = randomObjectHistory('set', createRandom(seed));
    const columns = columnsOf(operations);
    const whole = model.fast?.({ columns, failed: columnsOf([]) });
    const parts = model.parts?.(columns);
    if (parts === null || parts === undefined || whole?.type === 'undecided') continue;
    const answers = [...new Set(parts)].map((part) => {
      const rows = [...parts.keys()].filter((row) => parts[row] === part);
      const alone = selectRows(columns, rows);
      return model.fast?.({ columns: alone, failed: columnsOf([]) })?.type;
    });
    expect(answers.includes('invalid'), `seed ${seed}`).toBe(whole?.type === 'invalid');
  }
});

test('an element that was added, never removed and not found is lost', () => {
  expect(check(add(1, [0, 1]), lacks(1, [2, 3]))).toMatchObject({
    finding: { kind: 'lost-element', core: [{ id: 0 }, { id: 1 }] },
  });
  expect(check(add(1, [0, 1]), add(2, [2, 3]), lacks(1, [4, 5]), has(1, [6, 7]))).toMatchObject({
    finding: { kind: 'stale-read' },
  });
});

test('a miss may be before the add or after the remove, but not while it is there', () => {
  const both = [add(1, [0, 3]), remove(1, [8, 11], true)];
  expect(check(...both, lacks(1, [1, 2])).type).toBe('valid');
  expect(check(...both, lacks(1, [9, 10])).type).toBe('valid');
  expect(check(...both, lacks(1, [4, 5]))).toMatchObject({ finding: { kind: 'stale-read' } });
  expect(check(add(1, [0, 9]), remove(1, [1, 10]), lacks(1, [4, 5])).type).toBe('valid');
  expect(check(...both, has(1, [12, 13]))).toMatchObject({ finding: { kind: 'stale-read' } });
});

test('a miss is told with who saw the element before it, if the add does not say so', () => {
  const result = check(add(1, [0, 20]), has(1, [1, 2]), lacks(1, [3, 4]), remove(1, [5, 6], true));
  expect(result).toHaveProperty('finding.core.length', 4);
  expect(result).toMatchObject({ finding: { core: [{ id: 0 }, { id: 1 }, { id: 2 }, { id: 3 }] } });
});

test('a remove that told nothing may have found nothing, and an open one may not have been', () => {
  expect(check(remove(1, [0, 1]), add(1, [2, 3]), has(1, [4, 5])).type).toBe('valid');
  expect(check(remove(1, [0, 1], true), add(1, [2, 3])).type).toBe('invalid');
  const open = [add(1, [0, 1]), remove(1, [2])];
  expect(check(...open, has(1, [3, 4])).type).toBe('valid');
  expect(check(...open, lacks(1, [3, 4])).type).toBe('valid');
  expect(check(...open, lacks(1, [3, 4]), has(1, [5, 6])).type).toBe('invalid');
});

test('adds that were told are held to it', () => {
  expect(check(add(1, [0, 3], true), add(1, [1, 2], true))).toMatchObject({
    finding: { kind: 'lost-update' },
  });
  expect(check(add(1, [0, 1], false))).toMatchObject({ finding: { kind: 'unwritten-value' } });
  expect(check(add(1, [0, 1]), add(1, [2, 3], true)).type).toBe('invalid');
  expect(check(add(1, [0]), add(1, [1, 2], false), add(1, [3, 4])).type).toBe('valid');
  expect(check(remove(1, [0, 1], true))).toMatchObject({ finding: { kind: 'unwritten-value' } });
  const again = [add(1, [0, 1], true), remove(1, [2, 3], true), add(1, [4, 5], true)];
  expect(check(...again).type).toBe('undecided');
});

test('whole reads refuse what an element alone refuses, and accept nothing beside removes', () => {
  const operations = [add(1, [0, 1]), add(2, [2, 3]), remove(2, [4, 5])];
  const result = check(...operations, read([2], [6, 7]));
  expect(result.type).toBe('invalid');
  expect(check(...operations, read([1], [6, 7])).type).toBe('undecided');
  expect(check(...operations, read([1, 3], [6, 7]))).toMatchObject({
    finding: { kind: 'unwritten-value' },
  });
  expect(check(add(1, [0, 1]), add(2, [2, 3]), read([2, 1], [4, 5])).type).toBe('valid');
  const twice = [add(1, [0, 1], true), add(1, [2, 3], true)];
  expect(check(...twice, read([1], [4, 5])).type).toBe('invalid');
  expect(model.parts?.(columnsOf(history(...operations, read([1], [6, 7]))))).toBeNull();
  expect(model.parts?.(columnsOf(history(...operations, read([1], [6]))))).toHaveLength(4);
});

test('the orders of the elements come together as one that keeps real time', () => {
  const drafts = Array.from({ length: 20_000 }, (_, at) => {
    const element = `e${at % 700}`;
    const span: Span = [at, at + 20_000 + ((at * 7919) % 500)];
    return at < 700 ? add(element, span) : has(element, span);
  });
  const operations = history(...drafts);
  const result = checkFast(model, operations);
  expect(result.type).toBe('valid');
  if (result.type !== 'valid') return;
  let latest = -1;
  const replays = model.replayer(columnsOf(operations));
  for (const row of result.order) {
    const operation = operations[row];
    latest = Math.max(latest, operation?.call ?? 0);
    expect(operation?.return ?? latest).toBeGreaterThanOrEqual(latest);
    expect(replays(row)).toBe(true);
  }
});

test('answers that are no answers are malformed', () => {
  const bad = history(
    did('contains', [1, 'yes'], [0, 1]),
    read(null, [2, 3]),
    add(null, [4, 5]),
    did('contains', [1], [6, 7]),
  );
  for (const operation of bad) expect(model.check(operation)).not.toBeNull();
  expect(model.findBad(columnsOf(bad))).toMatchObject({ row: 0 });
  const right = history(add(1, [0, 1]), remove(1, [2, 3], false), has([1, 2], [4]));
  expect(right.map(model.check)).toEqual([null, null, null]);
  const operations = history(add([1, 2], [0, 1]), has([1, 2], [2, 3]));
  const result = checkFast(model, operations);
  if (result.type === 'valid') checkOrder(model, operations, result.order);
  expect(result.type).toBe('valid');
});

test('a remove that told nothing is no fact, and the answer that does not fit is named', () => {
  const again = check(
    remove(1, [0, 1]),
    add(1, [4, 5]),
    has(1, [6, 7]),
    remove(1, [10, 11], false),
  );
  expect(again).toMatchObject({ finding: { kind: 'lost-element' } });
  const lost = check(remove(1, [6, 7]), add(1, [8, 9]), lacks(1, [10, 11]));
  expect(lost).toMatchObject({ finding: { kind: 'lost-element' } });
  const future = check(remove(1, [1, 2], true), add(1, [5, 9]), has(1, [7, 8]));
  expect(future).toMatchObject({ finding: { kind: 'future-read' } });
});
