/**
 * A whole order out of the operations in it that change a state: the observers take the first
 * place where they fit, which loses nothing, for they change no state.
 */
import { neverReturned } from '../columns.ts';
import type { Ground } from './ground.ts';
import { refused } from './transitions.ts';

/** Uses the list of events from its beginning, and leaves it changed. */
export function weaveOrder(
  { list, transitions, columns }: Ground,
  backbone: Int32Array,
): Uint32Array {
  const { classOfRow, isObserver } = transitions;
  const order = new Uint32Array(columns.count);
  let length = 0;
  const put = (row: number): void => {
    order[length] = row;
    length += 1;
  };
  const takeObservers = (state: number): void => {
    for (let entry = list.first; entry !== list.end; ) {
      const event = list.event[entry] ?? 0;
      if (event % 2 === 1) return;
      const row = event >> 1;
      const id = classOfRow[row] ?? 0;
      if (isObserver[id] === 1 && transitions.step(state, id) !== refused) {
        put(row);
        entry = list.lift(row);
      } else entry = list.next[entry] ?? list.end;
    }
  };
  list.reset();
  let state = 0;
  takeObservers(state);
  for (const row of backbone) {
    put(row);
    if (columns.return[row] !== neverReturned) list.lift(row);
    state = transitions.step(state, classOfRow[row] ?? 0);
    takeObservers(state);
  }
  return order.slice(0, length);
}
