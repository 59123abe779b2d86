/**
 * The settings of `rafture sim`, parsed from what yargs collected. Everything that a person may
 * have got wrong is refused here, before the first seed.
 */
import { availableParallelism } from 'node:os';
import type { Bug } from '../bugs/bug.ts';
import { bugs, noOpMutants } from '../bugs/index.ts';
import type { PlanChoices } from '../seeds/sim-plan.ts';
import { parseWorld, type World } from '../simulation/world.ts';
import { positive, positiveInteger, refusal, SettingsError, type Typed } from './flag-values.ts';
import { isPackaged } from './packaged.ts';
import { parseSettings } from './settings.ts';
import { flagsOfPlan } from './sim-run.ts';
import { planOf } from './sim-task.ts';

/** As the flags are named. */
export interface SimFlags {
  readonly seeds: Typed | undefined;
  readonly from: Typed | undefined;
  readonly seed: Typed | undefined;
  readonly jobs: Typed | undefined;
  readonly untilFound: Typed | undefined;
  readonly shard: string | undefined;
  readonly bug: string | undefined;
  readonly workload: string | undefined;
  readonly nodes: Typed | undefined;
  readonly concurrency: Typed | undefined;
  readonly rate: Typed | undefined;
  readonly timeLimit: Typed | undefined;
  readonly ops: Typed | undefined;
  readonly deadlineMs: Typed | undefined;
  readonly nemesis: string | undefined;
  readonly nemesisSchedule: string | undefined;
  readonly nemesisEvery: Typed | undefined;
  readonly nemesisFile: string | undefined;
  readonly world: string | undefined;
  readonly results: string;
  readonly json: string | undefined;
  readonly ledger: string | undefined;
  readonly resume: boolean;
  readonly unknownOk: Typed;
  readonly hangLimit: Typed;
}

export const usualSeeds = 100;

/** What each run of a series has in common. */
export interface SeedSettings {
  readonly choices: PlanChoices;
  readonly bug: Bug | null;
  readonly resultsRoot: string;
}

export interface SeriesSettings extends SeedSettings {
  readonly first: number;
  readonly count: number;
  /** One of so many parts, counted from 1. */
  readonly shard: { readonly part: number; readonly parts: number };
  readonly jobs: number;
  /** Ends when so many seeds have shown what is looked for. */
  readonly untilFound: number | null;
  /** null: in the folder of the results. */
  readonly ledgerPath: string | null;
  readonly resume: boolean;
  readonly jsonPath: string | null;
  /** The share of seeds that may be unknown. */
  readonly unknownOk: number;
  readonly hangLimitS: number;
}

/** A series, or one seed that is repeated with all its results. */
export type SimSettings =
  | { readonly kind: 'series'; readonly series: SeriesSettings }
  | { readonly kind: 'seed'; readonly seed: number; readonly settings: SeedSettings };

/** Rejects with SettingsError. */
export async function parseSimSettings(flags: SimFlags): Promise<SimSettings> {
  const settings: SeedSettings = {
    choices: parseChoices(flags),
    bug: flags.bug === undefined ? null : parseBug(flags.bug),
    resultsRoot: flags.results,
  };
  const seed = flags.seed === undefined ? null : wholeNumber('--seed', flags.seed);
  const series = seed === null ? parseSeries(flags, settings) : null;
  // What cannot be had is told before the first seed, in the words of `rafture test`.
  const plan = planOf(seed ?? series?.first ?? 1, settings.choices);
  await parseSettings({ ...flagsOfPlan(plan), results: flags.results });
  if (series !== null) return { kind: 'series', series };
  refuseBesideSeed(flags);
  return { kind: 'seed', seed: seed ?? 1, settings };
}

