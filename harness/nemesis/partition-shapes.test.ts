import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Link } from '../cluster.ts';
import { createRandomStream } from '../run/random.ts';
import { type PartitionShape, partitionShapes, planPartition, split } from './partition-shapes.ts';

const shapes = Object.keys(partitionShapes) as PartitionShape[];
const named = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `n${at + 1}`);

interface Situation {
  readonly nodes: readonly string[];
  readonly seed: number;
  readonly leader: string | null;
}

/** From as few nodes as the shape takes to nine. */
function situations(shape: PartitionShape): fc.Arbitrary<Situation> {
  return fc.integer({ min: partitionShapes[shape].nodesMin, max: 9 }).chain((count) =>
    fc.record({
      nodes: fc.constant(named(count)),
      seed: fc.nat(10_000),
      leader: fc.constantFrom(null, ...named(count)),
    }),
  );
}

function cutOf(shape: PartitionShape, { nodes, seed, leader }: Situation): readonly Link[] {
  return planPartition(shape, { nodes, leader, random: createRandomStream(seed, 'shape') }).cut;
}

/** With itself, whom a node hears and is heard by, in the order of the nodes. */
function sees(node: string, nodes: readonly string[], cut: readonly Link[]): readonly string[] {
  const isCut = (from: string, to: string): boolean =>
    cut.some((link) => link.from === from && link.to === to);
  return nodes.filter((other) => !isCut(node, other) && !isCut(other, node));
}

/** The sets of nodes that hear one another, the smallest first. */
function sidesOf({ nodes }: Situation, cut: readonly Link[]): readonly (readonly string[])[] {
  const sides = new Map(nodes.map((node) => [sees(node, nodes, cut).join(), node]));
  const lists = [...sides.values()].map((node) => sees(node, nodes, cut));
  return lists.sort((a, b) => a.length - b.length);
}

function hold(shape: PartitionShape, promise: (at: Situation, cut: readonly Link[]) => void): void {
  const property = fc.property(situations(shape), (at) => {
    promise(at, cutOf(shape, at));
  });
  fc.assert(property, { numRuns: 150, seed: 1 });
}

/** Two sides that hear all of their own and nobody else. */
function expectTwoSides(at: Situation, cut: readonly Link[], smaller: number): void {
  const sides = sidesOf(at, cut);
  expect(sides.map((side) => side.length)).toEqual([smaller, at.nodes.length - smaller]);
  expect([...sides.flat()].sort()).toEqual([...at.nodes].sort());
}

describe('every shape', () => {
  for (const shape of shapes) {
    it(`${shape} cuts something, each link once, none from a node to itself`, () => {
      hold(shape, (_, cut) => {
        expect(cut.length).toBeGreaterThan(0);
        expect(new Set(cut.map(({ from, to }) => `${from}>${to}`)).size).toBe(cut.length);
        expect(cut.every(({ from, to }) => from !== to)).toBe(true);
      });
    });

    it(`${shape} depends on the seed and on nothing else`, () => {
      hold(shape, (at, cut) => expect(cutOf(shape, at)).toEqual(cut));
      const at = { nodes: named(5), leader: null };
      const seeds = Array.from({ length: 20 }, (_, seed) =>
        JSON.stringify(cutOf(shape, { ...at, seed })),
      );
      expect(new Set(seeds).size).toBeGreaterThan(2);
    });

    if (!shape.startsWith('oneway')) {
      it(`${shape} cuts both ways`, () => {
        hold(shape, (_, cut) => {
          for (const { from, to } of cut) expect(cut).toContainEqual({ from: to, to: from });
        });
      });
    }
  }
});

