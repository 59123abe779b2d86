/**
 * What is kept of one seed: a line of a ledger, an item of sim.json.
 *
 * Beside the outcome it holds what finds the seed again: a fingerprint to group by, the size to
 * sort by, the lines that repeat it.
 */
import { z } from 'zod';
import { fingerprintOf, type SeedFinding, type SeedResult } from './seed-result.ts';

/** `crashed`: there is no verdict, because rafture itself failed in this seed, or hung. */
export const outcomes = ['invalid', 'crashed', 'unknown', 'valid'] as const;

export type Outcome = (typeof outcomes)[number];

export interface SeedRecord {
  readonly seed: number;
  readonly outcome: Outcome;
  readonly workload: string;
  /** Of oracles that are not content, the worst first; empty when the seed is valid. */
  readonly findings: readonly SeedFinding[];
  /** The oracles by which it shows the planted bug, or whatever is invalid when there is none. */
  readonly oracles: readonly string[];
  /** Equal for failures of one kind; null when the seed is valid. */
  readonly fingerprint: string | null;
  /** null when the seed crashed. */
  readonly traceHash: string | null;
  /** Lines of the history. */
  readonly lines: number;
  readonly faults: number;
  readonly events: number;
  readonly messages: number;
  readonly virtualMs: number;
  /** Milliseconds that it took. */
  readonly ms: number;
  /** `npx rafture sim …`, which does it once more and keeps everything; empty when it is valid. */
  readonly repeat: string;
  /** The words of `rafture test` that do the same; empty when it is valid. */
  readonly test: string;
}

export const seedRecordSchema: z.ZodType<SeedRecord> = z.object({
  seed: z.number(),
  outcome: z.enum(outcomes),
  workload: z.string(),
  findings: z.array(
    z.object({
      oracle: z.string(),
      valid: z.union([z.literal(false), z.literal('unknown')]),
      summary: z.string(),
    }),
  ),
  oracles: z.array(z.string()),
  fingerprint: z.string().nullable(),
  traceHash: z.string().nullable(),
  lines: z.number(),
  faults: z.number(),
  events: z.number(),
  messages: z.number(),
  virtualMs: z.number(),
  ms: z.number(),
  repeat: z.string(),
  test: z.string(),
});

/** How a seed is done again. */
export interface SeedLines {
  readonly repeat: string;
  readonly test: string;
}

/** Characters of a summary that are kept. */
const summaryMax = 1000;

export function recordOf(
  result: SeedResult,
  { oracles, ms, lines }: { oracles: readonly string[]; ms: number; lines: SeedLines },
): SeedRecord {
  const { valid, findings, ...rest } = result;
  const outcome = valid === true ? 'valid' : valid === false ? 'invalid' : 'unknown';
  return {
    ...rest,
    outcome,
    findings: findings.map((each) => ({ ...each, summary: each.summary.slice(0, summaryMax) })),
    oracles,
    ms: Math.round(ms),
    ...(valid === true ? { repeat: '', test: '' } : lines),
  };
}

/** Why a seed has no result, and of what. */
export interface SeedCrash {
  readonly seed: number;
  readonly workload: string;
  readonly reason: string;
  readonly ms: number;
  readonly lines: SeedLines;
}

export function crashRecordOf({ seed, workload, reason, ms, lines }: SeedCrash): SeedRecord {
  const summary = reason.slice(0, summaryMax);
  const findings = [{ oracle: 'harness', valid: 'unknown', summary }] as const;
  return {
    ...{ seed, outcome: 'crashed', workload, findings, oracles: [] },
    ...{ fingerprint: fingerprintOf(findings), traceHash: null },
    ...{ lines: 0, faults: 0, events: 0, messages: 0, virtualMs: 0, ms: Math.round(ms) },
    ...lines,
  };
}
