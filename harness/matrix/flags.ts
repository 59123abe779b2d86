/**
 * The flags of `npm run matrix`, parsed; and its help.
 */
import { parseArgs } from 'node:util';

export const clusters = ['process', 'docker', 'sim'] as const;

export type MatrixCluster = (typeof clusters)[number];

export interface MatrixFlags {
  /** null for all. */
  readonly workloads: readonly string[] | null;
  readonly clusters: readonly MatrixCluster[];
  /** Runs of each workload without a bug; 0 for none. */
  readonly runs: number;
  /** Runs of each planted bug; 0 for none. */
  readonly bugRuns: number;
  readonly seed: number;
  readonly timeLimitS: number;
  readonly jobs: number;
  readonly out: string;
  readonly resume: boolean;
  readonly keep: boolean;
  /** Flags for each `rafture test`, after `--`. */
  readonly testFlags: readonly string[];
}

export class MatrixFlagError extends Error {
  override readonly name = 'MatrixFlagError';
}

export const help: string = `npm run matrix -- [options] [-- flags of rafture test]
  runs the command line many times and prints who found what
  --workloads W,W  which (all): one row each
  --clusters C,C   where (process), of: ${clusters.join(', ')}
  --runs N         runs of each without a bug, seeds counted up (3); 0 for none
  --bugs           each workload's planted bugs as well
  --bug-runs N     runs of each bug (as many as --runs)
  --seed S         the first seed (1)
  --time-limit S   seconds of workload in each run (10)
  --jobs N         commands at a time (1)
  --out FOLDER     where everything goes (results/matrix)
  --resume         goes on with the runs that the folder has already; the table has them all
  --keep           keeps the folders of valid runs too
Failures keep their folders, and so does one run of each bug that found it.
Exit codes: 0 every run without a bug was valid and every bug was found, 1 not so,
130 interrupted (--resume goes on), 254 bad arguments, 255 the matrix itself failed.`;

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;

/** null when help is asked for. Throws MatrixFlagError. */
export function parseMatrixFlags(args: readonly string[]): MatrixFlags | null {
  const { values, positionals } = parsed(args);
  if (values.help) return null;
  const runs = wholeNumber('--runs', values.runs ?? '3', 0);
  if (values['bug-runs'] !== undefined && !values.bugs) {
    throw new MatrixFlagError('--bug-runs needs --bugs');
  }
  const bugRuns = values.bugs ? wholeNumber('--bug-runs', values['bug-runs'] ?? `${runs}`, 0) : 0;
  if (runs + bugRuns === 0) {
    throw new MatrixFlagError('--runs 0 runs nothing without --bugs and --bug-runs from 1 up');
  }
  for (const arg of positionals) refuseOwn(arg);
  return {
    workloads: values.workloads === 'all' ? null : namesOf('--workloads', values.workloads),
    clusters: namesOf('--clusters', values.clusters).map(clusterOf),
    runs,
    bugRuns,
    seed: wholeNumber('--seed', values.seed, 0),
    timeLimitS: wholeNumber('--time-limit', values['time-limit'], 1),
    jobs: wholeNumber('--jobs', values.jobs, 1),
    out: values.out,
    resume: values.resume,
    keep: values.keep,
    testFlags: positionals,
  };
}

function parsed(args: readonly string[]) {
  const split = args.indexOf('--');
  const own = split === -1 ? args : args.slice(0, split);
  try {
    const { values } = parseArgs({
      args: [...own],
      options: {
        workloads: { ...text, default: 'all' },
        clusters: { ...text, default: 'process' },
        runs: text,
        bugs: flag,
        'bug-runs': text,
        seed: { ...text, default: '1' },
        'time-limit': { ...text, default: '10' },
        jobs: { ...text, default: '1' },
        out: { ...text, default: 'results/matrix' },
        resume: flag,
        keep: flag,
        help: flag,
      },
    });
    return { values, positionals: split === -1 ? [] : args.slice(split + 1) };
  } catch (error) {
    throw new MatrixFlagError(error instanceof Error ? error.message : String(error));
  }
}

/** What the rows and columns are made of cannot be told to each run as well. */
const ownFlags: Readonly<Record<string, string>> = {
  '--cluster': 'say --clusters before the --',
  '--workload': 'say --workloads before the --',
  '-w': 'say --workloads before the --',
  '--bug': 'say --bugs before the --, which plants each',
  '--seed': 'say --seed before the --',
  '--test-count': 'say --runs before the --',
  '--time-limit': 'say --time-limit before the --',
  '--results': 'say --out before the --',
};

/** Throws MatrixFlagError for a flag that is the matrix's, in any spelling that yargs takes. */
function refuseOwn(arg: string): void {
  const name = arg.startsWith('--') ? (arg.split('=')[0] ?? arg) : arg.slice(0, 2);
  const spelled = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const instead = Object.hasOwn(ownFlags, spelled) ? ownFlags[spelled] : undefined;
  if (instead === undefined) return;
  throw new MatrixFlagError(
    `${name} after -- would make the table say what was not run; ${instead}`,
  );
}

function namesOf(name: string, list: string): readonly string[] {
  const names = [...new Set(list.split(',').map((each) => each.trim()))];
  if (!names.includes('')) return names;
  throw new MatrixFlagError(`${name} takes names with commas between them; not "${list}"`);
}

function clusterOf(name: string): MatrixCluster {
  const found = clusters.find((each) => each === name);
  if (found !== undefined) return found;
  throw new MatrixFlagError(`--clusters takes ${clusters.join(', ')}; not ${name}`);
}

function wholeNumber(name: string, value: string, min: number): number {
  if (/^\d{1,9}$/.test(value) && Number(value) >= min) return Number(value);
  throw new MatrixFlagError(`${name} takes a whole number from ${min} up; not ${value}`);
}
