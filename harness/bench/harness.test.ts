import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const main = fileURLToPath(new URL('./harness.ts', import.meta.url));
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rafture-bench-test-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function runBench(args: readonly string[]) {
  return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
}

it('measures everything once with --quick, and leaves nothing behind', () => {
  const { status, stdout, stderr } = runBench(['--quick', '--folder', folder]);
  expect(stderr).toMatch(/^warm-up\nround 1 of 1\n/);
  expect(stdout).toContain('answered after a microtask');
  expect(stdout).toContain('the generator alone');
  expect(stdout).toMatch(/60,000 operations +[\d,]+ +\d+\.\d +\d+\n/);
  expect(stdout).toMatch(/at 5,000 per second +\d+\.\d\d +\d+\.\d\d/);
  expect(stdout).toMatch(/target: at least 15,000 operations per second/);
  // A short run says nothing about a long one.
  expect(stdout).toMatch(/target: under 300 MB at 1,000,000 operations .* not measured/);
  expect(stdout).not.toContain('NaN');
  expect(status).toBe(0);
  expect(readdirSync(folder)).toEqual([]);
}, 120_000);

it('refuses flags that mean nothing, and says what there are', () => {
  const wrong = runBench(['--rounds', 'many']);
  expect(wrong.stderr).toContain("--rounds must be a whole number of at least 1, not 'many'");
  expect(wrong.status).toBe(254);
  expect(runBench(['--slow']).status).toBe(254);
  const { stdout, status } = runBench(['--help']);
  expect(stdout).toContain('--workload FILE');
  expect(status).toBe(0);
}, 60_000);

it('says why a measurement failed', () => {
  const path = join(folder, 'no-workload.ts');
  writeFileSync(path, 'export const something = 1;\n');
  const { status, stderr } = runBench(['--quick', '--folder', folder, '--workload', path]);
  expect(stderr).toContain('no-workload.ts exports no workload');
  expect(status).toBe(255);
  expect(readdirSync(folder)).toEqual(['no-workload.ts']);
}, 60_000);
