import { expect, test } from 'vitest';
import { type Columns, selectRows } from '../columns.ts';
import type { Operation } from '../history.ts';
import type { GuidedResult, SearchLimits } from '../model.ts';
import { createCasRegister } from '../models/register.ts';
import { replayOrder } from '../replay.ts';
import { columnsOfRecords } from '../testing/check-whole.ts';
import { generateRegisterColumns } from '../testing/generate-register-columns.ts';
import { withDensePositions } from '../testing/metamorphic.ts';
import { createRandom } from '../testing/random-history.ts';
import { missHistory } from '../testing/random-miss-history.ts';
import { nestedMissHistory } from '../testing/random-special-history.ts';
import { isLinearizableWithMemory } from '../testing/remembering-check.ts';

const model = createCasRegister();
const unlimited = {
  stepsMax: Number.POSITIVE_INFINITY,
  bytesMax: Number.POSITIVE_INFINITY,
  shouldStop: (): null => null,
};

type Row = readonly [f: string, value: unknown, output: unknown, call: number, end: number | null];

/** Positions are only compared: they need not be dense. */
function rows(...list: readonly Row[]): Operation[] {
  return withDensePositions(
    list.map(([f, value, output, call, end], process) => {
      return { id: 0, process, key: null, f, value, output, call, return: end };
    }),
  );
}

/** The search for unique values to its end. */
function guide(columns: Columns, limits: SearchLimits = unlimited): GuidedResult {
  const failed = selectRows(columns, []);
  const work = model.guided?.({ columns, failed }, limits);
  for (let next = work?.next(); next !== undefined; next = work?.next()) {
    if (next.done === true) return next.value;
  }
  throw new Error('the model has no guided search');
}

/** The near-linear algorithm, and the search where that one cannot decide. */
function decideColumns(columns: Columns): GuidedResult {
  const fast = model.fast?.({ columns, failed: selectRows(columns, []) });
  return fast === undefined || fast.type === 'undecided' ? guide(columns) : fast;
}

/** What the two algorithms for unique values say, and by which of them; an order is replayed. */
function decide(operations: readonly Operation[]): string {
  const { columns } = columnsOfRecords({ operations });
  const result = decideColumns(columns);
  if (result.type === 'valid') replayOrder(columns, result.order, model);
  if (result.type === 'invalid' && isLinearizableWithMemory(result.finding.core, model)) {
    return 'a core that can be ordered';
  }
  // Then a decision did not keep what it promised.
  if (result.type === 'undecided' && result.reason.endsWith('found no place')) return result.reason;
  return result.type;
}

const missed = { swapped: false };

test('a miss between two reads of the value that it expected is impossible', () => {
  const history = rows(
    ['write', 1, null, 0, 1],
    ['read', null, 1, 2, 3],
    ['cas', [1, 2], missed, 4, 5],
    ['read', null, 1, 6, 7],
  );
  expect(decide(history)).toBe('invalid');
  const result = guide(columnsOfRecords({ operations: history }).columns);
  expect(result).toMatchObject({
    finding: {
      kind: 'impossible-cas',
      sentence:
        "process 2's cas from 1 to 2 (op 4) answered that the value was not 1, although " +
        "process 0's write of 1 (op 0) had completed 3 entries of the history before that cas " +
        "began, and process 3's read of null (op 6), which began one entry of the history after " +
        'it had completed, still found 1.',
    },
  });
});

test('an open write that nobody saw explains a miss, unless it was invoked after it', () => {
  const early: Row = ['write', 9, undefined, 2, null];
  const late: Row = ['write', 9, undefined, 6, null];
  const others: readonly Row[] = [
    ['write', 1, null, 0, 1],
    ['cas', [1, 2], missed, 4, 5],
  ];
  expect(decide(rows(...others, early))).toBe('valid');
  expect(decide(rows(...others, late))).toBe('invalid');
  expect(decide(rows(...others))).toBe('invalid');
});

test('one open write explains one miss, not two with values one after the other', () => {
  const history = (...open: readonly Row[]): Operation[] =>
    rows(
      ['write', 1, null, 1, 2],
      ['cas', [1, 5], missed, 3, 4],
      ['write', 2, null, 5, 6],
      ['cas', [2, 6], missed, 7, 8],
      ...open,
    );
  const one: Row = ['write', 9, undefined, 0, null];
  const two: Row = ['write', 8, undefined, 0.5, null];
  const cas: Row = ['cas', [2, 7], undefined, 0.5, null];
  expect(decide(history(one))).toBe('invalid');
  expect(decide(history(one, two))).toBe('valid');
  expect(decide(history(one, cas))).toBe('valid');
});

