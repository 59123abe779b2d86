/**
 * A counter that is added to and read, starting at 0.
 *
 * `add` takes the amount, an integer that may be negative; what it answers says nothing. `read`
 * answers the value. An open add may have taken effect.
 */
import { neverReturned } from '../columns.ts';
import { checkCounter } from '../fast/counter.ts';
import {
  amountOf,
  createCounterNumbers,
  describeBadNumbers,
  findBadNumber,
  type NumberShape,
} from '../fast/counter-numbers.ts';
import { defineModel, type Model } from '../model.ts';

const shape: NumberShape = { tellsSeen: false, mayOmitAmount: false };

export function createCounter(): Model {
  return defineModel<number>({
    name: 'counter',
    functions: ['add', 'read'],
    init: 0,
    step(state, { f, value, output, return: end }) {
      if (f === 'add') return state + amountOf(value);
      return end === null || output === state ? state : undefined;
    },
    check: (operation) => describeBadNumbers(operation, shape),
    stateKey: String,
    isObserver: ({ f, value }) => f === 'read' || amountOf(value) === 0,
    describeState: (state) => `the counter at ${state}`,
    findBad: (columns) => findBadNumber(columns, shape),
    replayer: (columns) => {
      const { amount, seen } = createCounterNumbers(columns, false);
      const reads = columns.tables.functions.indexOf('read');
      let state = 0;
      return (row) => {
        if (columns.f[row] !== reads) state += amount[row] ?? 0;
        else if (columns.return[row] !== neverReturned) return seen[row] === state;
        return true;
      };
    },
    fast: checkCounter,
  });
}
