/**
 * Pauses: nodes are frozen, and go on at the end of the fault as if no time had passed.
 *
 * Such a leader still believes that it leads, and answers what it was asked before. What took
 * effect is what the operating system or the engine says: frozen at the begin and still so at the
 * end, and the same process before and after. [Jepsen]
 */
import type { Cluster } from '../cluster.ts';
import {
  FaultError,
  type FaultPlan,
  type FaultReading,
  type Nemesis,
  type PlanContext,
  type Skip,
} from '../nemesis.ts';
import { type NodeReadings, readNodes, wordsOf } from './node-readings.ts';
import { planTargets, targetVariants } from './targets.ts';
import type { FamilyModule } from './tools.ts';

export const pause: FamilyModule = {
  family: {
    name: 'pause',
    group: 'process',
    description: 'nodes are frozen, and go on at the end of the fault',
    variants: targetVariants(['pause']),
    parameters: { nodes: 'these nodes, instead of the variant' },
    isMomentary: false,
    evidence: 'the state and the process id of each node before, meanwhile and after',
  },
  create: ({ cluster }) => new PauseNemesis(cluster),
};

class PauseNemesis implements Nemesis {
  readonly #cluster: Cluster;
  /** By plan, what its nodes were before; null until that is known. */
  readonly #paused = new Map<FaultPlan, NodeReadings | null>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  setup(): Promise<void> {
    return Promise.resolve();
  }

  plan(variant: string, context: PlanContext): FaultPlan | Skip {
    return planTargets(variant, context);
  }

  async begin(plan: FaultPlan): Promise<FaultReading> {
    const { nodes } = plan;
    this.#paused.set(plan, null);
    const before = await readNodes(this.#cluster, nodes);
    this.#paused.set(plan, before);
    await Promise.all(nodes.map((node) => this.#cluster.pause(node)));
    const after = await readNodes(this.#cluster, nodes);
    const tookEffect = isFrozen(nodes, before, after);
    return { tookEffect, evidence: { before, after } };
  }

  async end(plan: FaultPlan): Promise<FaultReading> {
    const { nodes } = plan;
    const original = this.#paused.get(plan) ?? {};
    const before = await readNodes(this.#cluster, nodes);
    const failures = await this.#resume(nodes);
    const after = await readNodes(this.#cluster, nodes);
    const still = nodes.filter((node) => after[node]?.state === 'paused');
    if (still.length > 0) {
      throw new FaultError(`still frozen: ${still.join(' ')}; ${failures.join('; ')}`);
    }
    this.#paused.delete(plan);
    const tookEffect =
      isFrozen(nodes, original, before) &&
      nodes.every((node) => isSame(original[node], after[node], 'running'));
    return {
      tookEffect,
      evidence: failures.length === 0 ? { before, after } : { before, after, failures },
    };
  }

  async teardown(): Promise<void> {
    const plans = [...this.#paused.keys()];
    this.#paused.clear();
    for (const { nodes } of plans) await this.#resume(nodes);
  }

  /** Those that are frozen. Returns why nodes did not go on. */
  async #resume(nodes: readonly string[]): Promise<readonly string[]> {
    const failures = await Promise.all(
      nodes.map(async (node) => {
        try {
          const state = await this.#cluster.nodeState(node);
          if (state === 'paused') await this.#cluster.resume(node);
          return null;
        } catch (error) {
          return wordsOf(error);
        }
      }),
    );
    return failures.filter((failure) => failure !== null);
  }
}

function isFrozen(nodes: readonly string[], before: NodeReadings, after: NodeReadings): boolean {
  return nodes.every(
    (node) => before[node]?.state === 'running' && isSame(before[node], after[node], 'paused'),
  );
}

/** The same process, in this state now. */
function isSame(
  before: NodeReadings[string] | undefined,
  after: NodeReadings[string] | undefined,
  state: 'running' | 'paused',
): boolean {
  return before !== undefined && after?.state === state && after.pid === before.pid;
}
