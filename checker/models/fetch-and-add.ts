/**
 * Fetch-and-add: a counter that tells what it was, starting at 0.
 *
 * `fetch-and-add` takes the amount, an integer (null is 1), and answers the value before it.
 * `read` answers the value. An open fetch-and-add may have taken effect.
 */
import { neverReturned } from '../columns.ts';
import {
  amountOf,
  createCounterNumbers,
  describeBadNumbers,
  findBadNumber,
  type NumberShape,
} from '../fast/counter-numbers.ts';
import { checkFetchAndAdd } from '../fast/fetch-and-add.ts';
import { defineModel, type Model } from '../model.ts';

const shape: NumberShape = { tellsSeen: true, mayOmitAmount: true };

export function createFetchAndAdd(): Model {
  return defineModel<number>({
    name: 'fetch-and-add',
    functions: ['fetch-and-add', 'read'],
    init: 0,
    step(state, operation) {
      if (operation.return !== null && operation.output !== state) return undefined;
      return operation.f === 'read' ? state : state + amountOf(operation.value);
    },
    check: (operation) => describeBadNumbers(operation, shape),
    stateKey: String,
    isObserver: ({ f, value }) => f === 'read' || amountOf(value) === 0,
    describeState: (state) => `the counter at ${state}`,
    findBad: (columns) => findBadNumber(columns, shape),
    replayer: (columns) => {
      const { amount, seen } = createCounterNumbers(columns, true);
      let state = 0;
      return (row) => {
        if (columns.return[row] !== neverReturned && seen[row] !== state) return false;
        state += amount[row] ?? 0;
        return true;
      };
    },
    fast: checkFetchAndAdd,
  });
}
