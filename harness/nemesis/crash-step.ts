/**
 * Crashes at any step: a node ends after so many messages and operations of its disk, whatever it
 * is doing then, and is restarted at the end of the fault.
 *
 * Named crash points (crash-point.ts) are where somebody thought of a crash; this is everywhere
 * else. Only a cluster that carries out each step itself can count them.
 */
import {
  FaultError,
  type FaultPlan,
  type FaultReading,
  type Nemesis,
  type PlanContext,
  type Skip,
} from '../nemesis.ts';
import { randomInteger } from '../run/random.ts';
import { numberOf } from './fault-parameters.ts';
import { lookUntil } from './looks.ts';
import { type NodeReadings, readNodes, startStopped } from './node-readings.ts';
import { planTargets, targetVariants } from './targets.ts';
import type { FamilyModule, NemesisTools } from './tools.ts';

const stepsMax = 1_000_000;

export const crashStep: FamilyModule = {
  family: {
    name: 'crash-step',
    group: 'process',
    description: 'a node ends at any step of its work, and is restarted at the end',
    variants: targetVariants(['step-crash', 'kill'], ['one', 'leader', 'follower']),
    parameters: {
      nodes: 'this node, instead of the variant',
      steps: `messages and disk operations until then, to ${stepsMax}; the seed says, few mostly`,
    },
    isMomentary: false,
    evidence: 'the state of the node before and after',
  },
  create: (tools) => new CrashStepNemesis(tools),
};

const comeBounds = { looksMax: 40, stillMax: 20 };

interface StepPlan extends FaultPlan {
  readonly node: string;
  readonly steps: number;
}

class CrashStepNemesis implements Nemesis<StepPlan> {
  readonly #tools: NemesisTools;
  /** By plan, the node as it was before. */
  readonly #armed = new Map<StepPlan, NodeReadings>();

  constructor(tools: NemesisTools) {
    this.#tools = tools;
  }

  setup(): Promise<void> {
    return Promise.resolve();
  }

  plan(variant: string, context: PlanContext): StepPlan | Skip {
    const { random, parameters } = context;
    const planned = planTargets(variant, context);
    // Each magnitude as often as another, up to some five hundred.
    const magnitude = 1 << randomInteger(random, 9);
    const otherwise = magnitude + randomInteger(random, magnitude);
    if ('skip' in planned) return planned;
    const [node, second] = planned.nodes;
    if (node === undefined || second !== undefined) {
      throw new FaultError('nodes: a crash at a step takes one node');
    }
    const steps = numberOf(parameters, 'steps', { min: 1, max: stepsMax, otherwise });
    return {
      ...{ ...planned, node, steps },
      description: `${planned.description}, ${steps} steps from now`,
      value: { ...planned.value, steps },
    };
  }

  async begin(plan: StepPlan): Promise<FaultReading> {
    const before = await readNodes(this.#tools.cluster, [plan.node]);
    this.#armed.set(plan, before);
    await this.#endAtStep(plan.node, plan.steps);
    return { tookEffect: true, evidence: { before } };
  }

  async end(plan: StepPlan): Promise<FaultReading> {
    const { cluster } = this.#tools;
    const { node, steps } = plan;
    const before = this.#armed.get(plan) ?? {};
    const isGone = async (): Promise<true | null> =>
      (await cluster.nodeState(node)) === 'stopped' ? true : null;
    const isReached = (await lookUntil(this.#tools, isGone, comeBounds)) !== null;
    const then = await readNodes(cluster, [node]);
    const failures = await this.#restore(plan);
    const after = await readNodes(cluster, [node]);
    const evidence = { before, then, after, ...(failures.length > 0 && { failures }) };
    if (isReached) return { tookEffect: before[node]?.state === 'running', evidence };
    return { tookEffect: false, evidence, notReached: `it did not come to ${steps} steps` };
  }

  async teardown(): Promise<void> {
    for (const plan of [...this.#armed.keys()]) await this.#restore(plan);
  }

  async #restore(plan: StepPlan): Promise<readonly string[]> {
    await this.#endAtStep(plan.node, null);
    this.#armed.delete(plan);
    return startStopped(this.#tools.cluster, [plan.node]);
  }

  async #endAtStep(node: string, steps: number | null): Promise<void> {
    const { cluster } = this.#tools;
    if (cluster.endAtStep === undefined) {
      throw new FaultError('nobody counts the steps of the nodes of this cluster');
    }
    await cluster.endAtStep(node, steps);
  }
}
