/**
 * Partitions: links between nodes that carry nothing, in Jepsen's shapes or as a script names them.
 *
 * What took effect is what the cluster reads back, and what ran into it. [Jepsen]
 */
import type { Link } from '../cluster.ts';
import type { FaultVariant, PlanContext } from '../nemesis.ts';
import { FaultError } from '../nemesis.ts';
import { describeRule } from './desired-network.ts';
import { endsOf, type NetworkFaultPlan, NetworkNemesis, rulesOn } from './network-fault.ts';
import {
  directions,
  type PartitionShape,
  partitionShapes,
  planPartition,
  split,
} from './partition-shapes.ts';
import {
  groupsParameter,
  linksParameter,
  nodesParameter,
  wordParameter,
} from './place-parameters.ts';
import type { FamilyModule } from './tools.ts';

const shapes = Object.keys(partitionShapes) as PartitionShape[];

/** The leader twice: most failures begin with one that does not know that it was replaced. */
const turns: Partial<Record<PartitionShape, number>> = { leader: 2 };

const variants: readonly FaultVariant[] = shapes.map((name) => ({
  ...{ name, ...partitionShapes[name] },
  needs: [name === 'oneway' ? 'oneway' : 'drop'],
  turns: turns[name] ?? 1,
}));

export const partition: FamilyModule = {
  family: {
    name: 'partition',
    group: 'network',
    description: 'links between nodes that carry nothing; clients still reach every node',
    variants,
    parameters: {
      nodes: 'those on one side, or the bridge, or behind the one-way cut; the seed says',
      groups: 'instead of a shape: [[n1], [n2, n3]], whose nodes hear none of another group',
      links: 'instead of a shape: [n1>n2], what n1 sends to n2',
      mode: 'of groups and links: drop, or oneway, which lets acknowledgements pass; drop',
      direction: 'of a one-way cut, in or out as its node sees it; the seed says',
    },
    isMomentary: false,
    evidence: 'the rules that were read back, and how many packets ran into them',
  },
  create: (tools) => new NetworkNemesis(tools, planPartitionFault),
};

function planPartitionFault(variant: string, context: PlanContext): NetworkFaultPlan {
  const { parameters, nodes } = context;
  const groups = groupsParameter(context);
  const links = linksParameter(context);
  const type = wordParameter(parameters, 'mode', ['drop', 'oneway']) ?? 'drop';
  if (groups !== null) return planOf('grudge', { ...split(groups), type, nodes });
  if (links !== null) {
    const description = links.map((link) => `${link.from}>${link.to}`).join(' ');
    return planOf('grudge', { description, cut: links, type, nodes });
  }
  const shape = shapes.find((each) => each === variant);
  if (shape === undefined) {
    throw new FaultError(`there is no partition ${variant}; there are ${shapes.join(', ')}`);
  }
  const chosen = nodesParameter(context);
  const direction = wordParameter(parameters, 'direction', directions);
  const shaped = planPartition(shape, { ...context, chosen, direction });
  return planOf(shape, { ...shaped, type: shape === 'oneway' ? 'oneway' : 'drop', nodes });
}

interface Cut {
  readonly description: string;
  readonly cut: readonly Link[];
  readonly type: 'drop' | 'oneway';
  /** All of the cluster. */
  readonly nodes: readonly string[];
}

function planOf(variant: string, { description, cut, type, nodes }: Cut): NetworkFaultPlan {
  const rules = rulesOn(cut, { type });
  return {
    ...{ variant, description: `${variant}: ${description}`, claims: [], rules },
    nodes: endsOf(cut, nodes),
    value: { shape: variant, rules: rules.map(describeRule) },
    impairs: { cut, down: [] },
  };
}
