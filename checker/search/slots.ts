/**
 * Places in a bit set for completed operations: no two that are open at once share one, so a few
 * words hold who is open and undone, whatever the length of the history. [Lowe17]
 */
import type { EventList } from './event-list.ts';
import type { Transitions } from './transitions.ts';

export interface Slots {
  /** By row; those of observers count from zero as well. */
  readonly slot: Int32Array;
  readonly mutatorWords: number;
  readonly observerWords: number;
}

/** What changes a state and what does not have places of their own. */
export function assignSlots(list: EventList, transitions: Transitions): Slots {
  const { classOfRow, isObserver } = transitions;
  const slot = new Int32Array(classOfRow.length).fill(-1);
  const free: [number[], number[]] = [[], []];
  const counts: [number, number] = [0, 0];
  for (let entry = 1; entry < list.end; entry += 1) {
    const event = list.event[entry] ?? 0;
    const row = event >> 1;
    const kind = isObserver[classOfRow[row] ?? 0] === 1 ? 1 : 0;
    if (event % 2 === 1) {
      free[kind].push(slot[row] ?? 0);
      continue;
    }
    const reused = free[kind].pop();
    slot[row] = reused ?? counts[kind];
    if (reused === undefined) counts[kind] += 1;
  }
  return {
    slot,
    mutatorWords: Math.ceil(counts[0] / 32),
    observerWords: Math.ceil(counts[1] / 32),
  };
}
