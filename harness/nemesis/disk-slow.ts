/**
 * A slow disk: so many writes or syncs in a second and no more, on the disks of some nodes.
 *
 * A limit that nothing ran into has tested nothing: what counts is that something had to wait, on
 * each of the nodes.
 */
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
    evidence: 'the limit that was read back, and how many syncs or writes had to wait',
  },
  create: ({ cluster }) => new DiskSlowNemesis(cluster.disks),
};

interface SlowPlan extends FaultPlan {
  readonly perSecond: number;
}

interface Slowed {
  readonly isInForce: boolean;
  /** Of each node, how much had waited before. */
  readonly waited: Readonly<Record<string, number>>;
}

class DiskSlowNemesis implements Nemesis<SlowPlan> {
  readonly #disks: ClusterDisks;
  readonly #slow = new Map<SlowPlan, Slowed | null>();

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
    this.#slow.set(plan, null);
    const slowed = await this.#limit(plan.nodes, plan.perSecond);
    const isInForce =
      plan.nodes.length > 0 &&
      plan.nodes.every((node) => limitOf(slowed[node] ?? {}) === plan.perSecond);
    this.#slow.set(plan, { isInForce, waited: waitedOf(plan, slowed) });
    return { tookEffect: isInForce, evidence: { slowed } };
  }

  async end(plan: SlowPlan): Promise<FaultReading> {
    const slowed = this.#slow.get(plan) ?? null;
    const freed = await this.#limit(plan.nodes, null);
    this.#slow.delete(plan);
    const waited = growth(slowed?.waited ?? {}, waitedOf(plan, freed));
    const evidence = { waited, freed };
    if (slowed === null || !slowed.isInForce) {
      return { tookEffect: false, evidence, noEffect: 'another limit was read back' };
    }
    const idle = plan.nodes.filter((node) => (waited[node] ?? 0) === 0);
    if (idle.length === 0) return { tookEffect: true, evidence };
    const noEffect = `nothing had to wait for the disk of ${idle.join(' ')}`;
    return { tookEffect: false, evidence, noEffect };
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

function waitedOf(
  { nodes }: SlowPlan,
  readings: Readonly<Record<string, Evidence>>,
): Readonly<Record<string, number>> {
  const counts = nodes.map((node) => [node, Number(readings[node]?.['waited'] ?? 0)] as const);
  return Object.fromEntries(counts);
}

/** A node that was started anew has counted from nothing. */
function growth(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const grown = Object.entries(after).map(([node, count]) => {
    const old = before[node] ?? 0;
    return [node, count < old ? count : count - old] as const;
  });
  return Object.fromEntries(grown);
}

/** As it was read back, wherever the cluster limits: at the disk, or in the server. */
function limitOf(reading: Evidence): unknown {
  if ('perSecond' in reading) return reading['perSecond'];
  const control = reading['control'];
  if (typeof control !== 'object' || control === null) return null;
  return 'syncsPerS' in control ? control.syncsPerS : null;
}
