/**
 * `npm run bench:sim`: how many seeds of the simulation a second has room for.
 *
 *   --seeds N   that are measured, all jobs together  (200)
 *   --jobs N    processes that share them             (1)
 *   --seed N    the first of them                     (1)
 *   --warm-up N seeds that each process runs before   (60)
 *   --quick     ten seeds after two, to see that it works
 *   --json      the figures as they are
 *
 * The target is 50 seeds per second on two cores, hence 40 ms of a processor for each. Nothing is
 * judged: a machine that does other work has fewer seeds per second, and nearly the same processor
 * time for each. A seed that is not valid shows in the last line.
 */
import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { describeMachine } from './server-machine.ts';
import { measureSeeds, type SeedsAsked, type SimFigures } from './sim-seeds.ts';

const exitCodes = { measured: 0, badArguments: 254, failed: 255 } as const;
const targetMs = 40;

class BenchFlagError extends Error {
  override readonly name = 'BenchFlagError';
}

interface SimBenchFlags {
  readonly seeds: number;
  readonly jobs: number;
  readonly first: number;
  readonly warmUp: number;
  readonly json: boolean;
}

/** Somebody who measures what it is asked to. */
interface Measurer {
  measure(asked: SeedsAsked): Promise<SimFigures>;
  end(): void;
}

function parseFlags(args: readonly string[]): SimBenchFlags {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = { seeds: text, jobs: text, seed: text, 'warm-up': text, quick: flag, json: flag };
  const { values } = readValues(() => parseArgs({ args: [...args], options }));
  const quick = values.quick === true;
  return {
    seeds: toCount('seeds', values.seeds, quick ? 10 : 200),
    jobs: toCount('jobs', values.jobs, 1),
    first: toCount('seed', values.seed, 1),
    warmUp: toCount('warm-up', values['warm-up'], quick ? 2 : 60),
    json: values.json === true,
  };
}

function readValues<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new BenchFlagError(error instanceof Error ? error.message : String(error));
  }
}

function toCount(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new BenchFlagError(`--${name} must be a whole number of at least 1, not '${text}'`);
}

/** The only job runs here, where a profiler finds it. */
const here: Measurer = { measure: measureSeeds, end: () => {} };

function inProcess(): Measurer {
  const child = fork(new URL('./sim-worker.ts', import.meta.url));
  return {
    measure: (asked) =>
      new Promise((resolve, reject) => {
        child.once('message', (figures: SimFigures) => resolve(figures));
        child.once('exit', (code) => reject(new Error(`a job ended with ${code}`)));
        child.send(asked);
      }),
    end: () => child.disconnect(),
  };
}

/** Those of one job; the jobs together take each seed once. */
function shareOf(job: number, { jobs, first, seeds }: SimBenchFlags): SeedsAsked {
  return { first: first + job, step: jobs, count: Math.ceil((seeds - job) / jobs) };
}

async function measure(flags: SimBenchFlags): Promise<readonly SimFigures[]> {
  const measurers = flags.jobs === 1 ? [here] : Array.from({ length: flags.jobs }, inProcess);
  try {
    const warmUp = { first: flags.first + flags.seeds, step: 1, count: flags.warmUp };
    await Promise.all(measurers.map((measurer) => measurer.measure(warmUp)));
    return await Promise.all(measurers.map((each, job) => each.measure(shareOf(job, flags))));
  } finally {
    for (const measurer of measurers) measurer.end();
  }
}

function describe(jobs: readonly SimFigures[]): string {
  const sum = (value: (job: SimFigures) => number): number =>
    jobs.reduce((total, job) => total + value(job), 0);
  const wallS = Math.max(...jobs.map(({ wallMs }) => wallMs)) / 1000;
  const seeds = sum((job) => job.seeds);
  const processorMs = sum((job) => job.processorMs) / seeds;
  const perSecond = (total: number): string =>
    Math.round(total / wallS)
      .toLocaleString('en')
      .padStart(12);
  const perSeed = (total: number): string => (total / seeds).toFixed(1).padStart(12);
  const row = (name: string, total: number): string =>
    `${name.padEnd(20)}${perSecond(total)}${perSeed(total)}`;
  const checks = sum((job) => job.checkMs) / sum((job) => job.wallMs);
  const [valid, invalid, unknown] = (['valid', 'invalid', 'unknown'] as const).map((word) =>
    sum((job) => job[word]),
  );
  return [
    `${''.padEnd(20)}${'per second'.padStart(12)}${'per seed'.padStart(12)}`,
    `${'seeds'.padEnd(20)}${(seeds / wallS).toFixed(1).padStart(12)}${perSeed(seeds)}`,
    row(
      'virtual seconds',
      sum((job) => job.virtualMs / 1000),
    ),
    ...(['messages', 'events', 'lines', 'faults'] as const).map((name) =>
      row(
        name,
        sum((job) => job[name]),
      ),
    ),
    '',
    `processor  ${processorMs.toFixed(1)} ms a seed (target ${targetMs}: ` +
      `${processorMs <= targetMs ? 'met' : 'not met'}), of which the checks ` +
      `${(checks * 100).toFixed(0)} %`,
    `memory     ${jobs.map((job) => job.residentMb.toFixed(0)).join(' and ')} MB resident`,
    `verdicts   ${valid} valid, ${invalid} invalid, ${unknown} unknown`,
  ].join('\n');
}

async function main(): Promise<number> {
  try {
    const flags = parseFlags(process.argv.slice(2));
    const { cores, processor, node, load } = describeMachine('.');
    const figures = await measure(flags);
    if (flags.json) {
      console.log(JSON.stringify({ flags, figures }, null, 2));
      return exitCodes.measured;
    }
    console.log(`${cores} cores (${processor}), Node ${node}; load average ${load.join(' ')}`);
    console.log(`${flags.seeds} seeds from ${flags.first} in ${flags.jobs} job(s)\n`);
    console.log(describe(figures));
    return exitCodes.measured;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`bench:sim: ${message}\n`);
    return error instanceof BenchFlagError ? exitCodes.badArguments : exitCodes.failed;
  }
}

process.exitCode = await main();
