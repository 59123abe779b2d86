/**
 * A series of seeds from the settings to the exit code: workers run them, a ledger keeps them, and
 * at the end they are counted, grouped and told.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { plantBug } from '../bugs/bug.ts';
import { oraclesThatFound } from '../bugs/finders.ts';
import { describePath } from '../console.ts';
import { describeCount } from '../report/figures.ts';
import { SeedLedger } from '../seeds/seed-ledger.ts';
import { SeedPool } from '../seeds/seed-pool.ts';
import { crashRecordOf, recordOf, type SeedLines, type SeedRecord } from '../seeds/seed-record.ts';
import type { SeedResult } from '../seeds/seed-result.ts';
import { countOutcomes } from '../seeds/seed-tally.ts';
import { describeSeries, type SeriesFile } from '../seeds/series-file.ts';
import { renderSeries } from '../seeds/series-page.ts';
import { SeriesPlan } from '../seeds/series-plan.ts';
import type { SimConsole } from '../seeds/sim-console.ts';
import { argsOfPlan } from '../seeds/sim-plan.ts';
import type { SeedAnswer } from '../seeds/worker-words.ts';
import { exitCodes } from './exit-codes.ts';
import { SettingsError } from './flag-values.ts';
import { fingerprintSeries, ownRoot } from './sim-code.ts';
import type { SeriesSettings } from './sim-settings.ts';
import { argsOfChoices, planOf, type SimTask } from './sim-task.ts';
import { judgeSeries } from './sim-verdict.ts';
import { sourceCommit } from './source-commit.ts';
import type { UndoStack } from './undo-stack.ts';
import { readVersions } from './versions.ts';

export interface SeriesOptions {
  readonly settings: SeriesSettings;
  readonly console: SimConsole;
  /** Aborted by a Ctrl-C. */
  readonly signal: AbortSignal;
  readonly undo: UndoStack;
}

/** What is started by its path: JavaScript in a package, TypeScript in a checkout. */
const workerPath = fileURLToPath(new URL('./sim-worker.ts', import.meta.url));
/** Seeds after which a worker is replaced: it begins in a second, and a seed takes a part of it. */
const seedsPerWorker = 1000;
/** So many in a row that have no verdict are no accident: the others would have none either. */
const crashesInRowMax = 10;

/** Resolves to the exit code. Rejects when no worker can be started. */
export async function runSeries(options: SeriesOptions): Promise<number> {
  const { settings, console, undo } = options;
  const startedAt = new Date();
  const folder = makeFolder(settings.resultsRoot, startedAt);
  const commit = await sourceCommit();
  const code = fingerprintSeries(settings);
  const ledgerPath = settings.ledgerPath ?? join(folder, 'seeds.jsonl');
  const args = argsOfChoices(settings.choices);
  const ledger = new SeedLedger(ledgerPath, { args, bug: settings.bug?.id ?? null, code });
  const plan = openPlan(settings, ledger);
  const earlier = plan.records().length;
  console.start({
    headline: describeStart(settings, commit),
    planned: plan.left,
    earlier: countOutcomes(plan.records()),
  });
  if (settings.resume) console.note(describeEarlier(ledgerPath, earlier, ledger.otherCount));
  const copy = settings.bug === null ? null : await plantBug(settings.bug, ownRoot);
  if (copy !== null) undo.push('remove the sources with the bug', () => copy.remove());
  const stop = await runSeeds(options, { ledger, plan, sourceRoot: copy?.root ?? null });
  const file = describeSeries(
    {
      ...{ commit, code, versions: readVersions(), args, bug: settings.bug?.id ?? null },
      ...{ firstSeed: settings.first, seedsWanted: plan.size, jobs: settings.jobs },
      shard: describeShard(settings),
      untilFound: settings.untilFound,
      startedAt: startedAt.toISOString(),
      wallSeconds: (Date.now() - startedAt.getTime()) / 1000,
      earlier,
      interrupted: options.signal.aborted,
      codeChanged: fingerprintSeries(settings) !== code,
      contradictions: ledger.contradictions.map(({ seed }) => seed),
    },
    plan.records(),
  );
  return conclude(options, { file, plan, folder, stop });
}

interface Running {
  readonly ledger: SeedLedger;
  readonly plan: SeriesPlan;
  readonly sourceRoot: string | null;
}

/** Resolves to why it ended before its time; null when it did not. */
async function runSeeds(
  { settings, console, signal }: SeriesOptions,
  { ledger, plan, sourceRoot }: Running,
): Promise<string | null> {
  const givenUp = new AbortController();
  let crashesInRow = 0;
  let stop: string | null = null;
  const onAnswer = (answer: SeedAnswer<SeedResult>): void => {
    const record = describeAnswer(answer, settings);
    ledger.add(record);
    plan.add(record);
    console.onRecord(record);
    crashesInRow = record.outcome === 'crashed' ? crashesInRow + 1 : 0;
    if (crashesInRow < crashesInRowMax) return;
    stop = `${crashesInRow} seeds in a row crashed: the others were left out`;
    givenUp.abort();
  };
  const pool = new SeedPool<SimTask, SeedResult>({
    program: {
      path: workerPath,
      task: { sourceRoot, choices: settings.choices },
      patienceMs: settings.hangLimitS * 1000,
      seedsMax: seedsPerWorker,
    },
    jobs: Math.min(settings.jobs, Math.max(1, plan.left)),
    nextSeed: () => plan.next(),
    isWanted: (seed) => plan.isWanted(seed),
    onAnswer,
    signal: AbortSignal.any([signal, givenUp.signal]),
  });
  await pool.run();
  return stop;
}

