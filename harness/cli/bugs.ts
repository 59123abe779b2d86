/**
 * `rafture bugs`: the harness against its planted bugs, by its own command line; a scorecard of
 * what it found, by whom and how soon, and of what it reported where there is nothing.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandModule } from 'yargs';
import type { Bug, BugFamily } from '../bugs/bug.ts';
import { hunt, shrinkFound } from '../bugs/hunt.ts';
import { bugFamilies, noOpMutants } from '../bugs/index.ts';
import { type PartPlan, readParts, ScoreLedger, ScoreLedgerError } from '../bugs/score-ledger.ts';
import {
  describeScore,
  rowOf,
  type ScoreCluster,
  type ScorePart,
  type ScoreRow,
  type ScoreSubject,
  scoreClusters,
  scoreOf,
  tableOf,
} from '../bugs/scorecard.ts';
import { renderScorecard } from '../bugs/scorecard-page.ts';
import { hintOf } from '../nearest-name.ts';
import { exitCodes } from './exit-codes.ts';
import { oneOf, positiveInteger, refusal, SettingsError, type Typed } from './flag-values.ts';
import { Interruption } from './interruption.ts';
import { fingerprintSeries } from './sim-code.ts';
import { sourceCommit } from './source-commit.ts';

interface BugsFlags {
  readonly only: string | undefined;
  readonly cluster: string;
  readonly seeds: Typed | undefined;
  readonly findings: Typed | undefined;
  readonly cleanSeeds: Typed;
  readonly harmlessSeeds: Typed;
  readonly seed: Typed;
  readonly patience: Typed;
  readonly jobs: Typed;
  readonly results: string;
  readonly resume: boolean;
  readonly shard: string;
  readonly merge: string | undefined;
  readonly unknownOk: Typed;
  readonly shrink: Typed;
}

/** Seeds of a server without a bug that are one part of the work. */
const calmPartSeeds = 1000;
const calmSeedsApart = 1_000_000;

const options = {
  only: {
    type: 'string',
    describe: 'Bugs, families or rows of the catalogue, such as stale-read,votes,B24',
  },
  cluster: { type: 'string', default: 'sim', describe: scoreClusters.join(', ') },
  seeds: {
    defaultDescription: '2000; 40 where the nodes are real',
    describe: 'A bug that so many seeds do not show is not found',
  },
  findings: {
    defaultDescription: '5; 1 where the nodes are real',
    describe: 'Seeds that have shown it, after which it is enough',
  },
  'clean-seeds': { default: 0, describe: 'Seeds of the server as it is; none of them is to alarm' },
  'harmless-seeds': { default: 0, describe: 'Seeds of each edit that changes nothing' },
  seed: { default: 1, describe: 'The first of them' },
  'unknown-ok': {
    default: 0,
    describe: 'Share of the seeds of servers without a bug that may test too little',
  },
  shrink: {
    default: 0,
    describe: 'Runs to look for the smallest one that shows it, for each bug; 0: none',
  },
  patience: { default: 600, describe: 'Seconds for a bug, where the nodes are real' },
  jobs: { default: 2, describe: 'Processes at a time' },
  results: { type: 'string', default: 'results/bugs', describe: 'Folder for the scorecard' },
  resume: { type: 'boolean', default: false, describe: 'Go on with what the folder has' },
  shard: { type: 'string', default: '1/1', describe: 'Do a part of the work, such as 2/4' },
  merge: {
    type: 'string',
    describe: 'Run nothing: one scorecard from these folders, such as a,b',
  },
} as const;

