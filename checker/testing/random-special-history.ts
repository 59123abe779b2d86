/**
 * Random histories of a compare-and-set register that ordinary ones seldom are: many open
 * operations and few values, several misses whose windows lie in each other, and a cas back to
 * the initial value. Each was made for a fault that ordinary histories do not show.
 */
import type { Operation } from '../history.ts';
import { withDensePositions } from './metamorphic.ts';
import { type RandomSource, randomShape, simulateHistory } from './random-history.ts';

/** 7 to 13 operations of many clients on two or three values, 20 to 70 % of them open. */
export function crowdedHistory(random: RandomSource): Operation[] {
  const shape = {
    ...randomShape(random, 7),
    operations: 7 + Math.floor(random() * 7),
    processes: 4 + Math.floor(random() * 5),
    values: 2 + Math.floor(random() * 2),
    casShare: 0.3 + random() * 0.5,
    tellsSeen: false,
    infoShare: 0.2 + random() * 0.5,
    spoilShare: random() * 0.15,
  };
  return simulateHistory(shape, random);
}

/** Unique values, and two to four misses, mostly of one value, in windows around each other. */
export function nestedMissHistory(random: RandomSource): Operation[] {
  const shape = {
    ...randomShape(random, 6),
    operations: 3 + Math.floor(random() * 5),
    values: null,
    repeatShare: 0,
    casShare: 0.3,
    tellsSeen: false,
    infoShare: random() * 0.4,
    spoilShare: 0,
  };
  const operations = simulateHistory(shape, random);
  const length = 2 * operations.length;
  const values = operations.flatMap(({ value }) => (Array.isArray(value) ? value : [value]));
  const anyValue = (): unknown => values[Math.floor(random() * values.length)] ?? null;
  const misses = 2 + Math.floor(random() * 3);
  const often = anyValue();
  const middle = random() * length;
  for (let miss = 0; miss < misses; miss += 1) {
    const before = random() * length * 0.5;
    const after = random() * length * 0.5;
    operations.push({
      id: 0,
      process: 500 + miss,
      key: null,
      f: 'cas',
      value: [random() < 0.7 ? often : anyValue(), `miss ${miss}`],
      output: { swapped: false },
      call: middle - before,
      return: middle + after + 0.001,
    });
  }
  return withDensePositions(operations);
}

/** The initial value comes back by a write or a cas, and one other value with it. */
export function backToStartHistory(random: RandomSource): Operation[] {
  const shape = {
    ...randomShape(random, 8),
    values: 1,
    casShare: 0.3 + random() * 0.6,
    infoShare: random() * 0.4,
  };
  return simulateHistory(shape, random);
}
