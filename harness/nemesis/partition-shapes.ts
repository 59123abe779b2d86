/**
 * The shapes of partitions: which directed links between nodes each of them cuts.
 *
 * They are Jepsen's grudges, and one-way cuts. Pure: all chance comes from the random source.
 * [Jepsen]
 */
import type { Link } from '../cluster.ts';
import { FaultError, type PlanContext } from '../nemesis.ts';
import { randomInteger, randomItem, randomShuffle } from '../run/random.ts';

export const partitionShapes = {
  one: { nodesMin: 2, description: 'a node alone' },
  leader: { nodesMin: 2, description: 'the leader alone; any node when nobody knows one' },
  halves: { nodesMin: 2, description: 'a minority, or half of the nodes, and the others' },
  'minority-third': { nodesMin: 4, description: 'less than a third of the nodes, and the others' },
  'majorities-ring': {
    nodesMin: 3,
    description: 'each node sees a majority, and up to five nodes no two the same',
  },
  bridge: { nodesMin: 3, description: 'two halves that only one node between them connects' },
  'random-pairs': { nodesMin: 2, description: 'some pairs of nodes, half of all at most' },
  oneway: {
    nodesMin: 2,
    description: 'nothing comes in to a node, or nothing goes out; acknowledgements pass',
  },
  'oneway-raw': {
    nodesMin: 2,
    description: 'the same without acknowledgements: TCP falls silent both ways',
  },
} as const;

export type PartitionShape = keyof typeof partitionShapes;

/** Directions of a one-way cut, as the node sees them. */
export const directions = ['in', 'out'] as const;
export type Direction = (typeof directions)[number];

export interface ShapeContext extends Pick<PlanContext, 'nodes' | 'leader' | 'random'> {
  /** Of these one is picked before any other; default: all. */
  readonly free?: readonly string[];
  /** On one side, the bridge, or behind the one-way cut: as named; null: the seed says. */
  readonly chosen?: readonly string[] | null;
  /** Of a one-way cut; null: the seed says. */
  readonly direction?: Direction | null;
}

export interface ShapedCut {
  /** For people: `n1 | n2 n3 n4 n5`. */
  readonly description: string;
  readonly cut: readonly Link[];
}

/** What a partition of this shape cuts. Throws FaultError when these nodes cannot be in it. */
export function planPartition(shape: PartitionShape, context: ShapeContext): ShapedCut {
  const { nodes, leader, random, chosen = null } = context;
  switch (shape) {
    case 'bridge':
      return bridge(chosen, context);
    case 'oneway':
    case 'oneway-raw':
      return oneWay(context);
  }
  if (chosen !== null) return split([chosen, nodes.filter((node) => !chosen.includes(node))]);
  const apart = (count: number): ShapedCut => {
    const shuffled = randomShuffle(random, nodes);
    return split([shuffled.slice(0, count), shuffled.slice(count)]);
  };
  const alone = (node: string): ShapedCut => split([[node], nodes.filter((each) => each !== node)]);
  switch (shape) {
    case 'one':
      return alone(randomItem(random, pickable(context)));
    case 'leader':
      return alone(leader ?? randomItem(random, pickable(context)));
    case 'halves':
      return apart(Math.floor(nodes.length / 2));
    case 'minority-third':
      return apart(Math.ceil(nodes.length / 3) - 1);
    case 'majorities-ring':
      return nodes.length > 5 ? looseRing(context) : ring(randomShuffle(random, nodes));
    case 'random-pairs':
      return somePairs(context);
  }
}

/** The groups hear nothing of each other; a node in none of them hears all. */
export function split(groups: readonly (readonly string[])[]): ShapedCut {
  const cut = groups.flatMap((group) =>
    groups.flatMap((other) => (group === other ? [] : linksBetween(group, other))),
  );
  if (cut.length === 0) throw new FaultError('these groups leave nothing to cut');
  return { description: groups.map(describeSide).join(' | '), cut };
}

/** Every pair once. */
export function pairsOf(nodes: readonly string[]): readonly (readonly [string, string])[] {
  return nodes.flatMap((a, at) => nodes.slice(at + 1).map((b) => [a, b] as const));
}

