/** A run of which only what a test is about is there, for the tests of these checkers. */
import type { CheckedRun } from '../checker.ts';

export function runOf(parts: Partial<CheckedRun>): CheckedRun {
  return {
    workload: { name: 'register', object: 'register', fs: ['read'], model: 'register' },
    size: { keyCount: 1, opsPerKey: 1, unknownPerKey: null, notes: [] },
    nodes: ['n1', 'n2', 'n3'],
    concurrency: 1,
    rate: null,
    timeLimitS: 1,
    opLimit: null,
    ops: [],
    opCount: 0,
    nemesis: [],
    faults: [],
    uninjected: [],
    eachFamilyCounts: true,
    requireAllFaults: false,
    excusedLines: [],
    anyEndExcused: [],
    recovery: null,
    liveness: null,
    brokeOff: null,
    unexpectedExits: [],
    availabilityMin: null,
    samples: [],
    hashes: [],
    logs: [],
    traces: [],
    whyNoTraces: 'no traces',
    referee: null,
    offers: { hashes: false, introspection: false },
    crashPatterns: [],
    ...parts,
  };
}