function parseSeries(flags: SimFlags, settings: SeedSettings): SeriesSettings {
  const { ledger, resume, json, untilFound } = flags;
  if (resume && ledger === undefined) {
    throw new SettingsError('--resume goes on with a ledger: say which with --ledger FILE');
  }
  const first = wholeNumber('--from', flags.from ?? 1);
  const count = positiveInteger('--seeds', flags.seeds ?? usualSeeds);
  // Beyond it a number plus one is the same number, and a series would never end.
  if (!Number.isSafeInteger(first + count)) {
    throw new SettingsError(`--from and --seeds take seeds up to ${Number.MAX_SAFE_INTEGER}`);
  }
  for (const [flag, path] of Object.entries({ json, ledger })) {
    if (path === '-') throw new SettingsError(`--${flag} takes a file; not -, the standard output`);
  }
  return {
    ...settings,
    ...{ first, count },
    shard: parseShard(flags.shard ?? '1/1'),
    jobs: positiveInteger('--jobs', flags.jobs ?? availableParallelism()),
    untilFound: untilFound === undefined ? null : positiveInteger('--until-found', untilFound),
    ledgerPath: ledger ?? null,
    resume,
    jsonPath: json ?? null,
    unknownOk: parseShare(flags.unknownOk),
    hangLimitS: positive('--hang-limit', flags.hangLimit),
  };
}

/** They are of a series, and a person who gives them means one. */
function refuseBesideSeed(flags: SimFlags): void {
  const { seeds, from, shard, untilFound, jobs, json, ledger } = flags;
  const given = { seeds, from, shard, 'until-found': untilFound, jobs, json, ledger };
  const name = Object.entries(given).find(([, value]) => value !== undefined)?.[0];
  if (name === undefined) return;
  throw new SettingsError(
    `--seed repeats one seed, and --${name} is for many: --from N begins with another one`,
  );
}

function parseChoices(flags: SimFlags): PlanChoices {
  const { nemesisFile, nemesis, nemesisSchedule, nemesisEvery, world } = flags;
  const drawn = nemesis ?? nemesisSchedule ?? nemesisEvery;
  if (nemesisFile !== undefined && drawn !== undefined) {
    throw new SettingsError('--nemesis-file has faults and times of its own: name no others');
  }
  return withoutUndefined({
    workload: flags.workload,
    nodes: whole('--nodes', flags.nodes),
    concurrency: whole('--concurrency', flags.concurrency),
    rate: flags.rate === 0 ? 0 : number('--rate', flags.rate),
    timeLimitS: number('--time-limit', flags.timeLimit),
    ops: whole('--ops', flags.ops),
    deadlineMs: number('--deadline-ms', flags.deadlineMs),
    nemesis,
    nemesisSchedule,
    nemesisEvery: number('--nemesis-every', nemesisEvery),
    nemesisFile,
    world: world === undefined ? undefined : parseWorldFlag(world),
  });
}

function parseWorldFlag(text: string): World {
  try {
    return parseWorld(text);
  } catch (error) {
    throw new SettingsError(`--world: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function parseBug(id: string): Bug {
  if (isPackaged) {
    throw new SettingsError(
      '--bug edits the sources of the server, which this package does not hold: use a checkout ' +
        'of rafture',
    );
  }
  const all = [...bugs, ...noOpMutants];
  const bug = all.find((each) => each.id === id);
  if (bug !== undefined) return bug;
  throw refusal('--bug', all.map((each) => each.id).join(', '), id);
}

function parseShard(text: string): SeriesSettings['shard'] {
  const [part = 0, parts = 0] = (/^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? []).slice(1).map(Number);
  if (part >= 1 && part <= parts) return { part, parts };
  throw refusal('--shard', 'a part of so many, such as 2/4', text);
}

function parseShare(share: Typed): number {
  if (typeof share === 'number' && share >= 0 && share < 1) return share;
  throw refusal('--unknown-ok', 'a share from 0 to below 1, such as 0.05', share);
}

function wholeNumber(flag: string, value: Typed): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw refusal(flag, 'a whole number from 0 up', value);
}

function whole(flag: string, value: Typed | undefined): number | undefined {
  return value === undefined ? undefined : positiveInteger(flag, value);
}

function number(flag: string, value: Typed | undefined): number | undefined {
  return value === undefined ? undefined : positive(flag, value);
}

function withoutUndefined<T extends object>(
  values: {
    readonly [K in keyof T]: T[K] | undefined;
  },
): T {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as T;
}
