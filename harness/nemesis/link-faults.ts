/**
 * Faults of links that have one mode everywhere: which links they are on, and the family that such
 * a mode makes.
 *
 * Every link is hit both ways. A script may name the links instead. Clients are left alone, but for
 * the variants that say so.
 */
import { clientsEnd, type Link, type LinkMode } from '../cluster.ts';
import {
  FaultError,
  type FaultFamily,
  type FaultVariant,
  type Need,
  type PlanContext,
  type Skip,
} from '../nemesis.ts';
import { randomItem, randomShuffle } from '../run/random.ts';
import { describeMode, describeRule } from './desired-network.ts';
import { endsOf, type NetworkFaultPlan, NetworkNemesis, rulesOn } from './network-fault.ts';
import { bothWays, drawPairs, pairsOf } from './partition-shapes.ts';
import { linksParameter, nodesParameter } from './place-parameters.ts';
import { namedNodes, pickVictim } from './targets.ts';
import type { FamilyModule } from './tools.ts';

const scopes = {
  pair: {
    nodesMin: 2,
    description: 'the link between two nodes, both ways; one of them leads, as far as is known',
  },
  few: {
    nodesMin: 3,
    description:
      'the links of some pairs of nodes, half of all at most, one of the leader among them',
  },
  one: { nodesMin: 2, description: 'all links of a node' },
  leader: {
    nodesMin: 2,
    description: 'all links of the leader; of any node when nobody knows one',
  },
  all: { nodesMin: 2, description: 'all links between nodes' },
  clients: { nodesMin: 1, description: 'what clients send to a node, and what it answers' },
} as const;

export type LinkScope = keyof typeof scopes;

export interface LinkFaultOptions {
  readonly name: string;
  readonly description: string;
  readonly evidence: string;
  readonly parameters: FaultFamily['parameters'];
  readonly scopes: readonly LinkScope[];
  /** What it needs, beside the road to the clients. */
  readonly needs: readonly Need[];
  /** Whether its links carry nothing while it is in force. */
  readonly cuts: boolean;
  /** Drawn after the links. Throws FaultError for bad parameters. */
  mode(context: PlanContext): LinkMode;
  /** Which way it is between clients and a node; default both. */
  readonly clientWays?: 'to-node';
}

/** A family with a variant for each scope, and `links` and `nodes` for scripts. */
export function linkFaults(options: LinkFaultOptions): FamilyModule {
  const { name, description, evidence, parameters } = options;
  return {
    family: {
      ...{ name, group: 'network', description, evidence, isMomentary: false },
      variants: options.scopes.map((scope) => variantOf(scope, options)),
      parameters: {
        nodes: 'all links of these nodes, instead of the variant; with pair, between these two',
        links: 'instead of the variant: [n1>n2], what n1 sends to n2',
        ...parameters,
      },
    },
    create: (tools) =>
      new NetworkNemesis(tools, (variant, context) => planOf(variant, context, options)),
  };
}

function variantOf(scope: LinkScope, { needs, name }: LinkFaultOptions): FaultVariant {
  const isAtClients = scope === 'clients';
  const { nodesMin, description } = scopes[scope];
  return {
    ...{ name: scope, nodesMin, description: `${name}: ${description}` },
    needs: isAtClients ? [...needs, 'client-cut'] : needs,
  };
}

interface Place {
  readonly scope: LinkScope | 'named';
  readonly links: readonly Link[];
  /** Those that it is about, for people; empty: all. */
  readonly about: readonly string[];
  readonly claims: readonly string[];
}

