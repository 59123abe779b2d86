/**
 * Changes of members: one is removed, one is added, one takes the place of another; undone at the
 * end.
 *
 * One change at a time, and never one after which the members that run are no majority. A member
 * that is removed runs on, so that whoever still asks it is seen to be refused; one that is
 * replaced is killed.
 */
import type { Cluster, Evidence } from '../cluster.ts';
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
import { ClusterChanges, type MadeChange } from './cluster-changes.ts';
import { readNodes } from './node-readings.ts';
import { namedNodes, pickTargets } from './targets.ts';
import type { FamilyModule, NemesisTools } from './tools.ts';

const variants: readonly FaultVariant[] = [
  {
    name: 'remove-follower',
    description: 'a member that does not lead is removed, and added again at the end',
    needs: ['operator:members'],
    nodesMin: 3,
  },
  {
    name: 'remove-leader',
    description: 'the member that leads is removed, and added again at the end',
    needs: ['operator:members'],
    nodesMin: 3,
  },
  {
    name: 'add',
    description: 'a spare node joins, and is removed at the end',
    needs: ['operator:members', 'spares'],
    nodesMin: 1,
  },
  {
    name: 'replace',
    description: 'a member is removed and killed, and a spare takes its place; back at the end',
    needs: ['operator:members', 'spares', 'kill'],
    nodesMin: 3,
  },
];

export const members: FamilyModule = {
  family: {
    name: 'members',
    group: 'cluster',
    description: 'members are removed, added and replaced',
    variants,
    parameters: { nodes: 'which member is removed; left out: the seed picks it' },
    isMomentary: false,
    evidence: 'what was answered, and the voters before and after as the leader lists them',
  },
  create: (tools) => new MembersNemesis(tools),
};

interface MembersPlan extends FaultPlan {
  readonly removed: string | null;
  readonly added: string | null;
}

class MembersNemesis implements Nemesis<MembersPlan> {
  readonly #cluster: Cluster;
  readonly #changes: ClusterChanges;
  /** Whether what was asked for was read back. */
  readonly #active = new Map<MembersPlan, boolean>();

  constructor(tools: NemesisTools) {
    this.#cluster = tools.cluster;
    this.#changes = new ClusterChanges(tools);
  }

  setup(): Promise<void> {
    return Promise.resolve();
  }

  plan(variant: string, context: PlanContext): MembersPlan | Skip {
    if (!variants.some(({ name }) => name === variant)) {
      throw new FaultError(`there is no change of members ${variant}`);
    }
    const removed = variant === 'add' ? null : pickRemoved(variant, context);
    if (removed !== null && typeof removed !== 'string') return removed;
    const short = shortOfMajority(removed, context);
    if (short !== null) return short;
    const joins = variant === 'add' || variant === 'replace';
    const spares = joins ? this.#spares() : [];
    if (joins && spares.length === 0) return { skip: 'no spare node is left' };
    const added = joins ? randomItem(context.random, spares) : null;
    const nodes = [removed, added].filter((node) => node !== null);
    return {
      ...{ variant, nodes, claims: nodes, removed, added },
      description: describe(variant, { removed, added }),
      value: { change: variant, removed, added },
      impairs: { cut: [], down: removed === null ? [] : [removed] },
    };
  }

  async begin(plan: MembersPlan): Promise<FaultReading> {
    const { removed, added, nodes, variant } = plan;
    this.#active.set(plan, false);
    const before = await readNodes(this.#cluster, nodes);
    const made: MadeChange[] = [];
    if (removed !== null) made.push(await this.#changes.make('remove', removed));
    if (removed !== null && variant === 'replace') await this.#cluster.kill(removed);
    if (added !== null) {
      await this.#cluster.start(added);
      made.push(await this.#changes.make('add', added));
    }
    const after = await readNodes(this.#cluster, nodes);
    this.#active.set(plan, made.length > 0 && made.every(hasChanged));
    return { tookEffect: made.every(hasChanged), evidence: { changes: made, before, after } };
  }

  async end(plan: MembersPlan): Promise<FaultReading> {
    const tookEffect = this.#active.get(plan) ?? false;
    return { tookEffect, evidence: await this.#undo(plan) };
  }

  async teardown(): Promise<void> {
    const failures: unknown[] = [];
    for (const plan of [...this.#active.keys()]) {
      await this.#undo(plan).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }

  /**
   * From whatever was reached to the members that there were. Adds first, so that the cluster is
   * never smaller than it was. Rejects while nobody leads: then nobody knows who is a member.
   */
  async #undo(plan: MembersPlan): Promise<Evidence> {
    const { removed, added, nodes } = plan;
    const made: MadeChange[] = [];
    if (removed !== null) {
      if ((await this.#cluster.nodeState(removed)) === 'stopped')
        await this.#cluster.start(removed);
      // Listed or not: a removal that nobody has answered may still come to pass.
      made.push(await this.#changes.make('add', removed));
    }
    if (added !== null) {
      // One that came to be a learner and no voter is to go too.
      made.push(await this.#changes.make('remove', added));
      if ((await this.#cluster.nodeState(added)) !== 'stopped') await this.#cluster.kill(added);
    }
    this.#active.delete(plan);
    const after = await readNodes(this.#cluster, nodes);
    return { changes: made, voters: (await this.#changes.voters()) ?? 'nobody leads', after };
  }

  #spares(): readonly string[] {
    const used = [...this.#active.keys()].map(({ added }) => added);
    return this.#cluster.spares.filter((node) => !used.includes(node));
  }
}

function hasChanged({ change, node, votersBefore, votersAfter }: MadeChange): boolean {
  const [without, having] =
    change === 'add' ? [votersBefore, votersAfter] : [votersAfter, votersBefore];
  return having.includes(node) && !without.includes(node);
}

function pickRemoved(variant: string, context: PlanContext): string | Skip {
  const named = namedNodes(context);
  const target = { 'remove-follower': 'follower', 'remove-leader': 'leader' }[variant] ?? 'one';
  if (target === 'leader' && context.leader === null && named === null) {
    return { skip: 'nobody knows who leads' };
  }
  const picked = named ?? pickTargets(target, context);
  if ('skip' in picked) return picked;
  const [node] = picked;
  if (node === undefined || picked.length > 1) throw new FaultError('nodes: takes one node here');
  return node;
}

/**
 * The change must be agreed on by those that were, and by those that will be: where the second is
 * possible, the first is. [Raft §6]
 */
function shortOfMajority(removed: string | null, { nodes, free }: PlanContext): Skip | null {
  const staying = free.filter((node) => node !== removed);
  const left = removed === null ? nodes.length : nodes.length - 1;
  if (staying.length > left / 2) return null;
  const skip = `of ${nodes.length} members ${free.length} are free: it would leave no majority`;
  return { skip };
}

function describe(
  variant: string,
  { removed, added }: Pick<MembersPlan, 'removed' | 'added'>,
): string {
  if (removed === null) return `add: ${added ?? ''} joins`;
  if (added === null) return `${variant}: ${removed} is removed`;
  return `replace: ${added} takes the place of ${removed}`;
}
