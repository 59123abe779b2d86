import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type BatchOptions, RefusedError, runBatch } from './batch.ts';
import type { MatrixRun } from './ledger.ts';
import type { Cell } from './plan.ts';

const folder = mkdtempSync(join(tmpdir(), 'rafture-matrix-batch-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const cell: Cell = {
  workload: 'register',
  cluster: 'sim',
  bug: null,
  expect: [],
  args: ['--workload', 'register', '--cluster', 'sim', '--time-limit', '2', '--nemesis', 'none'],
  runCount: 3,
};

/** A program in the place of `rafture`, which is told the seed that it must begin with. */
function launcherOf(name: string, body: string): string {
  const path = join(folder, `${name}.mjs`);
  const real = new URL('../rafture.js', import.meta.url).href;
  const seed = "Number(process.argv[process.argv.indexOf('--seed') + 1])";
  writeFileSync(path, `const real = ${JSON.stringify(real)};\nconst seed = ${seed};\n${body}\n`);
  return path;
}

async function runsOf(
  launcher: string,
  seeds: readonly number[],
  rest: Partial<BatchOptions> = {},
): Promise<MatrixRun[]> {
  const runs: MatrixRun[] = [];
  const onRun = (run: MatrixRun): number => runs.push(run);
  const { signal } = new AbortController();
  const options = { out: folder, timeLimitS: 2, onRun, signal, launcher, ...rest };
  await runBatch({ cell, seeds }, options);
  return runs;
}

test('a command that fails has crashed in the run that has no verdict', async () => {
  const boom = "console.error('rafture: first');\nconsole.error('boom');\nprocess.exit(255);";
  const runs = await runsOf(launcherOf('boom', boom), [4, 5]);
  expect(runs.map(({ seed, outcome, reason }) => [seed, outcome, reason])).toEqual([
    [4, 'crashed', 'boom'],
    [5, 'crashed', 'boom'],
  ]);
  expect(runs[0]?.repeat).toMatch(/^npx rafture test --workload register .* --seed 4$/);
  const silent = await runsOf(launcherOf('silent', 'process.exit(255);'), [1]);
  expect(silent).toMatchObject([{ outcome: 'crashed', reason: 'exit 255', folder: null }]);
}, 60_000);

test('runs before the crash keep their verdicts, and those behind it are made', async () => {
  // The first command does two runs of three, and fails then; the next goes on behind it.
  const body = `const at = process.argv.indexOf('--test-count') + 1;
    process.argv.splice(at, 1, seed === 1 ? '2' : '1');
    await import(real);
    process.on('exit', () => { if (seed === 1) process.exitCode = 255; });`;
  const runs = await runsOf(launcherOf('later', body), [1, 2, 3, 4]);
  expect(runs.map(({ seed, outcome }) => [seed, outcome])).toEqual([
    [1, 'valid'],
    [2, 'valid'],
    [3, 'crashed'],
    [4, 'valid'],
  ]);
}, 180_000);

test('a verdict does not excuse a command that fails after it', async () => {
  const body = "await import(real);\nprocess.on('exit', () => { process.exitCode = 255; });";
  const [run] = await runsOf(launcherOf('after', body), [7]);
  expect(run).toMatchObject({ seed: 7, outcome: 'crashed', reason: 'exit 255' });
  expect(existsSync(join(run?.folder ?? '', 'results.json'))).toBe(true);
}, 180_000);

test('a command that does not end in time is ended, and told as one that hung', async () => {
  const hang = launcherOf('hang', 'setInterval(() => {}, 1000);');
  const [run] = await runsOf(hang, [9], { timeLimitS: 0, patienceS: 1 });
  expect(run).toMatchObject({ seed: 9, outcome: 'crashed' });
  expect(run?.reason).toBe('it hung, and was ended after 1 s');
}, 60_000);

test('a command that takes no such flags is refused with what it said', async () => {
  const refused = launcherOf('refused', "console.error('no such flag');\nprocess.exit(254);");
  await expect(runsOf(refused, [1])).rejects.toThrow(new RefusedError('no such flag'));
}, 60_000);
