/**
 * sim.json: what came of a series of seeds, for programs and for later.
 *
 * Valid seeds are counts in it; each of them stands in the ledger.
 */
import type { SeedRecord } from './seed-record.ts';
import {
  countByWorkload,
  countOutcomes,
  foundOf,
  groupFailures,
  type OutcomeCounts,
  type SeedTotals,
  sumOf,
} from './seed-tally.ts';

/** What is told of a series beside its seeds. */
export interface SeriesFrame {
  readonly commit: string;
  /** Hash of the code that ran. */
  readonly code: string;
  /** Whether it was changed meanwhile: then the seeds are not of one series. */
  readonly codeChanged: boolean;
  readonly versions: Readonly<Record<string, string>>;
  /** The words of the command line that replace what a seed would draw. */
  readonly args: readonly string[];
  readonly bug: string | null;
  readonly firstSeed: number;
  readonly seedsWanted: number;
  /** Such as `2/4`; null: all of them. */
  readonly shard: string | null;
  readonly jobs: number;
  readonly untilFound: number | null;
  readonly startedAt: string;
  /** Seconds of this part; seeds of earlier parts are not in it. */
  readonly wallSeconds: number;
  /** Seeds that stood in the ledger before. */
  readonly earlier: number;
  readonly interrupted: boolean;
  /** Seeds that went two ways, although nothing decides but the seed. */
  readonly contradictions: readonly number[];
}

export interface SeriesFile extends SeriesFrame {
  readonly format: 'rafture-sim';
  readonly version: 1;
  readonly seedsRun: number;
  readonly counts: OutcomeCounts;
  readonly totals: SeedTotals;
  readonly workloads: Readonly<Record<string, OutcomeCounts>>;
  /** In the order of the seeds. */
  readonly found: readonly FoundItem[];
  /** The worst first, the shortest first among these. */
  readonly groups: readonly GroupItem[];
}

type FoundItem = Pick<
  SeedRecord,
  'seed' | 'workload' | 'oracles' | 'fingerprint' | 'lines' | 'faults' | 'repeat' | 'test' | 'ms'
> & { readonly summary: string };

interface GroupItem {
  readonly outcome: SeedRecord['outcome'];
  readonly fingerprint: string;
  readonly oracle: string;
  readonly count: number;
  /** The shortest first. */
  readonly seeds: readonly number[];
  readonly shortest: SeedRecord;
}

const foundMax = 20;
const groupSeedsMax = 10;

export function describeSeries(frame: SeriesFrame, records: readonly SeedRecord[]): SeriesFile {
  return {
    ...{ format: 'rafture-sim', version: 1, ...frame },
    seedsRun: records.length,
    counts: countOutcomes(records),
    totals: sumOf(records),
    workloads: countByWorkload(records),
    found: foundOf(records)
      .slice(0, frame.untilFound ?? foundMax)
      .map(itemOf),
    groups: groupFailures(records).map(({ outcome, fingerprint, oracle, records: group }) => ({
      ...{ outcome, fingerprint, oracle, count: group.length },
      seeds: group.slice(0, groupSeedsMax).map(({ seed }) => seed),
      shortest: group[0],
    })),
  };
}

/** The summary is of the first oracle that found it. */
function itemOf(record: SeedRecord): FoundItem {
  const { seed, workload, oracles, fingerprint, lines, faults, repeat, test, ms } = record;
  const finding = record.findings.find(({ oracle }) => oracle === oracles[0]);
  const summary = finding?.summary ?? '';
  return { seed, workload, oracles, fingerprint, lines, faults, repeat, test, ms, summary };
}
