/**
 * Partitions: which links a shape cuts, and the nemesis that cuts and heals them.
 *
 * The shapes are Jepsen's grudges. What took effect is what the cluster reads back: the cut that is
 * in force, and that traffic was dropped on it. [Jepsen]
 */
import type { Cluster, Link } from '../cluster.ts';
import type { Nemesis, NemesisOp, NemesisOutcome } from '../nemesis.ts';
import { type RandomSource, randomItem, randomShuffle } from '../run/random.ts';

/** `one`: a node alone. `leader`: the leader alone. `ring`: each node sees another majority. */
export const partitionShapes = ['one', 'halves', 'leader', 'majorities-ring'] as const;
export type PartitionShape = (typeof partitionShapes)[number];

export interface PartitionPlan {
  readonly shape: PartitionShape;
  /** For people: `n1 | n2 n3 n4 n5`. */
  readonly description: string;
  readonly cut: readonly Link[];
}

export interface PlanContext {
  readonly nodes: readonly string[];
  /** Who leads, as far as anybody knows. */
  readonly leader: string | null;
  readonly random: RandomSource;
}

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

/** Takes `{ phase: 'begin', cut }` and `{ phase: 'end' }`. */
export class PartitionNemesis implements Nemesis {
  readonly fs: readonly string[] = ['partition'];
  readonly #cluster: Cluster;
  #asked: readonly Link[] = [];
  #droppedBefore = 0;
  #inForce = false;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  async setup(): Promise<void> {
    await this.#cluster.network.set([]);
  }

  invoke(op: NemesisOp): Promise<NemesisOutcome> {
    const value = op.value as { readonly phase: string; readonly cut?: readonly Link[] };
    return value.phase === 'begin' ? this.#begin(op, value.cut ?? []) : this.#end(op);
  }

  async teardown(): Promise<void> {
    await this.#cluster.network.set([]);
  }

  async #begin(op: NemesisOp, cut: readonly Link[]): Promise<NemesisOutcome> {
    const { network } = this.#cluster;
    this.#droppedBefore = (await network.read()).dropped;
    await network.set(cut);
    const reading = await network.read();
    this.#asked = cut;
    this.#inForce = sameLinks(reading.cut, cut) && cut.length > 0;
    const evidence = { linksAsked: cut.length, linksReadBack: reading.cut.length };
    return { value: op.value, tookEffect: this.#inForce, evidence };
  }

  /** Only a cut that traffic ran into has had an effect. */
  async #end(op: NemesisOp): Promise<NemesisOutcome> {
    const { network } = this.#cluster;
    const before = await network.read();
    await network.set([]);
    const after = await network.read();
    const dropped = after.dropped - this.#droppedBefore;
    const held = this.#inForce && sameLinks(before.cut, this.#asked);
    const evidence = {
      dropped,
      linksBeforeHealing: before.cut.length,
      linksAfterHealing: after.cut.length,
    };
    return { value: op.value, tookEffect: held && dropped > 0, evidence };
  }
}

function sameLinks(a: readonly Link[], b: readonly Link[]): boolean {
  const name = (link: Link): string => `${link.from}>${link.to}`;
  const names = new Set(a.map(name));
  return names.size === new Set(b.map(name)).size && b.every((link) => names.has(name(link)));
}
