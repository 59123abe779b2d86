/**
 * A fault of the network: rules that are put in force, met by traffic, and taken away.
 *
 * The evidence is what the cluster reads back from where it enforces them: that exactly the desired
 * rules were in force, that these were still there at the end, and how much ran into rules of these
 * types meanwhile. A rule that nothing ran into has tested nothing.
 */
import type { Evidence, Link, LinkMode, LinkRule, NetworkReading } from '../cluster.ts';
import {
  FaultError,
  type FaultPlan,
  type FaultReading,
  type Nemesis,
  type PlanContext,
  type Skip,
} from '../nemesis.ts';
import { type DesiredNetwork, describeRule } from './desired-network.ts';

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

interface Begun {
  readonly isInForce: boolean;
  readonly met: NetworkReading['met'];
  /** Rules of others, of the same types: what ran into those cannot be told from what met ours. */
  readonly shared: readonly string[];
}

export class NetworkNemesis implements Nemesis<NetworkFaultPlan> {
  readonly #network: DesiredNetwork;
  readonly #plan: PlanNetworkFault;
  readonly #begun = new Map<NetworkFaultPlan, Begun | null>();

  constructor(network: DesiredNetwork, plan: PlanNetworkFault) {
    this.#network = network;
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
    const before = await this.#network.read();
    const { reading, isInForce } = await this.#network.put(plan, plan.rules);
    const shared = othersOfTheseTypes(plan, reading);
    this.#begun.set(plan, { isInForce, met: before.met, shared });
    const evidence = {
      readBack: reading.rules.map(describeRule),
      isInForce,
      metBefore: metBy(plan, before),
      ...sharedEvidence(shared),
    };
    return { tookEffect: isInForce, evidence };
  }

  async end(plan: NetworkFaultPlan): Promise<FaultReading> {
    const begun = this.#begun.get(plan) ?? null;
    const before = await this.#network.read();
    const { reading, isInForce: isHealed } = await this.#network.remove(plan);
    if (!isHealed) {
      const left = reading.rules.map(describeRule).join(', ');
      throw new FaultError(`it was not healed: read back was ${left === '' ? 'nothing' : left}`);
    }
    this.#begun.delete(plan);
    const wasStillThere = containsAll(before, plan);
    const met = growth(plan, begun?.met ?? before.met, reading.met);
    const shared = new Set([...(begun?.shared ?? []), ...othersOfTheseTypes(plan, before)]);
    const total = Object.values(met).reduce((sum, count) => sum + count, 0);
    return {
      tookEffect: begun?.isInForce === true && wasStillThere && total > 0,
      evidence: {
        ...{ met, wasStillThere, isHealed, readBack: reading.rules.map(describeRule) },
        ...sharedEvidence([...shared]),
      },
    };
  }

  async teardown(): Promise<void> {
    const plans = [...this.#begun.keys()];
    this.#begun.clear();
    for (const plan of plans) await this.#network.remove(plan);
  }
}

function typesOf({ rules }: NetworkFaultPlan): readonly LinkMode['type'][] {
  return [...new Set(rules.map(({ mode }) => mode.type))];
}

function metBy(plan: NetworkFaultPlan, { met }: NetworkReading): Record<string, number> {
  return Object.fromEntries(typesOf(plan).map((type) => [type, met[type] ?? 0]));
}

function growth(
  plan: NetworkFaultPlan,
  before: NetworkReading['met'],
  after: NetworkReading['met'],
): Record<string, number> {
  const grown = typesOf(plan).map((type) => [type, (after[type] ?? 0) - (before[type] ?? 0)]);
  return Object.fromEntries(grown) as Record<string, number>;
}

function containsAll({ rules }: NetworkReading, plan: NetworkFaultPlan): boolean {
  const there = new Set(rules.map(describeRule));
  return plan.rules.every((rule) => there.has(describeRule(rule)));
}

function othersOfTheseTypes(plan: NetworkFaultPlan, reading: NetworkReading): readonly string[] {
  const own = new Set(plan.rules.map(describeRule));
  const types = typesOf(plan);
  const others = reading.rules.filter(({ mode }) => types.includes(mode.type));
  return others.map(describeRule).filter((words) => !own.has(words));
}

function sharedEvidence(shared: readonly string[]): Evidence {
  return shared.length === 0 ? {} : { metIsSharedWith: shared };
}
