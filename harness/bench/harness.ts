/**
 * `npm run bench:harness`: what the harness itself costs, against a system that answers at once.
 *
 * Each measurement runs in a process of its own. Nothing is judged here: a target that is not met
 * only shows in the table.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  BenchFlagError,
  exitCodes,
  type HarnessFlags,
  help,
  parseHarnessFlags,
} from './harness-flags.ts';
import type { LoadPlan } from './harness-generator.ts';
import { answerings } from './harness-memory-system.ts';
import type { RunFigures, RunRequest } from './harness-run.ts';
import { describeHarnessFigures, type HarnessFigures } from './harness-table.ts';
import type { BenchAnswer, BenchRequest } from './harness-worker.ts';
import { describeMachine, type Machine } from './server-machine.ts';

/** Progress: beside the result, which alone goes to standard output. */
function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

const warmUpOperations = 10_000;

/** Measures in child processes, one at a time. */
class Bench {
  readonly #flags: HarnessFlags;
  /**
   * Node's compiled code is kept here, so that the memory that is measured does not hold the
   * compiler that strips the types: the packed package has none.
   */
  readonly #folder: string;

  constructor(flags: HarnessFlags, folder: string) {
    this.#flags = flags;
    this.#folder = folder;
  }

  async measure(): Promise<HarnessFigures> {
    const { rounds, operations, manyOperations, rates, seconds } = this.#flags;
    await this.#warmUp();
    const speeds = answerings.map((answering) => ({ answering, rounds: [] as RunFigures[] }));
    const generatorUs: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      say(`round ${round} of ${rounds}`);
      for (const { answering, rounds: figures } of speeds) {
        figures.push(await this.#run({ operations, answering }));
      }
      generatorUs.push(await this.#generator());
    }
    say(`${manyOperations} operations`);
    const many = await this.#run({ operations: manyOperations });
    const schedules: { rate: number; run: RunFigures }[] = [];
    for (const rate of rates) {
      say(`${seconds} s at ${rate} operations per second`);
      const run = await this.#run({ operations: null, seconds, rate, answering: 'turn' });
      schedules.push({ rate, run });
    }
    return { speeds, generatorUs, many, schedules };
  }

  /** The first process of each kind compiles what the others find compiled: it counts not. */
  async #warmUp(): Promise<void> {
    say('warm-up');
    const operations = Math.min(this.#flags.operations, warmUpOperations);
    for (const answering of answerings) await this.#run({ operations, answering });
    await this.#generator();
  }

  get #plan(): LoadPlan {
    const { workload, clients, seed, operations } = this.#flags;
    return { workload, clients, seed, operations, seconds: null, rate: null };
  }

  async #run(own: Partial<RunRequest>): Promise<RunFigures> {
    const folder = this.#folder;
    const run: RunRequest = { ...this.#plan, answering: 'microtask', folder, ...own };
    const answer = await this.#ask({ type: 'run', run });
    if (answer.type !== 'run') throw new Error(whyNot(answer));
    return answer.figures;
  }

  async #generator(): Promise<number> {
    const answer = await this.#ask({ type: 'generator', plan: this.#plan });
    if (answer.type !== 'generator') throw new Error(whyNot(answer));
    return answer.us;
  }

  #ask(request: BenchRequest): Promise<BenchAnswer> {
    const { promise, resolve } = Promise.withResolvers<BenchAnswer>();
    const env = { ...process.env, NODE_COMPILE_CACHE: this.#folder };
    const child = fork(new URL('./harness-worker.ts', import.meta.url), { env });
    const endWithThis = (): void => {
      child.kill('SIGKILL');
    };
    process.once('exit', endWithThis);
    child.on('message', (answer: BenchAnswer) => resolve(answer));
    child.on('exit', (code, signal) => {
      process.off('exit', endWithThis);
      resolve({ type: 'failed', why: `the process ended with ${signal ?? code}` });
    });
    child.send(request);
    return promise;
  }
}

function whyNot(answer: BenchAnswer): string {
  return answer.type === 'failed' ? answer.why : `an answer to something else: ${answer.type}`;
}

function describeMachineLine(machine: Machine): string {
  const { cores, processor, kernel, filesystem, node, load } = machine;
  return (
    `${cores} cores (${processor}), ${kernel}, history on ${filesystem}; Node ${node}; ` +
    `load average before: ${load.join(' ')}`
  );
}

async function run(flags: HarnessFlags): Promise<void> {
  const folder = mkdtempSync(join(flags.folder, 'rafture-bench-'));
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder);
  try {
    const machine = describeMachine(folder);
    const result = await new Bench(flags, folder).measure();
    if (flags.json) {
      console.log(JSON.stringify({ machine, flags, result }, null, 2));
      return;
    }
    const { clients, rounds, operations, seed } = flags;
    console.log(
      [
        describeMachineLine(machine),
        `${clients} clients; ${rounds} rounds of ${operations} operations; seed ${seed}`,
        '',
        ...describeHarnessFigures(result),
      ].join('\n'),
    );
  } finally {
    removeFolder();
  }
}

async function main(): Promise<number> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => process.exit(exitCodes.interrupted));
  }
  try {
    const flags = parseHarnessFlags(process.argv.slice(2));
    if (flags === null) console.log(help);
    else await run(flags);
    return exitCodes.measured;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`bench:harness: ${message}\n`);
    return error instanceof BenchFlagError ? exitCodes.badArguments : exitCodes.failed;
  }
}

process.exitCode = await main();
