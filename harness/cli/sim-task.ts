/**
 * What a seed of `rafture sim` is a run of: the plan that it draws, but for what somebody has said.
 */
import { workloads } from '../../workloads/index.ts';
import { drawPlan, type PlanChoices, type SimPlan } from '../seeds/sim-plan.ts';
import { describeWorld } from '../simulation/world.ts';

/** What a worker is told, as JSON. */
export interface SimTask {
  /** The folder that holds a server/ with a planted bug; null: this checkout's. */
  readonly sourceRoot: string | null;
  readonly choices: PlanChoices;
}

export function planOf(seed: number, choices: PlanChoices): SimPlan {
  return drawPlan(seed, { workloads: workloads.map(({ name }) => name) }, choices);
}

/** The words of `rafture sim` that say the same, in the order of its flags. */
export function argsOfChoices(choices: PlanChoices): readonly string[] {
  const { workload, nodes, concurrency, rate, timeLimitS, ops, deadlineMs, world } = choices;
  const { nemesis, nemesisSchedule, nemesisEvery, nemesisFile } = choices;
  const named: Readonly<Record<string, string | number | null | undefined>> = {
    '--workload': workload,
    '--nodes': nodes,
    '--concurrency': concurrency,
    '--rate': rate,
    '--time-limit': timeLimitS,
    '--ops': ops,
    '--deadline-ms': deadlineMs,
    '--nemesis': nemesis,
    '--nemesis-schedule': nemesisSchedule,
    '--nemesis-every': nemesisEvery,
    '--nemesis-file': nemesisFile,
    '--world': world === undefined ? undefined : describeWorld(world),
  };
  return Object.entries(named).flatMap(([flag, value]) =>
    value === undefined || value === null ? [] : [flag, String(value)],
  );
}
