/** A slow disk: so many writes or syncs in a second and no more, on the disks of some nodes. */
import type { ClusterDisks, Evidence } from '../cluster.ts';
import type { FaultPlan, FaultReading, Nemesis, PlanContext, Skip } from '../nemesis.ts';
import { numberOf } from './fault-parameters.ts';
import { planTargets, targetVariants } from './targets.ts';
import type { FamilyModule } from './tools.ts';

const variants = targetVariants(['disk-slow'], ['one', 'leader', 'minority']);

export const diskSlow: FamilyModule = {
  family: {
    name: 'disk-slow',
    group: 'disk',
    description: 'the disks of nodes take few writes in a second',
    variants,
    parameters: {
      nodes: 'which nodes; left out: the seed picks them',
      perSecond: 'writes or syncs in a second, from 1 to 10000; 20',
    },
    isMomentary: false,
    evidence: 'the limit that was read back, at the begin and at the end',
  },
  create: ({ cluster }) => new DiskSlowNemesis(cluster.disks),
};

interface SlowPlan extends FaultPlan {
  readonly perSecond: number;
}

class DiskSlowNemesis implements Nemesis<SlowPlan> {
  readonly #disks: ClusterDisks;
  readonly #slow = new Map<SlowPlan, boolean>();

  constructor(disks: ClusterDisks) {
    this.#disks = disks;
  }

  setup(): Promise<void> {
    return Promise.resolve();
  }

  /** Slow nodes serve, if slowly: they are not down. */
  plan(variant: string, context: PlanContext): SlowPlan | Skip {
    const range = { min: 1, max: 10_000, otherwise: 20 };
    const perSecond = numberOf(context.parameters, 'perSecond', range);
    const planned = planTargets(variant, context);
    if ('skip' in planned) return planned;
    return {
      ...planned,
      description: `${planned.description}, ${perSecond}/s`,
      value: { ...planned.value, perSecond },
      impairs: { cut: [], down: [], hampered: planned.nodes },
      perSecond,
    };
  }

  async begin(plan: SlowPlan): Promise<FaultReading> {
    this.#slow.set(plan, false);
    const slowed = await this.#limit(plan.nodes, plan.perSecond);
    const tookEffect =
      plan.nodes.length > 0 &&
      plan.nodes.every((node) => limitOf(slowed[node] ?? {}) === plan.perSecond);
    this.#slow.set(plan, tookEffect);
    return { tookEffect, evidence: { slowed } };
  }

  async end(plan: SlowPlan): Promise<FaultReading> {
    const tookEffect = this.#slow.get(plan) ?? false;
    const freed = await this.#limit(plan.nodes, null);
    this.#slow.delete(plan);
    return { tookEffect, evidence: { freed } };
  }

  async teardown(): Promise<void> {
    for (const plan of [...this.#slow.keys()]) await this.end(plan);
  }

  async #limit(
    nodes: readonly string[],
    perSecond: number | null,
  ): Promise<Readonly<Record<string, Evidence>>> {
    const readings = await Promise.all(
      nodes.map(async (node) => [node, await this.#disks.slow(node, perSecond)] as const),
    );
    return Object.fromEntries(readings);
  }
}

/** As it was read back, wherever the cluster limits: at the disk, or in the server. */
function limitOf(reading: Evidence): unknown {
  if ('perSecond' in reading) return reading['perSecond'];
  const control = reading['control'];
  if (typeof control !== 'object' || control === null) return null;
  return 'syncsPerS' in control ? control.syncsPerS : null;
}
