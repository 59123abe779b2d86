/**
 * Unique ids: a generator that never gives an id twice.
 *
 * `generate` answers the id, whatever JSON that is. An open one may have given an id, but nobody
 * knows which, so it asserts nothing. The state is the ids given so far.
 */
import { neverReturned, operationAt } from '../columns.ts';
import { LocalIds } from '../fast/register-columns.ts';
import { findBadBy } from '../fast/set-elements.ts';
import { answerIds, checkUniqueIds } from '../fast/unique-ids.ts';
import type { Operation } from '../history.ts';
import { defineModel, type Model } from '../model.ts';
import { valueKey } from '../value-key.ts';

/** Keys of the ids, sorted. */
type State = readonly string[];

export function createUniqueIds(): Model {
  return defineModel<State>({
    name: 'unique-ids',
    functions: ['generate'],
    init: [],
    step(state, operation) {
      if (operation.return === null) return state;
      const key = valueKey(operation.output);
      return state.includes(key) ? undefined : [...state, key].sort();
    },
    check,
    stateKey: (state) => state.join(),
    isObserver: (operation) => operation.return === null,
    describeState: (state) => (state.length === 0 ? 'no id' : `ids ${state.join(', ')}`),
    findBad: (columns) =>
      findBadBy(
        columns,
        (row) => columns.return[row] === neverReturned || (columns.output[row] ?? 0) > 0,
        (row) => check(operationAt(columns, row)),
      ),
    replayer: (columns) => {
      const ids = answerIds(columns);
      const local = new LocalIds(columns.tables.values.size, columns.count);
      let given = 0;
      return (row) => {
        if (columns.return[row] === neverReturned) return true;
        // The next new one has the next number.
        if (local.idOf(ids[row] ?? 0) !== given) return false;
        given += 1;
        return true;
      };
    },
    fast: checkUniqueIds,
  });
}

function check({ return: end, output }: Operation): string | null {
  const isMissing = end !== null && (output === null || output === undefined);
  return isMissing ? 'an ok "generate" needs the id that it gave as its "value"' : null;
}
