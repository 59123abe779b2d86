/**
 * What a node might say of itself, for tests of those who ask. Nothing but tests may use it.
 */
import type { NodeInfo } from '../server-node.ts';

export const testNodeInfo: NodeInfo = {
  id: 'n1',
  clusterId: 'test',
  role: 'leader',
  term: 7,
  leaderId: 'n1',
  leaderClientAddress: '127.0.0.1:1',
  votedFor: 'n1',
  commitIndex: 41,
  appliedIndex: 40,
  durableIndex: 42,
  firstLogIndex: 3,
  lastLogIndex: 43,
  lastLogTerm: 7,
  snapshotIndex: 2,
  configuration: {
    index: 5,
    configuration: {
      voters: ['n1', 'n2', 'n3'],
      outgoingVoters: [],
      learners: ['n4'],
      addresses: {},
    },
  },
  followers: [
    { id: 'n2', mode: 'replicate', matchIndex: 41, nextIndex: 44, inflightCount: 2 },
    { id: 'n3', mode: 'snapshot', matchIndex: 0, nextIndex: 1, inflightCount: 0 },
  ],
  transferringTo: null,
  keyCount: 12,
  sessionCount: 1,
  waitingWrites: 4,
  waitingReads: 6,
  serving: true,
  counters: {
    elections: 1,
    leaderChanges: 2,
    writesAccepted: 3,
    entriesApplied: 4,
    readsServed: 5,
    fsyncs: 6,
    bytesWritten: 7,
    messagesSent: 8,
    messagesReceived: 9,
    snapshotsTaken: 10,
    snapshotsInstalled: 11,
    overloads: 12,
  },
};
