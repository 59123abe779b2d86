/** What ended a run early, in words. */
import type { Violation } from '../check/follow-run.ts';

export function describeStop({ verdict, entries }: Violation): string {
  const { key, kind, operations } = verdict.witness;
  const last = Math.max(...operations.map((operation) => operation.return ?? operation.call));
  const where = key === null ? '' : ` on key ${key}`;
  const what = `${kind}${where}, complete with entry ${last}`;
  return `the check during the run saw a violation (${what}) at entry ${entries}`;
}
