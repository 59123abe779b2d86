/**
 * A set with add, remove and contains, and perhaps whole reads; empty in the beginning.
 *
 * `add`, `remove` and `contains` take the element (not null). `add` answers true when it was
 * added and false when it was there already, `remove` true when it was there and false when not;
 * any other answer of these two tells nothing. `contains` answers true or false, `read` the
 * elements as an array in any order. Open adds and removes may have taken effect.
 */
import { type Columns, neverReturned, operationAt } from '../columns.ts';
import {
  createElements,
  describeBadElement,
  elementsRead,
  findBadBy,
  Membership,
} from '../fast/set-elements.ts';
import { createKinds, elementKind, isAdd, isRemove } from '../fast/set-kinds.ts';
import { checkSet, elementParts } from '../fast/set-operations.ts';
import type { Operation } from '../history.ts';
import { type BadRow, defineModel, type Model, type Replayer } from '../model.ts';
import { valueKey } from '../value-key.ts';

/** Keys of the elements, sorted. */
type State = readonly string[];

export function createSet(): Model {
  return defineModel<State>({
    name: 'set',
    functions: ['add', 'remove', 'contains', 'read'],
    init: [],
    step,
    check,
    stateKey: (state) => state.join(),
    isObserver: ({ f }) => f === 'contains' || f === 'read',
    describeState: (state) => `the set {${state.join(', ')}}`,
    findBad,
    parts: elementParts,
    replayer: createReplayer,
    fast: checkSet,
  });
}

function step(state: State, operation: Operation): State | undefined {
  const { f, output } = operation;
  const isOpen = operation.return === null;
  if (f === 'read') {
    if (isOpen || !Array.isArray(output)) return isOpen ? state : undefined;
    return output.map(valueKey).sort().join() === state.join() ? state : undefined;
  }
  const key = valueKey(operation.value);
  const has = state.includes(key);
  // What a true answer says about the element before the operation.
  // Many clients repeat the element when they mean no more than ok.
  const isEcho = f !== 'contains' && output === operation.value;
  const isTold = !isOpen && !isEcho && typeof output === 'boolean';
  if (isTold && output !== (f === 'add' ? !has : has)) return undefined;
  if (f === 'contains') return isOpen || isTold ? state : undefined;
  if (f === 'add') return has ? state : [...state, key].sort();
  return has ? state.filter((other) => other !== key) : state;
}

function check(operation: Operation): string | null {
  const { f, output } = operation;
  const bad = f === 'read' ? null : describeBadElement(operation);
  if (bad !== null || operation.return === null) return bad;
  if (f === 'read' && !Array.isArray(output)) {
    return `an ok "read" answers the elements as an array, not ${JSON.stringify(output)}`;
  }
  if (f !== 'contains' || typeof output === 'boolean') return null;
  return `an ok "contains" answers true or false, not ${JSON.stringify(output)}`;
}

function findBad(columns: Columns): BadRow | null {
  const kinds = createKinds(columns);
  const isRight = (row: number): boolean =>
    kinds[row] !== elementKind.nothing && (columns.argument[row] ?? 0) > 0;
  return findBadBy(columns, isRight, (row) => check(operationAt(columns, row)));
}

function createReplayer(columns: Columns): Replayer {
  const elements = createElements(columns);
  const kinds = createKinds(columns);
  const reads = columns.tables.functions.indexOf('read');
  const set = new Membership(elements);
  return (row) => {
    if (columns.f[row] === reads) {
      const isOpen = columns.return[row] === neverReturned;
      return isOpen || set.isExactly(elementsRead(columns, row));
    }
    const element = elements.ofRow[row] ?? 0;
    const has = set.has(element);
    const kind = kinds[row] ?? 0;
    if (!has && (kind === elementKind.found || kind === elementKind.toldRemove)) return false;
    if (has && (kind === elementKind.missed || kind === elementKind.toldAdd)) return false;
    set.put(element, isAdd(kind) || (has && !isRemove(kind)));
    return true;
  };
}
