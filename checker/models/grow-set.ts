/**
 * A set that only grows and is read as a whole, empty in the beginning.
 *
 * `add` takes the element (not null), as often as one likes; its answer tells nothing. `read`
 * answers the elements as an array in any order. An open add may have taken effect.
 */
import { neverReturned, operationAt } from '../columns.ts';
import { checkGrowSet } from '../fast/grow-set.ts';
import {
  createElements,
  describeBadElement,
  elementsRead,
  findBadBy,
  Membership,
} from '../fast/set-elements.ts';
import type { Operation } from '../history.ts';
import { defineModel, type Model } from '../model.ts';
import { valueKey } from '../value-key.ts';

/** Keys of the elements, sorted. */
type State = readonly string[];

export function createGrowSet(): Model {
  return defineModel<State>({
    name: 'grow-set',
    functions: ['add', 'read'],
    init: [],
    step(state, { f, value, output, return: end }) {
      if (f === 'add') {
        const key = valueKey(value);
        return state.includes(key) ? state : [...state, key].sort();
      }
      if (end === null || !Array.isArray(output)) return end === null ? state : undefined;
      return output.map(valueKey).sort().join() === state.join() ? state : undefined;
    },
    check,
    stateKey: (state) => state.join(),
    isObserver: (operation) => operation.f === 'read',
    describeState: (state) => `the set {${state.join(', ')}}`,
    findBad: (columns) => {
      const add = columns.tables.functions.indexOf('add');
      return findBadBy(
        columns,
        (row) => columns.f[row] === add && (columns.argument[row] ?? 0) > 0,
        (row) => check(operationAt(columns, row)),
      );
    },
    replayer: (columns) => {
      const elements = createElements(columns);
      const add = columns.tables.functions.indexOf('add');
      const set = new Membership(elements);
      return (row) => {
        if (columns.f[row] === add) set.put(elements.ofRow[row] ?? 0, true);
        else if (columns.return[row] !== neverReturned) {
          return set.isExactly(elementsRead(columns, row));
        }
        return true;
      };
    },
    fast: checkGrowSet,
  });
}

function check(operation: Operation): string | null {
  if (operation.f === 'add') return describeBadElement(operation);
  if (operation.return === null || Array.isArray(operation.output)) return null;
  return `an ok "read" answers the elements as an array, not ${JSON.stringify(operation.output)}`;
}