export const bugsCommand: CommandModule<object, BugsFlags> = {
  command: 'bugs',
  describe: 'Look for each planted bug by the command line, and write a scorecard',
  builder: (yargs) =>
    yargs
      .options(options)
      .requiresArg(Object.keys(options).filter((name) => name !== 'resume'))
      .example('$0 bugs', 'Every bug, in the simulation')
      .example('$0 bugs --only reads --cluster process', 'Those of reads, on real processes')
      .example('$0 bugs --clean-seeds 20000 --harmless-seeds 2000 --resume', 'The whole count')
      .epilogue(
        'Exit codes: 0 every bug was found and nothing else; 1 not so; 2 too many seeds without ' +
          'a bug tested too little; 130 interrupted, --resume goes on; 254 bad arguments.\n' +
          'rafture test --bug list tells of each bug.',
      )
      .strict() as never,
  handler: async (flags) => {
    try {
      process.exitCode = flags.merge === undefined ? await lookForAll(flags) : merge(flags);
    } catch (error) {
      if (!(error instanceof SettingsError || error instanceof ScoreLedgerError)) throw error;
      console.error(`rafture: ${error.message}`);
      process.exitCode = exitCodes.badArguments;
    }
  },
};

interface Plan {
  readonly cluster: ScoreCluster;
  readonly subjects: readonly Bug[];
  readonly parts: readonly PartPlan[];
  readonly findings: number;
  readonly patienceS: number;
  readonly jobs: number;
}

/** Throws SettingsError. */
function planOf(flags: BugsFlags): Plan {
  const cluster = oneOf('--cluster', scoreClusters, flags.cluster);
  const isSim = cluster === 'sim';
  const seeds = positiveInteger('--seeds', flags.seeds ?? (isSim ? 2000 : 40));
  const firstSeed = positiveInteger('--seed', flags.seed);
  const subjects = bugsOf(flags.only, cluster);
  const counts = [
    { id: null, seeds: countOf('--clean-seeds', flags.cleanSeeds) },
    ...noOpMutants.map(({ id }) => ({
      id,
      seeds: countOf('--harmless-seeds', flags.harmlessSeeds),
    })),
  ];
  // Seeds of their own: else an edit that changes little would repeat those of the clean server.
  const calm = counts.flatMap(({ id, seeds: all }, position) =>
    calmParts(id, { cluster, firstSeed: firstSeed + position * calmSeedsApart, all }),
  );
  const hunts = subjects.map(({ id }): PartPlan => ({ bug: id, cluster, firstSeed, seeds }));
  return {
    ...{ cluster, subjects, parts: shardOf(flags.shard, [...hunts, ...calm]) },
    findings: positiveInteger('--findings', flags.findings ?? (isSim ? 5 : 1)),
    patienceS: positiveInteger('--patience', flags.patience),
    jobs: positiveInteger('--jobs', flags.jobs),
  };
}

function countOf(flag: string, value: Typed): number {
  return value === 0 ? 0 : positiveInteger(flag, value);
}

function calmParts(
  bug: string | null,
  { cluster, firstSeed, all }: { cluster: ScoreCluster; firstSeed: number; all: number },
): readonly PartPlan[] {
  return Array.from({ length: Math.ceil(all / calmPartSeeds) }, (_, position) => {
    const done = position * calmPartSeeds;
    const seeds = Math.min(calmPartSeeds, all - done);
    return { bug, cluster, firstSeed: firstSeed + done, seeds };
  });
}

/** `2/4`: every fourth part, from the second on. */
function shardOf(text: string, parts: readonly PartPlan[]): readonly PartPlan[] {
  const [index = 0, count = 0] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).slice(1).map(Number);
  if (index < 1 || index > count) throw refusal('--shard', 'a part such as 2/4', text);
  return parts.filter((_, position) => position % count === index - 1);
}

