/**
 * Made-up runs for tests of the report, the store and the console, from a seed.
 *
 * They have the shape of real ones (latencies that rise under faults, unknowns, a violation), and
 * are drawn and stored, never checked.
 */
import type { Op, Operation } from '../../checker/history.ts';
import type { Witness } from '../../checker/verdict.ts';
import { createRandomStream, type RandomSource } from '../run/random.ts';
import type { FaultInterval, ResultsRecord, RunRecord, TestRecord } from './run-record.ts';
import { statsOf } from './stats.ts';

export interface SampleOptions {
  readonly seed: number;
  readonly verdict?: 'valid' | 'invalid' | 'unknown' | 'fault-free';
  readonly operations?: number;
  /** Put into keys, values, errors and evidence. */
  readonly hostile?: string;
}

const nodes = ['n1', 'n2', 'n3', 'n4', 'n5'];
const clients = 10;

export function sampleRun(options: SampleOptions): RunRecord {
  const random = createRandomStream(options.seed, 'sample');
  const operations = options.operations ?? 600;
  const verdict = options.verdict ?? 'valid';
  const durationNs = operations * 2e7;
  const faults = verdict === 'fault-free' ? [] : sampleFaults(durationNs, options.hostile);
  const ops = sampleOps({ ...options, operations, durationNs, faults, random });
  return {
    test: sampleTest(options, faults),
    results: sampleResults({ verdict, ops, faults, hostile: options.hostile }),
    ops,
    logs: nodes.map((node) => ({ node, path: `${node}/server.log`, bytes: 48_213 })),
  };
}

function sampleTest(options: SampleOptions, faults: readonly FaultInterval[]): TestRecord {
  return {
    name: 'reference-register',
    system: 'reference',
    workload: 'register',
    workloadFacts: {
      complexity: 'near-linear: every written value is unique',
      finds: ['stale reads', 'lost writes'],
      cannotFind: ['what only a compare-and-set would show', options.hostile ?? 'nothing else'],
    },
    cluster: {
      kind: 'docker',
      description: 'containers on engine 27.1 by testcontainers, images from the host',
      reason: 'an engine answers, images can be built, the fault agent works',
    },
    nodes,
    concurrency: clients,
    rate: 50,
    timeLimitS: 60,
    keys: 5,
    opsPerKey: 120,
    sizeNotes: ['120 operations per key: a longer history of one key is slow to check'],
    seed: options.seed,
    nemesis: [...new Set(faults.map((fault) => fault.f))],
    nemesisEvery: faults.length === 0 ? null : 300,
    bug: options.verdict === 'invalid' ? 'stale-read' : null,
    versions: { rafture: '0.1.0', node: '24.21.0', docker: '27.1.1' },
    options: { 'deadline-ms': 5000, images: 'auto', note: options.hostile ?? 'none' },
    repeat: `npx rafture test --workload register --nemesis partition,kill --seed ${options.seed}`,
    startedAt: '2026-11-21T08:45:12.123Z',
  };
}

function sampleFaults(durationNs: number, hostile: string | undefined): FaultInterval[] {
  const plans = [
    ['partition', 'halves: n1 n2 | n3 n4 n5', 0.1, 0.22],
    ['kill', 'leader n3', 0.3, 0.36],
    ['partition', 'leader n4 alone', 0.45, 0.6],
    ['kill', `minority n1 n5 ${hostile ?? ''}`.trim(), 0.55, 0.68],
    ['partition', 'majorities-ring', 0.8, 0.92],
  ] as const;
  return plans.map(([f, description, from, to], index) => ({
    f,
    description,
    nodes: nodes.filter((node) => description.includes(node)),
    ...{ variant: description.split(' ')[0]?.replace(':', '') ?? '', trigger: 'progress' },
    tookEffect: index !== 4,
    outcome: index === 4 ? ('failed' as const) : ('injected' as const),
    reason: index === 4 ? (hostile ?? 'nothing ran into it') : null,
    met: { operations: 40 * index + 3, leaderChanges: index % 2 },
    begin: {
      index: Math.floor(from * 1000),
      timeNs: from * durationNs,
      evidence: { asked: description, readBack: ['n1 -> n3', 'n3 -> n1'], leader: 'n3' },
    },
    end: {
      index: Math.floor(to * 1000),
      timeNs: to * durationNs,
      evidence: { dropped: 120 * index + 17, leaderAfter: 'n4', log: hostile ?? 'healed' },
    },
  }));
}

interface OpsPlan extends SampleOptions {
  readonly operations: number;
  readonly durationNs: number;
  readonly faults: readonly FaultInterval[];
  readonly random: RandomSource;
}