export function bothWays(pairs: readonly (readonly [string, string])[]): readonly Link[] {
  return pairs.flatMap(([a, b]) => [
    { from: a, to: b },
    { from: b, to: a },
  ]);
}

/** From one pair to half of all of them. */
export function drawPairs({
  nodes,
  random,
}: Pick<PlanContext, 'nodes' | 'random'>): readonly (readonly [string, string])[] {
  const pairs = randomShuffle(random, pairsOf(nodes));
  const countMax = Math.max(1, Math.floor(pairs.length / 2));
  return pairs.slice(0, 1 + randomInteger(random, countMax));
}

function linksBetween(from: readonly string[], to: readonly string[]): readonly Link[] {
  return from.flatMap((a) => to.map((b) => ({ from: a, to: b })));
}

function pickable({ nodes, free = nodes }: ShapeContext): readonly string[] {
  return free.length > 0 ? free : nodes;
}

function describeSide(side: readonly string[]): string {
  return [...side].sort().join(' ');
}

/** Halves, of which the larger gives the bridge. [Jepsen] */
function bridge(chosen: readonly string[] | null, { nodes, random }: ShapeContext): ShapedCut {
  const [middle = randomItem(random, nodes), second] = chosen ?? [];
  if (second !== undefined) throw new FaultError('a bridge is one node');
  const others = randomShuffle(random, nodes).filter((node) => node !== middle);
  const half = Math.ceil(others.length / 2);
  const [left, right] = [others.slice(0, half), others.slice(half)];
  const description = [left, [middle], right].map(describeSide).join(' - ');
  return { description, cut: split([left, right]).cut };
}

/** The leader is behind half of them: the one who loses most by it. */
function oneWay(context: ShapeContext): ShapedCut {
  const { nodes, leader, random, chosen = null } = context;
  const drawn = randomItem(random, pickable(context));
  const victims = chosen ?? [random() < 0.5 && leader !== null ? leader : drawn];
  const direction = context.direction ?? randomItem(random, directions);
  const others = nodes.filter((node) => !victims.includes(node));
  if (others.length === 0) throw new FaultError('a one-way cut leaves nobody on the other side');
  const isIn = direction === 'in';
  return {
    description: `${describeSide(victims)} ${isIn ? 'hears nobody' : 'is heard by nobody'}`,
    cut: isIn ? linksBetween(others, victims) : linksBetween(victims, others),
  };
}

/**
 * Each node keeps its neighbours on a ring, which are a majority with itself up to five nodes.
 * Three in a ring are all connected: there it is a row, which gives each another majority too.
 * [Jepsen]
 */
function ring(order: readonly string[]): ShapedCut {
  const count = order.length;
  const pairs = pairsOf(order).filter(([a, b]) => {
    const distance = order.indexOf(b) - order.indexOf(a);
    return distance > 1 && (count === 3 || distance < count - 1);
  });
  return { description: `ring ${order.join(' ')}`, cut: bothWays(pairs) };
}

/**
 * For more nodes: whoever sees fewest is connected with whoever sees fewest of the others, until
 * each sees a majority. [Jepsen]
 */
function looseRing({ nodes, random }: ShapeContext): ShapedCut {
  const seen = new Map(nodes.map((node) => [node, new Set([node])]));
  const countOf = (node: string): number => seen.get(node)?.size ?? 0;
  const loneliest = (among: readonly string[]): string | undefined =>
    randomShuffle(random, among).sort((a, b) => countOf(a) - countOf(b))[0];
  for (;;) {
    const a = loneliest(nodes);
    if (a === undefined || countOf(a) > nodes.length / 2) break;
    const b = loneliest(nodes.filter((node) => seen.get(a)?.has(node) === false));
    if (b === undefined) break;
    seen.get(a)?.add(b);
    seen.get(b)?.add(a);
  }
  const pairs = pairsOf(nodes).filter(([a, b]) => seen.get(a)?.has(b) === false);
  const words = pairs.map(([a, b]) => `${a}-${b}`).join(' ');
  return { description: `majorities, without ${words}`, cut: bothWays(pairs) };
}

function somePairs(context: ShapeContext): ShapedCut {
  const pairs = drawPairs(context);
  return { description: pairs.map(([a, b]) => `${a}-${b}`).join(' '), cut: bothWays(pairs) };
}
