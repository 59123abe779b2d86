/** What `npm run bench:faults` is told on the command line. */
import { parseArgs } from 'node:util';
import { BenchFlagError } from './harness-flags.ts';

/** A way to run nodes that is measured. */
export const measuredClusters = ['docker', 'namespaces', 'proxies'] as const;
export type MeasuredCluster = (typeof measuredClusters)[number];

export interface FaultFlags {
  readonly clusters: readonly MeasuredCluster[];
  /** Clusters that are made from nothing, of each kind. */
  readonly rounds: number;
  readonly partitions: number;
  readonly kills: number;
  readonly nodes: number;
  readonly json: boolean;
}

export const help: string = `npm run bench:faults -- [flags]

How fast a cluster begins and ends faults: a partition from being asked for to its rules in force
and read back, its healing, the first message after that; a kill from when the harness sees the log
line that triggers it to the end of the process; a cluster from nothing to its first acknowledged
write, and its end. The schedule and the conductor are not part of it. Prints p50 and p99.

  --quick            one short round of everything, to see that it works
  --clusters LIST    of ${measuredClusters.join(', ')}  (all)
  --rounds N         clusters from nothing       (5)
  --partitions N     cuts and healings           (100)
  --kills N          kills by a log line         (20)
  --nodes N          of each cluster             (5)
  --json             one JSON document in place of the tables

Exit codes: 0 measured, whatever the figures; 130 interrupted; 254 bad arguments; 255 failed.`;

const options = {
  help: { type: 'boolean' },
  quick: { type: 'boolean' },
  json: { type: 'boolean' },
  clusters: { type: 'string' },
  rounds: { type: 'string' },
  partitions: { type: 'string' },
  kills: { type: 'string' },
  nodes: { type: 'string' },
} as const;

/** Null when help was asked for. Throws BenchFlagError. */
export function parseFaultFlags(argv: readonly string[]): FaultFlags | null {
  const values = readValues(argv);
  if (values.help === true) return null;
  const quick = values.quick === true;
  return {
    clusters: toClusters(values.clusters),
    rounds: toCount('rounds', values.rounds, quick ? 1 : 5),
    partitions: toCount('partitions', values.partitions, quick ? 3 : 100),
    kills: toCount('kills', values.kills, quick ? 1 : 20),
    nodes: toCount('nodes', values.nodes, quick ? 3 : 5),
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

function toClusters(text: string | undefined): readonly MeasuredCluster[] {
  if (text === undefined) return measuredClusters;
  return text.split(',').map((name) => {
    const found = measuredClusters.find((each) => each === name);
    if (found !== undefined) return found;
    const known = measuredClusters.join(', ');
    throw new BenchFlagError(`--clusters takes some of ${known}; not ${name}`);
  });
}

function toCount(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (Number.isSafeInteger(value) && value >= (name === 'nodes' ? 2 : 1)) return value;
  throw new BenchFlagError(`--${name} must be a whole number that is large enough, not '${text}'`);
}
