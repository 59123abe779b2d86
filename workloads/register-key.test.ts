import { expect, it } from 'vitest';
import type { Op } from '../checker/history.ts';
import { createRegisterKey } from './register-key.ts';

const onlyCas = createRegisterKey({ read: 0, write: 0, cas: 1 }, 10);

/** From what to what the next compare-and-set would go, after such a line of the history. */
function casAfter(line: Partial<Op>): unknown {
  const op: Op = { index: 0, timeNs: 0, process: 0, type: 'ok', f: 'read', value: null, ...line };
  const context = { timeNs: 0, random: () => 0.5, process: 0, thread: 0 };
  const next = onlyCas.update(op).op(context);
  return next.type === 'op' ? next.op.value : next.type;
}

it('compares with what was read or written last', () => {
  expect(casAfter({ f: 'read', value: 7 })).toEqual([7, 10]);
  expect(casAfter({ f: 'write', value: 8 })).toEqual([8, 10]);
});

it('compares with what a compare-and-set left there, or found', () => {
  const value = [1, 2];
  expect(casAfter({ f: 'cas', value, result: { swapped: true, seen: 1 } })).toEqual([2, 10]);
  expect(casAfter({ f: 'cas', value, result: { swapped: false, seen: 5 } })).toEqual([5, 10]);
  expect(casAfter({ f: 'cas', value, result: { swapped: false, seen: null } })).toEqual([null, 10]);
});

it('learns nothing from what is not known to have happened, or does not tell', () => {
  for (const type of ['invoke', 'fail', 'info'] as const) {
    expect(casAfter({ type, f: 'write', value: 8 })).toEqual([null, 10]);
  }
  for (const result of [undefined, null, 'OK', { swapped: false }]) {
    expect(casAfter({ f: 'cas', value: [1, 2], result })).toEqual([null, 10]);
  }
});
