import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { goProgram } from './server-load.ts';

const main = fileURLToPath(new URL('./server.ts', import.meta.url));
const hasGo = spawnSync(goProgram, ['version']).status === 0;

function runBench(args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', env });
}

it('without Go it says how to install it, with an exit code of its own', () => {
  const { status, stderr } = runBench([], { PATH: '/nowhere' });
  expect(stderr).toContain('apt-get install golang-go');
  expect(status).toBe(69);
});

it('refuses flags that mean nothing', () => {
  const wrong = runBench(['--rounds', 'many']);
  expect(wrong.stderr).toContain("--rounds must be a number of at least 1, not 'many'");
  expect(wrong.status).toBe(254);
  expect(runBench(['--memory', '--failover']).status).toBe(254);
  expect(runBench(['--help']).stdout).toContain('--recovery');
});

it.skipIf(!hasGo)(
  'measures writes of three nodes, and leaves nothing behind',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'rafture-bench-test-'));
    try {
      const short = ['--rounds', '1', '--seconds', '0.3', '--warm-up', '0.1', '--keys', '50'];
      const only = ['--phase', 'writes, 64', '--rival', 'none', '--folder', folder, '--json'];
      const { status, stdout, stderr } = runBench([...short, ...only]);
      expect(stderr).toContain('round 1 of 1');
      expect(status).toBe(0);
      const told: unknown = JSON.parse(stdout);
      expect(told).toMatchObject({
        machine: { cores: expect.any(Number) },
        result: [{ phase: 'writes, 64 clients', system: 'rafture', figures: { errors: 0 } }],
      });
      expect(readdirSync(folder)).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  60_000,
);

it.skipIf(!hasGo)(
  'kills a leader under load and sees writes flow again',
  () => {
    const { status, stdout } = runBench(['--failover', '--tries', '1', '--clients', '4', '--json']);
    expect(status).toBe(0);
    const told: unknown = JSON.parse(stdout);
    expect(told).toMatchObject({
      result: { comebacks: [{ msUntilOk: expect.any(Number), writesBefore: expect.any(Number) }] },
    });
  },
  90_000,
);