function planOf(
  variant: string,
  context: PlanContext,
  options: LinkFaultOptions,
): NetworkFaultPlan | Skip {
  const place = placeOf(variant, context, options);
  if ('skip' in place) return place;
  const { scope, links, about, claims } = place;
  const mode = options.mode(context);
  const rules = rulesOn(links, mode);
  const nodes = endsOf(links, context.nodes);
  const cut = options.cuts ? links.filter(isBetweenNodes) : [];
  const hampered = endsOf(
    options.cuts ? links.filter((link) => !isBetweenNodes(link)) : links,
    nodes,
  );
  return {
    ...{ variant: scope, nodes, claims, rules },
    description: `${[scope, ...about].join(' ')}: ${describeMode(mode)}`,
    value: { scope, mode, rules: rules.map(describeRule) },
    impairs: { cut, down: [], hampered },
  };
}

function isBetweenNodes({ from, to }: Link): boolean {
  return from !== clientsEnd && to !== clientsEnd;
}

function placeOf(variant: string, context: PlanContext, options: LinkFaultOptions): Place | Skip {
  const { nodes, free, leader, random } = context;
  const scope = options.scopes.find((each) => each === variant);
  if (scope === undefined) {
    const { name } = options;
    throw new FaultError(`there is no ${name} ${variant}; there are ${options.scopes.join(', ')}`);
  }
  const links = linksParameter(context);
  if (links !== null) return { scope: 'named', links, about: links.map(nameOf), claims: [] };
  if (scope === 'clients') return clientPlace(context, options);
  const named = nodesParameter(context);
  const paired = (
    pairs: readonly (readonly [string, string])[],
    about: readonly string[],
  ): Place => ({ scope, links: bothWays(pairs), about, claims: [] });
  if (scope === 'pair') {
    const pair = named ?? leaderFirst(randomShuffle(random, nodes), leader).slice(0, 2).sort();
    return paired(pairsOf(pair), pair);
  }
  if (named !== null) return { ...paired(pairsAt(named, nodes), named), scope: 'named' };
  switch (scope) {
    case 'few': {
      const pairs = withLeader(drawPairs(context), context);
      return paired(
        pairs,
        pairs.map(([a, b]) => `${a}-${b}`),
      );
    }
    case 'one':
    case 'leader': {
      const known = scope === 'leader' ? leader : null;
      const node = known ?? randomItem(random, free.length > 0 ? free : nodes);
      return paired(pairsAt([node], nodes), [node]);
    }
    case 'all':
      return paired(pairsOf(nodes), []);
  }
}

/** Followers have little to say to one another: a fault of such a link alone might test nothing. */
function leaderFirst(shuffled: readonly string[], leader: string | null): readonly string[] {
  if (leader === null || !shuffled.includes(leader)) return shuffled;
  return [leader, ...shuffled.filter((node) => node !== leader)];
}

/** The first pair gives way to one of the leader, where none has the leader. */
function withLeader(
  pairs: readonly (readonly [string, string])[],
  { leader, nodes, random }: PlanContext,
): readonly (readonly [string, string])[] {
  if (leader === null || pairs.some((pair) => pair.includes(leader))) return pairs;
  const other = randomItem(
    random,
    nodes.filter((node) => node !== leader),
  );
  return [[leader, other], ...pairs.slice(1)];
}

/** No other fault uses the process of such a node: whether it has come up could not be asked. */
function clientPlace(context: PlanContext, { clientWays }: LinkFaultOptions): Place | Skip {
  const victim = namedNodes(context) ?? pickVictim(context);
  if (typeof victim === 'object' && 'skip' in victim) return victim;
  const nodes = typeof victim === 'string' ? [victim] : victim;
  const there = nodes.map((node) => ({ from: clientsEnd, to: node }));
  const back = nodes.map((node) => ({ from: node, to: clientsEnd }));
  const links = clientWays === 'to-node' ? there : [...there, ...back];
  return { scope: 'clients', links, about: nodes, claims: nodes };
}

function nameOf({ from, to }: Link): string {
  return `${from}>${to}`;
}

/** Whatever has one of these at an end. */
function pairsAt(
  some: readonly string[],
  nodes: readonly string[],
): readonly (readonly [string, string])[] {
  return pairsOf(nodes).filter(([a, b]) => some.includes(a) || some.includes(b));
}
