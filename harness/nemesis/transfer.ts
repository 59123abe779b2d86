/** Leadership is handed over, as an operator would before maintenance. Over when it is done. */
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
import { leaderOf, lookUntil } from './looks.ts';
import type { FamilyModule, NemesisTools } from './tools.ts';

const needs = ['operator:transfer'] as const;

const variants: readonly FaultVariant[] = [
  { name: 'follower', description: 'to a follower that the seed picks', needs, nodesMin: 2 },
  { name: 'any', description: 'to whom the system likes', needs, nodesMin: 2 },
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
    const to = named ?? (variant === 'follower' ? randomItem(random, others) : null);
    return {
      ...{ variant, nodes: to === null ? [leader] : [leader, to], claims: [], to },
      description: `${leader} hands over to ${to ?? 'anybody'}`,
      value: { from: leader, to },
      impairs: { cut: [], down: [] },
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
    const answer = await system.operator.transferLeadership(desk, plan.to);
    const after = await lookUntil(this.#tools, (samples) => {
      const next = leaderOf(samples);
      return next !== null && next.term > before.term ? next : null;
    });
    const next = after?.found ?? null;
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
