/**
 * The plan of one seed of `rafture sim`: everything that `rafture test --cluster sim` would have to
 * be told to do the same.
 *
 * Swarm testing: each seed draws what is on and how much of it, since a run with everything in it
 * hides what a few things by themselves would show. Pure: a seed in, flags out.
 */
import { profiles } from '../nemesis/profiles.ts';
import { createRandomStream, type RandomSource, randomInteger, randomItem } from '../run/random.ts';
import { describeWorld, drawWorld, type World } from '../simulation/world.ts';

export interface SimPlan {
  readonly seed: number;
  readonly workload: string;
  readonly nodes: number;
  readonly concurrency: number;
  /** Operations per second of virtual time, over all clients. */
  readonly rate: number;
  /** Virtual seconds of workload. */
  readonly timeLimitS: number;
  /** The workload ends after so many operations, if its time is not over before. */
  readonly ops: number;
  /** Keys in use at a time, and operations until one is replaced; null: the workload knows. */
  readonly keys: number | null;
  readonly opsPerKey: number | null;
  readonly deadlineMs: number;
  /** As `--nemesis` takes it. */
  readonly nemesis: string;
  readonly nemesisSchedule: string;
  /** Completed operations between two faults, on average. */
  readonly nemesisEvery: number;
  /** A script in the place of the three above; null: none. */
  readonly nemesisFile: string | null;
  readonly world: World;
}

/** What somebody has said, and no seed decides. */
export type PlanChoices = Partial<Omit<SimPlan, 'seed'>>;

export interface PlanSurroundings {
  /** Names of workloads that a seed may draw. */
  readonly workloads: readonly string[];
}

/** Each choice has a stream of its own: what somebody fixes shifts nothing else. */
export function drawPlan(
  seed: number,
  { workloads }: PlanSurroundings,
  choices: PlanChoices = {},
): SimPlan {
  const stream = (name: string): RandomSource => createRandomStream(seed, `plan/${name}`);
  const sizes = [1, 2, 3, 3, 3, 3, 4, 4, 5, 5, 5, 5, 5, 5, 5, 6, 7];
  const asked = profiles.find(({ name }) => name === choices.nemesisSchedule);
  const nodes = choices.nodes ?? Math.max(randomItem(stream('nodes'), sizes), asked?.nodesMin ?? 1);
  const ops = choices.ops ?? randomItem(stream('ops'), [400, 500, 500, 600, 800]);
  const drawn = {
    workload: randomItem(stream('workload'), workloads),
    concurrency: nodes * randomItem(stream('concurrency'), [2, 2, 2, 3]),
    rate: randomItem(stream('rate'), [25, 50, 50, 50, 80]),
    timeLimitS: 10,
    deadlineMs: randomItem(stream('deadline'), [500, 1000, 2000]),
    nemesis: 'all',
    nemesisSchedule: drawSchedule(stream, nodes),
    nemesisEvery: 10 + randomInteger(stream('every'), 90),
    nemesisFile: null,
    ...{ keys: null, opsPerKey: null },
  };
  const { world, ...others } = choices;
  const plan = { seed, nodes, ops, ...drawn, ...others };
  const ofProfile = drawWorldOf(plan.nemesisSchedule, stream);
  return { ...plan, world: { ...drawWorld(stream), ...ofProfile, ...world } };
}

/** What a profile wants of its world, each number from a stream of its own. */
function drawWorldOf(schedule: string, stream: (name: string) => RandomSource): World {
  const wanted = profiles.find(({ name }) => name === schedule)?.world ?? {};
  return Object.fromEntries(
    Object.entries(wanted).map(([name, values]) => {
      return [name, randomItem(stream(`profile-world/${name}`), values)];
    }),
  );
}

/** Half of the seeds have faults of all kinds, the other half one of the shapes that bugs need. */
function drawSchedule(stream: (name: string) => RandomSource, nodeCount: number): string {
  if (stream('schedule')() < 0.5) return 'swarm';
  const fitting = profiles.filter(({ nodesMin }) => nodesMin <= nodeCount);
  return randomItem(stream('profile'), fitting).name;
}

/** The words of `rafture test` that do the same, in the order of its flags. */
export function argsOfPlan(plan: SimPlan): readonly string[] {
  const faults =
    plan.nemesisFile === null
      ? [
          ...['--nemesis', plan.nemesis, '--nemesis-schedule', plan.nemesisSchedule],
          ...['--nemesis-every', String(plan.nemesisEvery)],
        ]
      : ['--nemesis-file', plan.nemesisFile];
  const world = describeWorld(plan.world);
  return [
    ...['--cluster', 'sim', '--workload', plan.workload, '--nodes', String(plan.nodes)],
    ...['--concurrency', String(plan.concurrency), '--rate', String(plan.rate)],
    ...['--time-limit', String(plan.timeLimitS), '--ops', String(plan.ops)],
    ...(plan.keys === null ? [] : ['--keys', String(plan.keys)]),
    ...(plan.opsPerKey === null ? [] : ['--ops-per-key', String(plan.opsPerKey)]),
    ...['--deadline-ms', String(plan.deadlineMs), ...faults],
    ...(world === '' ? [] : ['--world', world]),
    ...['--seed', String(plan.seed)],
  ];
}
