/**
 * Changes of members that are asked for while the nodes are apart, so that they stay unfinished, or
 * meet others that decide without them; all is undone at the end.
 *
 * Each is what an operator does who sees only a part of the cluster: takes out, one by one, those
 * that he cannot see; goes on with a change when the network breaks in the middle of it. A system
 * may refuse, and may not lose anything.
 */
import type { Link, LinkRule } from '../cluster.ts';
import {
  FaultError,
  type FaultPlan,
  type FaultReading,
  type FaultVariant,
  type Nemesis,
  type PlanContext,
  type Skip,
} from '../nemesis.ts';
import { randomInteger, randomItem, randomShuffle } from '../run/random.ts';
import { AskedChanges } from './asked-changes.ts';
import { ClusterChanges, type MadeChange } from './cluster-changes.ts';
import { leaderOf, lookUntil } from './looks.ts';
import { noteRemoved } from './once-removed.ts';
import type { FamilyModule, NemesisTools } from './tools.ts';

const variants: readonly FaultVariant[] = [
  {
    name: 'small-side',
    description: 'the leader is left with a minority, and asked to remove the others one by one',
    needs: ['operator:members', 'drop'],
    nodesMin: 3,
  },
  {
    name: 'both-sides',
    description: 'and whoever the others elect is asked to remove that minority; links are slow',
    needs: ['operator:members', 'drop', 'delay'],
    nodesMin: 3,
  },
  {
    name: 'leavers',
    description: 'some are removed one by one while a member that stays hears only them',
    needs: ['operator:members', 'drop'],
    nodesMin: 4,
  },
  {
    name: 'joining',
    description: 'a spare joins; while its vote is agreed on, it is alone with a minority',
    needs: ['operator:members', 'spares', 'drop', 'delay'],
    nodesMin: 3,
  },
];

export const membersApart: FamilyModule = {
  family: {
    name: 'members-apart',
    group: 'cluster',
    description: 'members are removed and added by who sees only a part of the cluster',
    variants,
    parameters: {},
    isMomentary: false,
    evidence: 'the links that were cut, what was asked of whom and answered, and who led then',
  },
  create: (tools) => new MembersApartNemesis(tools),
};

/** What makes an agreement last long enough to be seen. */
const slowMs = 40;

interface ApartPlan extends FaultPlan {
  readonly leader: string;
  /** Neither hears the other. */
  readonly sides: readonly [readonly string[], readonly string[]];
  readonly leavers: readonly string[];
  readonly added: string | null;
}

type Part = Pick<ApartPlan, 'sides' | 'leavers' | 'added'>;

class MembersApartNemesis implements Nemesis<ApartPlan> {
  readonly #tools: NemesisTools;
  readonly #changes: ClusterChanges;
  readonly #active = new Map<ApartPlan, { asked: AskedChanges; tookEffect: boolean }>();

  constructor(tools: NemesisTools) {
    this.#tools = tools;
    this.#changes = new ClusterChanges(tools);
  }

  setup(): Promise<void> {
    return Promise.resolve();
  }

