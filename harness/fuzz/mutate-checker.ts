/**
 * `npm run mutate:checker`: plants faults in the checker, one at a time, and shows which test
 * finds each.
 *
 * The faults go into a copy in a temporary folder, never into the working tree. First the tests of
 * checker/ run there; if they pass, a short fuzz. Exit code 1 when a fault survives that is not
 * explained, or is explained and does not.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Mutant, plantMutant } from './mutant.ts';
import { mutants } from './mutants.ts';

const root = join(import.meta.dirname, '../..');
const fuzzCount = '2000';
/** Endless loops are faults too: a mutant may take so many times what the checker takes. */
const patience = 5;
const cleanLimitMs = 300_000;

/** What must not outlive this process. */
const groups = new Set<number>();
const folders = new Set<string>();

function cleanUp(): void {
  for (const pid of groups) process.kill(-pid, 'SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

interface Finished {
  /** null: it took too long. */
  readonly code: number | null;
  readonly output: string;
}

interface Fate {
  readonly mutant: Mutant;
  /** What killed it; null for nothing. */
  readonly killer: string | null;
  readonly seconds: number;
}

/** The folders that the tests of the checker need, in a place of their own. */
function copySources(from: string): string {
  const copy = mkdtempSync(join(tmpdir(), 'rafture-mutants-'));
  for (const name of ['checker', 'harness/fuzz', 'package.json', 'tsconfig.json']) {
    cpSync(join(from, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'dir');
  folders.add(copy);
  return copy;
}

function run(folder: string, limitMs: number, args: readonly string[]): Promise<Finished> {
  const { promise, resolve } = Promise.withResolvers<Finished>();
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' };
  const child = spawn(process.execPath, args, { cwd: folder, env, detached: true });
  const { pid } = child;
  if (pid !== undefined) groups.add(pid);
  let output = '';
  let isLate = false;
  const take = (chunk: unknown): void => {
    output += String(chunk);
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const timer = setTimeout(() => {
    isLate = true;
    // The group: vitest has workers of its own, and one of them is in an endless loop.
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  }, limitMs);
  child.on('close', (code) => {
    clearTimeout(timer);
    if (pid !== undefined) groups.delete(pid);
    resolve({ code: isLate ? null : (code ?? 1), output });
  });
  return promise;
}

async function findKiller(folder: string, limitMs: number): Promise<string | null> {
  const vitest = join('node_modules', 'vitest', 'vitest.mjs');
  // Most faults show in the first one; then the rest need not start.
  for (const tests of ['checker/agreement.test.ts', 'checker']) {
    const tested = await run(folder, limitMs, [vitest, 'run', tests, '--bail', '1']);
    if (tested.code === null) return 'time: the tests did not end';
    if (tested.code !== 0) return `test: ${failedTest(tested.output)}`;
  }
  const fuzz = join('harness', 'fuzz', 'checker.ts');
  const args = ['--only', 'random', '--count', fuzzCount, '--jobs', '1'];
  const fuzzed = await run(folder, limitMs, [fuzz, ...args]);
  if (fuzzed.code === null) return 'time: the fuzz did not end';
  return fuzzed.code === 0 ? null : `fuzz: ${fuzzed.output.match(/again: (.*)/)?.[1] ?? 'failed'}`;
}

function failedTest(output: string): string {
  const match = /FAIL\s+(\S+)(?: > (.*))?/.exec(output);
  if (match === null) return output.trim().split('\n').at(-1) ?? 'failed';
  return `${match[1]}: ${match[2] ?? 'does not load'}`;
}

async function tryMutant(folder: string, limitMs: number, mutant: Mutant): Promise<Fate> {
  const path = join(folder, mutant.file);
  const text = readFileSync(path, 'utf8');
  const startMs = performance.now();
  try {
    writeFileSync(path, plantMutant(mutant, text));
    const killer = await findKiller(folder, limitMs);
    return { mutant, killer, seconds: (performance.now() - startMs) / 1000 };
  } finally {
    writeFileSync(path, text);
  }
}

function describe({ mutant, killer, seconds }: Fate): string {
  const words = killer ?? (mutant.equivalent ? `equivalent: ${mutant.equivalent}` : 'SURVIVED');
  return `${mutant.name}\n    ${words} (${seconds.toFixed(0)} s)`;
}

/** Whether the fate is not what the table of mutants says. */
function isWrong({ mutant, killer }: Fate): boolean {
  return (killer === null) !== (mutant.equivalent !== undefined);
}

/** What the workers share. */
interface Plan {
  readonly clean: string;
  readonly limitMs: number;
  readonly waiting: Mutant[];
  readonly fates: Fate[];
}

async function work({ clean, limitMs, waiting, fates }: Plan): Promise<void> {
  const folder = copySources(clean);
  for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
    const fate = await tryMutant(folder, limitMs, mutant);
    fates.push(fate);
    console.log(describe(fate));
  }
}

async function main(): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { only: text, jobs: text } });
  const wanted = mutants.filter(({ name }) => name.includes(values.only ?? ''));
  if (wanted.length === 0) {
    console.error(`no mutant has "${values.only}" in its name`);
    return 254;
  }
  // All copies are of this one, so that work on the sources goes on meanwhile.
  const clean = copySources(root);
  return await tryAll(clean, wanted, Number(values.jobs ?? Math.min(2, availableParallelism())));
}

async function tryAll(clean: string, wanted: readonly Mutant[], jobs: number): Promise<number> {
  // All must fit before the first one runs.
  for (const mutant of wanted) plantMutant(mutant, readFileSync(join(clean, mutant.file), 'utf8'));
  const startMs = performance.now();
  const killer = await findKiller(clean, cleanLimitMs);
  if (killer !== null) {
    console.error(`the tests fail without any fault: ${killer}`);
    return 255;
  }
  const limitMs = patience * (performance.now() - startMs);
  const fates: Fate[] = [];
  const plan = { clean, limitMs, waiting: [...wanted], fates };
  await Promise.all(Array.from({ length: jobs }, () => work(plan)));
  const wrong = fates.filter(isWrong);
  const killed = fates.filter((fate) => fate.killer !== null).length;
  console.log(`\n${killed} of ${fates.length} killed, ${wrong.length} not as the table says`);
  for (const fate of wrong) console.log(describe(fate));
  return wrong.length === 0 ? 0 : 1;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
process.on('exit', cleanUp);
process.exitCode = await main();
