/**
 * What a node says of itself, put together from its parts.
 */
import type { StateMachine } from './kv/state-machine.ts';
import type { RaftStatus } from './raft/ready.ts';
import type { NodeCounters, NodeInfo } from './server-node.ts';

/** Those that the driver counts; the others are counted where they happen. */
export type MutableCounters = {
  -readonly [Name in Exclude<
    keyof NodeCounters,
    'fsyncs' | 'bytesWritten' | 'snapshotsTaken'
  >]: number;
};

export function createCounters(): MutableCounters {
  return {
    elections: 0,
    leaderChanges: 0,
    writesAccepted: 0,
    entriesApplied: 0,
    readsServed: 0,
    messagesSent: 0,
    messagesReceived: 0,
    snapshotsInstalled: 0,
    overloads: 0,
  };
}

export interface NodeFacts
  extends Pick<
    NodeInfo,
    'clusterId' | 'leaderClientAddress' | 'waitingWrites' | 'waitingReads' | 'serving' | 'counters'
  > {
  readonly status: RaftStatus;
  readonly stateMachine: StateMachine;
}

export function describeNode({ status, stateMachine, ...facts }: NodeFacts): NodeInfo {
  const { currentTerm: term, ...raft } = status;
  const { appliedIndex, keyCount, sessionCount } = stateMachine;
  return { ...raft, term, appliedIndex, keyCount, sessionCount, ...facts };
}
