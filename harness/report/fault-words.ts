/** In words, what became of faults: for the report and the console. */
import type { FaultInterval, ResultsRecord } from './run-record.ts';

export type FaultOutcome = FaultInterval['outcome'] | 'skipped';

/** Faults that were not injected, for the same reason. */
export interface MissedFaults {
  readonly outcome: FaultOutcome;
  /** `power leader`. */
  readonly name: string;
  readonly reason: string;
  readonly count: number;
}

const outcomeWords: Readonly<Record<FaultOutcome, string>> = {
  injected: 'injected',
  failed: 'failed',
  skipped: 'skipped',
  'not-reached': 'not reached',
};

export function describeOutcome(outcome: FaultOutcome): string {
  return outcomeWords[outcome];
}

/** `7 injected, 1 failed, 2 skipped`; empty when nothing was asked for. */
export function countOutcomes({ faults, uninjected }: Faults): string {
  const all: readonly FaultOutcome[] = [...faults, ...uninjected].map(({ outcome }) => outcome);
  return (Object.keys(outcomeWords) as FaultOutcome[])
    .map((outcome) => [outcome, all.filter((each) => each === outcome).length] as const)
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => `${count} ${describeOutcome(outcome)}`)
    .join(', ');
}

type Faults = Pick<ResultsRecord, 'faults' | 'uninjected'>;

/** What was begun and had no effect, and what was never begun; alike ones together. */
export function listMissed({ faults, uninjected }: Faults): readonly MissedFaults[] {
  const missed = [
    ...faults
      .filter(({ outcome }) => outcome !== 'injected')
      .map(({ f, variant, outcome, reason }) => ({ family: f, variant, outcome, reason })),
    ...uninjected,
  ];
  const groups = new Map<string, MissedFaults>();
  for (const { family, variant, outcome, reason: given } of missed) {
    const name = `${family} ${variant ?? ''}`.trim();
    const reason = given ?? 'it had no effect';
    const group = JSON.stringify([outcome, name, reason]);
    const count = (groups.get(group)?.count ?? 0) + 1;
    groups.set(group, { outcome, name, reason, count });
  }
  return [...groups.values()];
}