describe('what a shape promises', () => {
  it('one: a node alone, the others together', () => {
    hold('one', (at, cut) => expectTwoSides(at, cut, 1));
  });

  it('one: a node that is free, while there is one', () => {
    const free = ['n2'];
    const random = createRandomStream(1, 'shape');
    const context = { nodes: named(3), leader: null, random };
    for (let turn = 0; turn < 10; turn++) {
      expect(planPartition('one', { ...context, free }).description).toBe('n2 | n1 n3');
    }
    expect(planPartition('one', { ...context, free: [] }).cut).toHaveLength(4);
  });

  it('leader: the leader alone, any node when nobody knows one', () => {
    hold('leader', (at, cut) => {
      expectTwoSides(at, cut, 1);
      if (at.leader !== null) expect(sees(at.leader, at.nodes, cut)).toEqual([at.leader]);
    });
  });

  it('halves: a minority, or half of them, and the others', () => {
    hold('halves', (at, cut) => expectTwoSides(at, cut, Math.floor(at.nodes.length / 2)));
  });

  it('minority-third: as many as there can be below a third, and the others', () => {
    hold('minority-third', (at, cut) => {
      const [few = []] = sidesOf(at, cut);
      expect(3 * few.length).toBeLessThan(at.nodes.length);
      expect(3 * (few.length + 1)).toBeGreaterThanOrEqual(at.nodes.length);
      expectTwoSides(at, cut, few.length);
    });
  });

  it('majorities-ring: each sees a majority and not all; up to five, no two the same', () => {
    hold('majorities-ring', (at, cut) => {
      const { nodes } = at;
      const seen = nodes.map((node) => sees(node, nodes, cut));
      for (const side of seen) expect(side.length).toBeGreaterThan(nodes.length / 2);
      expect(seen.some((side) => side.length < nodes.length)).toBe(true);
      if (nodes.length > 5) return;
      expect(new Set(seen.map((side) => side.join())).size).toBe(nodes.length);
      if (nodes.length === 5) expect(seen.map((side) => side.length)).toEqual([3, 3, 3, 3, 3]);
    });
  });

  it('majorities-ring: above five nobody sees more than it takes, but for one or two', () => {
    hold('majorities-ring', (at, cut) => {
      const { nodes } = at;
      if (nodes.length <= 5) return;
      const majority = Math.floor(nodes.length / 2) + 1;
      const more = nodes.filter((node) => sees(node, nodes, cut).length > majority);
      expect(more.length).toBeLessThanOrEqual(2);
    });
  });

  it('bridge: one node sees all, the halves do not see each other', () => {
    hold('bridge', (at, cut) => {
      const { nodes } = at;
      const middle = nodes.filter((node) => sees(node, nodes, cut).length === nodes.length);
      expect(middle).toHaveLength(1);
      const rest = { ...at, nodes: nodes.filter((node) => !middle.includes(node)) };
      expectTwoSides(rest, cut, Math.floor(rest.nodes.length / 2));
    });
  });

  it('random-pairs: one pair to half of all', () => {
    hold('random-pairs', ({ nodes }, cut) => {
      const pairs = (nodes.length * (nodes.length - 1)) / 2;
      expect(cut.length / 2).toBeLessThanOrEqual(Math.max(1, pairs / 2));
    });
  });

  for (const shape of ['oneway', 'oneway-raw'] as const) {
    it(`${shape}: all that comes in to a node, or all that goes out`, () => {
      const ends = new Set<string>();
      hold(shape, ({ nodes, leader }, cut) => {
        expect(cut).toHaveLength(nodes.length - 1);
        const [from, to] = [new Set(cut.map((l) => l.from)), new Set(cut.map((l) => l.to))];
        expect(Math.min(from.size, to.size)).toBe(1);
        if (nodes.length < 3) return;
        const victim = from.size === 1 ? [...from][0] : [...to][0];
        ends.add(`${from.size === 1 ? 'out' : 'in'} ${leader === victim ? 'leader' : 'other'}`);
      });
      expect([...ends].sort()).toEqual(['in leader', 'in other', 'out leader', 'out other']);
    });
  }
});

it('a one-way cut is around the leader half of the time', () => {
  const random = createRandomStream(1, 'shape');
  const context = { nodes: named(5), leader: 'n3', random };
  const hit = Array.from({ length: 100 }, () => planPartition('oneway', context).description);
  const leaders = hit.filter((words) => words.startsWith('n3')).length;
  expect(leaders).toBeGreaterThan(45);
  expect(leaders).toBeLessThan(75);
});

describe('a script names', () => {
  const context = { nodes: named(5), leader: 'n1', random: createRandomStream(1, 'shape') };

  it('a side, the bridge, or who is behind a one-way cut, and its direction', () => {
    const describeIn = (shape: PartitionShape, chosen: readonly string[]): string =>
      planPartition(shape, { ...context, chosen, direction: 'in' }).description;
    expect(describeIn('halves', ['n2', 'n5'])).toBe('n2 n5 | n1 n3 n4');
    expect(describeIn('majorities-ring', ['n2'])).toBe('n2 | n1 n3 n4 n5');
    expect(describeIn('bridge', ['n3'])).toMatch(/^n\d n\d - n3 - n\d n\d$/);
    expect(describeIn('oneway', ['n4'])).toBe('n4 hears nobody');
    const out = planPartition('oneway', { ...context, chosen: ['n4'], direction: 'out' });
    expect(out).toEqual({
      description: 'n4 is heard by nobody',
      cut: ['n1', 'n2', 'n3', 'n5'].map((to) => ({ from: 'n4', to })),
    });
  });

  it('no side of everybody, and no bridge of two', () => {
    const { nodes } = context;
    expect(() => planPartition('one', { ...context, chosen: nodes })).toThrow('nothing to cut');
    expect(() => planPartition('oneway', { ...context, chosen: nodes })).toThrow('nobody');
    expect(() => planPartition('bridge', { ...context, chosen: ['n1', 'n2'] })).toThrow('one node');
  });

  it('groups: whoever is in none hears all', () => {
    const { cut, description } = split([['n1'], ['n3', 'n2']]);
    expect(description).toBe('n1 | n2 n3');
    expect(sees('n1', named(4), cut)).toEqual(['n1', 'n4']);
    expect(sees('n4', named(4), cut)).toEqual(named(4));
  });
});
