import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';
import { bugs } from './index.ts';

const launcher = fileURLToPath(new URL('../rafture.js', import.meta.url));
const results = mkdtempSync(join(tmpdir(), 'rafture-bugs-test-'));

afterAll(() => rmSync(results, { recursive: true, force: true }));

/** The simulation gives the same run for the same seed, so what was found once stays found. */
async function run(seed: number, bug: string | null): Promise<{ code?: number; output: string }> {
  const where = ['--cluster', 'sim', '--time-limit', '15', '--results', results];
  const what = ['--seed', String(seed), ...(bug === null ? [] : ['--bug', bug])];
  const result = await execa('node', [launcher, 'test', ...where, ...what], { reject: false });
  const { exitCode } = result;
  return { ...(exitCode === undefined ? {} : { code: exitCode }), output: String(result.stdout) };
}

describe('the harness', () => {
  for (const { id } of bugs) {
    it(`finds the planted bug ${id} and explains it`, async () => {
      const found: number[] = [];
      for (const seed of [1, 2, 3, 4]) {
        const { code, output } = await run(seed, id);
        if (code !== 1) continue;
        found.push(seed);
        expect(output).toMatch(/INVALID: Not linearizable\n.*\bop \d+\b/);
      }
      expect(found.length, `seeds ${found.join(', ')}`).toBeGreaterThanOrEqual(2);
    }, 120_000);
  }

  it('finds nothing with the same seeds where nothing is planted', async () => {
    for (const seed of [1, 2, 3, 4]) {
      const { code, output } = await run(seed, null);
      expect(code, output).toBe(0);
    }
  }, 120_000);
});
