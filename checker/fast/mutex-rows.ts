/** The rows of a mutex as one column: what each comes to. */
import { type Columns, neverReturned } from '../columns.ts';

export const mutexKind = {
  /** free to held. */
  acquire: 0,
  /** held to free. */
  release: 1,
  /** An acquire that was refused: it was held. */
  sawHeld: 2,
  /** A release that was refused: it was free. */
  sawFree: 3,
} as const;

export function createMutexRows(columns: Columns): Uint8Array {
  const { count, output, outcome, return: returned, tables } = columns;
  const kinds = new Uint8Array(count);
  const refused = tables.values.find(false);
  const release = tables.functions.indexOf('release');
  for (let row = 0; row < count; row += 1) {
    const isRelease = columns.f[row] === release;
    const isOpen = returned[row] === neverReturned;
    const isRefused = !isOpen && output[row] === refused && outcome[row] === 0;
    if (isRefused) kinds[row] = isRelease ? mutexKind.sawFree : mutexKind.sawHeld;
    else kinds[row] = isRelease ? mutexKind.release : mutexKind.acquire;
  }
  return kinds;
}
