/**
 * The scorecard: what came of looking for each planted bug, as rows, and as a table of Markdown.
 *
 * Pure: parts of the work as they were done in, rows out.
 */
import type { Bug, BugFamily, FaultGrain } from './bug.ts';

export const scoreClusters = ['sim', 'process', 'docker'] as const;
export type ScoreCluster = (typeof scoreClusters)[number];

/** A run that has shown the bug, or that has raised an alarm where there is none. */
export interface FoundSeed {
  readonly seed: number;
  /** By their names in the results, the worst first. */
  readonly oracles: readonly string[];
  readonly summary: string;
  readonly repeat: string;
}

/** Seeds that were run with one server, one after the other. */
export interface ScorePart {
  /** Of a bug or a no-op mutant; null: the server as it is. */
  readonly bug: string | null;
  readonly cluster: ScoreCluster;
  readonly firstSeed: number;
  /** How many there were to be, if it was not found before. */
  readonly seeds: number;
  readonly seedsRun: number;
  readonly unknown: number;
  readonly wallSeconds: number;
  /** In the order of the seeds. */
  readonly found: readonly FoundSeed[];
  /** The smallest run that shows it, as a script for `--nemesis-file`; null: nobody looked. */
  readonly shrunk: string | null;
  /** Why it could not be run; null when it was. */
  readonly problem: string | null;
  /** The sources: `git describe`, or the version of the package. */
  readonly commit: string;
  /** A hash of the sources that run: equal for two commits that differ in documents only. */
  readonly code: string;
}

export interface ScoreRow {
  readonly id: string;
  readonly title: string;
  /** null for the clean server and the no-op mutants. */
  readonly family: BugFamily | null;
  readonly rows: readonly string[];
  readonly needs: FaultGrain;
  readonly expected: readonly string[];
  readonly cluster: ScoreCluster;
  /** Whether it was found; of a server without a bug: whether it raised an alarm. */
  readonly isFound: boolean;
  readonly oracles: readonly string[];
  /** Whether one of them was expected to see it. */
  readonly byExpected: boolean;
  readonly foundSeeds: number;
  readonly seedsRun: number;
  readonly unknown: number;
  readonly firstSeed: number | null;
  /** Seeds from one that shows it to the next, the one in the middle; null: never found. */
  readonly medianSeeds: number | null;
  readonly medianSeconds: number | null;
  readonly example: FoundSeed | null;
  readonly shrunk: string | null;
  readonly problem: string | null;
}

/** What a row is about. */
export interface ScoreSubject {
  readonly bug: Bug | null;
  readonly family: BugFamily | null;
}

/** The parts are of one subject and one cluster. */
export function rowOf(
  { bug, family }: ScoreSubject,
  cluster: ScoreCluster,
  parts: readonly ScorePart[],
): ScoreRow {
  const found = foundSeeds(parts);
  const seedsRun = countSeeds(parts);
  const seconds = sum(parts.map((part) => part.wallSeconds));
  const medianSeeds = medianOf(gapsOf(found, parts));
  const [example = null] = found;
  const expected = [...new Set(bug?.expect.map(({ checker }) => checker) ?? [])];
  return {
    id: bug?.id ?? 'clean',
    title: bug?.title ?? 'the server as it is',
    ...{ family, cluster, example, seedsRun, medianSeeds },
    rows: bug?.rows ?? [],
    needs: bug?.needs ?? 'cluster',
    expected,
    isFound: found.length > 0,
    oracles: oraclesOf(found),
    byExpected: found.some(({ oracles }) => oracles.some((name) => expected.includes(name))),
    foundSeeds: found.length,
    unknown: sum(parts.map((part) => part.unknown)),
    firstSeed: example?.seed ?? null,
    medianSeconds: medianSeeds === null ? null : (medianSeeds * seconds) / Math.max(1, seedsRun),
    shrunk: parts.find(({ shrunk }) => shrunk !== null)?.shrunk ?? null,
    problem: parts.find(({ problem }) => problem !== null)?.problem ?? null,
  };
}

/** By their numbers: no seed counts twice, and none that has shown something is dropped. */
function foundSeeds(parts: readonly ScorePart[]): readonly FoundSeed[] {
  const bySeed = new Map(parts.flatMap(({ found }) => found.map((each) => [each.seed, each])));
  return [...bySeed.values()].toSorted((one, other) => one.seed - other.seed);
}

