import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';

const launcher = fileURLToPath(new URL('../rafture.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rafture-cli-test-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Result {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command as a person would, in a folder that is not the project's. */
async function rafture(...args: readonly string[]): Promise<Result> {
  const result = await execa('node', [launcher, ...args], { cwd: folder, reject: false });
  const { exitCode } = result;
  return { exitCode, stdout: String(result.stdout), stderr: String(result.stderr) };
}

function lines(path: string): readonly string[] {
  return readFileSync(path, 'utf8').trimEnd().split('\n');
}

const seldom = ['test', '--cluster', 'sim', '--time-limit', '4'];
const short = [...seldom, '--nemesis-every', '100'];

describe('rafture test', () => {
  it('runs, judges, and leaves a folder with everything in it', async () => {
    const { exitCode, stdout } = await rafture(...short, '--seed', '11');
    expect(stdout).toContain('VALID');
    expect(exitCode).toBe(0);
    const run = join(folder, 'results', 'latest');
    const pages = ['report.html', 'space-time.html'];
    const files = [...pages, 'history.jsonl', 'nemesis.jsonl', 'results.json', 'test.json'];
    const nodes = ['n1', 'n2', 'n3', 'n4', 'n5'];
    expect(readdirSync(run).sort()).toEqual([...files, ...nodes].sort());
    const results = JSON.parse(readFileSync(join(run, 'results.json'), 'utf8')) as {
      readonly valid: unknown;
    };
    expect(results.valid).toBe(true);
    expect(lines(join(run, 'history.jsonl'))[0]).toContain('rafture-history');
    const check = await rafture(
      ...['check', join(run, 'history.jsonl'), '--model', 'cas-register'],
    );
    expect(check).toMatchObject({ exitCode: 0 });
  }, 60_000);

  it('gives the same history for the same seed, byte for byte', async () => {
    const histories: string[] = [];
    for (const seed of ['21', '21', '22']) {
      await rafture(...short, '--seed', seed);
      histories.push(readFileSync(join(folder, 'results/latest/history.jsonl'), 'utf8'));
    }
    expect(histories[0]).toBe(histories[1]);
    expect(histories[0]).not.toBe(histories[2]);
  }, 60_000);

  it('is unknown, with exit code 2, when the faults that were asked for never came', async () => {
    const few = ['--nemesis-every', '99999', '--ops', '5'];
    const { exitCode, stdout } = await rafture(...seldom, '--seed', '1', ...few);
    expect(stdout).toContain('vacuous');
    expect(exitCode).toBe(2);
  }, 60_000);

  it('says which workload shows a planted bug, when it is another one', async () => {
    const few = ['--ops', '5', '--nemesis', 'none', '--bug', 'id-before-commit'];
    const { stdout } = await rafture('test', '--cluster', 'sim', '--time-limit', '1', ...few);
    expect(stdout).toContain(
      'another workload shows id-before-commit soonest: ' +
        'npx rafture test --bug id-before-commit --workload unique-ids',
    );
  }, 60_000);

  it('lists the planted bugs with what shows each, and who finds it', async () => {
    const { exitCode, stdout } = await rafture('test', '--bug', 'list');
    expect(stdout).toMatch(
      /^ {2}id-before-commit +an id .*; --workload unique-ids: linearizable$/m,
    );
    expect(exitCode).toBe(0);
  }, 60_000);

  it('is valid without faults when none were asked for, and says so', async () => {
    const { exitCode, stdout } = await rafture(...short, '--seed', '1', '--nemesis', 'none');
    expect(stdout).toContain('--nemesis none');
    expect(exitCode).toBe(0);
  }, 60_000);

  it('refuses --nemesis-interval and says what to use', async () => {
    const { exitCode, stderr } = await rafture('test', '--nemesis-interval', '10');
    expect(stderr).toContain('--nemesis-every');
    expect(exitCode).toBe(254);
  }, 60_000);

  it('refuses what it does not know with one line that says what there is', async () => {
    const wrong: readonly (readonly [readonly string[], string])[] = [
      [['--workload', 'bank'], 'cas-register'],
      [['--time-limit', 'abc'], '--time-limit takes a number above 0; not abc'],
      [['--rate'], '--rate needs a value'],
      [['-w', '--rate', '5'], '-w needs a value'],
      [['--time-limit', '1', '--nodes', '3', '--time-limit=2'], '--time-limit was given twice'],
      [['-r', '1', '--rate', '2'], '--rate was given twice'],
    ];
    for (const [args, hint] of wrong) {
      const { exitCode, stderr } = await rafture('test', ...args);
      expect(stderr, args.join(' ')).toContain(hint);
      expect(exitCode, args.join(' ')).toBe(254);
    }
    const { exitCode, stderr } = await rafture('check', 'x', '--model');
    expect(stderr).toContain('--model needs a value');
    expect(exitCode).toBe(254);
    expect(await rafture('tset')).toMatchObject({ exitCode: 254 });
    expect(await rafture()).toMatchObject({ exitCode: 254 });
    expect(await rafture('test', '--no-such-flag')).toMatchObject({ exitCode: 254 });
  }, 120_000);

  it('lists the exit codes in its help', async () => {
    const { exitCode, stdout } = await rafture('test', '--help');
    expect(stdout).toContain('Exit codes: 0 valid, 1 invalid, 2 unknown');
    expect(stdout).toContain('--nemesis-every');
    expect(exitCode).toBe(0);
  }, 60_000);
});
