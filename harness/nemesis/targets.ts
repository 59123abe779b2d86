/**
 * Whom a fault of processes or disks hits. The names are Jepsen's node specs. [Jepsen]
 *
 * Only nodes that are free are hit: one that another fault holds, or that is down, is no target.
 */
import type { FaultPlan, FaultVariant, Need, PlanContext, Skip } from '../nemesis.ts';
import { FaultError } from '../nemesis.ts';
import { describeMany } from '../report/figures.ts';
import { randomItem, randomShuffle } from '../run/random.ts';

const targets = {
  one: 'any node',
  leader: 'the node that leads; any node when nobody knows one',
  follower: 'a node that does not lead',
  minority: 'as many nodes as the cluster can do without',
  majority: 'so many nodes that no majority is left',
  all: 'every node',
} as const;

export type Target = keyof typeof targets;

/** Of two nodes none can be done without. */
const nodesMin: Readonly<Record<Target, number>> = {
  ...{ one: 1, leader: 1, follower: 2, minority: 3, majority: 1, all: 1 },
};

/** A variant for each of these targets (all when left out). */
export function targetVariants(
  needs: readonly Need[],
  names: readonly Target[] = Object.keys(targets) as Target[],
): readonly FaultVariant[] {
  return names.map((name) => ({
    ...{ name, description: targets[name], needs },
    nodesMin: nodesMin[name],
  }));
}

/** A plan that takes its targets down. A script may name them: `nodes: [n1]`. */
export function planTargets(variant: string, context: PlanContext): FaultPlan | Skip {
  const named = namedNodes(context);
  const nodes = named ?? pickTargets(variant, context);
  if ('skip' in nodes) return nodes;
  const target = named === null ? variant : 'named';
  return {
    ...{ variant: target, nodes, claims: nodes },
    description: `${target}: ${nodes.join(' ')}`,
    value: { target, nodes },
    impairs: { cut: [], down: nodes },
  };
}

/** Of a script; null when it names none. Throws FaultError when it names a stranger. */
export function namedNodes({
  parameters,
  nodes,
  free,
}: PlanContext): readonly string[] | Skip | null {
  const given = parameters['nodes'];
  if (given === undefined) return null;
  const names: readonly unknown[] = Array.isArray(given) ? given : [given];
  const stranger = names.find((name) => !nodes.some((node) => node === name));
  if (stranger !== undefined || names.length === 0) {
    const shown = names.length === 0 ? 'none' : String(stranger);
    throw new FaultError(`nodes: takes some of ${nodes.join(', ')}; not ${shown}`);
  }
  const taken = nodes.filter((node) => names.includes(node) && !free.includes(node));
  if (taken.length > 0) return { skip: `${taken.join(' ')} is down, or held by another fault` };
  return nodes.filter((node) => names.includes(node));
}

/** Sorted; or why there are not enough. */
export function pickTargets(variant: string, context: PlanContext): readonly string[] | Skip {
  const { nodes, free, leader, random } = context;
  const minority = Math.ceil(nodes.length / 2) - 1;
  const majority = Math.floor(nodes.length / 2) + 1;
  const pick = (count: number): readonly string[] | Skip =>
    free.length < count
      ? { skip: `${variant} takes ${describeMany(count, 'node')}, and ${countFree(free)} free` }
      : randomShuffle(random, free).slice(0, count).sort();
  switch (variant) {
    case 'one':
      return pick(1);
    case 'leader':
      if (leader === null) return pick(1);
      return free.includes(leader) ? [leader] : { skip: `the leader ${leader} is not free` };
    case 'follower': {
      const followers = free.filter((node) => node !== leader);
      if (followers.length === 0) return { skip: 'no follower is free' };
      return [randomItem(random, followers)];
    }
    case 'minority':
      return pick(Math.max(1, minority));
    case 'majority':
      return pick(majority);
    case 'all':
      return pick(nodes.length);
    default:
      throw new FaultError(
        `there is no target ${variant}; there are ${Object.keys(targets).join(', ')}`,
      );
  }
}

function countFree({ length }: readonly string[]): string {
  return `${length} ${length === 1 ? 'is' : 'are'}`;
}

/** Of a fault that takes one node: the leader half of the time, else any that is free. */
export function pickVictim(
  context: Pick<PlanContext, 'free' | 'leader' | 'random'>,
): string | Skip {
  const { free, leader, random } = context;
  const prefersLeader = random() < 0.5;
  if (leader !== null && prefersLeader && free.includes(leader)) return leader;
  return free.length === 0 ? { skip: 'no node is free' } : randomItem(random, free);
}
