/**
 * Looks for a planted bug by the command line, as a person would: `rafture sim` seed after seed, or
 * `rafture test` on a real cluster. What it printed is not read; its results are.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { z } from 'zod';
import { mergeFlags } from '../matrix/plan.ts';
import { listRuns, readRun } from '../store-reader.ts';
import type { Bug } from './bug.ts';
import { oraclesThatFound } from './finders.ts';
import type { PartPlan } from './score-ledger.ts';
import type { FoundSeed, ScorePart } from './scorecard.ts';

const launcher = fileURLToPath(new URL('../rafture.js', import.meta.url));

export interface HuntOptions {
  /** Where results of runs that found something stay. */
  readonly folder: string;
  readonly jobs: number;
  /** Ends when so many seeds have shown it. */
  readonly findings: number;
  /** Seconds for a part on a real cluster. */
  readonly patienceS: number;
  readonly signal: AbortSignal;
}

type Outcome = Omit<ScorePart, keyof PartPlan | 'commit' | 'code'>;

/** null when it was interrupted: what was under way counts for nothing. */
export async function hunt(
  plan: PartPlan,
  bug: Bug | null,
  options: HuntOptions,
): Promise<Outcome | null> {
  const outcome =
    plan.cluster === 'sim' ? huntInSim(plan, bug, options) : huntReal(plan, bug, options);
  return (await outcome.catch(problemOf)) ?? null;
}

function problemOf(error: unknown): Outcome {
  const problem = error instanceof Error ? error.message : String(error);
  return { seedsRun: 0, unknown: 0, wallSeconds: 0, found: [], shrunk: null, problem };
}

const simSchema = z.object({
  seedsRun: z.number(),
  counts: z.object({ unknown: z.number(), crashed: z.number() }),
  wallSeconds: z.number(),
  found: z.array(
    z.object({
      seed: z.number(),
      oracles: z.array(z.string()),
      summary: z.string(),
      repeat: z.string(),
    }),
  ),
});

async function huntInSim(
  { firstSeed, seeds }: PartPlan,
  bug: Bug | null,
  options: HuntOptions,
): Promise<Outcome | null> {
  const folder = makeFolder(options.folder, bug);
  const file = join(folder, 'sim.json');
  const planted = bug === null ? [] : ['--bug', bug.id, '--until-found', String(options.findings)];
  const ran = await execa(
    process.execPath,
    [
      ...[launcher, 'sim', '--seeds', String(seeds), '--from', String(firstSeed)],
      ...['--jobs', String(options.jobs), '--json', file, '--results', folder, ...planted],
    ],
    { reject: false, stdin: 'ignore', cancelSignal: options.signal },
  );
  try {
    if (options.signal.aborted) return null;
    const told = simSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    const { seedsRun, wallSeconds, found, counts } = told;
    const { unknown, crashed } = counts;
    const problem = crashed === 0 ? null : `${crashed} seeds have no verdict`;
    return { seedsRun, wallSeconds, found, unknown, shrunk: null, problem };
  } catch {
    throw new Error(`rafture sim ended with ${ran.exitCode}: ${lastLine(ran.stderr)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One run after the other: their results say who found what. */
async function huntReal(
  plan: PartPlan,
  bug: Bug | null,
  options: HuntOptions,
): Promise<Outcome | null> {
  const { firstSeed, seeds } = plan;
  const { signal, patienceS, findings } = options;
  const startedAt = performance.now();
  const seconds = (): number => (performance.now() - startedAt) / 1000;
  const found: FoundSeed[] = [];
  let [seedsRun, unknown] = [0, 0];
  while (seedsRun < seeds && found.length < findings && seconds() < patienceS) {
    const seed = firstSeed + seedsRun;
    const ran = await runOnce(plan, { bug, seed, options, limitS: patienceS - seconds() });
    if (signal.aborted) return null;
    seedsRun++;
    if (ran === null) break;
    if (ran.oracles.length > 0) found.push(ran);
    else if (ran.isUnknown) unknown++;
  }
  return { seedsRun, unknown, wallSeconds: seconds(), found, shrunk: null, problem: null };
}

interface RealRun {
  readonly bug: Bug | null;
  readonly seed: number;
  readonly options: HuntOptions;
  readonly limitS: number;
}

/** null when the time was over. */
async function runOnce(
  { cluster }: PartPlan,
  { bug, seed, options, limitS }: RealRun,
): Promise<(FoundSeed & { readonly isUnknown: boolean }) | null> {
  const folder = makeFolder(options.folder, bug);
  const words = [
    ...mergeFlags(['--cluster', cluster, '--time-limit', '10'], argsFor(cluster, bug)),
    ...(bug === null ? [] : ['--workload', bug.workload, '--bug', bug.id]),
    ...['--seed', String(seed)],
  ];
  const args = [launcher, 'test', ...words, '--results', folder];
  const ran = await execa(process.execPath, args, {
    ...{ reject: false, stdin: 'ignore', buffer: { stdout: false } },
    ...{
      timeout: Math.ceil(limitS * 1000),
      forceKillAfterDelay: 60_000,
      cancelSignal: options.signal,
    },
  });
  const [run] = listRuns(folder);
  const results = run === undefined ? null : readRun(run).results;
  if (results === null || options.signal.aborted) {
    rmSync(folder, { recursive: true, force: true });
    if (ran.timedOut || options.signal.aborted) return null;
    throw new Error(`rafture test ended with ${ran.exitCode}: ${lastLine(String(ran.stderr))}`);
  }
  const said = results.checkers.map(({ name, ...others }) => ({ oracle: name, ...others }));
  const oracles = oraclesThatFound(bug ?? { expect: [] }, said);
  const summary = said.find(({ oracle }) => oracle === oracles[0])?.summary ?? '';
  if (oracles.length === 0) rmSync(folder, { recursive: true, force: true });
  const repeat = `npx rafture test ${words.join(' ')}`;
  return { seed, oracles, summary, repeat, isUnknown: results.valid === 'unknown' };
}

/** Real nodes have no world. */
function argsFor(cluster: PartPlan['cluster'], bug: Bug | null): readonly string[] {
  const args = bug?.args ?? [];
  const at = args.indexOf('--world');
  return cluster === 'sim' || at < 0 ? args : args.toSpliced(at, 2);
}

/** The smallest run that shows it, as a script; null when none was made. */
export async function shrinkFound(
  bug: Bug,
  seed: number,
  { folder, runs, signal }: Pick<HuntOptions, 'folder' | 'signal'> & { readonly runs: number },
): Promise<string | null> {
  const root = makeFolder(folder, bug);
  const words = ['--seed', String(seed), '--bug', bug.id, '--runs', String(runs)];
  await execa(process.execPath, [launcher, 'shrink', ...words, '--results', root], {
    ...{ reject: false, stdin: 'ignore', cancelSignal: signal },
  });
  const script = readdirSync(root).find((name) => name.endsWith('.yaml'));
  const text = script === undefined ? null : readFileSync(join(root, script), 'utf8');
  rmSync(root, { recursive: true, force: true });
  return text;
}

function makeFolder(root: string, bug: Bug | null): string {
  mkdirSync(root, { recursive: true });
  return mkdtempSync(join(root, `${bug?.id ?? 'clean'}-`));
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) || 'it said nothing';
}
