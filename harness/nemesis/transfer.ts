/** Leadership is handed over, as an operator would before maintenance. Over when it is done. */
import type { IntrospectionSample } from '../checker.ts';
import {
  FaultError,
  type FaultPlan,
  type FaultReading,
  type FaultVariant,
  type Nemesis,
  type PlanContext,
  type Skip,
} from '../nemesis.ts';
import { randomItem } from '../run/random.ts';
import { textOf } from './fault-parameters.ts';
import { leaderOf, lookUntil, sampleOf } from './looks.ts';
import { wordsOf } from './node-readings.ts';
import type { FamilyModule, NemesisTools } from './tools.ts';

const needs = ['operator:transfer'] as const;

const variants: readonly FaultVariant[] = [
  { name: 'follower', description: 'to a follower that the seed picks', needs, nodesMin: 2 },
  { name: 'any', description: 'to whom the system likes', needs, nodesMin: 2 },
  {
    name: 'unheard',
    description: 'to a follower, and the leader does not hear of it until it gives up by itself',
    needs: ['operator:transfer', 'drop'],
    nodesMin: 3,
  },
];

export const transfer: FamilyModule = {
  family: {
    name: 'transfer',
    group: 'cluster',
    description: 'leadership is handed over to another node',
    variants,
    parameters: { to: 'which node is to lead; left out: as the variant says' },
    isMomentary: true,
    evidence: 'who led in which term before and after, and what the system answered',
  },
  create: (tools) => new TransferNemesis(tools),
};

interface TransferPlan extends FaultPlan {
  /** null: whom the system likes. */
  readonly to: string | null;
}

interface Handed {
  readonly answered: string | Promise<string>;
  /** Who leads in a later term; null: nobody was seen to. */
  readonly next: IntrospectionSample | null;
}

class TransferNemesis implements Nemesis<TransferPlan> {
  readonly #tools: NemesisTools;
  readonly #done = new Map<TransferPlan, boolean>();

  constructor(tools: NemesisTools) {
    this.#tools = tools;
  }

  setup(): Promise<void> {
    return Promise.resolve();
  }

  plan(variant: string, context: PlanContext): TransferPlan | Skip {
    const { leader, free, nodes, parameters, random } = context;
    if (!variants.some(({ name }) => name === variant)) {
      throw new FaultError(`there is no transfer ${variant}`);
    }
    if (leader === null) return { skip: 'nobody knows who leads' };
    const named = textOf(parameters, 'to');
    if (named !== null && !nodes.includes(named)) throw new FaultError(`to: ${named} is no member`);
    if (named === leader) return { skip: `${leader} leads already` };
    const others = free.filter((node) => node !== leader);
    if (others.length === 0) return { skip: 'no follower is free' };
    const to = named ?? (variant === 'any' ? null : randomItem(random, others));
    const peers = nodes.filter((node) => node !== leader);
    const cut = variant === 'unheard' ? peers.map((from) => ({ from, to: leader })) : [];
    return {
      ...{ variant, nodes: to === null ? [leader] : [leader, to], claims: [], to },
      description: `${leader} hands over to ${to ?? 'anybody'}`,
      value: { from: leader, to },
      impairs: { cut, down: [] },
    };
  }

  async begin(plan: TransferPlan): Promise<FaultReading> {
    const { cluster, system, timers, observe } = this.#tools;
    const before = leaderOf(await observe());
    if (before === null) throw new FaultError('nobody leads: there is nothing to hand over');
    const leader = before.node;
    const desk = { cluster, timers, leader };
    if (system.operator.transferLeadership === undefined) {
      throw new FaultError(`${system.name} cannot hand leadership over`);
    }
    const transfer = system.operator.transferLeadership.bind(system.operator, desk, plan.to);
    const { answered, next } =
      plan.variant === 'unheard'
        ? await this.#unheard(plan, before, transfer)
        : { answered: await transfer(), next: await this.#nextAfter(before) };
    const answer = await answered;
    const tookEffect =
      next !== null && next.node !== leader && next.node === (plan.to ?? next.node);
    this.#done.set(plan, tookEffect);
    const evidence = {
      answer,
      before: { leader, term: before.term },
      after: next === null ? 'nobody led afterwards' : { leader: next.node, term: next.term },
    };
    return { tookEffect, evidence };
  }

  /** As long as it believes that it leads, its clients may ask it. */
  async #unheard(
    plan: TransferPlan,
    before: IntrospectionSample,
    transfer: () => Promise<string>,
  ): Promise<Handed> {
    const { network } = this.#tools;
    const { cut } = plan.impairs;
    if (cut.some(({ to }) => to !== before.node)) throw new FaultError('another leads by now');
    const rules = cut.map((link) => ({ ...link, mode: { type: 'drop' } as const }));
    const { isInForce } = await network.put(plan, rules);
    const answered = isInForce ? transfer().catch(wordsOf) : null;
    try {
      if (answered === null) throw new FaultError(`${before.node} could not be made deaf`);
      const next = await this.#nextAfter(before);
      const isOver = (samples: readonly IntrospectionSample[]): true | null =>
        sampleOf(samples, before.node)?.role === 'leader' ? null : true;
      await lookUntil(this.#tools, isOver, { looksMax: 60, stillMax: 60 });
      return { answered, next };
    } finally {
      await network.remove(plan);
    }
  }

  async #nextAfter(before: IntrospectionSample): Promise<IntrospectionSample | null> {
    const after = await lookUntil(this.#tools, (samples) => {
      const next = leaderOf(samples);
      return next !== null && next.term > before.term ? next : null;
    });
    return after?.found ?? null;
  }

  end(plan: TransferPlan): Promise<FaultReading> {
    const tookEffect = this.#done.get(plan) ?? false;
    this.#done.delete(plan);
    return Promise.resolve({ tookEffect, evidence: {} });
  }

  teardown(): Promise<void> {
    this.#done.clear();
    return Promise.resolve();
  }
}
