/**
 * A fault of the network: rules that are put in force, met by traffic, and taken away.
 *
 * The evidence is what the cluster reads back from where it enforces them: that exactly the desired
 * rules were in force, that these were still there at the end, and how much ran into these very
 * rules meanwhile. A rule that nothing ran into has tested nothing, nor has one to or from a node
 * that did not live while it was in force: what others send there comes to nobody.
 */
import {
  type Cluster,
  clientsEnd,
  type Link,
  type LinkMode,
  type LinkRule,
  type NetworkReading,
} from '../cluster.ts';
import {
  FaultError,
  type FaultPlan,
  type FaultReading,
  type Nemesis,
  type PlanContext,
  type Skip,
} from '../nemesis.ts';
import { type DesiredNetwork, describeRule } from './desired-network.ts';
import type { NemesisTools } from './tools.ts';

export interface NetworkFaultPlan extends FaultPlan {
  readonly rules: readonly LinkRule[];
}

export type PlanNetworkFault = (variant: string, context: PlanContext) => NetworkFaultPlan | Skip;

/** The same mode on each of these links. */
export function rulesOn(links: readonly Link[], mode: LinkMode): readonly LinkRule[] {
  return links.map(({ from, to }) => ({ from, to, mode }));
}

/** In the order of the nodes. */
export function endsOf(links: readonly Link[], nodes: readonly string[]): readonly string[] {
  return nodes.filter((node) => links.some(({ from, to }) => from === node || to === node));
}

/** How to see whether a node has lived while a fault was in force. */
type Liveness = Pick<Cluster, 'nodeState' | 'lives'>;

interface Begun {
  readonly isInForce: boolean;
  readonly before: NetworkReading;
  /** Of the ends of its rules that were stopped: how often they had been started. */
  readonly stopped: ReadonlyMap<string, number>;
}

export class NetworkNemesis implements Nemesis<NetworkFaultPlan> {
  readonly #network: DesiredNetwork;
  readonly #liveness: Liveness;
  readonly #plan: PlanNetworkFault;
  readonly #begun = new Map<NetworkFaultPlan, Begun | null>();

  constructor(tools: Pick<NemesisTools, 'network' | 'cluster'>, plan: PlanNetworkFault) {
    this.#network = tools.network;
    this.#liveness = tools.cluster;
    this.#plan = plan;
  }

  setup(): Promise<void> {
    return Promise.resolve();
  }

  plan(variant: string, context: PlanContext): NetworkFaultPlan | Skip {
    const plan = this.#plan(variant, context);
    if ('skip' in plan || plan.rules.length > 0) return plan;
    return { skip: `${plan.description}: there is no such link among ${context.nodes.join(' ')}` };
  }

  async begin(plan: NetworkFaultPlan): Promise<FaultReading> {
    this.#begun.set(plan, null);
    const [before, stopped] = await Promise.all([this.#network.read(), this.#stopped(plan)]);
    const { reading, isInForce } = await this.#network.put(plan, plan.rules);
    this.#begun.set(plan, { isInForce, before, stopped });
    const evidence = {
      readBack: reading.rules.map(describeRule),
      isInForce,
      metBefore: metBy(plan.rules, before),
    };
    if (isInForce) return { tookEffect: true, evidence };
    return { tookEffect: false, evidence, noEffect: 'other rules were read back' };
  }

  async end(plan: NetworkFaultPlan): Promise<FaultReading> {
    const begun = this.#begun.get(plan) ?? null;
    const [before, stopped] = await Promise.all([this.#network.read(), this.#stopped(plan)]);
    const { reading, isInForce: isHealed } = await this.#network.remove(plan);
    if (!isHealed) {
      const left = reading.rules.map(describeRule).join(', ');
      throw new FaultError(`it was not healed: read back was ${left === '' ? 'nothing' : left}`);
    }
    this.#begun.delete(plan);
    const wasStillThere = containsAll(before, plan);
    const dead = [...stopped.keys()].filter(
      (node) => begun?.stopped.get(node) === stopped.get(node),
    );
    const rules = plan.rules.filter(({ from, to }) => !dead.includes(from) && !dead.includes(to));
    const had = metBy(rules, begun?.before ?? before);
    const has = metBy(rules, reading);
    const types = [...new Set(plan.rules.map(({ mode }) => mode.type))];
    const met = Object.fromEntries(
      types.map((type) => [type, (has[type] ?? 0) - (had[type] ?? 0)]),
    );
    const evidence = {
      ...{ met, wasStillThere, isHealed, readBack: reading.rules.map(describeRule) },
      ...(dead.length === 0 ? {} : { didNotLive: dead }),
    };
    if (begun?.isInForce !== true || !wasStillThere) {
      return { tookEffect: false, evidence, noEffect: 'other rules were read back' };
    }
    if (Object.values(met).some((count) => count > 0)) return { tookEffect: true, evidence };
    return { tookEffect: false, evidence, noEffect: 'nothing ran into it' };
  }

  /** Ends of the rules that do not live, and how often each has been started. */
  async #stopped({ rules }: NetworkFaultPlan): Promise<ReadonlyMap<string, number>> {
    const ends = new Set(rules.flatMap(({ from, to }) => [from, to]));
    ends.delete(clientsEnd);
    const states = await Promise.all(
      [...ends].map(async (node) => ({
        node,
        // Of one that nobody can tell this, it is not said that it was dead.
        state: await this.#liveness.nodeState(node).catch(() => null),
      })),
    );
    const stopped = states.filter(({ state }) => state === 'stopped');
    return new Map(stopped.map(({ node }) => [node, this.#liveness.lives(node)]));
  }

  async teardown(): Promise<void> {
    const plans = [...this.#begun.keys()];
    this.#begun.clear();
    for (const plan of plans) await this.#network.remove(plan);
  }
}

/** By type: what has met these rules, on their own links, over the whole run. */
function metBy(rules: readonly LinkRule[], { metOnLinks }: NetworkReading): Record<string, number> {
  const met: Record<string, number> = {};
  for (const { from, to, mode } of rules) {
    const found = metOnLinks.find(
      (each) => each.from === from && each.to === to && each.type === mode.type,
    );
    met[mode.type] = (met[mode.type] ?? 0) + (found?.count ?? 0);
  }
  return met;
}

function containsAll({ rules }: NetworkReading, plan: NetworkFaultPlan): boolean {
  const there = new Set(rules.map(describeRule));
  return plan.rules.every((rule) => there.has(describeRule(rule)));
}
