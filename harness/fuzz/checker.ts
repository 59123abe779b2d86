/**
 * `npm run fuzz:checker`: every algorithm of the checker against the naive check, for every model,
 * on all tiny histories and on random ones; and the near-linear algorithms against the general
 * search on large ones. Prints a table; exit code 1 when any two differ, with the line that
 * repeats it.
 */
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import {
  countTinyCases,
  drawCase,
  type FuzzSort,
  fuzzSorts,
} from '../../checker/testing/fuzz-case.ts';
import { fuzzSubjects } from '../../checker/testing/fuzz-subjects.ts';
import { emptyTally, type FuzzDisagreement, type FuzzTally, type FuzzTask } from './fuzz-worker.ts';

const usage = `npm run fuzz:checker -- [options]
  --model M   one model only, of: ${fuzzSubjects.map(({ model }) => model.name).join(', ')}
  --count N   random histories of each model (200000); large ones are N/500
  --seed S    number of the first one (1); with it only one sort of history is tried
  --only SORT one sort of history: ${fuzzSorts.join(', ')}
  --jobs J    worker threads (${availableParallelism()})`;

interface Options {
  readonly models: readonly string[];
  readonly sorts: readonly FuzzSort[];
  readonly count: number;
  readonly seed: number;
  readonly jobs: number;
  readonly isRepeat: boolean;
}

const chunks: Readonly<Record<FuzzSort, number>> = { tiny: 4000, random: 4000, large: 40 };
const largeEvery = 500;
const shownMax = 5;

/** Throws for what it does not understand. */
function parseOptions(): Options {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { model: text, count: text, seed: text, only: text, jobs: text },
  });
  const names = fuzzSubjects.map(({ model }) => model.name);
  const models = names.filter((name) => values.model === undefined || name === values.model);
  if (models.length === 0)
    throw new Error(`no model ${values.model}; there are ${names.join(', ')}`);
  const sorts = fuzzSorts.filter((sort) => sort === (values.only ?? sort));
  if (sorts.length === 0)
    throw new Error(`no sort ${values.only}; there are ${fuzzSorts.join(', ')}`);
  const isOneSort = values.only !== undefined || values.seed === undefined;
  return {
    models,
    sorts: isOneSort ? sorts : ['random'],
    count: readNumber('count', values.count ?? '200000'),
    seed: readNumber('seed', values.seed ?? '1'),
    jobs: readNumber('jobs', values.jobs ?? String(availableParallelism())),
    isRepeat: values.seed !== undefined,
  };
}

function readNumber(name: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new Error(`--${name} takes a number, not ${text}`);
}

function planTasks({ models, sorts, count, seed, isRepeat }: Options): FuzzTask[] {
  return models.flatMap((model) => {
    const subject = fuzzSubjects.find((one) => one.model.name === model);
    const tinyCount = subject === undefined ? 0 : countTinyCases(subject);
    const ranges: Readonly<Record<FuzzSort, readonly [number, number]>> = {
      tiny: isRepeat ? [seed, count] : [0, tinyCount],
      random: [seed, count],
      large: isRepeat ? [seed, count] : [seed, Math.ceil(count / largeEvery)],
    };
    return sorts.flatMap((sort) => {
      const [from, all] = ranges[sort];
      const size = chunks[sort];
      return Array.from({ length: Math.ceil(all / size) }, (_, at) => {
        return { model, sort, from: from + at * size, count: Math.min(size, all - at * size) };
      });
    });
  });
}

/** Gives the tasks to that many threads; calls back with each result. */
async function runTasks(
  tasks: readonly FuzzTask[],
  jobs: number,
  onDone: (task: FuzzTask, tally: FuzzTally) => void,
): Promise<void> {
  const waiting = [...tasks];
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL('./fuzz-worker.ts', import.meta.url));
    try {
      for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) {
        const answer = once(worker, 'message');
        worker.postMessage(task);
        const [tally] = await answer;
        onDone(task, tally);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, tasks.length) }, work));
}

function add(sum: FuzzTally, more: FuzzTally): void {
  sum.histories += more.histories;
  sum.linearizable += more.linearizable;
  sum.open += more.open;
  sum.fast += more.fast;
  sum.guided += more.guided;
  sum.search += more.search;
  sum.ms += more.ms;
  sum.disagreements.push(...more.disagreements);
}

const columns = ['histories', 'linearizable', 'fast', 'guided', 'search', 'open', 'seconds'];

function printRow(name: string, cells: readonly string[]): void {
  console.log(name.padEnd(24) + cells.map((cell) => cell.padStart(13)).join(''));
}

function printTally(name: string, tally: FuzzTally): void {
  const { histories, linearizable, fast, guided, search, open, ms, disagreements } = tally;
  const judged = Math.max(1, fast + guided + search);
  const share = `${((100 * linearizable) / judged).toFixed(1)} %`;
  const counts = [fast, guided, search, open].map(String);
  const cells = [String(histories), share, ...counts, (ms / 1000).toFixed(1)];
  printRow(name, [...cells, String(disagreements.length)]);
}

function describe({ model, sort, number, message }: FuzzDisagreement): string {
  const only = sort === 'random' ? '' : `--only ${sort} `;
  const command = `npm run fuzz:checker -- --model ${model} ${only}--seed ${number} --count 1`;
  return `${model}: ${message}\n  again: ${command}`;
}

function printHistory(options: Options): void {
  const [sort] = options.sorts;
  const subject = fuzzSubjects.find(({ model }) => model.name === options.models[0]);
  if (subject === undefined || sort === undefined) return;
  for (const operation of drawCase(subject, sort, options.seed).operations) {
    console.log(`  ${JSON.stringify(operation)}`);
  }
}

async function main(): Promise<number> {
  const options = parseOptions();
  const tasks = planTasks(options);
  const rows = new Map<string, { readonly tally: FuzzTally; left: number }>();
  const nameOf = ({ model, sort }: FuzzTask): string => `${model}, ${sort}`;
  for (const task of tasks) {
    const row = rows.get(nameOf(task)) ?? { tally: emptyTally(), left: 0 };
    rows.set(nameOf(task), { ...row, left: row.left + 1 });
  }
  printRow('', [...columns, 'differ']);
  const total = emptyTally();
  await runTasks(tasks, options.jobs, (task, tally) => {
    const row = rows.get(nameOf(task));
    if (row === undefined) return;
    add(row.tally, tally);
    add(total, tally);
    row.left -= 1;
    if (row.left === 0) printTally(nameOf(task), row.tally);
  });
  printTally('all', total);
  for (const difference of total.disagreements.slice(0, shownMax)) {
    console.log(`\n${describe(difference)}`);
  }
  const hidden = total.disagreements.length - shownMax;
  if (hidden > 0) console.log(`\nand ${hidden} more`);
  if (options.isRepeat && options.count === 1) printHistory(options);
  return total.disagreements.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  console.error(usage);
  process.exitCode = 254;
}
