import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { SeedRecord } from '../seeds/seed-record.ts';
import type { SeriesFile } from '../seeds/series-file.ts';

const launcher = fileURLToPath(new URL('../rafture.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rafture-sim-test-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Result {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command as a person would, in a folder that is not the project's. */
async function sim(...args: readonly string[]): Promise<Result> {
  const result = await execa('node', [launcher, 'sim', ...args], { cwd: folder, reject: false });
  const { exitCode } = result;
  return { exitCode, stdout: String(result.stdout), stderr: String(result.stderr) };
}

/** What a command wrote into the file of --json. */
function readSeries(name: string): SeriesFile {
  return JSON.parse(readFileSync(join(folder, name), 'utf8')) as SeriesFile;
}

function readLedger(name: string): readonly SeedRecord[] {
  const lines = readFileSync(join(folder, name), 'utf8').trimEnd().split('\n');
  return lines.map((line) => (JSON.parse(line) as { readonly record: SeedRecord }).record);
}

/** Little runs: what is tested here is the command. */
const small = ['--ops', '60', '--nodes', '3', '--workload', 'register', '--nemesis', 'kill'];
const lenient = ['--unknown-ok', '0.9'];

/** A long series, with a few seeds done. */
async function startSeries(
  ledger: string,
): Promise<{ child: ChildProcess; ended: Promise<unknown> }> {
  const args = ['sim', '--seeds', '100000', '--jobs', '2', '--ledger', ledger, ...small];
  const child = spawn('node', [launcher, ...args], { cwd: folder, stdio: 'ignore' });
  const ended = once(child, 'exit');
  const path = join(folder, ledger);
  await vi.waitFor(
    () => {
      expect(existsSync(path)).toBe(true);
      expect(readFileSync(path, 'utf8').split('\n').length).toBeGreaterThan(5);
    },
    { timeout: 60_000, interval: 50 },
  );
  expect(workers().length).toBeGreaterThan(0);
  return { child, ended };
}

/** Processes that run seeds in a folder of this test. */
function workers(): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return command.includes('sim-worker') && readlinkSync(`/proc/${pid}/cwd`) === folder;
    } catch {
      return false;
    }
  });
}

