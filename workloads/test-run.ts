/** A finished run around a history, for tests of the workloads' checkers. */
import type { Op, OpType } from '../checker/history.ts';
import type { CheckedRun } from '../harness/checker.ts';

/** `beganAt` is where the final operations begin; null when the run broke off before them. */
export function runOf(ops: readonly Op[], beganAt: number | null): CheckedRun {
  return {
    workload: { name: 'test', object: 'test', fs: [], model: 'test' },
    size: { keyCount: 1, opsPerKey: 100, unknownPerKey: null, notes: [] },
    nodes: ['n1'],
    concurrency: 2,
    rate: null,
    timeLimitS: 1,
    opLimit: null,
    ops,
    opCount: ops.length,
    nemesis: [],
    faults: [],
    uninjected: [],
    eachFamilyCounts: true,
    requireAllFaults: false,
    excusedLines: [],
    anyEndExcused: [],
    liveness: null,
    recovery: beganAt === null ? null : { problem: null, finalOperations: 1, beganAt },
    brokeOff: beganAt === null ? 'it broke off' : null,
    unexpectedExits: [],
    availabilityMin: null,
    samples: [],
    hashes: [],
    logs: [],
    traces: [],
    whyNoTraces: 'a test',
    referee: null,
    offers: { hashes: false, introspection: false },
    crashPatterns: [],
  };
}

/** An operation: whose, what, with which argument, how it ended, and what it answered. */
export type Line = readonly [
  process: number,
  f: string,
  argument: unknown,
  type: OpType,
  answer?: unknown,
];

/** One operation after the other on key 0; one that ends with `invoke` never ends. */
export function opsOf(lines: readonly Line[], key = '0'): readonly Op[] {
  const ops: Op[] = [];
  for (const [process, f, argument, type, answer = argument] of lines) {
    const op = (index: number): Omit<Op, 'type' | 'value'> => ({
      index,
      timeNs: index,
      process,
      node: 'n1',
      f,
      key,
    });
    ops.push({ ...op(ops.length), type: 'invoke', value: argument });
    if (type !== 'invoke') ops.push({ ...op(ops.length), type, value: answer });
  }
  return ops;
}
