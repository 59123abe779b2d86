/**
 * All tiny histories over a few kinds of operations, each with a number, so that one of them can
 * be had again.
 */
import type { Operation } from '../history.ts';

/** A kind of operation with its answer, or open for ever. */
export interface OperationKind {
  readonly f: string;
  readonly value: unknown;
  readonly output?: unknown;
  readonly isOpen?: true;
}

type Span = readonly [call: number, returned: number];

/** How many histories of so many operations there are. */
export function countTinyHistories(kinds: readonly OperationKind[], operations: number): number {
  return kinds.length ** operations * spansOf(operations).length;
}

/** The history of that number, which is below the count. */
export function tinyHistory(
  kinds: readonly OperationKind[],
  operations: number,
  number: number,
): Operation[] {
  const all = spansOf(operations);
  const spans = all[number % all.length] ?? [];
  let rest = Math.floor(number / all.length);
  return spans.map(([call, returned], process) => {
    const kind = kinds[rest % kinds.length];
    rest = Math.floor(rest / kinds.length);
    if (kind === undefined) throw new RangeError('there are no kinds of operations');
    return {
      id: call,
      process,
      key: null,
      f: kind.f,
      value: kind.value,
      output: kind.isOpen === true ? undefined : kind.output,
      call,
      return: kind.isOpen === true ? null : returned,
    };
  });
}

const known = new Map<number, readonly (readonly Span[])[]>();

/** All ways in which the spans of so many operations can lie, sorted by invocation. */
function spansOf(operations: number): readonly (readonly Span[])[] {
  const found = known.get(operations) ?? drawSpans(operations);
  known.set(operations, found);
  return found;
}

function drawSpans(operations: number): Span[][] {
  const found: Span[][] = [];
  const extend = (spans: readonly Span[], position: number): void => {
    if (position === 2 * operations) {
      found.push([...spans]);
      return;
    }
    if (spans.length < operations) extend([...spans, [position, -1]], position + 1);
    spans.forEach(([call, returned], at) => {
      if (returned < 0) extend(spans.with(at, [call, position]), position + 1);
    });
  };
  extend([], 0);
  return found;
}
