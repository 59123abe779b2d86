/** The faults as the report draws them. */
import type { ConductedFault } from '../nemesis/conductor.ts';
import type { FaultInterval } from '../report/run-record.ts';

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
