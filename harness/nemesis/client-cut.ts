/**
 * Client cut: clients lose a node that its peers still hear.
 *
 * Where requests are lost nothing happened; where answers are lost it did, and nobody knows: the
 * operation is of unknown outcome, and the history must hold both. What is lost of one direction
 * lets acknowledgements pass, so that TCP goes on with the other.
 *
 * No other fault uses the process of such a node: whether it has come up could not be asked.
 */
import { clientsEnd, type LinkRule } from '../cluster.ts';
import { FaultError, type PlanContext, type Skip } from '../nemesis.ts';
import { describeRule } from './desired-network.ts';
import { type NetworkFaultPlan, NetworkNemesis } from './network-fault.ts';
import { wordParameter } from './place-parameters.ts';
import { namedNodes, pickTargets, pickVictim } from './targets.ts';
import type { FamilyModule } from './tools.ts';

const losses = {
  requests: 'what clients send is lost, what the node says arrives',
  answers: 'what the node answers is lost, what clients ask has effect',
  both: 'nothing passes, either way',
} as const;

const kinds = Object.keys(losses) as (keyof typeof losses)[];
const targets = ['one', 'leader', 'minority'] as const;

export const clientCut: FamilyModule = {
  family: {
    name: 'client-cut',
    group: 'network',
    description: 'clients are cut off from nodes that their peers still hear',
    variants: kinds.map((name) => ({
      ...{ name, description: losses[name], nodesMin: 1 },
      needs: ['client-cut', name === 'both' ? 'drop' : 'oneway'],
    })),
    parameters: {
      target: `which nodes: ${targets.join(', ')}; the leader half of the time, else any node`,
      nodes: 'these nodes, instead of a target',
    },
    isMomentary: false,
    evidence: 'the rules that were read back, and how many packets or chunks were lost',
  },
  create: (tools) => new NetworkNemesis(tools, planClientCut),
};

function planClientCut(variant: string, context: PlanContext): NetworkFaultPlan | Skip {
  const kind = kinds.find((each) => each === variant);
  if (kind === undefined) {
    throw new FaultError(`there is no client cut ${variant}; there are ${kinds.join(', ')}`);
  }
  const target = wordParameter(context.parameters, 'target', targets);
  const nodes = namedNodes(context) ?? victimsOf(target, context);
  if ('skip' in nodes) return nodes;
  const rules = nodes.flatMap((node) => rulesAt(node, kind));
  return {
    ...{ variant: kind, nodes, claims: nodes, rules },
    description: `${kind}: clients | ${nodes.join(' ')}`,
    value: { loses: kind, rules: rules.map(describeRule) },
    impairs: { cut: [], down: [], hampered: nodes },
  };
}

function victimsOf(
  target: (typeof targets)[number] | null,
  context: PlanContext,
): readonly string[] | Skip {
  if (target !== null) return pickTargets(target, context);
  const victim = pickVictim(context);
  return typeof victim === 'string' ? [victim] : victim;
}

function rulesAt(node: string, kind: keyof typeof losses): readonly LinkRule[] {
  const type = kind === 'both' ? 'drop' : 'oneway';
  const requests: LinkRule = { from: clientsEnd, to: node, mode: { type } };
  const answers: LinkRule = { from: node, to: clientsEnd, mode: { type } };
  if (kind === 'both') return [requests, answers];
  return [kind === 'requests' ? requests : answers];
}
