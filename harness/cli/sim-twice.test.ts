import { execFile, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { workloads } from '../../workloads/index.ts';
import { argsOfPlan, drawPlan } from '../seeds/sim-plan.ts';
import { type Repeatable, repeat } from './sim-twice.ts';

const folder = mkdtempSync(join(tmpdir(), 'rafture-determinism-'));
const main = fileURLToPath(new URL('../main.ts', import.meta.url));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function inAnotherProcess(seeds: readonly number[]): Promise<readonly Repeatable[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly Repeatable[]>();
  const child = fork(new URL('./sim-twice-worker.ts', import.meta.url), { execArgv: [] });
  child.once('message', (results: Repeatable[]) => resolve(results));
  child.once('exit', (code) => reject(new Error(`it ended with ${code}`)));
  child.send(seeds);
  return promise;
}

/** Resolves to the folder of its results, whatever it found. */
function throughTheCommand(seed: number): Promise<string> {
  const plan = drawPlan(seed, { workloads: workloads.map(({ name }) => name) });
  const results = join(folder, String(seed));
  const args = [main, 'test', ...argsOfPlan(plan), '--results', results];
  return new Promise((resolve) => {
    execFile(process.execPath, args, () => resolve(join(results, 'latest')));
  });
}

const seeds = Array.from({ length: 24 }, (_, at) => at + 1);

test('seeds go the same way in another process and in another order', async () => {
  const elsewhere = inAnotherProcess(seeds.toReversed());
  const here: Repeatable[] = [];
  for (const seed of seeds) here.push(await repeat(seed));
  expect(await elsewhere).toEqual(here.toReversed());
  expect(new Set(here.map(({ traceHash }) => traceHash)).size).toBe(seeds.length);
}, 300_000);

test('a seed leaves nothing behind on the signal that all of them share', async () => {
  const { signal } = new AbortController();
  await repeat(1, signal);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('`rafture test` with the words of a plan is the run of `rafture sim`', async () => {
  for (const seed of [1, 2, 3]) {
    const [latest, run] = await Promise.all([throughTheCommand(seed), repeat(seed)]);
    const results: unknown = JSON.parse(readFileSync(join(latest, 'results.json'), 'utf8'));
    expect(results).toMatchObject({ traceHash: run.traceHash, valid: run.valid });
    const [, ...lines] = readFileSync(join(latest, 'history.jsonl'), 'utf8').split('\n');
    const historyHash = createHash('sha256').update(lines.join('\n')).digest('hex');
    expect(historyHash).toBe(run.historyHash);
  }
}, 300_000);
