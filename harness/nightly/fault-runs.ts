/**
 * The two kinds of runs of `npm run nightly:faults`: one that injects every fault and comes to its
 * end, and one for each family that is killed in the middle of a fault.
 *
 * Both are the command line as a person uses it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { resultsSchema } from '../report/run-schema.ts';
import { killAndLook } from './left-behind.ts';

/** A way to run nodes. */
export const nightlyClusters = ['docker', 'namespaces', 'proxies', 'sim'] as const;
export type NightlyCluster = (typeof nightlyClusters)[number];

export interface NightlyRow {
  readonly cluster: NightlyCluster;
  /** `power leader`, or `power, killed in the middle`. */
  readonly what: string;
  /** `skipped`: it cannot be had here. */
  readonly outcome: 'fine' | 'skipped' | 'bad';
  /** What was seen, or why not. */
  readonly told: string;
}

export interface NightlyRun {
  readonly cluster: NightlyCluster;
  readonly seed: number;
}

const command = fileURLToPath(new URL('../rafture.js', import.meta.url));
const effectsLimitMs = 30 * 60_000;
const beginLimitMs = 120_000;
const pollMs = 20;

function argumentsOf({ cluster, seed }: NightlyRun, results: string): readonly string[] {
  const isProcess = cluster === 'namespaces' || cluster === 'proxies';
  return [
    ...[command, 'test', '--workload', 'register', '--seed', String(seed), '--results', results],
    ...['--cluster', isProcess ? 'process' : cluster],
    ...(isProcess ? ['--process-network', cluster] : []),
  ];
}

/** Every kind of fault once: a row for each, and one for the verdict. */
export async function runEffects(run: NightlyRun): Promise<readonly NightlyRow[]> {
  const results = mkdtempSync(join(tmpdir(), 'rafture-nightly-'));
  const { cluster } = run;
  try {
    const args = [...argumentsOf(run, results), '--nemesis-file', 'every-fault'];
    const child = startHarness(args);
    const { code, output } = await ended(child, effectsLimitMs);
    const verdict: NightlyRow = {
      ...{ cluster, what: 'every fault once', outcome: code === 0 ? 'fine' : 'bad' },
      told: `exit code ${code}${code === 0 ? '' : `: ${lastLines(output)}`}`,
    };
    const path = findFile(results, 'results.json');
    return path === null ? [verdict] : [...readRows(cluster, path), verdict];
  } finally {
    rmSync(results, { recursive: true, force: true });
  }
}

function readRows(cluster: NightlyCluster, path: string): readonly NightlyRow[] {
  const { faults, uninjected } = resultsSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  return [
    ...faults.map(({ f, variant, outcome, reason, met }): NightlyRow => {
      const seen = `${met?.operations ?? 0} operations, ${met?.leaderChanges ?? 0} leader changes`;
      const isFine = outcome === 'injected';
      return {
        ...{ cluster, what: `${f} ${variant}`, outcome: isFine ? 'fine' : 'bad' },
        told: isFine ? seen : `${outcome}: ${reason ?? 'it had no effect'}`,
      };
    }),
    ...uninjected.map(({ family, variant, outcome, reason }): NightlyRow => {
      const isSkipped = outcome === 'skipped';
      return {
        ...{ cluster, what: `${family} ${variant ?? ''}`, told: reason },
        outcome: isSkipped ? 'skipped' : 'bad',
      };
    }),
  ];
}

/** SIGKILL of the harness while a fault of the family is in force, or has just been. */
export async function runKilled(run: NightlyRun, family: string): Promise<NightlyRow> {
  const results = mkdtempSync(join(tmpdir(), 'rafture-nightly-'));
  const row = { cluster: run.cluster, what: `${family}, killed in the middle` };
  const flags = ['--nemesis', family, '--nemesis-every', '100', '--time-limit', '300'];
  const child = startHarness([...argumentsOf(run, results), ...flags]);
  try {
    const running = ended(child, beginLimitMs);
    const begun = await Promise.race([untilBegun(results, family, child), running]);
    if (begun !== null) {
      const why = lastLines(begun.output);
      return { ...row, outcome: begun.code === 254 ? 'skipped' : 'bad', told: why };
    }
    const { had, leftBeforeSweep, goneAfterMs, leftAfterSweep } = await killAndLook(child);
    const counts = Object.entries(had).map(([kind, count]) => `${count} ${kind}`);
    const told = `had ${counts.join(', ')}; gone after ${goneAfterMs} ms`;
    if (leftAfterSweep.length > 0) {
      return { ...row, outcome: 'bad', told: `left: ${leftAfterSweep.join('; ')}` };
    }
    const swept = leftBeforeSweep.length === 0 ? '' : `; swept: ${leftBeforeSweep.length}`;
    return { ...row, outcome: 'fine', told: `${told}${swept}` };
  } finally {
    child.kill('SIGKILL');
    rmSync(results, { recursive: true, force: true });
  }
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** With its output kept. */
function startHarness(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
}

/** At the limit it is ended, whatever it does. */
function ended(child: ChildProcess, limitMs: number): Promise<Ended> {
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  }
  const timer = setTimeout(() => child.kill('SIGTERM'), limitMs);
  timer.unref();
  return new Promise((resolve) => {
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, output: chunks.join('') });
    });
  });
}

/** null once the evidence of a fault stands in nemesis.jsonl; waits no longer than it runs. */
async function untilBegun(
  results: string,
  family: string,
  child: ChildProcess,
): Promise<null | Ended> {
  while (child.exitCode === null) {
    const path = findFile(results, 'nemesis.jsonl');
    if (path !== null && readFileSync(path, 'utf8').includes(`"f":"${family}"`)) return null;
    await sleep(pollMs);
  }
  return { code: child.exitCode, output: 'it ended before a fault had begun' };
}

function findFile(folder: string, name: string): string | null {
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find(
    (path) => path === name || path.endsWith(`/${name}`),
  );
  return found === undefined ? null : join(folder, found);
}

function lastLines(output: string): string {
  return output.trim().split('\n').slice(-4).join(' | ');
}
