/**
 * A rolling upgrade: every node is restarted as the other version of the system, one after the
 * other; at the end of the fault back again, in the same way, if nothing else is said.
 */
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
import { introspectNode } from '../run/introspect.ts';
import { randomShuffle } from '../run/random.ts';
import { flagOf } from './fault-parameters.ts';
import { startStopped, wordsOf } from './node-readings.ts';
import { type RestartReading, restartInTurn, whyNotInTurn } from './one-by-one.ts';
import type { FamilyModule, NemesisTools } from './tools.ts';

const variants: readonly FaultVariant[] = [
  {
    name: 'rolling',
    description: 'each is stopped (SIGTERM) and started as the other version',
    needs: ['versions'],
    nodesMin: 1,
  },
];

export const upgrade: FamilyModule = {
  family: {
    name: 'upgrade',
    group: 'cluster',
    description: 'every node is restarted as another version, each when the last has caught up',
    variants,
    parameters: { back: 'whether it is undone, in the same way, at the end; true' },
    isMomentary: false,
    evidence: 'process ids, the version that was asked for and the one that each node tells',
  },
  create: (tools) => new UpgradeNemesis(tools),
};

interface UpgradePlan extends FaultPlan {
  readonly from: string;
  readonly to: string;
  readonly goesBack: boolean;
}

class UpgradeNemesis implements Nemesis<UpgradePlan> {
  readonly #tools: NemesisTools;
  readonly #active = new Map<UpgradePlan, boolean>();
  /** What all of them run, unless one upgrade has failed half way. */
  #version: string;

  constructor(tools: NemesisTools) {
    this.#tools = tools;
    this.#version = tools.cluster.versions[0] ?? '';
  }

  setup(): Promise<void> {
    return Promise.resolve();
  }

  plan(variant: string, context: PlanContext): UpgradePlan | Skip {
    if (!variants.some(({ name }) => name === variant)) {
      throw new FaultError(`there is no upgrade ${variant}`);
    }
    const goesBack = flagOf(context.parameters, 'back', true);
    const { free, nodes } = context;
    const { versions } = this.#tools.cluster;
    const from = this.#version;
    const to = versions[(versions.indexOf(from) + 1) % versions.length];
    if (to === undefined || to === from) return { skip: 'there is only one version' };
    if (free.length < nodes.length) return { skip: 'not every member is free' };
    const why = whyNotInTurn(context);
    if (why !== null) return why;
    const order = randomShuffle(context.random, free);
    return {
      ...{ variant, nodes: order, claims: order, from, to, goesBack },
      description: `${from} to ${to}: ${order.join(', then ')}`,
      value: { from, to, nodes: order, back: goesBack },
      impairs: { cut: [], down: order },
    };
  }

  async begin(plan: UpgradePlan): Promise<FaultReading> {
    this.#active.set(plan, false);
    const { tookEffect, evidence } = await this.#roll(plan, plan.to);
    this.#active.set(plan, tookEffect);
    return { tookEffect, evidence };
  }

  async end(plan: UpgradePlan): Promise<FaultReading> {
    const tookEffect = this.#active.get(plan) ?? false;
    if (!plan.goesBack && tookEffect) {
      this.#active.delete(plan);
      return { tookEffect, evidence: { stays: plan.to } };
    }
    await startStopped(this.#tools.cluster, plan.nodes);
    const { evidence } = await this.#roll(plan, plan.from);
    this.#active.delete(plan);
    return { tookEffect, evidence };
  }

  /** All at once: nobody waits for a state any more. */
  async teardown(): Promise<void> {
    const { cluster } = this.#tools;
    const failures: string[] = [];
    for (const { nodes, from } of [...this.#active.keys()]) {
      for (const node of nodes) {
        try {
          if ((await cluster.nodeState(node)) !== 'stopped') await cluster.stop(node);
          await cluster.start(node, { version: from });
        } catch (error) {
          failures.push(wordsOf(error));
        }
      }
      this.#version = from;
    }
    this.#active.clear();
    if (failures.length > 0) throw new FaultError(failures.join('; '));
  }

  async #roll(
    { nodes }: UpgradePlan,
    version: string,
  ): Promise<{ readonly tookEffect: boolean; readonly evidence: Evidence }> {
    const done: RestartReading[] = [];
    await restartInTurn(this.#tools, nodes, {
      restart: async (cluster, node) => {
        await cluster.stop(node);
        await cluster.start(node, { version });
      },
      onDone: (reading) => done.push(reading),
    });
    this.#version = version;
    const told: Record<string, string | null> = {};
    for (const node of nodes) {
      told[node] = (await introspectNode(this.#tools, node))?.version ?? null;
    }
    const tookEffect =
      done.length === nodes.length && done.every(({ hasRestarted }) => hasRestarted);
    const restarts = done.map(({ evidence }) => evidence);
    return { tookEffect, evidence: { version, told, restarts } };
  }
}
