import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'rafture-last-resort-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const lastResort = new URL('last-resort.ts', import.meta.url).href;

/** A program that is left with something to remove, and then fails in this way. */
async function runProgram(failure: string): Promise<{ code: number | undefined; error: string }> {
  const path = join(folder, 'program.mjs');
  const kept = join(folder, 'kept');
  writeFileSync(kept, '');
  writeFileSync(
    path,
    `import { rm } from 'node:fs/promises';
    import { installLastResort, onLastResort } from ${JSON.stringify(lastResort)};
    installLastResort();
    onLastResort(() => rm(${JSON.stringify(kept)}));
    onLastResort(() => Promise.reject(new Error('this cleaning up fails')));
    ${failure}
    setInterval(() => {}, 1000);`,
  );
  const result = await execa(process.execPath, [path], { reject: false, timeout: 20_000 });
  return { code: result.exitCode, error: result.stderr };
}

it('an exception that nobody catches ends with 255, after a clean-up, and says where', async () => {
  for (const failure of [
    "setTimeout(() => { throw new Error('out of a timer'); });",
    "Promise.reject(new Error('out of a promise'));",
  ]) {
    const { code, error } = await runProgram(failure);
    expect(code).toBe(255);
    expect(error).toMatch(/rafture failed, and gives no verdict: Error: out of a (timer|promise)/);
    expect(error).toContain('program.mjs');
    expect(readdirSync(folder)).not.toContain('kept');
  }
}, 60_000);

it('a checker of somebody that throws late is no broken promise', async () => {
  const workload = join(folder, 'late.mjs');
  const register = new URL('../../workloads/register.ts', import.meta.url).href;
  writeFileSync(
    workload,
    `import { register } from ${JSON.stringify(register)};
    const check = () => new Promise(() => {
      setTimeout(() => { throw new Error('too late'); });
    });
    const late = { name: 'late', description: 'throws late', check };
    export const workload = { ...register, name: 'late', checkers: { add: [late] } };`,
  );
  const launcher = fileURLToPath(new URL('../rafture.js', import.meta.url));
  const where = ['--cluster', 'sim', '--time-limit', '1', '--results', join(folder, 'results')];
  const args = [launcher, 'test', '--workload', workload, '--nemesis', 'none', ...where];
  const result = await execa('node', args, { reject: false });
  expect([result.exitCode, result.stderr]).toEqual([255, expect.stringContaining('too late')]);
}, 60_000);
