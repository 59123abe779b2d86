import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, expect, test } from 'vitest';

const program = fileURLToPath(new URL('./matrix.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rafture-matrix-test-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Result {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

async function matrix(...args: readonly string[]): Promise<Result> {
  const result = await execa('node', [program, ...args], { cwd: folder, reject: false });
  const { exitCode } = result;
  return { exitCode, stdout: String(result.stdout), stderr: String(result.stderr) };
}

const small = ['--workloads', 'cas-register', '--clusters', 'sim', '--time-limit', '3'];

interface RunLine {
  readonly seed: number;
  readonly outcome: string;
  readonly by: readonly string[];
  readonly folder: string | null;
}

function runsIn(out: string): RunLine[] {
  const lines = readFileSync(join(folder, out, 'runs.jsonl'), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.map((line) => JSON.parse(line) as RunLine);
}

test('valid runs leave a table and no folders, and more of them can be added', async () => {
  const first = await matrix(...small, '--runs', '2', '--out', 'valid');
  expect(first).toMatchObject({ exitCode: 0 });
  expect(first.stdout).toMatch(/\| workload \| sim \|\n.*\n\| cas-register \| 2 of 2 valid, \d+ s/);
  expect(runsIn('valid').map(({ seed }) => seed)).toEqual([1, 2]);
  expect(readdirSync(join(folder, 'valid/runs'))).toEqual([]);
  const again = await matrix(...small, '--runs', '3', '--out', 'valid');
  expect(again.exitCode).toBe(254);
  const more = await matrix(...small, '--runs', '3', '--out', 'valid', '--resume');
  expect(more.stdout).toContain('3 of 3 valid');
  expect(more.stderr).toContain('seed 3: valid');
  expect(more.stderr).not.toContain('seeds');
  expect(readFileSync(join(folder, 'valid/matrix.md'), 'utf8')).toBe(`${more.stdout}\n`);
  // One that asks for less than there is counts what it asked for.
  const less = await matrix(...small, '--runs', '2', '--out', 'valid', '--resume');
  expect(less.stdout).toContain('2 of 2 valid');
}, 180_000);

test('a run that is not valid does not end the others, and keeps its folder', async () => {
  // It is over before each family has had its turn.
  const never = ['--', '--ops', '30'];
  const { exitCode, stdout, stderr } = await matrix(
    ...small,
    ...['--runs', '3', '--jobs', '2', '--out', 'unknown', ...never],
  );
  expect(exitCode).toBe(1);
  expect(stdout).toContain('**0 of 3 valid (unknown by faults 3)');
  const runs = runsIn('unknown');
  expect(runs.map(({ seed }) => seed)).toEqual([1, 2, 3]);
  for (const run of runs) {
    expect(run).toMatchObject({ outcome: 'unknown', by: ['faults'] });
    expect(existsSync(join(run.folder ?? '', 'report.html'))).toBe(true);
    expect(stderr).toContain(run.folder);
    expect(stderr).toMatch(new RegExp(`npx rafture test .*--ops 30 .*--seed ${run.seed}\``));
  }
}, 180_000);

test('a workload that is refused is told with the reason, and the others go on', async () => {
  const { exitCode, stdout } = await matrix(
    ...['--workloads', './nonsense.ts,cas-register', '--clusters', 'sim', '--time-limit', '3'],
    ...['--runs', '1', '--out', 'refused'],
  );
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/\| \.\/nonsense\.ts \| \*\*refused: .*there is no file.*\*\* \|/);
  expect(stdout).toMatch(/\| cas-register \| 1 of 1 valid/);
  // Runs that stand there already stay in the table, whatever is asked for later.
  const more = await matrix(
    ...['--workloads', 'register', '--clusters', 'sim', '--time-limit', '3'],
    ...['--runs', '1', '--out', 'refused', '--resume'],
  );
  expect(more.exitCode).toBe(0);
  expect(more.stdout).toMatch(/\| register \| 1 of 1 valid[^\n]*\n\| cas-register \| 1 of 1 valid/);
}, 180_000);

test('what cannot be run is refused before anything is', async () => {
  const nonsense = await matrix('--workloads', 'nonsense,set', '--out', 'nothing');
  expect(nonsense.exitCode).toBe(254);
  expect(nonsense.stderr).toMatch(/--workloads takes register, .*, or a file; not nonsense/);
  const contradiction = await matrix(...small, '--out', 'nothing', '--', '--cluster', 'docker');
  expect(contradiction.exitCode).toBe(254);
  const noBug = ['--workloads', './mine.ts', '--runs', '0', '--bugs', '--bug-runs', '1'];
  expect(await matrix(...noBug, '--out', 'nothing')).toMatchObject({ exitCode: 254 });
  expect(existsSync(join(folder, 'nothing'))).toBe(false);
}, 60_000);

test('going on with what was never begun begins it, and says so', async () => {
  const { exitCode, stderr } = await matrix(...small, '--runs', '1', '--out', 'new', '--resume');
  expect(exitCode).toBe(0);
  expect(stderr).toContain('new has no runs yet: --resume begins');
}, 180_000);

test('--help tells the flags', async () => {
  const { exitCode, stdout } = await matrix('--help');
  expect(exitCode).toBe(0);
  expect(stdout).toContain('--bug-runs N');
});
