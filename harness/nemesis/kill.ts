/**
 * Crashes: which nodes a plan kills, and the nemesis that kills and restarts them.
 *
 * A crash is SIGKILL: the process gets no say. What took effect is what the operating system or the
 * engine says of the process afterwards. [Jepsen]
 */
import type { Cluster, NodeState } from '../cluster.ts';
import type { FaultPlan, FaultReading, FaultVariant, Nemesis, PlanContext } from '../nemesis.ts';
import { planTargets, targetVariants } from './targets.ts';
import type { FamilyModule } from './tools.ts';

const variants: readonly FaultVariant[] = targetVariants(['kill']);

export const kill: FamilyModule = {
  family: {
    name: 'kill',
    group: 'process',
    description: 'SIGKILL, and a restart at the end of the fault',
    variants,
    parameters: {},
    isMomentary: false,
    evidence: 'the state and the process id of each node before and after',
  },
  create: ({ cluster }) => new KillNemesis(cluster),
};

interface NodeReading {
  readonly state: NodeState;
  readonly pid: number | null;
}

class KillNemesis implements Nemesis {
  readonly #cluster: Cluster;
  readonly #killed = new Map<FaultPlan, boolean>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  setup(): Promise<void> {
    return Promise.resolve();
  }

  plan(variant: string, context: PlanContext) {
    return planTargets(variant, context);
  }

  async begin(plan: FaultPlan): Promise<FaultReading> {
    const { nodes } = plan;
    const before = await this.#read(nodes);
    this.#killed.set(plan, false);
    await Promise.all(nodes.map((node) => this.#cluster.kill(node)));
    const after = await this.#read(nodes);
    const tookEffect =
      nodes.length > 0 &&
      nodes.every((node) => before[node]?.state === 'running' && after[node]?.state === 'stopped');
    this.#killed.set(plan, tookEffect);
    return { tookEffect, evidence: { before, after } };
  }

  async end(plan: FaultPlan): Promise<FaultReading> {
    const tookEffect = this.#killed.get(plan) ?? false;
    this.#killed.delete(plan);
    const failures = await this.#restart(plan.nodes);
    const after = await this.#read(plan.nodes);
    return { tookEffect, evidence: failures.length === 0 ? { after } : { after, failures } };
  }

  async teardown(): Promise<void> {
    const plans = [...this.#killed.keys()];
    this.#killed.clear();
    for (const { nodes } of plans) await this.#restart(nodes);
  }

  /** Returns why nodes did not come back: the system's failure, which the recovery reports. */
  async #restart(nodes: readonly string[]): Promise<readonly string[]> {
    const failures: string[] = [];
    await Promise.all(
      nodes.map((node) =>
        this.#cluster.start(node).catch((error: unknown) => {
          failures.push(error instanceof Error ? error.message : String(error));
        }),
      ),
    );
    return failures;
  }

  async #read(nodes: readonly string[]): Promise<Record<string, NodeReading>> {
    const readings = await Promise.all(
      nodes.map(async (node) => {
        const state = await this.#cluster.nodeState(node);
        return [node, { state, pid: await this.#cluster.processId(node) }] as const;
      }),
    );
    return Object.fromEntries(readings);
  }
}
