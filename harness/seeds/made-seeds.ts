/** Records of seeds that were never run, for the tests of what counts and keeps them. */
import type { Outcome, SeedRecord } from './seed-record.ts';

export function madeSeed(
  seed: number,
  outcome: Outcome = 'valid',
  rest: Partial<SeedRecord> = {},
): SeedRecord {
  const isValid = outcome === 'valid';
  const valid = outcome === 'invalid' ? false : 'unknown';
  return {
    ...{ seed, outcome, workload: 'register', traceHash: `hash-${seed}` },
    findings: isValid ? [] : [{ oracle: 'linearizable', valid, summary: 'a read went back' }],
    oracles: outcome === 'invalid' ? ['linearizable'] : [],
    fingerprint: isValid ? null : 'linearizable: a read went back',
    ...{ lines: 100 + seed, faults: 2, events: 1000, messages: 300, virtualMs: 5000, ms: 20 },
    repeat: isValid ? '' : `npx rafture sim --seed ${seed}`,
    test: isValid ? '' : `--cluster sim --seed ${seed}`,
    ...rest,
  };
}