/** What no real cluster can show is left out there, unless it was named. */
function bugsOf(only: string | undefined, cluster: ScoreCluster): readonly Bug[] {
  const all = Object.entries(bugFamilies).flatMap(([family, bugs]) =>
    bugs.map((bug) => ({ bug, names: [bug.id, family, ...bug.rows] })),
  );
  if (only === undefined) {
    const isShown = ({ needs }: Bug): boolean => cluster === 'sim' || needs === 'cluster';
    return all.map(({ bug }) => bug).filter(isShown);
  }
  const words = only.split(',').map((word) => word.trim());
  const known = [...new Set(all.flatMap(({ names }) => names))];
  for (const word of words) {
    if (known.includes(word)) continue;
    const what = 'bugs, families or rows (rafture test --bug list tells of each)';
    throw refusal('--only', what, `${word || 'nothing'}${hintOf(word, known)}`);
  }
  return all
    .filter(({ names }) => words.some((word) => names.includes(word)))
    .map(({ bug }) => bug);
}

/** What runs when a bug is looked for: the harness, the server and the edits. */
function codeOf(id: string | null): string {
  const known = codes.get(id);
  if (known !== undefined) return known;
  const all = [...Object.values(bugFamilies).flat(), ...noOpMutants];
  const bug = all.find((each) => each.id === id) ?? null;
  const code = fingerprintSeries({ bug, choices: {} });
  codes.set(id, code);
  return code;
}

const codes = new Map<string | null, string>();

async function lookForAll(flags: BugsFlags): Promise<number> {
  const plan = planOf(flags);
  const commit = await sourceCommit();
  const ledger = new ScoreLedger(flags.results, { resume: flags.resume, codeOf });
  const stop = new AbortController();
  const interruption = new Interruption(
    () => stop.abort(),
    () => process.exit(exitCodes.interrupted),
  );
  const everything = [...Object.values(bugFamilies).flat(), ...noOpMutants];
  const left = plan.parts.filter((part) => !ledger.has(part));
  console.log(`${left.length} of ${plan.parts.length} parts to do, sources ${commit}`);
  try {
    for (const [position, part] of left.entries()) {
      const bug = everything.find(({ id }) => id === part.bug) ?? null;
      const { findings, patienceS, jobs } = plan;
      const folder = join(flags.results, 'runs');
      const hunted = await hunt(part, bug, {
        folder,
        findings,
        patienceS,
        jobs,
        signal: stop.signal,
      });
      if (hunted === null) {
        console.log(`stopped; ${position} parts were done and are kept: --resume goes on`);
        return exitCodes.interrupted;
      }
      const done: ScorePart = { ...part, ...hunted, commit, code: codeOf(part.bug) };
      ledger.add(done);
      const line = describePart(done);
      console.log(`${position + 1}/${left.length} ${line}`);
    }
    if (!(await shrinkAll(ledger, plan, { flags, signal: stop.signal }))) {
      return exitCodes.interrupted;
    }
  } finally {
    interruption.dispose();
  }
  return conclude(ledger.parts, flags, commit);
}

/** Of each bug that was found in the simulation; false when it was stopped. */
async function shrinkAll(
  ledger: ScoreLedger,
  { subjects }: Plan,
  { flags, signal }: { readonly flags: BugsFlags; readonly signal: AbortSignal },
): Promise<boolean> {
  const runs = countOf('--shrink', flags.shrink);
  const folder = join(flags.results, 'runs');
  for (const part of runs === 0 ? [] : ledger.parts) {
    const bug = subjects.find(({ id }) => id === part.bug);
    const [first] = part.found;
    const isOpen = part.cluster === 'sim' && part.shrunk === null;
    if (bug === undefined || first === undefined || !isOpen) continue;
    const shrunk = await shrinkFound(bug, first.seed, { folder, runs, signal });
    if (signal.aborted) return false;
    ledger.add({ ...part, shrunk });
    console.log(`${bug.id}: ${shrunk === null ? 'no smaller run' : 'shrunk'}`);
  }
  return true;
}

function describePart({ bug, seedsRun, found, wallSeconds, problem, unknown }: ScorePart): string {
  const [first] = found;
  const said =
    problem ??
    (first === undefined ? 'nothing found' : `seed ${first.seed}: ${first.oracles.join()}`);
  const counts = `${found.length} of ${seedsRun} seeds, ${unknown} unknown`;
  return `${bug ?? 'clean'}: ${said} (${counts}, ${wallSeconds.toFixed(1)} s)`;
}

