import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';
import { findersOf } from '../matrix/contents.ts';
import { mergeFlags } from '../matrix/plan.ts';
import type { ResultsRecord } from '../report/run-record.ts';
import { listRuns, readRun } from '../store-reader.ts';
import type { Bug } from './bug.ts';
import { bugs } from './index.ts';

const launcher = fileURLToPath(new URL('../rafture.js', import.meta.url));
const results = mkdtempSync(join(tmpdir(), 'rafture-bugs-test-'));
/** Each bug shows in most runs; a change of the harness may turn the one that it shows in. */
const seedMax = 4;
const timeoutMs = 600_000;

afterAll(() => rmSync(results, { recursive: true, force: true }));

interface Ran {
  readonly code: number | undefined;
  readonly output: string;
  readonly results: ResultsRecord;
}

/** The simulation gives the same run for the same seed, so what was found once stays found. */
async function run(args: readonly string[], seed: number): Promise<Ran> {
  const root = mkdtempSync(join(results, 'run-'));
  const where = ['--cluster', 'sim', '--results', root, '--seed', String(seed)];
  const ran = await execa('node', [launcher, 'test', ...where, ...args], { reject: false });
  const output = `${ran.stdout}\n${ran.stderr}`;
  const [folder] = listRuns(root);
  const judged = folder === undefined ? null : readRun(folder).results;
  if (judged === null) throw new Error(`no results: ${output}`);
  rmSync(root, { recursive: true, force: true });
  return { code: ran.exitCode, output, results: judged };
}

function argsOf({ workload, args }: Bug): readonly string[] {
  return mergeFlags(['--workload', workload, '--time-limit', '5'], args);
}

/** Bugs of one workload with the same arguments have their clean runs in common. */
const cleanRuns = new Map<string, Promise<Ran>>();

function runClean(bug: Bug, seed: number): Promise<Ran> {
  const args = argsOf(bug);
  const name = [...args, seed].join(' ');
  const known = cleanRuns.get(name);
  if (known !== undefined) return known;
  const begun = run(args, seed);
  cleanRuns.set(name, begun);
  return begun;
}

describe.concurrent('the harness', () => {
  for (const bug of bugs) {
    it(
      `finds ${bug.id} by who should find it, and nothing without it`,
      async () => {
        const wanted = [...new Set(bug.expect.map(({ checker }) => checker))];
        const planted = [...argsOf(bug), '--bug', bug.id];
        let seed = 1;
        let ran = await run(planted, seed);
        while (findersOf(bug, ran.results).length < wanted.length && seed < seedMax) {
          seed++;
          ran = await run(planted, seed);
        }
        expect(findersOf(bug, ran.results), ran.output).toEqual(wanted);
        expect(ran.code).toBe(bug.expect.every(({ valid }) => valid === 'unknown') ? 2 : 1);
        const clean = await runClean(bug, seed);
        expect(clean.code, clean.output).toBe(0);
      },
      timeoutMs,
    );
  }
});
