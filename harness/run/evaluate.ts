/**
 * What a run is worth beside its linearizability: did it test anything, did the faults happen, did
 * the cluster come back.
 *
 * None of these can make a run invalid; each can keep it from being called valid.
 */
import type { Op } from '../../checker/history.ts';
import type { CheckerResult } from '../checker.ts';
import type { ConductedFault } from '../nemesis/conductor.ts';
import type { FaultFamily } from '../nemesis/schedule.ts';
import type { FaultInterval } from '../report/run-record.ts';
import { recoveryKey } from './recovery.ts';
import type { TestOutcome } from './run-test.ts';

/** Below this share of successes while nothing is broken, a run has tested too little. */
const healthyShareMin = 0.2;

/** What was asked of the run. */
export interface Asked {
  /** The workload's kinds of operations. */
  readonly fs: readonly string[];
  readonly nemesis: readonly FaultFamily[];
}

/** The results of the checkers that look at the run itself. */
export function evaluateRun(
  ops: readonly Op[],
  outcome: TestOutcome,
  { fs, nemesis: asked }: Asked,
): readonly CheckerResult[] {
  return [
    checkActivity(ops, fs),
    checkHealth(ops, outcome.faults),
    checkFaults(outcome, asked),
    checkRecovery(outcome),
    checkNodes(outcome),
  ];
}

/** Each kind must have succeeded once: reads of a store that takes no write show nothing. */
function checkActivity(ops: readonly Op[], fs: readonly string[]): CheckerResult {
  const succeeded = new Set(
    ops.filter((op) => op.type === 'ok' && op.key !== recoveryKey).map((op) => op.f),
  );
  const missing = fs.filter((f) => !succeeded.has(f));
  return {
    name: 'activity',
    valid: missing.length === 0 ? true : 'unknown',
    summary:
      missing.length === 0
        ? `each of ${fs.join(', ')} has succeeded`
        : `no ${missing.join(' and no ')} has succeeded: the run tested little`,
    details: { fs, missing },
  };
}

/**
 * The share of operations that succeeded while the cluster was healthy: no fault in force, and an
 * operation has succeeded since the last healing.
 */
export function checkHealth(
  ops: readonly Op[],
  faults: readonly Pick<ConductedFault, 'begin' | 'end'>[],
): CheckerResult {
  const open = new Map<number, number>();
  let healthy = 0;
  let ok = 0;
  /** Healed, and not yet seen to answer, since this index; null once it has. */
  let recoveringSince: number | null = null;
  for (const op of ops) {
    if (op.process === 'nemesis') {
      recoveringSince = op.index;
      continue;
    }
    if (op.type === 'invoke') {
      open.set(op.process, op.index);
      continue;
    }
    const invoked = open.get(op.process) ?? op.index;
    if (faults.some((fault) => overlaps(fault, invoked, op.index))) continue;
    if (recoveringSince !== null && op.type === 'ok') recoveringSince = null;
    if (recoveringSince !== null) continue;
    healthy++;
    if (op.type === 'ok') ok++;
  }
  const share = healthy === 0 ? 0 : ok / healthy;
  const percent = `${(share * 100).toFixed(0)} %`;
  return {
    name: 'availability',
    valid: share >= healthyShareMin ? true : 'unknown',
    summary:
      share >= healthyShareMin
        ? `${percent} of ${healthy} operations succeeded while the cluster was healthy`
        : `only ${percent} of ${healthy} operations succeeded while the cluster was healthy:` +
          ' the run tested little',
    details: { healthyOperations: healthy, healthySuccesses: ok, shareMin: healthyShareMin },
  };
}

function overlaps(
  fault: Pick<ConductedFault, 'begin' | 'end'>,
  first: number,
  last: number,
): boolean {
  const end = fault.end?.index ?? Number.POSITIVE_INFINITY;
  return fault.begin.index <= last && end >= first;
}

/** Each family that was asked for must have had an effect that was read back. */
function checkFaults(outcome: TestOutcome, asked: readonly FaultFamily[]): CheckerResult {
  const name = 'faults';
  const effective = outcome.faults.filter((fault) => fault.tookEffect);
  const details = {
    asked,
    begun: outcome.faults.length,
    tookEffect: effective.length,
    notReached: outcome.notReached,
  };
  if (asked.length === 0) {
    return { name, valid: true, summary: 'no faults: --nemesis none was asked for', details };
  }
  const vacuous = asked.filter((family) => !effective.some((fault) => fault.family === family));
  if (vacuous.length > 0) {
    const why = vacuous.map((family) =>
      outcome.notReached.includes(family)
        ? `${family}: its trigger was not reached`
        : `${family}: none that was begun took effect`,
    );
    return {
      name,
      valid: 'unknown',
      summary: `vacuous: faults were asked for and did not happen (${why.join('; ')})`,
      details,
    };
  }
  const counts = asked.map(
    (family) => `${effective.filter((fault) => fault.family === family).length} ${family}`,
  );
  const idle = outcome.faults.length - effective.length;
  const rest = idle === 0 ? '' : `, ${idle} without effect`;
  return { name, valid: true, summary: `took effect: ${counts.join(', ')}${rest}`, details };
}

function checkRecovery({ recovery }: TestOutcome): CheckerResult {
  return {
    name: 'recovery',
    valid: recovery.problem === null ? true : 'unknown',
    summary:
      recovery.problem ??
      `after the last healing a write was applied on every node and ${recovery.keysRead} keys read`,
    details: { ...recovery },
  };
}

function checkNodes({ unexpectedExits }: TestOutcome): CheckerResult {
  return {
    name: 'nodes',
    valid: unexpectedExits.length === 0 ? true : 'unknown',
    summary:
      unexpectedExits.length === 0
        ? 'no node ended by itself'
        : unexpectedExits
            .map(({ node, reason }) => `${node} ended by itself: ${reason}`)
            .join('; '),
    details: { unexpectedExits },
  };
}

/** The faults as the report draws them. */
export function describeFaults(faults: readonly ConductedFault[]): readonly FaultInterval[] {
  return faults.map((fault) => ({
    f: fault.family,
    description: fault.description,
    nodes: fault.nodes,
    tookEffect: fault.tookEffect,
    begin: {
      index: fault.begin.index,
      timeNs: fault.begin.timeNs,
      evidence: { trigger: fault.trigger, ...fault.beginEvidence },
    },
    end:
      fault.end === null
        ? null
        : { index: fault.end.index, timeNs: fault.end.timeNs, evidence: fault.endEvidence },
  }));
}
