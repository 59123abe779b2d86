/**
 * One shrinking: the seed is run, made smaller while it fails alike, written down as a script, and
 * run once more through `rafture test`, which leaves its folder of results.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Bug, plantBug } from '../bugs/bug.ts';
import { describeMany } from '../report/figures.ts';
import type { SeedResult } from '../seeds/seed-result.ts';
import { type Candidate, shrink } from '../seeds/shrink.ts';
import { renderScript } from '../seeds/shrink-faults.ts';
import { calmWorld, describeShrinking, repeatLine, saidWorld } from '../seeds/shrink-words.ts';
import type { SimPlan } from '../seeds/sim-plan.ts';
import { loadServerCode, ownServerCode } from '../simulation/server-code.ts';
import { exitCodes } from './exit-codes.ts';
import { runOnce } from './run-once.ts';
import { parseSettings } from './settings.ts';
import type { ShrinkConsole } from './shrink-console.ts';
import { CandidateRuns, kindOf, planWithFaults } from './shrink-run.ts';
import { flagsOfPlan } from './sim-run.ts';
import type { UndoStack } from './undo-stack.ts';

export interface ShrinkSession {
  /** The run that is to be smaller. */
  readonly plan: SimPlan;
  readonly bug: Bug | null;
  readonly resultsRoot: string;
  readonly runsMax: number;
  readonly tries: number;
  readonly console: ShrinkConsole;
  readonly undo: UndoStack;
  /** Ends the search with what is known. */
  readonly signal: AbortSignal;
}

const ownRoot = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** The exit code of the smallest run; 0 or 2 when there is no violation to begin with. */
export async function runShrink(session: ShrinkSession): Promise<number> {
  const { plan, bug, undo, console, signal } = session;
  const folder = mkdtempSync(join(tmpdir(), 'rafture-shrink-'));
  undo.push('remove the candidates', () => rmSync(folder, { recursive: true, force: true }));
  const copy = bug === null ? null : await plantBug(bug, ownRoot);
  if (copy !== null) undo.push('remove the sources with the bug', () => copy.remove());
  const server = copy === null ? ownServerCode : await loadServerCode(copy.root);
  // A search that is broken off wants its last verdict all the same.
  const runs = new CandidateRuns({ server, folder, signal: new AbortController().signal });
  const asked: Candidate = { plan, faults: null };
  const { result, faults: _, ...size } = await runs.record(asked);
  const [finding] = result.findings;
  if (finding?.valid !== false) return nothingToShrink(result, console);
  const first: Candidate = { ...asked, plan: { ...plan, ...size } };
  console.begin(`seed ${plan.seed} is invalid: ${finding.summary}`);
  const outcome = await shrink(first, {
    ...{ calm: calmWorld(), runsMax: session.runsMax, tries: session.tries },
    run: (candidate) => runs.failsAlike(candidate, kindOf(finding)),
    faultsOf: async (candidate) => (await runs.record(candidate)).faults,
    isOver: () => signal.aborted,
    onRun: (progress) => console.progress(progress),
  });
  const { best } = outcome;
  const smallest = { candidate: best, result: runs.resultOf(best) ?? result };
  const table = describeShrinking({ candidate: first, result }, smallest);
  const why = signal.aborted ? 'it was interrupted' : `${session.runsMax} runs were used up`;
  const end = outcome.isSmallest ? 'no step makes it smaller' : `${why}: it may become smaller`;
  console.end([`${describeMany(outcome.runs, 'run')}; ${end}`, '', ...table]);
  return writeAndRepeat(session, best, { table, summary: smallest.result.findings[0]?.summary });
}

function nothingToShrink({ seed, valid, findings }: SeedResult, console: ShrinkConsole): number {
  const word = valid === true ? 'valid' : 'unknown';
  const why = findings.map(({ oracle, summary }) => `\n  ${oracle}: ${summary}`).join('');
  console.end([`seed ${seed} is ${word}: there is no violation to shrink${why}`]);
  return valid === true ? exitCodes.valid : exitCodes.unknown;
}

async function writeAndRepeat(
  { resultsRoot, bug, console, plan: asked }: ShrinkSession,
  best: Candidate,
  told: { readonly table: readonly string[]; readonly summary: string | undefined },
): Promise<number> {
  const name = bug === null ? `shrunk-seed-${asked.seed}` : `shrunk-${bug.id}-seed-${asked.seed}`;
  const path = join(resultsRoot, `${name}.yaml`);
  const said = { ...best, plan: { ...best.plan, world: saidWorld(best.plan.world) } };
  const plan = planWithFaults(said, path);
  const line = repeatLine(plan, bug?.id ?? null);
  if (best.faults !== null && best.faults.length > 0) {
    const description = `Shrunk from seed ${asked.seed} by rafture shrink`;
    const header = [line, '', ...(told.summary?.split('\n') ?? []), '', ...told.table];
    const text = renderScript(best.faults, { header, description });
    mkdirSync(resultsRoot, { recursive: true });
    writeFileSync(path, text);
    console.end(['', `${path}:`, '', ...text.trimEnd().split('\n')]);
  }
  console.end(['', line, '']);
  const flags = { ...flagsOfPlan(plan), bug: bug?.id, results: resultsRoot };
  const { exitCode } = await runOnce(await parseSettings(flags));
  return exitCode;
}
