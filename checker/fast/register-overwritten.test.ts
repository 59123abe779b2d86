import { expect, test } from 'vitest';
import { linearizeByBruteForce } from '../brute-force.ts';
import type { FastResult, Model } from '../model.ts';
import { createCasRegister } from '../models/register.ts';
import { columnsOfRecords, type Records } from '../testing/check-whole.ts';
import { history, read, write } from '../testing/operations.ts';
import { createRandom, randomShape, simulateHistory } from '../testing/random-history.ts';

const model = createCasRegister();
const checkFast = (records: Records, { fast }: Model<string>): FastResult | undefined =>
  fast?.(columnsOfRecords(records));
const twice = [write(1, [0, 1]), write(1, [2, 3])];

test('where values repeat, a read of one that was overwritten for good is refused at once', () => {
  const stale = checkFast(
    { operations: history(...twice, write(2, [4, 5]), read(1, [6, 7])) },
    model,
  );
  expect(stale).toMatchObject({ type: 'invalid', finding: { kind: 'lost-write' } });
  const initial = [...twice, read(1, [4, 5]), read(null, [6, 7])];
  expect(checkFast({ operations: history(...initial) }, model)?.type).toBe('invalid');
});

test('it is not refused while anybody who wrote it may have done so after that', () => {
  const overwritten = [...twice, write(2, [4, 5])];
  const late = [...overwritten, write(1, [5, 8]), read(1, [6, 7])];
  const open = [...overwritten, write(1, [3]), read(1, [6, 7])];
  const during = [...overwritten, write(1, [7, 9]), read(1, [6, 8])];
  for (const operations of [late, open, during]) {
    expect(checkFast({ operations: history(...operations) }, model)?.type).toBe('undecided');
  }
});

test('whatever it refuses has no order, and neither have the operations that it names', () => {
  let refused = 0;
  for (let seed = 0; seed < 6000; seed += 1) {
    const random = createRandom(seed);
    const shape = { ...randomShape(random, 8), values: 2, spoilShare: 0.2 };
    const operations = simulateHistory(shape, random);
    const result = checkFast({ operations }, model);
    if (result?.type !== 'invalid') continue;
    refused += 1;
    const { core } = result.finding;
    expect(linearizeByBruteForce(operations, model).type, `seed ${seed}`).toBe('none');
    expect(linearizeByBruteForce(core, model).type, `seed ${seed}`).toBe('none');
  }
  expect(refused).toBeGreaterThan(200);
});
