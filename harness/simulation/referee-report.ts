/**
 * What the referee has seen, for the checker of a run, which knows no server.
 */
import type { RefereeReport } from '../checker.ts';
import type { StabilityEvidence } from '../stability-evidence.ts';
import type { Referee } from './referee.ts';

export function reportOf(
  { violations, counts }: Referee,
  stability?: StabilityEvidence,
): RefereeReport {
  const { terms, committed } = counts;
  const events = [...counts.events.values()].reduce((sum, count) => sum + count, 0);
  const report = { violations: [...violations], events, committed, terms };
  return stability === undefined ? report : { ...report, stability };
}
