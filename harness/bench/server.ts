/**
 * `npm run bench:server`: what three nodes of the reference server do on this machine, beside etcd
 * where it is installed. `--help` lists what else it measures.
 *
 * Nodes, rival and load generator share the machine: the figures are for comparing one version with
 * the next and one store with the other, not for bragging.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchSystem } from './bench-cluster.ts';
import { createEtcd, findEtcdVersion } from './bench-cluster-etcd.ts';
import { createRafture, knowsFlag } from './bench-cluster-rafture.ts';
import { describeFailover, failoverServerFlags, measureFailover } from './server-failover.ts';
import {
  BenchFlagError,
  type BenchFlags,
  exitCodes,
  help,
  parseBenchFlags,
} from './server-flags.ts';
import { buildLoad, goPackages, type LoadProgram, LoadUnavailableError } from './server-load.ts';
import { describeMachine } from './server-machine.ts';
import { describeMemory, measureMemory } from './server-memory.ts';
import { describeRecovery, measureRecovery } from './server-recovery.ts';
import { measureThroughput } from './server-throughput.ts';
import {
  describeGoals,
  describeMachineLines,
  describeMeasurements,
  fairness,
} from './server-throughput-table.ts';

/** Progress: beside the result, which alone goes to standard output. */
function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

interface Outcome {
  readonly result: unknown;
  readonly lines: readonly string[];
}

const snapshotFlag = '--snapshot-entries';
const never = 1_000_000_000_000;

/** Flags beside the usual that a mode needs of the servers. */
function serverFlagsOf(flags: BenchFlags): readonly string[] {
  if (flags.mode === 'failover') return [...failoverServerFlags, ...flags.serverFlags];
  if (flags.mode === 'throughput') return flags.serverFlags;
  if (!knowsFlag(flags.main, snapshotFlag)) {
    say(`this server takes no snapshots: it does not know ${snapshotFlag}`);
    return flags.serverFlags;
  }
  if (flags.mode !== 'recovery') {
    return [snapshotFlag, String(flags.snapshotEntries), ...flags.serverFlags];
  }
  const without = [snapshotFlag, '--snapshot-bytes'].flatMap((name) =>
    knowsFlag(flags.main, name) ? [name, String(never)] : [],
  );
  return [...without, ...flags.serverFlags];
}

/** Null when there is none, or none was asked for. */
function findRival(flags: BenchFlags, program: LoadProgram): BenchSystem | null {
  const { rival, rivalNodeFlags: nodeFlags, serverFlags } = flags;
  if (rival === 'none') return null;
  if (rival !== 'etcd')
    return createRafture({ name: 'rival', main: rival, nodeFlags, serverFlags });
  const version = findEtcdVersion();
  if (version !== null && program.hasEtcd) return createEtcd(version);
  say(
    `no etcd to compare with (${version === null ? 'no server' : 'no Go client'} here): ` +
      `apt-get install ${goPackages}`,
  );
  return null;
}

async function measure(flags: BenchFlags, program: LoadProgram): Promise<Outcome> {
  const { main, nodeFlags } = flags;
  const serverFlags = serverFlagsOf(flags);
  const ours = createRafture({ name: 'rafture', main, nodeFlags, serverFlags });
  const context = { program, say };
  switch (flags.mode) {
    case 'memory': {
      const result = await measureMemory(flags, ours, context);
      return { result, lines: describeMemory(result) };
    }
    case 'recovery': {
      const result = await measureRecovery(flags, ours, context);
      return { result, lines: describeRecovery(result) };
    }
    case 'failover': {
      const result = await measureFailover(flags, ours, context);
      return { result, lines: describeFailover(result) };
    }
    case 'throughput': {
      const rival = findRival(flags, program);
      const systems = rival === null ? [ours] : [ours, rival];
      const result = await measureThroughput(flags, { program, systems, say });
      const lines = [...fairness, '', ...describeMeasurements(result), ''];
      return { result, lines: [...lines, ...describeGoals(result)] };
    }
  }
}

async function run(flags: BenchFlags): Promise<void> {
  const folder = mkdtempSync(join(flags.folder, 'rafture-load-'));
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder);
  try {
    const program = buildLoad(folder, { etcd: flags.rival === 'etcd' });
    const machine = describeMachine(flags.folder);
    const { result, lines } = await measure(flags, program);
    if (flags.json) {
      console.log(JSON.stringify({ machine, go: program.goVersion, flags, result }, null, 2));
      return;
    }
    const { rounds, seconds, keys, valueBytes, seed } = flags;
    console.log(
      [
        ...describeMachineLines(machine),
        `generator built with ${program.goVersion}; ${valueBytes}-byte values, ${keys} keys` +
          (flags.mode === 'throughput' ? `; ${rounds} rounds of ${seconds} s; seed ${seed}` : ''),
        '',
        ...lines,
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
    const flags = parseBenchFlags(process.argv.slice(2));
    if (flags === null) console.log(help);
    else await run(flags);
    return exitCodes.measured;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`bench:server: ${message}\n`);
    if (error instanceof LoadUnavailableError) return exitCodes.noGenerator;
    return error instanceof BenchFlagError ? exitCodes.badArguments : exitCodes.failed;
  }
}

process.exitCode = await main();
