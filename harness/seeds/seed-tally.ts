/**
 * The seeds of a series, counted and grouped: how many of each outcome, and the failures by their
 * fingerprints, the shortest first.
 *
 * Pure, and the same whatever the order in which the seeds have ended.
 */
import { type Outcome, outcomes, type SeedRecord } from './seed-record.ts';

export type OutcomeCounts = Readonly<Record<Outcome, number>>;

/** Failures of one kind. */
export interface SeedGroup {
  readonly outcome: Outcome;
  /** As `kindOf` says it. */
  readonly fingerprint: string;
  /** The oracle whose word the fingerprint is. */
  readonly oracle: string;
  /** The shortest history first. */
  readonly records: readonly [SeedRecord, ...SeedRecord[]];
}

export interface SeedTotals {
  readonly lines: number;
  readonly faults: number;
  readonly events: number;
  readonly messages: number;
  readonly virtualMs: number;
}

export function countOutcomes(records: Iterable<SeedRecord>): OutcomeCounts {
  const counts = { invalid: 0, crashed: 0, unknown: 0, valid: 0 };
  for (const { outcome } of records) counts[outcome]++;
  return counts;
}

export function countByWorkload(
  records: Iterable<SeedRecord>,
): Readonly<Record<string, OutcomeCounts>> {
  const byWorkload = Map.groupBy(records, ({ workload }) => workload);
  const names = [...byWorkload.keys()].sort();
  return Object.fromEntries(names.map((name) => [name, countOutcomes(byWorkload.get(name) ?? [])]));
}

export function sumOf(records: Iterable<SeedRecord>): SeedTotals {
  const sum = { lines: 0, faults: 0, events: 0, messages: 0, virtualMs: 0 };
  for (const record of records) {
    sum.lines += record.lines;
    sum.faults += record.faults;
    sum.events += record.events;
    sum.messages += record.messages;
    sum.virtualMs += record.virtualMs;
  }
  return sum;
}

/** What is not valid: the worst outcome first, then the kind that has the shortest history. */
export function groupFailures(records: Iterable<SeedRecord>): readonly SeedGroup[] {
  const failed = [...records].filter(({ outcome }) => outcome !== 'valid');
  const groups = Map.groupBy(failed, (record) => `${record.outcome} ${kindOf(record)}`);
  return [...groups.values()]
    .flatMap((group): readonly SeedGroup[] => {
      const [first, ...rest] = group.toSorted(compareLength);
      if (first === undefined) return [];
      const { outcome, findings } = first;
      const oracle = findings[0]?.oracle ?? '';
      return [{ outcome, fingerprint: kindOf(first), oracle, records: [first, ...rest] }];
    })
    .toSorted(
      (one, other) =>
        outcomes.indexOf(one.outcome) - outcomes.indexOf(other.outcome) ||
        compareLength(one.records[0], other.records[0]),
    );
}

/**
 * What two failures have in common. Of one that is unknown the oracle and its first words are
 * enough: what follows are the figures of a run that showed nothing.
 */
export function kindOf({ outcome, fingerprint }: SeedRecord): string {
  const kind = fingerprint ?? '';
  return outcome === 'unknown' ? kind.split(': ').slice(0, 2).join(': ') : kind;
}

/** Those that show what is looked for, in the order of their seeds. */
export function foundOf(records: Iterable<SeedRecord>): readonly SeedRecord[] {
  return [...records]
    .filter(({ oracles }) => oracles.length > 0)
    .toSorted((one, other) => one.seed - other.seed);
}

function compareLength(one: SeedRecord, other: SeedRecord): number {
  return one.lines - other.lines || one.events - other.events || one.seed - other.seed;
}
