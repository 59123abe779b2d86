import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Impairment } from '../checker.ts';
import type { Link } from '../cluster.ts';
import { planPartition } from '../nemesis/partition-shapes.ts';
import { createRandomStream } from '../run/random.ts';
import { servingGroup } from './availability-group.ts';
import { cutBetween } from './made-run.ts';

const five = ['n1', 'n2', 'n3', 'n4', 'n5'];

const groupOf = (impairs: Partial<Impairment>, nodes = five): string =>
  [...servingGroup(nodes, [{ cut: [], down: [], ...impairs }])].join(' ');

describe('the nodes that must serve', () => {
  it('are all of them while nothing is broken', () => {
    expect(groupOf({})).toBe('n1 n2 n3 n4 n5');
    expect(groupOf({}, ['n1'])).toBe('n1');
  });

  it('are those that run while these are a majority of all', () => {
    expect(groupOf({ down: ['n2'] })).toBe('n1 n3 n4 n5');
    expect(groupOf({ down: ['n1', 'n3'] })).toBe('n2 n4 n5');
    expect(groupOf({ down: ['n1', 'n3', 'n5'] })).toBe('');
    expect(groupOf({ down: ['n1'] }, ['n1', 'n2'])).toBe('');
    expect(groupOf({ down: ['n1', 'n2'] }, ['n1', 'n2', 'n3', 'n4'])).toBe('');
  });

  it('are the larger part of a partition', () => {
    expect(groupOf({ cut: cutBetween(['n1', 'n4'], ['n2', 'n3', 'n5']) })).toBe('n2 n3 n5');
    expect(groupOf({ cut: cutBetween(['n1', 'n2'], ['n3', 'n4']) }, five.slice(0, 4))).toBe('');
  });

  it('are those that are left by all faults together', () => {
    const cut = cutBetween(['n1'], ['n2', 'n3', 'n4', 'n5']);
    const together = servingGroup(five, [
      { cut, down: [] },
      { cut: [], down: ['n5'] },
    ]);
    expect([...together]).toEqual(['n2', 'n3', 'n4']);
  });

  it('are nobody in a ring in which each sees another majority', () => {
    const random = createRandomStream(1, 'ring');
    const { cut } = planPartition('majorities-ring', { nodes: five, leader: null, random });
    expect(groupOf({ cut })).toBe('');
  });

  it('are nobody when one link is cut inside the only majority', () => {
    expect(groupOf({ cut: [{ from: 'n1', to: 'n2' }] })).toBe('');
    const cut = [...cutBetween(['n1', 'n2'], ['n3', 'n4', 'n5']), { from: 'n3', to: 'n4' }];
    expect(groupOf({ cut })).toBe('');
  });

  it('are a majority that one outside hears, or is heard by while he hears no majority', () => {
    const others = ['n2', 'n3', 'n4', 'n5'];
    const silenced = others.map((to) => ({ from: 'n1', to }));
    expect(groupOf({ cut: silenced })).toBe('n2 n3 n4 n5');
    const deafened = others.map((from) => ({ from, to: 'n1' }));
    expect(groupOf({ cut: deafened })).toBe('n2 n3 n4 n5');
    expect(groupOf({ cut: deafened.slice(2) })).toBe('');
  });

  it('are nobody while one of them is hampered; whoever is cut off from them may be', () => {
    expect(groupOf({ hampered: ['n1'] })).toBe('');
    expect(groupOf({ hampered: ['n1'], down: ['n1'] })).toBe('n2 n3 n4 n5');
    const cut = cutBetween(['n1'], ['n2', 'n3', 'n4', 'n5']);
    expect(groupOf({ hampered: ['n1'], cut })).toBe('n2 n3 n4 n5');
  });

  it('are found as by trying every set of nodes', () => {
    fc.assert(
      fc.property(situation(), ({ nodes, cut, down }) => {
        expect(groupOf({ cut, down }, nodes)).toBe(bySearch(nodes, cut, down).join(' '));
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});

interface Situation {
  readonly nodes: string[];
  readonly cut: readonly Link[];
  readonly down: readonly string[];
}

/** Partitions that are cut one way or both ways, some with a link more, and some crashes. */
function situation(): fc.Arbitrary<Situation> {
  return fc.integer({ min: 1, max: 6 }).chain((count) => {
    const nodes = Array.from({ length: count }, (_, position) => `n${position + 1}`);
    const link = fc.record({ from: fc.constantFrom(...nodes), to: fc.constantFrom(...nodes) });
    return fc.record({
      nodes: fc.constant(nodes),
      cut: fc
        .tuple(fc.subarray(nodes), fc.constantFrom(0, 1, 2), fc.array(link, { maxLength: 2 }))
        .map(([side, ways, more]) => {
          const others = nodes.filter((node) => !side.includes(node));
          const both = cutBetween(side, others);
          const kept = ways === 2 ? both : both.filter((_, at) => at % 2 === ways);
          return [...kept, ...more];
        }),
      down: fc.subarray(nodes, { maxLength: Math.min(2, count) }),
    });
  });
}

function bySearch(
  nodes: readonly string[],
  cut: readonly Link[],
  down: readonly string[],
): readonly string[] {
  const live = nodes.filter((node) => !down.includes(node));
  const works = (from: string, to: string): boolean =>
    !cut.some((link) => link.from === from && link.to === to);
  for (let bits = 0; bits < 2 ** live.length; bits++) {
    const set = live.filter((_, position) => (bits & (2 ** position)) > 0);
    if (set.length < Math.floor(nodes.length / 2) + 1) continue;
    const isWhole = set.every((a) => set.every((b) => a === b || works(a, b)));
    const outside = live.filter((node) => !set.includes(node));
    const isApart = outside.every((a) => {
      const heard = live.filter((other) => other === a || works(other, a));
      return heard.length <= nodes.length / 2 || set.every((b) => !works(a, b));
    });
    if (isWhole && isApart) return set;
  }
  return [];
}
