/**
 * test.json, results.json and nemesis.jsonl as they must look when they are read back.
 *
 * What comes from disk is unknown until one of these has narrowed it. Versions that are later than
 * this program are refused by name, before anything else is looked at.
 */
import { z } from 'zod';
import type { Operation } from '../../checker/history.ts';
import type {
  FaultInterval,
  NemesisRecord,
  ResultsRecord,
  StoredVerdict,
  TestRecord,
} from './run-record.ts';
import type { RunStats } from './stats.ts';

/** Names of the formats, as the files state them. */
export const testFormat = 'rafture-test';
export const resultsFormat = 'rafture-results';
export const nemesisFormat = 'rafture-nemesis';
export const formatVersion = 1;

const text = z.string();
const number = z.number();
const evidence = z.record(text, z.unknown());
const validity = z.union([z.boolean(), z.literal('unknown')]);

export const testSchema: z.ZodType<TestRecord> = z.object({
  name: text,
  system: text,
  workload: text,
  // Runs that were recorded before these existed have none of them.
  workloadFacts: z
    .object({ complexity: text, finds: z.array(text), cannotFind: z.array(text) })
    .nullable()
    .default(null),
  cluster: z.object({
    kind: z.enum(['docker', 'process', 'sim']),
    description: text,
    reason: text.nullable(),
  }),
  nodes: z.array(text),
  concurrency: number,
  rate: number.nullable(),
  timeLimitS: number.nullable(),
  keys: number,
  opsPerKey: number.nullable(),
  sizeNotes: z.array(text).default([]),
  seed: z.union([text, number]),
  nemesis: z.array(text),
  nemesisEvery: number.nullable(),
  bug: text.nullable(),
  versions: z.record(text, text),
  options: z.record(text, z.union([text, number, z.boolean()])),
  repeat: text,
  startedAt: text,
});

const operation: z.ZodType<Operation> = z
  .object({
    id: number,
    process: number,
    node: text.optional(),
    f: text,
    key: text.nullable(),
    value: z.unknown(),
    // JSON has no undefined: the output of an open operation is simply not there.
    output: z.unknown().optional(),
    call: number,
    return: number.nullable(),
  })
  .transform(({ node, output, ...rest }) => ({
    ...rest,
    output,
    ...(node === undefined ? {} : { node }),
  }));

const verdict: z.ZodType<StoredVerdict> = z.discriminatedUnion('valid', [
  z.object({ valid: z.literal(true), operations: number }),
  z.object({
    valid: z.literal(false),
    operations: number,
    keys: z.array(text.nullable()),
    witness: z.object({
      key: text.nullable(),
      kind: text,
      sentence: text,
      operations: z.array(operation),
      longestOrder: z.array(number),
      // Results that were written before these existed have none of them.
      states: z.array(text).default([]),
      remaining: z.array(z.object({ id: number, why: text })).default([]),
      openEnded: z.array(number).default([]),
      confirmedBy: z.enum(['brute-force', 'search']).nullable(),
    }),
  }),
  z.object({
    valid: z.literal('unknown'),
    operations: number,
    reason: z.enum(['time', 'memory', 'steps', 'interrupted', 'crashed', 'vacuous']),
    key: text.nullable(),
    keys: z.array(text.nullable()),
    position: number,
    message: text,
  }),
]);

const outcome = z.enum(['ok', 'fail', 'info']);

const stats: z.ZodType<RunStats> = z.object({
  invoked: number,
  ok: number,
  fail: number,
  info: number,
  keys: number,
  durationNs: number,
  okPerSecond: number,
  byF: z.array(z.object({ f: text, ok: number, fail: number, info: number })),
  errors: z.array(z.object({ type: outcome, f: text, code: text, count: number, example: text })),
  latencies: z.array(
    z.object({
      f: text,
      type: outcome,
      count: number,
      p50Ms: number,
      p95Ms: number,
      p99Ms: number,
      maxMs: number,
    }),
  ),
});

const faultEdge = z.object({ index: number, timeNs: number, evidence });

const faultOutcome = z.enum(['injected', 'failed', 'not-reached']);

const fault: z.ZodType<FaultInterval> = z
  .object({
    f: text,
    description: text,
    nodes: z.array(text),
    // Results that were written before these existed have none of them.
    variant: text.default(''),
    trigger: text.default(''),
    tookEffect: z.boolean(),
    outcome: faultOutcome.optional(),
    reason: text.nullable().default(null),
    met: z.object({ operations: number, leaderChanges: number }).nullable().default(null),
    begin: faultEdge,
    end: faultEdge.nullable(),
  })
  .transform(({ outcome, ...rest }) => ({
    ...rest,
    outcome: outcome ?? (rest.tookEffect ? 'injected' : 'failed'),
  }));

const uninjected = z.object({
  family: text,
  variant: text.nullable(),
  outcome: z.enum(['skipped', 'not-reached']),
  reason: text,
});

export const resultsSchema: z.ZodType<ResultsRecord> = z.object({
  valid: validity,
  checkers: z.array(
    z.object({
      name: text,
      valid: validity,
      summary: text,
      details: evidence,
      // Results that were written before these existed have none of them.
      blind: z.array(text).default([]),
    }),
  ),
  removedCheckers: z.array(z.object({ name: text, why: text })).default([]),
  linearizability: verdict.nullable(),
  stats,
  faults: z.array(fault),
  uninjected: z.array(uninjected).default([]),
  leaders: z.array(z.object({ timeNs: number, leader: text.nullable(), term: number })),
  traceHash: text.optional(),
});

export const nemesisSchema: z.ZodType<NemesisRecord> = z.object({
  index: number,
  f: text,
  value: z.unknown(),
  tookEffect: z.boolean(),
  outcome: faultOutcome.optional(),
  reason: text.nullable().optional(),
  evidence,
});
