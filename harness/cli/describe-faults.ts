/** The faults as results.json has them and the report draws them, with what met each of them. */
import type { Op } from '../../checker/history.ts';
import type { ConductedFault } from '../nemesis/conductor.ts';
import type { FaultInterval, FaultMeeting, LeaderSighting } from '../report/run-record.ts';

/** What happened around the faults. */
export interface FaultSurroundings {
  /** The history in its order; walked once. */
  readonly ops: Iterable<Op>;
  /** In the order of their times. */
  readonly leaders: readonly LeaderSighting[];
}

type FaultSpan = Pick<ConductedFault, 'begin' | 'end'>;

export function describeFaults(
  faults: readonly ConductedFault[],
  { ops, leaders }: FaultSurroundings,
): readonly FaultInterval[] {
  const operations = countOverlapping(faults, ops);
  return faults.map((fault, at) => ({
    f: fault.family,
    description: fault.description,
    nodes: fault.nodes,
    variant: fault.variant,
    trigger: fault.trigger,
    tookEffect: fault.tookEffect,
    outcome: fault.outcome,
    reason: fault.reason,
    met: meeting(operations[at] ?? 0, fault, leaders),
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

/**
 * Of each fault, how many operations were under way at some time in it: those invoked before its
 * end, without those that had completed before its begin.
 */
function countOverlapping(faults: readonly FaultSpan[], ops: Iterable<Op>): readonly number[] {
  const edges = faults
    .flatMap(({ begin, end }, at) => [
      { at, index: begin.index, isEnd: false },
      { at, index: end?.index ?? Number.POSITIVE_INFINITY, isEnd: true },
    ])
    .sort((a, b) => a.index - b.index);
  const counts = faults.map(() => 0);
  let [invoked, completed, next] = [0, 0, 0];
  const passEdges = (upTo: number): void => {
    for (let edge = edges[next]; edge !== undefined && edge.index <= upTo; edge = edges[++next]) {
      counts[edge.at] = (counts[edge.at] ?? 0) + (edge.isEnd ? invoked : -completed);
    }
  };
  for (const { index, process, type } of ops) {
    passEdges(index);
    if (process === 'nemesis') continue;
    if (type === 'invoke') invoked++;
    else completed++;
  }
  passEdges(Number.POSITIVE_INFINITY);
  return counts;
}

function meeting(
  operations: number,
  { begin, end }: FaultSpan,
  leaders: readonly LeaderSighting[],
): FaultMeeting {
  const endNs = end?.timeNs ?? Number.POSITIVE_INFINITY;
  let last: string | null = null;
  let leaderChanges = 0;
  for (const { timeNs, leader } of leaders) {
    if (timeNs > endNs) break;
    // That nobody was seen to lead is no leader: whoever comes after may be the same again.
    if (leader === null) continue;
    if (timeNs >= begin.timeNs && last !== null && leader !== last) leaderChanges++;
    last = leader;
  }
  return { operations, leaderChanges };
}
