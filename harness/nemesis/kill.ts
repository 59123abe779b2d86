/**
 * Crashes: nodes are killed, and restarted at the end of the fault.
 *
 * A crash is SIGKILL: the process gets no say. What took effect is what the operating system or the
 * engine says of the process afterwards. [Jepsen]
 */
import type { Cluster } from '../cluster.ts';
import type { FaultPlan, FaultReading, Nemesis, PlanContext, Skip } from '../nemesis.ts';
import { readNodes, startStopped } from './node-readings.ts';
import { planTargets, targetVariants } from './targets.ts';
import type { FamilyModule } from './tools.ts';

export const kill: FamilyModule = {
  family: {
    name: 'kill',
    group: 'process',
    description: 'SIGKILL, and a restart at the end of the fault',
    variants: targetVariants(['kill']),
    parameters: { nodes: 'these nodes, instead of the variant' },
    isMomentary: false,
    evidence: 'the state and the process id of each node before and after',
  },
  create: ({ cluster }) => new KillNemesis(cluster),
};

class KillNemesis implements Nemesis {
  readonly #cluster: Cluster;
  /** By plan, whether its nodes were seen to run before and to be gone after. */
  readonly #killed = new Map<FaultPlan, boolean>();

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
    this.#killed.set(plan, false);
    const before = await readNodes(this.#cluster, nodes);
    await Promise.all(nodes.map((node) => this.#cluster.kill(node)));
    const after = await readNodes(this.#cluster, nodes);
    const tookEffect = nodes.every(
      (node) => before[node]?.state === 'running' && after[node]?.state === 'stopped',
    );
    this.#killed.set(plan, tookEffect);
    return { tookEffect, evidence: { before, after } };
  }

  /** Nodes that do not come back are the system's failure, which the recovery reports. */
  async end(plan: FaultPlan): Promise<FaultReading> {
    const tookEffect = this.#killed.get(plan) ?? false;
    this.#killed.delete(plan);
    const failures = await startStopped(this.#cluster, plan.nodes);
    const after = await readNodes(this.#cluster, plan.nodes);
    return { tookEffect, evidence: failures.length === 0 ? { after } : { after, failures } };
  }

  async teardown(): Promise<void> {
    const plans = [...this.#killed.keys()];
    this.#killed.clear();
    for (const { nodes } of plans) await startStopped(this.#cluster, nodes);
  }
}
