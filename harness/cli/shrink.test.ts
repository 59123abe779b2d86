import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

/** As a person has it, in an empty folder. */
function rafture(folder: string, words: readonly string[]): { code: number | null; text: string } {
  const ran = spawnSync(process.execPath, [main, ...words], { cwd: folder, encoding: 'utf8' });
  return { code: ran.status, text: `${ran.stdout}${ran.stderr}` };
}

/** The headline and the sentence below it. */
function verdictOf(text: string): string | undefined {
  return text.match(/^[A-Z]+: [A-Z][^\n]*\n[^\n]+/m)?.[0];
}

/** Each has two leaders for a while, and a bug that lets the old one answer. */
const plan = [
  ...['--bug', 'stale-read', '--workload', 'register', '--nodes', '5', '--concurrency', '10'],
  ...['--rate', '100', '--ops', '600', '--deadline-ms', '2000', '--nemesis-schedule', 'random'],
  ...['--nemesis', 'partition:leader,pause:follower', '--nemesis-every', '60'],
  ...['--world', 'drop=0.01,duplicate=0.01,tick=20,heartbeat=3,election=15'],
];
const seeds = [1, 2, 3, 4, 5, 6, 7, 8];

describe('rafture shrink', { timeout: 120_000 }, () => {
  let folder = '';
  let seed = 0;
  let shrunk = { code: null as number | null, text: '' };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'rafture-shrink-'));
    for (seed of seeds) {
      shrunk = rafture(folder, ['shrink', '--seed', String(seed), '--runs', '60', ...plan]);
      if (shrunk.code !== 0) return;
    }
  }, 120_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('says what became less, and runs what is left once more, with all its results', () => {
    expect(shrunk.code, shrunk.text).toBe(1);
    expect(shrunk.text).toContain(`seed ${seed} is invalid: `);
    const [, ops = '600'] = shrunk.text.match(/operations +600 {2}-> {2}(\d+)/) ?? [];
    expect(Number(ops)).toBeLessThan(600);
    expect(shrunk.text).toMatch(/faults +\d+ {2}-> {2}[123]\n/);
    expect(verdictOf(shrunk.text)).toMatch(/^INVALID: /);
    expect(existsSync(join(folder, 'results/latest/report.html'))).toBe(true);
    expect(existsSync(join(folder, 'results/latest/space-time.html'))).toBe(true);
  });

  it('writes a script whose first line repeats the violation', () => {
    const path = `results/shrunk-stale-read-seed-${seed}.yaml`;
    const [line = '', ...others] = readFileSync(join(folder, path), 'utf8').split('\n');
    const words = line.replace('# npx rafture ', '').split(' ');
    expect(words).toEqual(expect.arrayContaining(['test', 'sim', path, 'stale-read']));
    expect(others.join('\n')).toContain('hurry: false\nphases:\n');
    const again = rafture(folder, words);
    expect(again.code, again.text).toBe(1);
    // The same run, to the operation and the microsecond.
    expect(verdictOf(again.text)).toBe(verdictOf(shrunk.text));
  });

  it('has nothing to do for a seed that is valid', () => {
    const { code, text } = rafture(folder, [
      'shrink',
      '--seed',
      '1',
      '--nemesis',
      'none',
      '-w',
      'kv',
    ]);
    expect(text).toContain('seed 1 is valid: there is no violation to shrink');
    expect(code).toBe(0);
  });

  it('refuses what it cannot have', () => {
    expect(rafture(folder, ['shrink']).code).toBe(254);
    const refused = rafture(folder, ['shrink', '--seed', '1', '--runs', 'many']);
    expect(refused.text).toContain('--runs');
    expect(refused.code).toBe(254);
  });
});