/** Events are made out of order and sorted, so that the clients overlap as real ones do. */
function sampleOps({ operations, durationNs, faults, random, hostile }: OpsPlan): Op[] {
  const drafts: Omit<Op, 'index'>[] = [];
  const freeAt = Array.from({ length: clients }, () => 0);
  const processes = freeAt.map((_, thread) => thread);
  for (let count = 0; count < operations; count++) {
    const thread = Math.floor(random() * clients);
    const begin = Math.max(freeAt[thread] ?? 0, (durationNs * 0.98 * count) / operations);
    const disturbed = faults.some(
      (fault) =>
        fault.tookEffect && fault.begin.timeNs <= begin && begin <= (fault.end?.timeNs ?? begin),
    );
    const latency = 4e5 * Math.exp(random() * 2.5) * (disturbed && random() < 0.4 ? 40 : 1);
    const type = disturbed && random() < 0.12 ? 'info' : random() < 0.04 ? 'fail' : 'ok';
    const write = random() < 0.5;
    const process = processes[thread] ?? 0;
    const base = {
      process,
      node: nodes[thread % nodes.length] ?? 'n1',
      f: write ? 'write' : 'read',
      key: hostile ?? `k${Math.floor(random() * 5)}`,
    };
    const value = write ? (hostile ?? count) : null;
    drafts.push({ ...base, timeNs: begin, type: 'invoke', value });
    const code = type === 'info' ? 'timeout' : 'not-leader';
    const error =
      type === 'ok' ? {} : { error: { code, message: hostile ?? 'n3 has not answered' } };
    drafts.push({ ...base, timeNs: begin + latency, type, value: write ? value : count, ...error });
    freeAt[thread] = begin + latency + 1;
    if (type === 'info') processes[thread] = process + clients;
  }
  return drafts.sort((a, b) => a.timeNs - b.timeNs).map((op, index) => ({ index, ...op }));
}

interface ResultsPlan {
  readonly verdict: NonNullable<SampleOptions['verdict']>;
  readonly ops: readonly Op[];
  readonly faults: readonly FaultInterval[];
  readonly hostile: string | undefined;
}

function sampleResults({ verdict, ops, faults, hostile }: ResultsPlan): ResultsRecord {
  const stats = statsOf(ops);
  const operations = stats.ok + stats.info;
  const witness = sampleWitness(hostile);
  const valid = verdict === 'invalid' ? false : verdict === 'unknown' ? 'unknown' : true;
  const effective = faults.filter((fault) => fault.tookEffect).length;
  return {
    valid,
    checkers: [
      {
        name: 'linearizable',
        valid,
        summary: {
          valid: `5 keys, ${operations} operations: all linearizable`,
          'fault-free': `5 keys, ${operations} operations: all linearizable`,
          invalid: witness.sentence,
          unknown: 'key k3 was not decided within 60 s; give it more time with --time-limit',
        }[verdict],
        details: { algorithm: 'unique values', milliseconds: 41 },
        blind: [
          'operations of unknown outcome: each may have happened, or not',
          hostile ?? 'reads',
        ],
      },
      {
        name: 'faults',
        valid: true,
        summary: `${effective} of ${faults.length} faults took effect`,
        details: {},
        blind: faults.length === 0 ? ['behaviour under faults'] : [],
      },
    ],
    removedCheckers: [{ name: 'convergence', why: hostile ?? 'the system tells nobody its state' }],
    linearizability: {
      valid: { valid: true, operations } as const,
      'fault-free': { valid: true, operations } as const,
      invalid: { valid: false, operations, witness, keys: [witness.key] } as const,
      unknown: {
        valid: 'unknown',
        operations,
        reason: 'time',
        key: 'k3',
        keys: ['k3'],
        position: 812,
        message: 'The check of key k3 was stopped after 60 s.',
      } as const,
    }[verdict],
    stats,
    faults,
    uninjected:
      faults.length === 0
        ? []
        : [
            {
              ...{ family: 'power', variant: 'all', outcome: 'skipped' },
              reason: hostile ?? 'two nodes are down',
            },
            {
              ...{ family: 'crash-point', variant: null, outcome: 'not-reached' },
              reason: 'its turn did not come',
            },
          ],
    leaders: [
      { timeNs: 0, leader: 'n3', term: 2 },
      { timeNs: stats.durationNs * 0.31, leader: null, term: 2 },
      { timeNs: stats.durationNs * 0.34, leader: 'n4', term: 4 },
      { timeNs: stats.durationNs * 0.48, leader: 'n2', term: 5 },
    ],
  };
}

/** A stale read, with a concurrent write that nobody knows the end of. */
function sampleWitness(hostile: string | undefined): Witness {
  const key = hostile ?? '7';
  const row = (id: number, process: number, rest: Partial<Operation>): Operation => ({
    id,
    process,
    node: nodes[process % nodes.length] ?? 'n1',
    f: 'read',
    key,
    value: null,
    output: undefined,
    call: id,
    return: null,
    ...rest,
  });
  return {
    key,
    kind: 'stale-read',
    sentence:
      `Read 812 of key ${key} by process 4 on n5 returned 40, but write 790 of 41 had completed ` +
      '9 operations before that read began, and nothing wrote 40 again.',
    operations: [
      row(770, 3, { f: 'write', value: hostile ?? 40, return: 775 }),
      row(781, 12, { f: 'write', value: 43 }),
      row(790, 2, { f: 'write', value: 41, return: 799 }),
      row(793, 6, { output: 41, return: 803 }),
      row(805, 6, { f: 'cas', value: [41, 44], output: { swapped: false, seen: 43 }, return: 830 }),
      row(812, 4, { output: hostile ?? 40, return: 822 }),
    ],
    longestOrder: [770, 790, 793, 781, 805],
    states: ['null', hostile ?? '40', '41', '41', '43', '43'],
    remaining: [{ id: 812, why: `returned ${hostile ?? 40}, but the value is 43` }],
    openEnded: [790],
    confirmedBy: 'brute-force',
  };
}
