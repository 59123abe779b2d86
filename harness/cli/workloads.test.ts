import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';
import { workloads } from '../../workloads/index.ts';
import { bugs } from '../bugs/index.ts';
import { reference } from '../systems/reference.ts';

const launcher = fileURLToPath(new URL('../rafture.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rafture-workloads-test-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function rafture(...args: readonly string[]) {
  const result = await execa('node', [launcher, ...args], { cwd: folder, reject: false });
  return {
    exitCode: result.exitCode,
    stdout: String(result.stdout),
    stderr: String(result.stderr),
  };
}

// Each starts a process or two.
describe('rafture workloads', { timeout: 60_000 }, () => {
  it('lists each with what it needs, its model, its checkers, and who lacks what', async () => {
    const { exitCode, stdout } = await rafture('workloads');
    expect(exitCode).toBe(0);
    const blocks = stdout.split('\n\n');
    expect(blocks.map((block) => block.split(':')[0])).toEqual(workloads.map(({ name }) => name));
    const queue = blocks.find((block) => block.startsWith('queue:'));
    expect(queue).toMatch(/\n {2}needs +enqueue, dequeue of queue\n/);
    expect(queue).toMatch(/\n {2}model +fifo-queue\n/);
    expect(queue).toMatch(/\n {2}finds +\S.*\n {15}\S/);
    expect(queue).toMatch(/\n {2}checker +total-queue: every acknowledged element came out once/);
    expect(queue).toMatch(/\n {2}planted bug +pop-before-commit: \S/);
    expect(queue).toMatch(/\n {2}system +reference has them all$/);
    const shown = blocks.join().match(/^ {2}(?:planted bug| {11}) +[a-z-]+: /gm) ?? [];
    expect(shown.length).toBeGreaterThanOrEqual(bugs.length);
  });

  it('says what a system lacks', async () => {
    const text = `
      const generator = { op: () => ({ type: 'pending', untilNs: null, generator }), update: null };
      generator.update = () => generator;
      export const workload = {
        name: 'mine', description: 'counts', object: 'counter', fs: ['add', 'read', 'reset'],
        model: './mine.mjs', facts: { complexity: 'little', finds: [], cannotFind: ['much'] },
        checkers: { remove: [{ name: 'logs', why: 'it logs a lot' }] },
        size: () => ({ keyCount: 1, opsPerKey: 1, unknownPerKey: null, notes: [] }),
        createGenerator: () => generator, createFinalGenerator: () => generator,
        createProbe: () => ({ f: 'add', value: 1 }),
      };
      export const model = {
        name: 'mine', functions: ['add', 'read', 'reset'], init: 0, step: (state) => state,
      };`;
    writeFileSync(join(folder, 'mine.mjs'), text);
    const { exitCode, stdout } = await rafture('workloads', './mine.mjs');
    expect(stdout).toMatch(/^mine: counts\n/);
    expect(stdout).toMatch(/\n {2}model +\.\/mine\.mjs\n/);
    expect(stdout).toMatch(/\n {2}without +logs: it logs a lot\n/);
    expect(stdout).toMatch(
      /\n {2}system +reference lacks reset of counter; it has add, read, fetch-and-add$/,
    );
    expect(exitCode).toBe(0);
    const test = await rafture('test', '--workload', './mine.mjs', '--cluster', 'sim');
    expect(test.stderr).toContain(
      'the system reference lacks reset of counter; it has add, read, fetch-and-add; ' +
        'rafture workloads --objects',
    );
    expect(test.exitCode).toBe(254);
  });

  it('lists what can be asked of which object, and who offers it', async () => {
    const { exitCode, stdout } = await rafture('workloads', '--objects');
    expect(exitCode).toBe(0);
    const blocks = stdout.split('\n\n');
    expect(blocks[0]).toMatch(/^register \(offered by reference\)\n {2}read +takes null\n/);
    expect(blocks.map((block) => block.split(' ')[0])).toEqual(Object.keys(reference.objects));
    expect(stdout).toMatch(/\n {2}append +takes a whole number\n +answers the length after it\n/);
  });

  it('prints JSON for a program', async () => {
    const { stdout } = await rafture('workloads', 'sessions', '--json');
    expect(JSON.parse(stdout)).toMatchObject([
      {
        name: 'sessions',
        object: 'session-list',
        fs: ['append', 'read'],
        model: 'list-append',
        checkers: { add: [{ name: 'exactly-once' }], remove: [] },
        systems: [{ name: 'reference', lacks: [] }],
      },
    ]);
  });

  it('refuses what is not there, with exit code 254', async () => {
    const { exitCode, stderr } = await rafture('workloads', 'lokc');
    expect(stderr).toContain('rafture workloads: there is no workload lokc (did you mean lock?)');
    expect(exitCode).toBe(254);
  });

  it('shows how it is used', async () => {
    const { stdout } = await rafture('workloads', '--help');
    expect(stdout).toContain('rafture workloads ./mine.ts');
    expect((await rafture('--help')).stdout).toContain('rafture workloads [workload]');
  });
});
