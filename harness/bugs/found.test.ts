import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';
import type { CheckerResult } from '../checker.ts';
import type { Bug, Finding } from './bug.ts';
import { bugs } from './index.ts';

const launcher = fileURLToPath(new URL('../rafture.js', import.meta.url));
const results = mkdtempSync(join(tmpdir(), 'rafture-bugs-test-'));
const seedMax = 6;
const timeoutMs = 240_000;

afterAll(() => rmSync(results, { recursive: true, force: true }));

interface Ran {
  readonly code: number | undefined;
  readonly output: string;
  readonly checkers: readonly CheckerResult[];
}

/** The simulation gives the same run for the same seed, so what was found once stays found. */
async function run({ workload, args }: Bug, seed: number, planted: string | null): Promise<Ran> {
  const where = ['--cluster', 'sim', '--time-limit', '10', '--results', results];
  const what = ['--workload', workload, ...args, '--seed', String(seed)];
  const bug = planted === null ? [] : ['--bug', planted];
  const ran = await execa('node', [launcher, 'test', ...where, ...what, ...bug], { reject: false });
  const output = `${ran.stdout}\n${ran.stderr}`;
  const folder = /^results in (.+)$/m.exec(output)?.[1];
  if (folder === undefined) throw new Error(`no results: ${output}`);
  const { checkers } = JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')) as Ran;
  rmSync(folder, { recursive: true, force: true });
  return { code: ran.exitCode, output, checkers };
}

function isFound({ checkers }: Ran, { checker, kinds, says, valid }: Finding): boolean {
  const result = checkers.find(({ name }) => name === checker);
  if (result === undefined || result.valid !== (valid ?? false)) return false;
  if (kinds !== undefined && !kinds.includes(String(result.details['kind']))) return false;
  return says === undefined || says.test(JSON.stringify(result));
}

/** Bugs of one workload with the same arguments have their clean runs in common. */
const cleanRuns = new Map<string, Promise<Ran>>();

function runClean(bug: Bug, seed: number): Promise<Ran> {
  const name = [bug.workload, ...bug.args, seed].join(' ');
  const known = cleanRuns.get(name);
  if (known !== undefined) return known;
  const begun = run(bug, seed, null);
  cleanRuns.set(name, begun);
  return begun;
}

describe.concurrent('the harness', () => {
  for (const bug of bugs) {
    it(
      `finds ${bug.id} by who should find it, and nothing without it`,
      async () => {
        let seed = 1;
        let ran = await run(bug, seed, bug.id);
        while (!bug.expect.every((finding) => isFound(ran, finding)) && seed < seedMax) {
          seed++;
          ran = await run(bug, seed, bug.id);
        }
        for (const finding of bug.expect) {
          expect(isFound(ran, finding), `${JSON.stringify(finding)}\n${ran.output}`).toBe(true);
        }
        expect(ran.code).toBe(bug.expect.every(({ valid }) => valid === 'unknown') ? 2 : 1);
        const clean = await runClean(bug, seed);
        expect(clean.code, clean.output).toBe(0);
      },
      timeoutMs,
    );
  }
});