describe('rafture sim', () => {
  it('runs seeds of the server as it is, and none of them is invalid', async () => {
    const args = ['--seeds', '200', '--jobs', '2', '--json', 'clean.json', '--unknown-ok', '0.02'];
    const { exitCode, stdout } = await sim(...args);
    const { counts, groups, workloads, totals, seedsRun } = readSeries('clean.json');
    const failures = groups.filter(({ outcome }) => outcome !== 'unknown');
    expect(failures.map(({ fingerprint, shortest }) => [fingerprint, shortest.repeat])).toEqual([]);
    expect(counts).toMatchObject({ invalid: 0, crashed: 0 });
    expect(seedsRun).toBe(200);
    expect(Object.keys(workloads).length).toBe(12);
    expect(totals.faults).toBeGreaterThan(200);
    expect(stdout).toContain('VALID: 200 seeds, and none broke a promise');
    expect(exitCode).toBe(0);
  }, 300_000);

  it('finds a planted bug, and says how to repeat it; the repetition finds it too', async () => {
    const bug = ['--bug', 'ack-before-quorum', '--workload', 'register'];
    const args = [...bug, '--seeds', '200', '--until-found', '1', '--jobs', '2'];
    const { exitCode, stdout } = await sim(...args, '--json', 'bug.json');
    expect(exitCode).toBe(1);
    const { found, seedsRun, firstSeed } = readSeries('bug.json');
    expect(found.length).toBe(1);
    const [first] = found;
    expect(first?.oracles.length).toBeGreaterThan(0);
    expect(seedsRun).toBe((first?.seed ?? 0) - firstSeed + 1);
    expect(first?.repeat).toBe(`npx rafture sim --seed ${first?.seed} ${bug.join(' ')}`);
    expect(stdout).toContain(first?.repeat);
    expect(stdout).toContain(`npx rafture test ${first?.test}`);
    const again = await sim('--seed', String(first?.seed), ...bug);
    expect(again.exitCode).toBe(1);
    expect(again.stdout.split('\n').join(' ')).toContain(first?.summary);
    const run = join(folder, 'results/latest');
    const files = ['history.jsonl', 'nemesis.jsonl', 'report.html', 'results.json', 'test.json'];
    expect(readdirSync(run)).toEqual(expect.arrayContaining([...files, 'n1', 'n2', 'n3']));
    const words = (first?.test ?? '').split(' ');
    const test = await execa('node', [launcher, 'test', ...words], { cwd: folder, reject: false });
    expect(test.exitCode).toBe(1);
    expect(test.stdout.split('\n').join(' ')).toContain(first?.summary);
  }, 300_000);

  it('tells the same of a seed whatever the number of processes', async () => {
    const records: (readonly SeedRecord[])[] = [];
    for (const jobs of ['1', '3']) {
      const ledger = `jobs-${jobs}.jsonl`;
      await sim('--seeds', '12', '--from', '40', '--jobs', jobs, '--ledger', ledger, ...small);
      const all = readLedger(ledger).map((record) => ({ ...record, ms: 0 }));
      records.push(all.toSorted((one, other) => one.seed - other.seed));
    }
    expect(records[0]?.map(({ seed }) => seed)).toEqual(
      Array.from({ length: 12 }, (_, place) => 40 + place),
    );
    expect(records[0]).toEqual(records[1]);
  }, 120_000);

  it('goes on with a ledger after a SIGKILL, and runs no seed twice', async () => {
    const { child, ended } = await startSeries('killed.jsonl');
    child.kill('SIGKILL');
    await ended;
    await vi.waitFor(() => expect(workers()).toEqual([]), { timeout: 30_000 });
    const before = readFileSync(join(folder, 'killed.jsonl'), 'utf8').split('\n').length - 1;
    const args = ['--seeds', String(before + 6), '--ledger', 'killed.jsonl', ...small, ...lenient];
    const refused = await sim(...args);
    expect(refused.stderr).toContain('of these seeds already: --resume goes on');
    expect(refused.exitCode).toBe(254);
    const { exitCode } = await sim(...args, '--resume', '--json', 'killed.json');
    expect(exitCode).toBe(0);
    expect(readSeries('killed.json')).toMatchObject({ seedsRun: before + 6 });
    const seeds = readLedger('killed.jsonl').map(({ seed }) => seed);
    expect(new Set(seeds).size).toBe(seeds.length);
    const nothing = await sim(...args, '--resume');
    expect(nothing.stdout).toContain('0 seeds in');
    expect(nothing.exitCode).toBe(0);
  }, 180_000);

  it('keeps what there is at a Ctrl-C, ends with 130, and leaves no process', async () => {
    const { child, ended } = await startSeries('interrupted.jsonl');
    child.kill('SIGINT');
    expect((await ended) as readonly unknown[]).toEqual([130, null]);
    await vi.waitFor(() => expect(workers()).toEqual([]), { timeout: 30_000 });
    expect(readLedger('interrupted.jsonl').length).toBeGreaterThan(4);
    const runs = readdirSync(join(folder, 'results')).filter((name) => name.startsWith('sim-'));
    const last = runs.toSorted().at(-1);
    const file = readSeries(`results/${last}/sim.json`);
    expect(file).toMatchObject({ interrupted: true, seedsWanted: 100_000 });
    expect(file.seedsRun).toBeGreaterThan(4);
  }, 180_000);

  it('runs the parts of a series apart, and counts them as one when merged', async () => {
    const all = ['--seeds', '8', ...small, ...lenient];
    for (const part of ['1', '2']) {
      await sim(...all, '--shard', `${part}/2`, '--ledger', 'parts.jsonl', '--resume');
    }
    expect(readLedger('parts.jsonl').map(({ seed }) => seed % 2)).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
    const { stdout } = await sim(...all, '--ledger', 'parts.jsonl', '--resume');
    expect(stdout).toContain('parts.jsonl has 8 of these seeds');
    expect(stdout).toContain('0 seeds in');
  }, 180_000);

  it('refuses what it does not know with one line that says what there is', async () => {
    const wrong: readonly (readonly [readonly string[], string])[] = [
      [['--seeds', 'many'], '--seeds takes a whole number above 0; not many'],
      [['--until-found'], '--until-found needs a value'],
      [['--ledger', launcher, '--resume'], 'line 1 is not a seed of rafture sim'],
    ];
    for (const [args, hint] of wrong) {
      const { exitCode, stderr } = await sim(...args);
      expect(stderr, args.join(' ')).toContain(hint);
      expect(exitCode, args.join(' ')).toBe(254);
    }
  }, 120_000);
});