/** How many different seeds were run. */
function countSeeds(parts: readonly ScorePart[]): number {
  let [count, end] = [0, Number.NEGATIVE_INFINITY];
  for (const part of parts.toSorted((one, other) => one.firstSeed - other.firstSeed)) {
    const partEnd = part.firstSeed + part.seedsRun;
    count += Math.max(0, partEnd - Math.max(end, part.firstSeed));
    end = Math.max(end, partEnd);
  }
  return count;
}

/** How many seeds each that was found has taken, counted from the one before. */
function gapsOf(found: readonly FoundSeed[], parts: readonly ScorePart[]): readonly number[] {
  return found.map(({ seed }, position) => {
    const before = found[position - 1]?.seed ?? Number.NEGATIVE_INFINITY;
    const own = parts.filter(({ firstSeed, seedsRun }) => {
      return firstSeed <= seed && seed < firstSeed + seedsRun;
    });
    const first = Math.min(...own.map(({ firstSeed }) => firstSeed));
    return seed - Math.max(before, first - 1);
  });
}

/** By how many seeds they have found it, the most first. */
function oraclesOf(found: readonly FoundSeed[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { oracles } of found) {
    for (const oracle of oracles) counts.set(oracle, (counts.get(oracle) ?? 0) + 1);
  }
  return [...counts].toSorted((one, other) => other[1] - one[1]).map(([oracle]) => oracle);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

/** The upper one of two; null of none. */
function medianOf(numbers: readonly number[]): number | null {
  const sorted = numbers.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}

export interface Score {
  readonly bugs: number;
  readonly found: number;
  /** Of the bugs that were found, those whose first seed was among the first 200. */
  readonly soon: number;
  /** Of them, those that an oracle has found of whom it was expected. */
  readonly byExpected: number;
  /** Seeds of servers without a bug; how many raised an alarm, how many tested too little. */
  readonly calmSeeds: number;
  readonly alarms: number;
  readonly calmUnknown: number;
  /** By name: they were not found, or could not be run. */
  readonly missed: readonly string[];
}

const soonSeeds = 200;

export function scoreOf(rows: readonly ScoreRow[]): Score {
  const planted = rows.filter(({ family }) => family !== null);
  const calm = rows.filter(({ family }) => family === null);
  const found = planted.filter(({ isFound }) => isFound);
  return {
    bugs: planted.length,
    found: found.length,
    soon: found.filter(({ firstSeed }) => (firstSeed ?? soonSeeds + 1) <= soonSeeds).length,
    byExpected: found.filter(({ byExpected }) => byExpected).length,
    calmSeeds: sum(calm.map(({ seedsRun }) => seedsRun)),
    calmUnknown: sum(calm.map(({ unknown }) => unknown)),
    alarms: sum(calm.map(({ foundSeeds }) => foundSeeds)),
    missed: planted.filter(({ isFound }) => !isFound).map(({ id }) => id),
  };
}

/** A sentence for the console and the head of the page. */
export function describeScore(score: Score): string {
  const { bugs, found, soon, byExpected, calmSeeds, alarms, calmUnknown, missed } = score;
  const words = [
    `${found} of ${bugs} planted bugs found, ${soon} of them within ${soonSeeds} seeds, ` +
      `${byExpected} by an oracle of whom it was expected`,
    `${alarms} alarms in ${calmSeeds.toLocaleString('en')} seeds of servers without a bug, ` +
      `${calmUnknown} of which tested too little`,
    ...(missed.length === 0 ? [] : [`not found: ${missed.join(', ')}`]),
  ];
  return words.join('; ');
}

const heads = [
  ...(['bug', 'row', 'found by', 'expected of', 'in seeds'] as const),
  ...(['unknown', 'first', 'median', 'seconds'] as const),
];

/** A table of Markdown, in the order of the rows. */
export function tableOf(rows: readonly ScoreRow[]): string {
  const lines = rows.map((row) => `| ${cellsOf(row).join(' | ')} |`);
  return [`| ${heads.join(' | ')} |`, `|${heads.map(() => '---').join('|')}|`, ...lines].join('\n');
}

function cellsOf(row: ScoreRow): readonly string[] {
  const { id, rows, oracles, foundSeeds, seedsRun, firstSeed, medianSeeds } = row;
  const none = row.family === null ? 'no alarm' : 'not found';
  return [
    `\`${id}\``,
    rows.join(' '),
    row.problem ?? (oracles.length === 0 ? none : oracles.join(', ')),
    row.expected.join(', '),
    `${foundSeeds} of ${seedsRun.toLocaleString('en')}`,
    String(row.unknown),
    firstSeed === null ? '' : String(firstSeed),
    medianSeeds === null ? '' : String(medianSeeds),
    row.medianSeconds === null ? '' : row.medianSeconds.toFixed(1),
  ];
}