  plan(variant: string, context: PlanContext): ApartPlan | Skip {
    if (!variants.some(({ name }) => name === variant)) {
      throw new FaultError(`there is no ${variant} of members that are apart`);
    }
    const { leader, nodes, free } = context;
    if (leader === null || !nodes.includes(leader)) return { skip: 'nobody knows who leads' };
    if (free.length < nodes.length) return { skip: 'not all members are free' };
    const part = planPart(variant, { context, leader, spares: this.#spares() });
    if ('skip' in part) return part;
    const [one, other] = part.sides;
    const touched = [...new Set([...one, ...other, ...part.leavers])];
    const claims = [...part.leavers, ...(part.added === null ? [] : [part.added])];
    return {
      ...{ variant, nodes: touched, claims, leader, ...part },
      description: `${variant}: ${one.join(' ')} | ${other.join(' ')}`,
      value: { variant, leader, ...part },
      impairs: { cut: linksBetween(part.sides), down: part.leavers },
    };
  }

  async begin(plan: ApartPlan): Promise<FaultReading> {
    const asked = new AskedChanges(this.#tools);
    const active = { asked, tookEffect: false };
    this.#active.set(plan, active);
    for (const node of plan.leavers) noteRemoved(this.#tools.members, node);
    if (plan.added !== null) return this.#join(plan, plan.added, active);
    const cut = await this.#cut(plan);
    if (plan.variant === 'leavers') {
      const made: MadeChange[] = [];
      for (const node of plan.leavers) made.push(await this.#changes.make('remove', node));
      active.tookEffect = true;
      return { tookEffect: true, evidence: { cut, changes: made } };
    }
    const { leader, sides } = plan;
    for (const node of sides[1]) asked.ask('remove', node, leader);
    const rival = await this.#rivalOf(leader, sides[1]);
    const made: MadeChange[] = [];
    if (rival !== null && plan.variant === 'both-sides') {
      for (const node of sides[0]) made.push(await this.#changes.make('remove', node));
    }
    // A change that waits at a leader that was cut off, or one that others make without it.
    const waits = asked.told().some(({ answer }) => answer === null);
    active.tookEffect = rival !== null || (waits && plan.variant === 'small-side');
    const evidence = { cut, asked: asked.told(), rival: rival ?? 'nobody', changes: made };
    return { tookEffect: active.tookEffect, evidence };
  }

  async end(plan: ApartPlan): Promise<FaultReading> {
    const tookEffect = this.#active.get(plan)?.tookEffect ?? false;
    return { tookEffect, evidence: await this.#undo(plan) };
  }

  async teardown(): Promise<void> {
    const failures: unknown[] = [];
    for (const plan of [...this.#active.keys()]) {
      await this.#undo(plan).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Its links are slow, so that the vote is seen before it is agreed on. */
  async #join(
    plan: ApartPlan,
    added: string,
    active: { asked: AskedChanges; tookEffect: boolean },
  ): Promise<FaultReading> {
    const { cluster, network } = this.#tools;
    await cluster.start(added);
    // It may come to lead, and be asked to go.
    this.#tools.members.add(added);
    await network.put(plan, slowLinksOf(plan.sides.flat()));
    active.asked.ask('add', added, plan.leader);
    const seen = await lookUntil(this.#tools, async () => {
      const voters = await active.asked.votersOf(plan.leader);
      return voters?.includes(added) === true ? voters : null;
    });
    const cut = await this.#cut(plan);
    active.tookEffect = seen !== null;
    const rival = seen === null ? null : await this.#rivalOf(plan.leader, plan.sides[1]);
    const voters = seen?.found ?? 'it was never listed';
    const evidence = { cut, asked: active.asked.told(), voters, rival: rival ?? 'nobody' };
    return { tookEffect: active.tookEffect, evidence };
  }

  async #cut(plan: ApartPlan): Promise<unknown> {
    const rules = linksBetween(plan.sides).map((link) => ({
      ...link,
      mode: { type: 'drop' } as const,
    }));
    // What is agreed on there can be met by what is asked for next.
    const slow = plan.variant === 'both-sides' ? plan.sides.flatMap(slowLinksOf) : [];
    const { isInForce, reading } = await this.#tools.network.put(plan, [...rules, ...slow]);
    if (!isInForce) throw new FaultError('the sides could not be cut off from each other');
    return reading.rules;
  }

  /** Who of these leads in a later term than the leader that was cut off; null: nobody does. */
  async #rivalOf(
    leader: string,
    side: readonly string[],
  ): Promise<{ readonly node: string; readonly term: number } | null> {
    const rival = await lookUntil(this.#tools, (samples) => {
      const found = leaderOf(samples);
      return found !== null && found.node !== leader && side.includes(found.node) ? found : null;
    });
    return rival === null ? null : { node: rival.found.node, term: rival.found.term };
  }

  /** Listed or not: what nobody has answered may still come to pass. Adds first. */
  async #undo(plan: ApartPlan): Promise<Record<string, unknown>> {
    const { cluster, network } = this.#tools;
    const healed = await network.remove(plan);
    if (!healed.isInForce) throw new FaultError('the sides could not be let together');
    const { observe, timers } = this.#tools;
    await lookUntil({ observe, timers }, leaderOf);
    await this.#active.get(plan)?.asked.settle();
    const { leavers, added, variant, sides } = plan;
    const gone = { 'small-side': sides[1], 'both-sides': sides.flat() }[variant] ?? leavers;
    const made: MadeChange[] = [];
    for (const node of gone) made.push(await this.#changes.make('add', node));
    if (added !== null) {
      made.push(await this.#changes.make('remove', added));
      if ((await cluster.nodeState(added)) !== 'stopped') await cluster.kill(added);
    }
    const asked = this.#active.get(plan)?.asked.told() ?? [];
    this.#active.delete(plan);
    return { asked, changes: made, voters: (await this.#changes.voters()) ?? 'nobody leads' };
  }

  #spares(): readonly string[] {
    const { cluster, members } = this.#tools;
    const used = [...this.#active.keys()].map(({ added }) => added);
    const taken = [...members.list(), ...used];
    return cluster.spares.filter((node) => !taken.includes(node));
  }
}

interface Around {
  readonly context: PlanContext;
  readonly leader: string;
  readonly spares: readonly string[];
}

function planPart(variant: string, { context, leader, spares }: Around): Part | Skip {
  const { nodes, random } = context;
  const others = randomShuffle(
    random,
    nodes.filter((node) => node !== leader),
  );
  const minority = Math.ceil(nodes.length / 2) - 1;
  const none = { leavers: [], added: null };
  if (variant === 'joining') {
    if (spares.length === 0) return { skip: 'no spare node is left' };
    const added = randomItem(random, spares);
    const near = [leader, ...others.slice(0, minority - 1), added];
    return { sides: [near, others.slice(minority - 1)], leavers: [], added };
  }
  if (variant === 'leavers') {
    // What is left can do without the one that is cut off.
    const count = Math.max(1, Math.min(Math.floor(nodes.length / 2), nodes.length - 3));
    const [lonely = leader, ...rest] = others;
    const leavers = rest.slice(0, count);
    const staying = [leader, ...rest.slice(count)];
    return { sides: [[lonely], staying], leavers, added: null };
  }
  const near = randomInteger(random, minority);
  return { ...none, sides: [[leader, ...others.slice(0, near)], others.slice(near)] };
}

function linksBetween([one, other]: ApartPlan['sides']): readonly Link[] {
  return one.flatMap((from) =>
    other.flatMap((to) => [
      { from, to },
      { from: to, to: from },
    ]),
  );
}

function slowLinksOf(nodes: readonly string[]): readonly LinkRule[] {
  const links = nodes.flatMap((from) => nodes.map((to) => ({ from, to })));
  const mode = { type: 'delay', ms: slowMs, jitterMs: 0 } as const;
  return links.filter(({ from, to }) => from !== to).map((link) => ({ ...link, mode }));
}
