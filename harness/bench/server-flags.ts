/** The command line of `npm run bench:server`: what may be asked for, and its defaults. */
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { ownMain } from './bench-cluster-rafture.ts';

export type BenchMode = 'throughput' | 'memory' | 'recovery' | 'failover';

export interface BenchFlags {
  readonly mode: BenchMode;
  readonly json: boolean;
  readonly folder: string;
  readonly main: string;
  /** 'etcd', 'none', or the main.ts of another checkout. */
  readonly rival: string;
  readonly serverFlags: readonly string[];
  readonly nodeFlags: readonly string[];
  /** As nodeFlags, for a rival that is a main.ts; it gets those alone. */
  readonly rivalNodeFlags: readonly string[];
  readonly seed: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** Part of the names of the phases that are measured. */
  readonly phase: string;
  readonly keys: number;
  readonly valueBytes: number;
  readonly etcdConnections: number;
  readonly minutes: number;
  readonly snapshotEntries: number;
  readonly megabytes: number;
  readonly tries: number;
  readonly clients: number;
}

/** A flag is missing or wrong; the message says which. */
export class BenchFlagError extends Error {
  override readonly name = 'BenchFlagError';
}

export const exitCodes = {
  measured: 0,
  noGenerator: 69,
  interrupted: 130,
  badArguments: 254,
  failed: 255,
} as const;

export const help: string = `npm run bench:server -- [--memory | --recovery | --failover] [flags]

Three nodes of the reference server on this machine, each with its log synced. By itself it measures
writes and linearizable reads, beside etcd where that is installed.

  --quick                one round, one second each: under a minute
  --rounds N             interleaved rounds                                  (5)
  --seconds N            measured seconds for each figure                    (4)
  --warm-up N            seconds before them that do not count               (1)
  --phase TEXT           only what has this in its name, such as 'writes, 64' (all)
  --keys N               key space                                           (10000)
  --value-bytes N        length of a value                                   (256; --recovery 1024)
  --rival WHAT           etcd, none, or the main.ts of another checkout      (etcd)
  --etcd-connections N   connections that etcd's clients share; 0: one each (8)
  --memory               resident memory under writes and reads, with snapshots
      --minutes N        (10)      --snapshot-entries N  (50000)
  --recovery             time and memory to restart on a long log without snapshots
      --megabytes N      of values in the log                                (1024)
  --failover             the leader is killed under load: time until writes flow again
      --tries N          (100)
  --clients N            clients of --memory and --failover                  (64 and 16)
  --server FILE          another main.ts in place of this checkout's
  --server-flag=--X=Y    handed to each node; may be repeated
  --node-flag=--X        handed to each node's Node.js; may be repeated
  --rival-node-flag=--X  the same for a rival that is a main.ts, which gets those alone
  --folder DIR           where data directories are made and removed         (${tmpdir()})
  --seed N               of the keys' order and of the moments of kills      (drawn)
  --json                 one JSON document in place of the tables

Exit codes: 0 measured; 69 the load generator cannot be built; 130 interrupted;
254 bad arguments; 255 failed.`;

const options = {
  help: { type: 'boolean' },
  quick: { type: 'boolean' },
  memory: { type: 'boolean' },
  recovery: { type: 'boolean' },
  failover: { type: 'boolean' },
  json: { type: 'boolean' },
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  'warm-up': { type: 'string' },
  phase: { type: 'string' },
  keys: { type: 'string' },
  'value-bytes': { type: 'string' },
  rival: { type: 'string' },
  'etcd-connections': { type: 'string' },
  minutes: { type: 'string' },
  'snapshot-entries': { type: 'string' },
  megabytes: { type: 'string' },
  tries: { type: 'string' },
  clients: { type: 'string' },
  server: { type: 'string' },
  'server-flag': { type: 'string', multiple: true },
  'node-flag': { type: 'string', multiple: true },
  'rival-node-flag': { type: 'string', multiple: true },
  folder: { type: 'string' },
  seed: { type: 'string' },
} as const;

/** Null when help was asked for. Throws BenchFlagError. */
export function parseBenchFlags(argv: readonly string[]): BenchFlags | null {
  const values = readValues(argv);
  if (values.help === true) return null;
  const modes = (['memory', 'recovery', 'failover'] as const).filter((mode) => values[mode]);
  if (modes.length > 1) throw new BenchFlagError(`--${modes.join(' and --')}: one at a time`);
  const mode = modes[0] ?? 'throughput';
  const quick = values.quick === true;
  return {
    mode,
    json: values.json === true,
    folder: values.folder ?? tmpdir(),
    main: values.server ?? ownMain,
    rival: values.rival ?? 'etcd',
    serverFlags: values['server-flag'] ?? [],
    nodeFlags: values['node-flag'] ?? [],
    rivalNodeFlags: values['rival-node-flag'] ?? [],
    seed: toNumber('seed', values.seed, Math.floor(Math.random() * 1e6) + 1),
    rounds: toNumber('rounds', values.rounds, quick ? 1 : 5),
    seconds: toNumber('seconds', values.seconds, quick ? 1 : 4),
    warmUpSeconds: toNumber('warm-up', values['warm-up'], quick ? 0.5 : 1, 0),
    phase: values.phase ?? '',
    keys: toNumber('keys', values.keys, 10_000),
    valueBytes: toNumber('value-bytes', values['value-bytes'], mode === 'recovery' ? 1024 : 256),
    etcdConnections: toNumber('etcd-connections', values['etcd-connections'], 8, 0),
    minutes: toNumber('minutes', values.minutes, quick ? 0.5 : 10),
    snapshotEntries: toNumber('snapshot-entries', values['snapshot-entries'], 50_000),
    megabytes: toNumber('megabytes', values.megabytes, quick ? 32 : 1024),
    tries: toNumber('tries', values.tries, quick ? 5 : 100),
    clients: toNumber('clients', values.clients, mode === 'failover' ? 16 : 64),
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

const mayBeFractions = ['seconds', 'warm-up', 'minutes'];

function toNumber(name: string, text: string | undefined, otherwise: number, least = 1): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  const fraction = mayBeFractions.includes(name);
  const minimum = fraction ? Math.min(least, 0.1) : least;
  if (text.trim() === '' || !(value >= minimum) || !(fraction || Number.isSafeInteger(value))) {
    throw new BenchFlagError(`--${name} must be a number of at least ${minimum}, not '${text}'`);
  }
  return value;
}
