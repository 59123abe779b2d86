/**
 * Short words for operations in tests: what it was, and when it was open.
 */
import type { CasResult, Operation } from '../history.ts';

/** Positions of the invocation and the return; without a return it is open for ever. */
export type Span = readonly [call: number, returned?: number];

type Draft = Omit<Operation, 'id' | 'process' | 'key'>;

export function write(value: unknown, span: Span): Draft {
  return draft({ f: 'write', value, output: value }, span);
}

/** A read that returned the value; null is an absent one. */
export function read(value: unknown, span: Span): Draft {
  return draft({ f: 'read', value: null, output: value }, span);
}

/** A cas that swapped, or as the result says; an open one has no result. */
export function cas(
  values: readonly [unknown, unknown],
  span: Span,
  result: CasResult = { swapped: true },
): Draft {
  return draft({ f: 'cas', value: values, output: result }, span);
}

/** Operations sorted by invocation, each of its own process; ids are positions in it. */
export function history(...drafts: readonly Draft[]): Operation[] {
  const sorted = [...drafts].sort((a, b) => a.call - b.call);
  return sorted.map((operation, id) => ({ id, process: id, key: null, node: 'n1', ...operation }));
}

function draft(what: Pick<Draft, 'f' | 'value' | 'output'>, [call, returned]: Span): Draft {
  if (returned === undefined) return { ...what, output: undefined, call, return: null };
  return { ...what, call, return: returned };
}
