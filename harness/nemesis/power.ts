/**
 * Power loss: nodes end, and what they had not synced is gone; they start at the end of the fault.
 *
 * That is more than a crash: SIGKILL alone loses nothing that the kernel holds. How the power is
 * taken away is the cluster's business, and it says what was lost.
 */
import type { Evidence } from '../cluster.ts';
import {
  FaultError,
  type FaultPlan,
  type FaultReading,
  type Nemesis,
  type PlanContext,
  type Skip,
} from '../nemesis.ts';
import { readNodes, startStopped, wordsOf } from './node-readings.ts';
import { planTargets, targetVariants } from './targets.ts';
import type { FamilyModule, NemesisTools } from './tools.ts';

const variants = targetVariants(['power-loss'], ['one', 'leader', 'minority', 'majority', 'all']);

export const power: FamilyModule = {
  family: {
    name: 'power',
    group: 'power',
    description: 'nodes lose their power, and all that they had not synced, at one moment',
    variants,
    parameters: { nodes: 'which nodes; left out: the seed picks them' },
    isMomentary: false,
    evidence: 'the bytes that each file lost, and the process ids and states before and after',
  },
  create: (tools) => new PowerNemesis(tools),
};

interface Outage {
  /** The nodes may end by themselves no more. */
  readonly forbidEnds: () => void;
  tookEffect: boolean;
}

class PowerNemesis implements Nemesis {
  readonly #tools: NemesisTools;
  readonly #outages = new Map<FaultPlan, Outage>();

  constructor(tools: NemesisTools) {
    this.#tools = tools;
  }

  setup(): Promise<void> {
    return Promise.resolve();
  }

  plan(variant: string, context: PlanContext): FaultPlan | Skip {
    return planTargets(variant, context);
  }

  async begin(plan: FaultPlan): Promise<FaultReading> {
    const { nodes } = plan;
    const before = await readNodes(this.#tools.cluster, nodes);
    const allowed = nodes.map((node) => this.#tools.mayEnd(node, 'disk'));
    const forbidEnds = (): void => {
      for (const forbid of allowed) forbid();
    };
    const outage: Outage = { forbidEnds, tookEffect: false };
    this.#outages.set(plan, outage);
    const loss = await this.#tools.cluster.disks.powerLoss(nodes);
    const after = await readNodes(this.#tools.cluster, nodes);
    outage.tookEffect =
      nodes.length > 0 &&
      nodes.every((node) => before[node]?.state === 'running' && after[node]?.state === 'stopped');
    return { tookEffect: outage.tookEffect, evidence: { before, after, ...loss } };
  }

  async end(plan: FaultPlan): Promise<FaultReading> {
    const tookEffect = this.#outages.get(plan)?.tookEffect ?? false;
    const evidence = await this.#restore(plan);
    return { tookEffect, evidence };
  }

  async teardown(): Promise<void> {
    const failures: unknown[] = [];
    for (const plan of [...this.#outages.keys()]) {
      await this.#restore(plan).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }

  /**
   * A node that does not come back is the system's failure, which the recovery reports. Rejects
   * when one is frozen still: that is nobody's but ours.
   */
  async #restore(plan: FaultPlan): Promise<Evidence> {
    const failures = [
      ...(await this.#endFrozen(plan.nodes)),
      ...(await startStopped(this.#tools.cluster, plan.nodes)),
    ];
    const after = await readNodes(this.#tools.cluster, plan.nodes);
    const frozen = plan.nodes.filter((node) => after[node]?.state === 'paused');
    if (frozen.length > 0) {
      throw new FaultError(`still frozen: ${frozen.join(' ')}; ${failures.join('; ')}`);
    }
    this.#outages.get(plan)?.forbidEnds();
    this.#outages.delete(plan);
    return failures.length === 0 ? { after } : { after, failures };
  }

  /** Left by an outage that broke off: their disks may be gone, so they must not go on. */
  async #endFrozen(nodes: readonly string[]): Promise<readonly string[]> {
    const failures: string[] = [];
    for (const node of nodes) {
      try {
        const isFrozen = (await this.#tools.cluster.nodeState(node)) === 'paused';
        if (isFrozen) await this.#tools.cluster.kill(node);
      } catch (error) {
        failures.push(wordsOf(error));
      }
    }
    return failures;
  }
}
