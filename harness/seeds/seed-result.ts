/** What came of one seed, small enough to keep ten thousand of them. */
import type { CheckerResult, Validity } from '../checker.ts';

export interface SeedResult {
  readonly seed: number;
  readonly valid: Validity;
  readonly workload: string;
  /** The oracles that are not content, invalid before unknown. */
  readonly findings: readonly SeedFinding[];
  /** Equal for two failures of one kind; null when the seed is valid. */
  readonly fingerprint: string | null;
  /** Of everything that happened: equal when two runs went the same way. */
  readonly traceHash: string;
  /** Lines of the history. */
  readonly lines: number;
  readonly faults: number;
  readonly events: number;
  readonly messages: number;
  readonly virtualMs: number;
}

export interface SeedFinding {
  readonly oracle: string;
  readonly valid: false | 'unknown';
  readonly summary: string;
}

/** Of results that are not valid, the worst first. */
export function findingsOf(results: readonly CheckerResult[]): readonly SeedFinding[] {
  const findings = results.flatMap(({ name, valid, summary }) =>
    valid === true ? [] : [{ oracle: name, valid, summary }],
  );
  const rank = (valid: SeedFinding['valid']): number => (valid === false ? 0 : 1);
  return findings.toSorted((one, other) => rank(one.valid) - rank(other.valid));
}

/** What stays of the worst finding when numbers, names of nodes and quoted values are left out. */
export function fingerprintOf(findings: readonly SeedFinding[]): string | null {
  const [worst] = findings;
  if (worst === undefined) return null;
  const words = worst.summary
    .replaceAll(/"[^"]*"|'[^']*'/g, '…')
    .replaceAll(/\bn\d+\b/g, 'n')
    .replaceAll(/\d+(?:[.,]\d+)*/g, '#');
  return `${worst.oracle}: ${words.slice(0, 120)}`;
}
