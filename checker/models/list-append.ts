/**
 * A list that is appended to and read as a whole, empty in the beginning.
 *
 * `append` takes the element (not null); a number as its answer is the length after it, any other
 * answer tells nothing, nor does the element itself repeated. `read` answers the elements in
 * their order as an array; null is the empty list. An open append may have taken effect.
 */
import { neverReturned, none, operationAt, swapOutcome } from '../columns.ts';
import { checkListAppend } from '../fast/list-append.ts';
import { argumentId, describeBadElement, elementsRead, findBadBy } from '../fast/set-elements.ts';
import type { Operation } from '../history.ts';
import { defineModel, type Model } from '../model.ts';
import { valueKey } from '../value-key.ts';

interface State {
  /** The JSON text of the elements without the brackets around it. */
  readonly text: string;
  readonly length: number;
}

export function createListAppend(): Model {
  return defineModel<State>({
    name: 'list-append',
    functions: ['append', 'read'],
    init: { text: '', length: 0 },
    step(state, { f, value, output, return: end }) {
      if (f === 'read') {
        return end === null || valueKey(output ?? []) === `[${state.text}]` ? state : undefined;
      }
      const length = state.length + 1;
      // Many clients repeat the element when they mean no more than ok.
      const isTold = end !== null && typeof output === 'number' && output !== value;
      if (isTold && output !== length) return undefined;
      const separator = state.length === 0 ? '' : ',';
      return { text: `${state.text}${separator}${valueKey(value)}`, length };
    },
    check,
    stateKey: (state) => state.text,
    isObserver: (operation) => operation.f === 'read',
    describeState: (state) => `the list [${state.text}]`,
    findBad: (columns) => {
      const append = columns.tables.functions.indexOf('append');
      return findBadBy(
        columns,
        (row) => columns.f[row] === append && (columns.argument[row] ?? 0) > 0,
        (row) => check(operationAt(columns, row)),
      );
    },
    replayer: (columns) => {
      const { values } = columns.tables;
      const append = columns.tables.functions.indexOf('append');
      const list: unknown[] = [];
      return (row) => {
        const isOpen = columns.return[row] === neverReturned;
        if (columns.f[row] === append) {
          list.push(values.valueOf(argumentId(columns, row)));
          const id = columns.outcome[row] === swapOutcome.untold ? (columns.output[row] ?? 0) : 0;
          const isEcho = id === argumentId(columns, row);
          const length = isOpen || isEcho || id === none ? null : values.valueOf(id);
          return typeof length !== 'number' || length === list.length;
        }
        if (isOpen) return true;
        const elements = elementsRead(columns, row);
        return (
          elements.length === list.length &&
          elements.every((element, at) => isSame(element, list[at]))
        );
      };
    },
    fast: checkListAppend,
  });
}

function isSame(one: unknown, other: unknown): boolean {
  return one === other || (typeof one === 'object' && valueKey(one) === valueKey(other));
}

function check(operation: Operation): string | null {
  const { f, output, return: end } = operation;
  if (f === 'append') return describeBadElement(operation);
  if (end === null || Array.isArray(output) || (output ?? null) === null) return null;
  return `an ok "read" answers the elements as an array, not ${JSON.stringify(output)}`;
}