/** Throws SettingsError for a ledger that has these seeds, unless it is to go on with them. */
function openPlan(settings: SeriesSettings, ledger: SeedLedger): SeriesPlan {
  const plan = new SeriesPlan(settings);
  for (const record of ledger.records.values()) plan.add(record);
  const count = plan.records().length;
  if (count === 0 || settings.resume) return plan;
  throw new SettingsError(
    `--ledger ${settings.ledgerPath} has ${describeCount(count)} of these seeds already: ` +
      '--resume goes on with them',
  );
}

function describeAnswer(answer: SeedAnswer<SeedResult>, settings: SeriesSettings): SeedRecord {
  const { seed, ms } = answer;
  const { bug, choices } = settings;
  const plan = planOf(seed, choices);
  const planted = bug === null ? [] : ['--bug', bug.id];
  const words = ['--seed', String(seed), ...planted, ...argsOfChoices(choices)];
  const lines: SeedLines = {
    repeat: `npx rafture sim ${words.join(' ')}`,
    test: [...argsOfPlan(plan), ...planted].join(' '),
  };
  if (answer.kind === 'crashed') {
    return crashRecordOf({ seed, workload: plan.workload, reason: answer.reason, ms, lines });
  }
  const { result } = answer;
  const oracles = oraclesThatFound(bug ?? { expect: [] }, result.findings);
  return recordOf(result, { oracles, ms, lines });
}

interface Conclusion {
  readonly file: SeriesFile;
  readonly plan: SeriesPlan;
  readonly folder: string;
  readonly stop: string | null;
}

function conclude(
  { settings, console }: SeriesOptions,
  { file, plan, folder, stop }: Conclusion,
): number {
  if (stop !== null) console.note(stop);
  const { verdict, word, exitCode } = judgeSeries(file, settings.unknownOk);
  writeFiles(folder, settings.jsonPath, file);
  const page = join(folder, 'sim.html');
  writeFileSync(page, renderSeries(file, { verdict, word }));
  const groups = plan.groups();
  const { counts, totals } = file;
  console.finish({ verdict, word, counts, totals, groups, path: describePath(page) });
  if (file.codeChanged) {
    console.note('the code was changed while the seeds ran: they are not of one series');
  }
  return file.interrupted ? exitCodes.interrupted : exitCode;
}

function describeStart(settings: SeriesSettings, commit: string): string {
  const { first, count, bug, jobs, untilFound, choices } = settings;
  const part = describeShard(settings);
  const words = argsOfChoices(choices).join(' ');
  return [
    `rafture sim: ${describeCount(count)} seeds from ${first} on`,
    ...(part === null ? [] : [`part ${part}`]),
    ...(untilFound === null ? [] : [`until ${untilFound} of them have found something`]),
    bug === null ? 'the server as it is' : `planted bug ${bug.id}`,
    ...(words === '' ? [] : [words]),
    `${jobs} at a time, commit ${commit}`,
  ].join(', ');
}

function describeEarlier(path: string, earlier: number, others: number): string {
  const rest = others === 0 ? '' : `; ${describeCount(others)} others are of other code or flags`;
  return `${describePath(resolve(path))} has ${describeCount(earlier)} of these seeds${rest}`;
}

function describeShard({ shard }: SeriesSettings): string | null {
  return shard.parts === 1 ? null : `${shard.part}/${shard.parts}`;
}

/** `sim-<time>`, a new one always. */
function makeFolder(root: string, startedAt: Date): string {
  const time = startedAt.toISOString().replaceAll(/[-:]/g, '');
  for (let attempt = 1; ; attempt++) {
    const folder = resolve(root, attempt === 1 ? `sim-${time}` : `sim-${time}-${attempt}`);
    mkdirSync(dirname(folder), { recursive: true });
    if (mkdirIfNew(folder)) return folder;
  }
}

function mkdirIfNew(folder: string): boolean {
  return mkdirSync(folder, { recursive: true }) !== undefined;
}

function writeFiles(folder: string, jsonPath: string | null, file: SeriesFile): void {
  const text = `${JSON.stringify(file, null, 2)}\n`;
  writeFileSync(join(folder, 'sim.json'), text);
  if (jsonPath === null) return;
  mkdirSync(dirname(resolve(jsonPath)), { recursive: true });
  writeFileSync(jsonPath, text);
}
