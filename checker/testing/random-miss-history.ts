/**
 * Random histories of a compare-and-set register with unique values and with misses, which
 * answered only that the value was not the expected one: what their placing is tested on.
 *
 * `missHistory` scatters misses, also false ones, over a register that ran; many operations stay
 * open, some of their values are expected by misses, and some values are written again unseen.
 */
import type { Operation } from '../history.ts';
import { withDensePositions } from './metamorphic.ts';
import { type RandomSource, randomShape, simulateHistory } from './random-history.ts';

/** At most that many operations, misses not counted, and up to four misses. */
export function missHistory(random: RandomSource, operationsMax: number): Operation[] {
  const shape = {
    ...randomShape(random, operationsMax),
    processes: 1 + Math.floor(random() * 6),
    values: null,
    repeatShare: 0,
    casShare: random() * 0.7,
    tellsSeen: false,
    infoShare: random() < 0.3 ? 0 : random() * 0.6,
    spoilShare: random() < 0.7 ? 0 : 0.1,
  };
  const operations = simulateHistory(shape, random).map((operation) =>
    random() < 0.1 ? repeatOther(operation, random) : operation,
  );
  return withMisses(operations, 1 + Math.floor(random() * 4), random);
}

/** A write of a value that may be another one's: unseen if nobody happens to have seen either. */
function repeatOther(operation: Operation, random: RandomSource): Operation {
  if (operation.f !== 'write') return operation;
  const value = Math.floor(random() * (operation.id + 2));
  return { ...operation, value: random() < 0.1 ? null : value };
}

/** Adds that many misses: mostly of one value, in windows that lie in or across each other. */
function withMisses(
  operations: readonly Operation[],
  misses: number,
  random: RandomSource,
): Operation[] {
  const all = [...operations];
  const length = 2 * operations.length;
  const values = operations.flatMap(({ value, f }) => (f === 'cas' ? asPair(value) : [value]));
  const anyValue = (): unknown => values[Math.floor(random() * values.length)] ?? null;
  const often = anyValue();
  for (let miss = 0; miss < misses; miss += 1) {
    const call = random() * length;
    const span = random() < 0.5 ? random() * 3 : random() * length;
    all.push({
      id: 0,
      process: 900 + miss,
      key: null,
      f: 'cas',
      value: [random() < 0.5 ? often : anyValue(), `miss ${miss}`],
      output: { swapped: false },
      call,
      return: call + span + 0.001,
    });
  }
  return withDensePositions(all);
}

function asPair(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