test('a value that an open write left must be avoided by other misses too', () => {
  const others: readonly Row[] = [
    ['write', 1, null, 1, 2],
    ['cas', [1, 5], missed, 3, 4],
    ['cas', [9, 6], missed, 5, 6],
  ];
  const helper: Row = ['write', 9, undefined, 0, null];
  const other: Row = ['write', 8, undefined, 0.5, null];
  expect(decide(rows(...others, helper))).toBe('invalid');
  expect(decide(rows(...others, helper, other))).toBe('valid');
});

test('a miss that must precede its value pushes a later miss of the next one out', () => {
  // 1 became 2 at once, by cas: no moment after the one and before the other.
  const history = (end: number): Operation[] =>
    rows(
      ['write', 1, null, 0, 1],
      ['cas', [1, 2], { swapped: true }, 2, end],
      ['cas', [1, 3], missed, 3, 4],
      ['cas', [2, 4], missed, 5, 6],
      ['read', null, 2, 12, 13],
    );
  expect(decide(history(10))).toBe('invalid');
  expect(decide(rows(['cas', [1, 3], missed, 0, 2], ['write', 1, null, 1, 3]))).toBe('valid');
});

test('on random histories with misses they agree with the naive check', () => {
  const tally = new Map<string, number>();
  for (let seed = 0; seed < 6000; seed += 1) {
    const random = createRandom(Math.imul(seed, 0x9e3779b1));
    const operations = seed % 3 === 0 ? nestedMissHistory(random) : missHistory(random, 7);
    const found = decide(operations);
    tally.set(found, (tally.get(found) ?? 0) + 1);
    if (found === 'undecided') continue;
    const truth = isLinearizableWithMemory(operations, model) ? 'valid' : 'invalid';
    expect(found, `seed ${seed}`).toBe(truth);
  }
  expect(tally.get('valid')).toBeGreaterThan(500);
  expect(tally.get('invalid')).toBeGreaterThan(200);
  expect(tally.get('undecided') ?? 0).toBeLessThan(150);
}, 60_000);

test('long histories of clients that miss, some of which crash, need no general search', () => {
  for (const clients of [5, 40]) {
    for (const crashedShare of [0, 0.01]) {
      const columns = generateRegisterColumns({
        operations: 20_000,
        clients,
        keys: 1,
        writeShare: 0.3,
        casShare: 0.3,
        values: null,
        tellsSeen: false,
        crashedShare,
        hasStaleRead: false,
        seed: clients,
      });
      const result = decideColumns(columns);
      expect(result.type).toBe('valid');
      if (result.type === 'valid') replayOrder(columns, result.order, model);
    }
  }
}, 60_000);

test('a limit of steps, a wish to stop and a limit of memory end it without a verdict', () => {
  const columns = generateRegisterColumns({
    operations: 3000,
    clients: 10,
    keys: 1,
    writeShare: 0.3,
    casShare: 0.3,
    values: null,
    tellsSeen: false,
    crashedShare: 0,
    hasStaleRead: false,
    seed: 3,
  });
  const stops = [
    { ...unlimited, stepsMax: 0, reason: 'steps' },
    { ...unlimited, bytesMax: 1000, reason: 'memory' },
    { ...unlimited, shouldStop: () => 'interrupted' as const, reason: 'interrupted' },
  ];
  for (const { reason, ...limits } of stops) {
    expect(guide(columns, limits)).toMatchObject({ type: 'stopped', reason });
  }
});

test('a wish to stop is asked for while the misses of one order are being placed', () => {
  // The sweeps over one order are nearly all that there is to do.
  const columns = generateRegisterColumns({
    operations: 20_000,
    clients: 10,
    keys: 1,
    writeShare: 0.3,
    casShare: 0.3,
    values: null,
    tellsSeen: false,
    crashedShare: 0,
    hasStaleRead: false,
    seed: 5,
  });
  let asked = 0;
  const shouldStop = (): 'interrupted' | null => {
    asked += 1;
    return asked === 30 ? 'interrupted' : null;
  };
  expect(guide(columns)).toMatchObject({ type: 'valid' });
  expect(guide(columns, { ...unlimited, shouldStop })).toMatchObject({ type: 'stopped' });
  expect(asked).toBe(30);
});

test('a miss of a value that was written twice is not refused for want of points', () => {
  for (const seed of [40_023_437, 40_040_580, 40_057_584, 40_066_949, 40_147_676]) {
    const operations = missHistory(createRandom(Math.imul(seed, 0x9e3779b1)), 8);
    expect(isLinearizableWithMemory(operations, model), `seed ${seed}`).toBe(true);
    expect(decide(operations), `seed ${seed}`).not.toBe('invalid');
  }
});
