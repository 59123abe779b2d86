/**
 * A follower is kept away until the leader's log begins after the follower's last entry, so that
 * only a snapshot can bring it back; then it is let back, and has to install one.
 *
 * That it is so far is seen, not guessed: both are looked at, and the leader made to take
 * snapshots, until its log begins late enough. Without new entries it never does, and the fault
 * has failed.
 * Its connections are broken, not silenced: what has been sent on one is delivered after a silence,
 * and the follower would get from there what the leader's log has no more.
 */
import type { IntrospectionSample } from '../checker.ts';
import type { Evidence } from '../cluster.ts';
import {
  FaultError,
  type FaultPlan,
  type FaultReading,
  type FaultVariant,
  type Nemesis,
  type PlanContext,
  type Skip,
} from '../nemesis.ts';
import { isolationOf } from './isolation.ts';
import { leaderOf, lookUntil, sampleOf } from './looks.ts';
import { readNodes } from './node-readings.ts';
import { forceSnapshot } from './snapshot.ts';
import { namedNodes, pickTargets } from './targets.ts';
import type { FamilyModule, NemesisTools } from './tools.ts';

const variants: readonly FaultVariant[] = [
  {
    name: 'cut',
    description: 'the follower is cut off from its peers: connections break, and are refused',
    needs: ['operator:snapshot', 'reset'],
    nodesMin: 3,
  },
  {
    name: 'kill',
    description: 'the follower is cut off and killed',
    needs: ['operator:snapshot', 'drop', 'kill'],
    nodesMin: 3,
  },
];

export const untilSnapshot: FamilyModule = {
  family: {
    name: 'until-snapshot',
    group: 'cluster',
    description: 'a follower is kept away until only a snapshot can bring it back',
    variants,
    parameters: { nodes: 'which follower; left out: the seed picks it' },
    isMomentary: false,
    evidence:
      "the follower's last entry, where the leader's log began, and how many snapshots the " +
      'follower had installed before and after',
  },
  create: (tools) => new UntilSnapshotNemesis(tools),
};

interface Away {
  /** Of the follower, when the leader's log began late enough. */
  readonly last: IntrospectionSample;
  /** Where the leader's log began when it was late enough. */
  readonly leaderFirstIndex: number;
}

class UntilSnapshotNemesis implements Nemesis {
  readonly #tools: NemesisTools;
  /** null: it was not brought so far. */
  readonly #away = new Map<FaultPlan, Away | null>();

  constructor(tools: NemesisTools) {
    this.#tools = tools;
  }

  setup(): Promise<void> {
    return Promise.resolve();
  }

  plan(variant: string, context: PlanContext): FaultPlan | Skip {
    if (!variants.some(({ name }) => name === variant)) {
      throw new FaultError(`there is no ${variant} until a snapshot`);
    }
    const { nodes, free, leader } = context;
    if (leader === null) return { skip: 'nobody knows who leads' };
    const picked = namedNodes(context) ?? pickTargets('follower', context);
    if ('skip' in picked) return picked;
    const [node] = picked;
    if (node === undefined || picked.length > 1) throw new FaultError('nodes: takes one node here');
    if (node === leader) return { skip: `${node} leads` };
    if (free.length - 1 <= nodes.length / 2) return { skip: 'without it there is no majority' };
    return {
      ...{ variant, nodes: [node], claims: [node] },
      description: `${variant}: ${node}`,
      value: { how: variant, node },
      impairs: { cut: [], down: [node] },
    };
  }

  async begin(plan: FaultPlan): Promise<FaultReading> {
    const { cluster, network } = this.#tools;
    const [node = ''] = plan.nodes;
    this.#away.set(plan, null);
    // What was sent to one that is killed ends with its process, and it is to stay away meanwhile.
    const cut = isolationOf(cluster, node, plan.variant === 'kill' ? 'drop' : 'reset');
    const { reading, isInForce } = await network.put(plan, cut);
    if (!isInForce) throw new FaultError(`${node} could not be cut off`);
    const first = await this.#lastSample(node);
    if (plan.variant === 'kill') await cluster.kill(node);
    const { last, leaderFirstIndex, leader, looks, answers } = await this.#wait(first);
    this.#away.set(plan, { last, leaderFirstIndex });
    const states = await readNodes(cluster, plan.nodes);
    const { lastLogIndex, snapshotsInstalled } = last;
    const evidence = {
      follower: { node, lastLogIndex, snapshotsInstalled },
      leader: { node: leader, firstLogIndex: leaderFirstIndex },
      ...{ looks, answers, states, cut: reading.rules },
    };
    return { tookEffect: true, evidence };
  }

