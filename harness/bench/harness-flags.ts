/** What `npm run bench:harness` is told on the command line. */
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

export const exitCodes = { measured: 0, interrupted: 130, badArguments: 254, failed: 255 } as const;

/** What was said makes no sense; the message says why. */
export class BenchFlagError extends Error {
  override readonly name = 'BenchFlagError';
}

export interface HarnessFlags {
  readonly rounds: number;
  /** Of each round. */
  readonly operations: number;
  /** Of the run whose memory counts. */
  readonly manyOperations: number;
  readonly clients: number;
  /** Of each run with a rate. */
  readonly seconds: number;
  readonly rates: readonly number[];
  /** Absolute. */
  readonly workload: string;
  readonly seed: number;
  readonly folder: string;
  readonly json: boolean;
}

const ownWorkload = fileURLToPath(new URL('../../workloads/cas-register.ts', import.meta.url));

export const help: string = `npm run bench:harness -- [flags]

How fast the run loop drives a system that answers at once, from this process's memory: the real
generator, recorder and history file; no sockets. Prints operations per second and processor time
for each, the peak of memory at a million operations, and how well the schedule of --rate is kept.

  --quick            one short round of everything, to see that it works
  --rounds N         of the runs for speed; medians and spread are printed  (5)
  --operations N     of each of them                                        (300000)
  --clients N                                                               (10)
  --seconds N        of each run with a rate                                (10)
  --workload FILE    a module that exports a workload about registers       (cas-register)
  --seed N                                                                  (1)
  --folder DIR       where histories are written, and removed again         (${tmpdir()})
  --json             one JSON document in place of the tables

Exit codes: 0 measured, whatever the figures; 130 interrupted; 254 bad arguments; 255 failed.`;

const options = {
  help: { type: 'boolean' },
  quick: { type: 'boolean' },
  json: { type: 'boolean' },
  rounds: { type: 'string' },
  operations: { type: 'string' },
  clients: { type: 'string' },
  seconds: { type: 'string' },
  workload: { type: 'string' },
  seed: { type: 'string' },
  folder: { type: 'string' },
} as const;

/** Null when help was asked for. Throws BenchFlagError. */
export function parseHarnessFlags(argv: readonly string[]): HarnessFlags | null {
  const values = readValues(argv);
  if (values.help === true) return null;
  const quick = values.quick === true;
  return {
    rounds: toCount('rounds', values.rounds, quick ? 1 : 5),
    operations: toCount('operations', values.operations, quick ? 3000 : 300_000),
    manyOperations: quick ? 60_000 : 1_000_000,
    clients: toCount('clients', values.clients, 10),
    seconds: toCount('seconds', values.seconds, quick ? 1 : 10),
    rates: [500, 5000],
    workload: values.workload === undefined ? ownWorkload : resolve(values.workload),
    seed: toCount('seed', values.seed, 1),
    folder: values.folder ?? tmpdir(),
    json: values.json === true,
  };
}

function readValues(
  argv: readonly string[],
): ReturnType<typeof parseArgs<{ options: typeof options }>>['values'] {
  try {
    return parseArgs({ args: [...argv], options }).values;
  } catch (error) {
    throw new BenchFlagError(error instanceof Error ? error.message : String(error));
  }
}

function toCount(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 1) {
    throw new BenchFlagError(`--${name} must be a whole number of at least 1, not '${text}'`);
  }
  return value;
}
