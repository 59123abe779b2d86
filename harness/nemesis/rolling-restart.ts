/** Every node is restarted, one after the other, each when the one before has caught up. */
import type {
  FaultPlan,
  FaultReading,
  FaultVariant,
  Nemesis,
  PlanContext,
  Skip,
} from '../nemesis.ts';
import { FaultError } from '../nemesis.ts';
import { randomShuffle } from '../run/random.ts';
import { startStopped } from './node-readings.ts';
import { type RestartReading, restartInTurn, whyNotInTurn } from './one-by-one.ts';
import { namedNodes } from './targets.ts';
import type { FamilyModule, NemesisTools } from './tools.ts';

const variants: readonly FaultVariant[] = [
  { name: 'stop', description: 'each is asked to stop (SIGTERM)', needs: [], nodesMin: 1 },
  { name: 'kill', description: 'each is killed (SIGKILL)', needs: ['kill'], nodesMin: 1 },
];

export const rollingRestart: FamilyModule = {
  family: {
    name: 'rolling-restart',
    group: 'cluster',
    description: 'every node is restarted, each when the one before has caught up',
    variants,
    parameters: { nodes: 'which nodes; left out: all that run' },
    isMomentary: true,
    evidence: 'process ids before and after, and the entry that each had applied before the next',
  },
  create: (tools) => new RollingRestartNemesis(tools),
};

class RollingRestartNemesis implements Nemesis {
  readonly #tools: NemesisTools;
  /** Whether all were restarted. */
  readonly #active = new Map<FaultPlan, boolean>();

  constructor(tools: NemesisTools) {
    this.#tools = tools;
  }

  setup(): Promise<void> {
    return Promise.resolve();
  }

  plan(variant: string, context: PlanContext): FaultPlan | Skip {
    if (!variants.some(({ name }) => name === variant)) {
      throw new FaultError(`there is no rolling restart ${variant}`);
    }
    const why = whyNotInTurn(context);
    if (why !== null) return why;
    const nodes = namedNodes(context) ?? context.free;
    if ('skip' in nodes) return nodes;
    const order = randomShuffle(context.random, nodes);
    return {
      ...{ variant, nodes: order, claims: order },
      description: `${variant}: ${order.join(', then ')}`,
      value: { how: variant, nodes: order },
      impairs: { cut: [], down: order },
    };
  }

  async begin(plan: FaultPlan): Promise<FaultReading> {
    this.#active.set(plan, false);
    const done: RestartReading[] = [];
    await restartInTurn(this.#tools, plan.nodes, {
      restart: async (cluster, node) => {
        await (plan.variant === 'kill' ? cluster.kill(node) : cluster.stop(node));
        await cluster.start(node);
      },
      onDone: (reading) => done.push(reading),
    });
    const tookEffect =
      done.length === plan.nodes.length && done.every(({ hasRestarted }) => hasRestarted);
    this.#active.set(plan, tookEffect);
    return { tookEffect, evidence: { restarts: done.map(({ evidence }) => evidence) } };
  }

  async end(plan: FaultPlan): Promise<FaultReading> {
    const tookEffect = this.#active.get(plan) ?? false;
    this.#active.delete(plan);
    const failures = await startStopped(this.#tools.cluster, plan.nodes);
    return { tookEffect, evidence: failures.length === 0 ? {} : { failures } };
  }

  async teardown(): Promise<void> {
    for (const plan of [...this.#active.keys()]) await this.end(plan);
  }
}
