/**
 * Partitions: which links a shape cuts, and the nemesis that cuts and heals them.
 *
 * The shapes are Jepsen's grudges. What took effect is what the cluster reads back: the cut that is
 * in force, and that traffic was dropped on it. [Jepsen]
 */
import type { Link, LinkMode, LinkRule } from '../cluster.ts';
import {
  FaultError,
  type FaultPlan,
  type FaultReading,
  type PlanContext as FullContext,
  type Nemesis,
} from '../nemesis.ts';
import { randomItem, randomShuffle } from '../run/random.ts';
import type { DesiredNetwork } from './desired-network.ts';
import type { FamilyModule } from './tools.ts';

/** `one`: a node alone. `leader`: the leader alone. `ring`: each node sees another majority. */
export const partitionShapes = ['one', 'halves', 'leader', 'majorities-ring'] as const;
export type PartitionShape = (typeof partitionShapes)[number];

export interface PartitionPlan {
  readonly shape: PartitionShape;
  /** For people: `n1 | n2 n3 n4 n5`. */
  readonly description: string;
  readonly cut: readonly Link[];
}

type PlanContext = Pick<FullContext, 'nodes' | 'leader' | 'random'>;

/** What a partition of this shape cuts. Without a known leader, `leader` takes any node. */
export function planPartition(shape: PartitionShape, context: PlanContext): PartitionPlan {
  const { nodes, leader, random } = context;
  switch (shape) {
    case 'one':
      return split(shape, [randomItem(random, nodes)], nodes);
    case 'leader':
      return split(shape, [leader ?? randomItem(random, nodes)], nodes);
    case 'halves': {
      const shuffled = randomShuffle(random, nodes);
      return split(shape, shuffled.slice(0, Math.floor(nodes.length / 2)), nodes);
    }
    case 'majorities-ring':
      return majoritiesRing(randomShuffle(random, nodes));
  }
}

function split(
  shape: PartitionShape,
  group: readonly string[],
  nodes: readonly string[],
): PartitionPlan {
  const others = nodes.filter((node) => !group.includes(node));
  const cut = group.flatMap((a) =>
    others.flatMap((b) => [
      { from: a, to: b },
      { from: b, to: a },
    ]),
  );
  const names = (side: readonly string[]): string => [...side].sort().join(' ');
  return { shape, description: `${names(group)} | ${names(others)}`, cut };
}

/**
 * Each node keeps its neighbours on a ring, just enough of them for a majority with itself; no two
 * nodes see the same majority. [Jepsen]
 */
function majoritiesRing(ring: readonly string[]): PartitionPlan {
  const count = ring.length;
  const majority = Math.floor(count / 2) + 1;
  const reach = Math.ceil((majority - 1) / 2);
  const cut: Link[] = [];
  for (let from = 0; from < count; from++) {
    for (let to = 0; to < count; to++) {
      const distance = Math.min((from - to + count) % count, (to - from + count) % count);
      const [a, b] = [ring[from], ring[to]];
      if (distance > reach && a !== undefined && b !== undefined) cut.push({ from: a, to: b });
    }
  }
  return { shape: 'majorities-ring', description: `ring ${ring.join(' ')}`, cut };
}

const descriptions: Readonly<Record<PartitionShape, string>> = {
  one: 'a node alone',
  halves: 'a minority and a majority',
  leader: 'the leader alone; any node when nobody knows one',
  'majorities-ring': 'each node sees a majority, no two the same',
};

export const partition: FamilyModule = {
  family: {
    name: 'partition',
    group: 'network',
    description: 'links between nodes that carry nothing',
    variants: partitionShapes.map((name) => ({
      ...{ name, description: descriptions[name], needs: ['drop'] as const, nodesMin: 2 },
    })),
    parameters: {},
    isMomentary: false,
    evidence: 'the rules that were read back, and how many packets ran into them',
  },
  create: ({ network }) => new PartitionNemesis(network),
};

export interface NetworkFaultPlan extends FaultPlan {
  readonly rules: readonly LinkRule[];
}

class PartitionNemesis implements Nemesis<NetworkFaultPlan> {
  readonly #network: DesiredNetwork;
  readonly #inForce = new Map<NetworkFaultPlan, { readonly before: number; isRead: boolean }>();

  constructor(network: DesiredNetwork) {
    this.#network = network;
  }

  setup(): Promise<void> {
    return Promise.resolve();
  }

  plan(variant: string, context: PlanContext): NetworkFaultPlan {
    const shape = partitionShapes.find((each) => each === variant);
    if (shape === undefined) throw new FaultError(`there is no partition ${variant}`);
    const { cut, description } = planPartition(shape, context);
    const nodes = [...new Set(cut.map((link) => link.from))].sort();
    const mode: LinkMode = { type: 'drop' };
    return {
      ...{ variant, nodes, claims: [], description: `${shape}: ${description}` },
      value: { shape, cut },
      impairs: { cut, down: [] },
      rules: cut.map((link) => ({ ...link, mode })),
    };
  }

  async begin(plan: NetworkFaultPlan): Promise<FaultReading> {
    const { met } = await this.#network.read();
    const { reading, isInForce } = await this.#network.put(plan, plan.rules);
    this.#inForce.set(plan, { before: met.drop ?? 0, isRead: isInForce });
    return { tookEffect: isInForce, evidence: { rules: reading.rules, met: reading.met } };
  }

  /** In force, and something ran into it: a cut that nobody noticed has tested nothing. */
  async end(plan: NetworkFaultPlan): Promise<FaultReading> {
    const was = this.#inForce.get(plan);
    const { met } = await this.#network.read();
    const { reading, isInForce: isHealed } = await this.#network.remove(plan);
    this.#inForce.delete(plan);
    const dropped = (met.drop ?? 0) - (was?.before ?? 0);
    return {
      tookEffect: was?.isRead === true && dropped > 0,
      evidence: { dropped, isHealed, rules: reading.rules },
    };
  }

  async teardown(): Promise<void> {
    for (const plan of this.#inForce.keys()) await this.#network.remove(plan);
    this.#inForce.clear();
  }
}
