import { expect, test } from 'vitest';
import type { Op } from '../../checker/history.ts';
import type { ConductedFault } from '../nemesis/conductor.ts';
import { describeFaults } from './describe-faults.ts';

/** `i` and `o` of processes, `b` and `e` of the nemesis; an index is a microsecond. */
function opsOf(words: string): readonly Op[] {
  return words.split(' ').map((word, index) => {
    const isFault = word.startsWith('b') || word.startsWith('e');
    return {
      ...{ index, timeNs: index * 1000, f: 'write', value: null },
      process: isFault ? ('nemesis' as const) : Number(word.slice(1)),
      type: isFault ? ('info' as const) : word.startsWith('i') ? ('invoke' as const) : 'ok',
    } as Op;
  });
}

function faultOf(ops: readonly Op[], begin: number, end: number | null): ConductedFault {
  return {
    ...{ family: 'kill', variant: 'one', description: 'one: n1', nodes: ['n1'] },
    ...{
      id: 0,
      chance: 0,
      value: {},
      trigger: 'progress',
      tookEffect: true,
      outcome: 'injected',
      reason: null,
    },
    ...{ beginEvidence: {}, endEvidence: {}, impairs: { cut: [], down: [] } },
    begin: ops[begin] as Op,
    end: end === null ? null : (ops[end] as Op),
  };
}

test('a fault has met the operations that were under way in it, and no others', () => {
  const ops = opsOf('i0 o0 i1 b o1 i2 o2 i3 e o3 i4 o4');
  const [fault] = describeFaults([faultOf(ops, 3, 8)], { ops, leaders: [] });
  // Those of processes 1, 2 and 3.
  expect(fault?.met?.operations).toBe(3);
});

test('a fault that lasted to the end has met all that came after its begin', () => {
  const ops = opsOf('i0 o0 b i1 o1 i2');
  const [fault] = describeFaults([faultOf(ops, 2, null)], { ops, leaders: [] });
  expect(fault?.met?.operations).toBe(2);
});

test('faults that overlap are counted each for itself', () => {
  const ops = opsOf('i0 b o0 i1 b o1 e i2 e o2');
  const faults = describeFaults([faultOf(ops, 1, 6), faultOf(ops, 4, 8)], { ops, leaders: [] });
  expect(faults.map(({ met }) => met?.operations)).toEqual([2, 2]);
});

test('leader changes are those in force; who comes back after nobody is no other', () => {
  const ops = opsOf('i0 b o0 i1 o1 e');
  const sighting = (us: number, leader: string | null): object => ({
    ...{ timeNs: us * 1000, term: 1, leader },
  });
  const leaders = [
    sighting(0, 'n1'),
    sighting(2, null),
    sighting(2, 'n1'),
    sighting(3, 'n2'),
    sighting(4, 'n3'),
    sighting(9, 'n1'),
  ] as never;
  const [fault] = describeFaults([faultOf(ops, 1, 5)], { ops, leaders });
  expect(fault?.met?.leaderChanges).toBe(2);
});
