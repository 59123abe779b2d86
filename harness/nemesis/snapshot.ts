/** Nodes are made to take a snapshot and to drop their log up to there. Over when it is done. */
import type { IntrospectionSample } from '../checker.ts';
import {
  FaultError,
  type FaultPlan,
  type FaultReading,
  type Nemesis,
  type PlanContext,
  type Skip,
} from '../nemesis.ts';
import { lookUntil, sampleOf } from './looks.ts';
import { wordsOf } from './node-readings.ts';
import { planTargets, targetVariants } from './targets.ts';
import type { FamilyModule, NemesisTools } from './tools.ts';

const variants = targetVariants(['operator:snapshot'], ['one', 'leader', 'all']);

export const snapshot: FamilyModule = {
  family: {
    name: 'snapshot',
    group: 'cluster',
    description: 'nodes take a snapshot at once and drop the log before it',
    variants,
    parameters: { nodes: 'which nodes; left out: the seed picks them' },
    isMomentary: true,
    evidence: 'the first entry of each log before and after, and what the system answered',
  },
  create: (tools) => new SnapshotNemesis(tools),
};

class SnapshotNemesis implements Nemesis {
  readonly #tools: NemesisTools;
  readonly #done = new Map<FaultPlan, boolean>();

  constructor(tools: NemesisTools) {
    this.#tools = tools;
  }

  setup(): Promise<void> {
    return Promise.resolve();
  }

  /** Who takes a snapshot serves, and shares its process and its disk with nobody's fault. */
  plan(variant: string, context: PlanContext): FaultPlan | Skip {
    const planned = planTargets(variant, context);
    if ('skip' in planned) return planned;
    return { ...planned, claims: [], impairs: { cut: [], down: [] } };
  }

  async begin(plan: FaultPlan): Promise<FaultReading> {
    const { nodes } = plan;
    const before = firstIndexes(nodes, await this.#tools.observe());
    const answers = await this.#askAll(nodes);
    const compacted = await lookUntil(
      this.#tools,
      (samples) => {
        const after = firstIndexes(nodes, samples);
        return nodes.every((node) => hasMoved(before[node], after[node])) ? after : null;
      },
      { looksMax: 20, stillMax: 20 },
    );
    const after = compacted?.found ?? firstIndexes(nodes, await this.#tools.observe());
    const tookEffect = nodes.length > 0 && compacted !== null;
    this.#done.set(plan, tookEffect);
    return { tookEffect, evidence: { answers, firstLogIndex: { before, after } } };
  }

  end(plan: FaultPlan): Promise<FaultReading> {
    const tookEffect = this.#done.get(plan) ?? false;
    this.#done.delete(plan);
    return Promise.resolve({ tookEffect, evidence: {} });
  }

  teardown(): Promise<void> {
    this.#done.clear();
    return Promise.resolve();
  }

  async #askAll(nodes: readonly string[]): Promise<Readonly<Record<string, string>>> {
    const answers = await Promise.all(
      nodes.map(async (node) => [node, await forceSnapshot(this.#tools, node)] as const),
    );
    return Object.fromEntries(answers);
  }
}

/** What was answered; a refusal is told, and shows in what is read back. */
export async function forceSnapshot(tools: NemesisTools, node: string): Promise<string> {
  const { cluster, system, timers } = tools;
  const { operator } = system;
  if (operator.forceSnapshot === undefined) {
    throw new FaultError(`${system.name} cannot be made to take a snapshot`);
  }
  try {
    return await operator.forceSnapshot({ cluster, timers, leader: null }, node);
  } catch (error) {
    return `refused: ${wordsOf(error)}`;
  }
}

/** null: the node does not tell. */
function firstIndexes(
  nodes: readonly string[],
  samples: readonly IntrospectionSample[],
): Readonly<Record<string, number | null>> {
  return Object.fromEntries(
    nodes.map((node) => [node, sampleOf(samples, node)?.firstLogIndex ?? null]),
  );
}

function hasMoved(before: number | null | undefined, after: number | null | undefined): boolean {
  return typeof before === 'number' && typeof after === 'number' && after > before;
}