/** Exit code 0 when every bug was found and nothing else. */
function conclude(parts: readonly ScorePart[], flags: BugsFlags, commit: string): number {
  const rows = rowsOf(parts);
  const score = scoreOf(rows);
  const planted = Object.values(bugFamilies).flat();
  const page = renderScorecard({
    ...{ rows, commit, bugs: [...planted, ...noOpMutants] },
    command: `rafture bugs --cluster ${flags.cluster}`,
  });
  writeFileSync(join(flags.results, 'bugs.html'), page);
  const record = { format: 'rafture-bugs', version: 1, commit, score, rows };
  writeFileSync(join(flags.results, 'bugs.json'), `${JSON.stringify(record, null, 2)}\n`);
  console.log(`\n${tableOf(rows)}\n\n${describeScore(score)}; sources ${commit}`);
  console.log(`scorecard  ${join(flags.results, 'bugs.html')}`);
  const absent = absentFrom(rows, flags);
  if (absent.length > 0) console.log(`not in here: ${absent.join(', ')}`);
  const isWhole = absent.length === 0 && rows.every(({ problem }) => problem === null);
  const isGood = isWhole && score.missed.length === 0 && score.alarms === 0;
  if (!isGood) return exitCodes.invalid;
  const share = score.calmUnknown / Math.max(1, score.calmSeeds);
  return share > parseShare(flags.unknownOk) ? exitCodes.unknown : exitCodes.valid;
}

/** Bugs that a whole scorecard tells of, and this one does not; a part of the work has no such. */
function absentFrom(rows: readonly ScoreRow[], { only, shard }: BugsFlags): readonly string[] {
  if (only !== undefined || shard !== '1/1') return [];
  const clusters = [...new Set(rows.map(({ cluster }) => cluster))];
  return clusters.flatMap((cluster) =>
    bugsOf(undefined, cluster)
      .filter(({ id }) => !rows.some((row) => row.id === id && row.cluster === cluster))
      .map(({ id }) => `${id} (${cluster})`),
  );
}

function parseShare(share: Typed): number {
  if (typeof share === 'number' && share >= 0 && share <= 1) return share;
  throw refusal('--unknown-ok', 'a share from 0 to 1, such as 0.01', share);
}

/** In the order of the registry; what is no bug comes last. */
function rowsOf(parts: readonly ScorePart[]): readonly ScoreRow[] {
  const planted = Object.entries(bugFamilies).flatMap(([family, bugs]) =>
    bugs.map((bug): ScoreSubject => ({ bug, family: family as BugFamily })),
  );
  const calm = [null, ...noOpMutants].map((bug): ScoreSubject => ({ bug, family: null }));
  return [...planted, ...calm].flatMap((subject) =>
    scoreClusters.flatMap((cluster) => {
      const id = subject.bug?.id ?? null;
      const own = parts.filter((part) => part.bug === id && part.cluster === cluster);
      return own.length === 0 ? [] : [rowOf(subject, cluster, own)];
    }),
  );
}

/** Of several folders, all of the same sources. */
function merge(flags: BugsFlags): number {
  const folders = (flags.merge ?? '').split(',').map((folder) => folder.trim());
  const parts = folders.flatMap((folder) => readParts(folder));
  const [first] = parts;
  if (first === undefined) throw new SettingsError(`--merge: nothing is in ${folders.join(', ')}`);
  const { commit } = first;
  const other = parts.find((part) => part.code !== codeOf(part.bug));
  if (other !== undefined) {
    throw new SettingsError(`--merge: there are other sources than these: ${other.commit}`);
  }
  const ledger = new ScoreLedger(flags.results, { resume: false, codeOf });
  for (const part of parts) ledger.add(part);
  return conclude(ledger.parts, flags, commit);
}
