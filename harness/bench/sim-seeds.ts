/**
 * What `npm run bench:sim` measures: seeds of one shape, one after the other, through the very
 * function that `rafture sim` calls for each of its seeds.
 *
 * The shape is that of the target: five nodes, ten virtual seconds, 500 operations, the faults and
 * the world that a seed draws. The workloads take turns, so that no seed of a measurement differs
 * from that of another one.
 */
import { workloads } from '../../workloads/index.ts';
import { runSeed } from '../cli/sim-run.ts';
import { drawPlan, type SimPlan } from '../seeds/sim-plan.ts';
import { ownServerCode } from '../simulation/server-code.ts';

/** Every `step`-th seed from the first on, `count` of them. */
export interface SeedsAsked {
  readonly first: number;
  readonly step: number;
  readonly count: number;
}

export interface SimFigures {
  readonly seeds: number;
  readonly wallMs: number;
  /** Of all threads of the process: the collector's too. */
  readonly processorMs: number;
  /** From the end of a run to its verdict, in wall time. */
  readonly checkMs: number;
  readonly messages: number;
  readonly events: number;
  /** Lines of the histories. */
  readonly lines: number;
  readonly faults: number;
  readonly virtualMs: number;
  readonly valid: number;
  readonly invalid: number;
  readonly unknown: number;
  readonly residentMb: number;
}

export function planOfSeed(seed: number): SimPlan {
  const names = workloads.map(({ name }) => name);
  const workload = names[seed % names.length] ?? '';
  const shape = { nodes: 5, concurrency: 10, rate: 50, timeLimitS: 10, ops: 500, deadlineMs: 1000 };
  return drawPlan(seed, { workloads: names }, { workload, ...shape });
}

export async function measureSeeds({ first, step, count }: SeedsAsked): Promise<SimFigures> {
  const sums = { checkMs: 0, messages: 0, events: 0, lines: 0, faults: 0, virtualMs: 0 };
  const verdicts = { valid: 0, invalid: 0, unknown: 0 };
  const { signal } = new AbortController();
  const beganMs = performance.now();
  const before = process.cpuUsage();
  for (let at = 0; at < count; at++) {
    const plan = planOfSeed(first + at * step);
    let ranAtMs = Number.NaN;
    const onRan = (): void => {
      ranAtMs = performance.now();
    };
    const result = await runSeed({ plan, server: ownServerCode, signal, onRan });
    sums.checkMs += performance.now() - ranAtMs;
    for (const name of ['messages', 'events', 'lines', 'faults', 'virtualMs'] as const) {
      sums[name] += result[name];
    }
    verdicts[result.valid === true ? 'valid' : result.valid === false ? 'invalid' : 'unknown']++;
  }
  const { user, system } = process.cpuUsage(before);
  return {
    ...{ seeds: count, wallMs: performance.now() - beganMs, processorMs: (user + system) / 1000 },
    ...{ ...sums, ...verdicts, residentMb: process.memoryUsage.rss() / 1e6 },
  };
}