  async end(plan: FaultPlan): Promise<FaultReading> {
    const away = this.#away.get(plan) ?? null;
    const [node = ''] = plan.nodes;
    const evidence = await this.#letBack(plan);
    if (away === null) return { tookEffect: false, evidence };
    // A life counts its snapshots from nothing.
    const before = plan.variant === 'kill' ? 0 : (away.last.snapshotsInstalled ?? 0);
    const installed = await lookUntil(this.#tools, (samples) => {
      const own = sampleOf(samples, node);
      return own !== null && (own.snapshotsInstalled ?? 0) > before ? own : null;
    });
    const own = installed?.found ?? sampleOf(await this.#tools.observe(), node);
    const { snapshotsInstalled, firstLogIndex, lastLogIndex } = own ?? {};
    const after = { snapshotsInstalled, firstLogIndex, lastLogIndex };
    const told = { ...evidence, before, after };
    if (installed !== null) return { tookEffect: true, evidence: told };
    const isAt = lastLogIndex === undefined ? 'says nothing' : `is at entry ${lastLogIndex}`;
    const noEffect = `${node} ${isAt}, and has installed no snapshot`;
    return { tookEffect: false, evidence: told, noEffect };
  }

  async teardown(): Promise<void> {
    const failures: unknown[] = [];
    for (const plan of [...this.#away.keys()]) {
      await this.#letBack(plan).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Nothing reaches it any more but what it has already. */
  async #lastSample(node: string): Promise<IntrospectionSample> {
    const found = await lookUntil(this.#tools, (samples) => sampleOf(samples, node));
    if (found === null) throw new FaultError(`${node} does not say how far it is`);
    return found.found;
  }

  /** Rejects with a FaultError when the leader's log does not get there. */
  async #wait(firstSample: IntrospectionSample): Promise<{
    readonly last: IntrospectionSample;
    readonly leader: string;
    readonly leaderFirstIndex: number;
    readonly looks: number;
    readonly answers: readonly string[];
  }> {
    const answers: string[] = [];
    let last = firstSample;
    const reached = await lookUntil(this.#tools, async (samples) => {
      last = sampleOf(samples, last.node) ?? last;
      const leader = leaderOf(samples.filter(({ node }) => node !== last.node));
      const first = leader?.firstLogIndex;
      if (leader === null || first === undefined) return null;
      // The entry before the first is known by its term: it needs no snapshot.
      if (first > last.lastLogIndex + 1) return { leader: leader.node, leaderFirstIndex: first };
      if (leader.appliedIndex <= last.lastLogIndex + 1) return null;
      // Whoever leads next must not have the entries either.
      for (const { node } of samples) {
        if (node !== last.node) answers.push(`${node}: ${await forceSnapshot(this.#tools, node)}`);
      }
      return null;
    });
    if (reached !== null) return { ...reached.found, last, looks: reached.looks, answers };
    const words = answers.at(-1) ?? 'it had nothing new to take a snapshot of';
    const goal = `the log of the leader never began after entry ${last.lastLogIndex + 1}`;
    throw new FaultError(`${goal}: ${words}`);
  }

  async #letBack(plan: FaultPlan): Promise<Evidence> {
    const { cluster, network } = this.#tools;
    const [node = ''] = plan.nodes;
    if ((await cluster.nodeState(node)) === 'stopped') await cluster.start(node);
    const { isInForce: isHealed } = await network.remove(plan);
    if (!isHealed) throw new FaultError(`the cut around ${node} could not be healed`);
    this.#away.delete(plan);
    return { isHealed, states: await readNodes(cluster, plan.nodes) };
  }
}
