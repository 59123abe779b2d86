// Sections 6, 7 and 8 and figure 13 of the paper; raft-paper.test.ts has section 5 and figure 2.
//
// Not in the core, and so not here: how a snapshot is written and when (7), clients' sessions (8).
// Figure 13 ends a file with a flag, here its size and checksum are in each piece.
import { describe, expect, it } from 'vitest';
import { configurationOf } from './configuration.ts';
import type { NodeId } from './entry.ts';
import { InvariantError } from './invariant-error.ts';
import {
  append,
  chunk,
  chunkAnswer,
  configurationEntry,
  electionTicks,
  entryOf,
  logOf,
  matched,
  metaOf,
  sentOf,
  TestServer,
  vote,
} from './test-server.ts';

const atTerm1 = { currentTerm: 1, votedFor: null };
const old = ['n1', 'n2', 'n3'];

/** A leader of n1, n2, n3 with n4 and n5 as learners that have all of the log. */
function leaderWithLearners(learners: readonly NodeId[] = ['n4', 'n5']): TestServer {
  const server = new TestServer();
  server.lead();
  server.everybodyFollows('n2', 'n3');
  server.change(old, learners);
  server.everybodyFollows('n2', 'n3', ...learners);
  return server;
}

function votersOf({ status }: TestServer): readonly [readonly NodeId[], readonly NodeId[]] {
  const { voters, outgoingVoters } = status.configuration.configuration;
  return [voters, outgoingVoters];
}

describe('changes of the members', () => {
  it('[Raft §6] go through a joint configuration, and leave it when it is committed', () => {
    const server = leaderWithLearners();
    server.change(['n1', 'n4', 'n5']);
    expect(votersOf(server)).toEqual([['n1', 'n4', 'n5'], old]);
    server.receive('n4', matched(1, server.status.lastLogIndex));
    server.receive('n2', matched(1, server.status.lastLogIndex));
    expect(votersOf(server)).toEqual([['n1', 'n4', 'n5'], []]);
    const kinds = server.committed.map(({ kind }) => kind);
    expect(kinds).toEqual(['no-op', 'configuration', 'configuration']);
  });

  it('[Raft §6] a joint configuration commits with both majorities, each counted alone', () => {
    const server = leaderWithLearners();
    const before = server.status.commitIndex;
    server.change(['n1', 'n4', 'n5']);
    const last = server.status.lastLogIndex;
    server.receive('n4', matched(1, last));
    server.receive('n5', matched(1, last));
    // Four of the five have it now, if the leader is counted for both; but only one of the old.
    expect(server.status.commitIndex).toBe(before);
    server.receive('n3', matched(1, last));
    expect(server.status.commitIndex).toBe(last);
    const other = leaderWithLearners();
    other.change(['n1', 'n4', 'n5']);
    other.receive('n2', matched(1, last));
    other.receive('n3', matched(1, last));
    expect(other.status.commitIndex).toBe(before);
    other.receive('n4', matched(1, last));
    expect(other.status.commitIndex).toBe(last);
  });

  it('[Raft §6] a candidate with a joint configuration needs both majorities', () => {
    const fields = { voters: ['n1', 'n4', 'n5'], outgoingVoters: old };
    const joint = configurationEntry(1, 1, fields);
    const server = new TestServer({ hardState: atTerm1, entries: [joint] });
    const sent = server.ticks(electionTicks);
    expect(sentOf(sent, 'requestVote')).toHaveLength(4);
    for (const voter of ['n4', 'n5']) server.receive(voter, vote(2, { preVote: true }));
    expect(server.status.role).toBe('preCandidate');
    server.receive('n2', vote(2, { preVote: true }));
    expect(server.status.role).toBe('candidate');
    for (const voter of ['n4', 'n5']) server.receive(voter, vote(2));
    expect(server.status.role).toBe('candidate');
    server.receive('n3', vote(2));
    expect(server.status.role).toBe('leader');
  });

  it('[Raft §6] the newest configuration in the log is in force, committed or not', () => {
    const server = new TestServer();
    const changed = configurationEntry(2, 1, { voters: ['n1', 'n2'], outgoingVoters: old });
    const message = append('n2', 1, { entries: [entryOf(1, 1), changed] });
    const ready = server.step({ type: 'message', from: 'n2', message });
    expect(ready.configurationChanged).toBe(true);
    expect(server.status).toMatchObject({ commitIndex: 0, configuration: { index: 2 } });
    // A new leader does not have it: then the one before is in force again.
    server.receive(
      'n3',
      append('n3', 2, { prevLogIndex: 1, prevLogTerm: 1, entries: [entryOf(2, 2)] }),
    );
    expect(server.status.configuration).toEqual({ index: 0, configuration: configurationOf(old) });
  });

  it('[Raft §6] new servers get the log before they vote', () => {
    const server = new TestServer({ promotionLagMax: 0 });
    server.lead();
    server.everybodyFollows('n2', 'n3');
    server.change(['n1', 'n2', 'n3', 'n4']);
    expect(server.rejections).toEqual(['notCaughtUp']);
    server.change(old, ['n4']);
    server.everybodyFollows('n2', 'n3');
    expect(server.status).toMatchObject({ commitIndex: 2, followers: [{}, {}, { id: 'n4' }] });
    server.change(['n1', 'n2', 'n3', 'n4']);
    expect(server.rejections).toEqual(['notCaughtUp', 'notCaughtUp']);
    server.everybodyFollows('n4');
    server.change(['n1', 'n2', 'n3', 'n4']);
    expect(votersOf(server)).toEqual([['n1', 'n2', 'n3', 'n4'], old]);
  });

  it('[Raft §6] a leader that is not in the new configuration leads until it is committed', () => {
    const server = leaderWithLearners();
    server.change(['n2', 'n4', 'n5']);
    server.everybodyFollows('n2', 'n4');
    expect(server.status).toMatchObject({ role: 'learner', leaderId: null, currentTerm: 1 });
    expect(votersOf(server)).toEqual([['n2', 'n4', 'n5'], []]);
    expect(server.status.commitIndex).toBe(server.status.lastLogIndex);
    server.ticks(5 * electionTicks);
    expect(server.status).toMatchObject({ role: 'learner', currentTerm: 1 });
  });

  it('[Raft §6] a leader does not count itself for a configuration that it is not in', () => {
    const server = leaderWithLearners(['n4']);
    server.change(['n2', 'n4']);
    const joint = server.status.lastLogIndex;
    server.receive('n2', matched(1, joint));
    server.receive('n4', matched(1, joint));
    expect(server.status).toMatchObject({ commitIndex: joint, lastLogIndex: joint + 1 });
    server.receive('n2', matched(1, joint + 1));
    expect(server.status).toMatchObject({ role: 'leader', commitIndex: joint });
    server.receive('n4', matched(1, joint + 1));
    expect(server.status).toMatchObject({ role: 'learner', commitIndex: joint + 1 });
  });

  it('[Raft §6] a leader replicates to those who leave until the change is committed', () => {
    const server = leaderWithLearners();
    server.change(['n1', 'n4', 'n5']);
    server.receive('n4', matched(1, server.status.lastLogIndex));
    server.receive('n2', matched(1, server.status.lastLogIndex));
    expect(server.follower('n2')).toBeDefined();
    server.everybodyFollows('n4', 'n5');
    expect(server.status.followers.map(({ id }) => id)).toEqual(['n4', 'n5']);
  });
});

describe('log compaction', () => {
  it('[Raft §7] a snapshot knows its last entry and the configuration there', () => {
    const server = leaderWithLearners();
    server.change(['n1', 'n4', 'n5']);
    expect(server.rejections).toEqual([]);
    const meta = server.raft.snapshotMetaAt(2);
    expect(meta).toMatchObject({ lastIncludedIndex: 2, lastIncludedTerm: 1 });
    expect(meta.configuration.index).toBe(2);
    expect(meta.configuration.configuration.learners).toEqual(['n4', 'n5']);
    // Not the newest: that one is not committed, and may never be.
    expect(server.status.configuration.index).toBe(3);
    expect(server.raft.snapshotMetaAt(1).configuration.index).toBe(0);
    expect(() => server.raft.snapshotMetaAt(3)).toThrow(InvariantError);
  });

  it('[Raft §7] what a snapshot holds leaves the log, but for a few entries', () => {
    const server = new TestServer({ trailingEntryCount: 2 });
    server.receive('n2', append('n2', 1, { entries: logOf(1, 1, 1, 1, 1), leaderCommit: 4 }));
    server.takeSnapshot(4);
    expect(server.status).toMatchObject({ snapshotIndex: 4, firstLogIndex: 3, lastLogIndex: 5 });
    server.raft.checkDeeply();
    server.receive('n2', append('n2', 1, { prevLogIndex: 5, prevLogTerm: 1, leaderCommit: 5 }));
    expect(server.committed.map(({ index }) => index)).toEqual([1, 2, 3, 4, 5]);
  });

  it('[Raft §7] a follower that needs what is compacted gets the snapshot, piece by piece', () => {
    const server = new TestServer({ trailingEntryCount: 0 });
    server.lead();
    server.propose(1);
    server.everybodyFollows('n3');
    server.takeSnapshot(2);
    server.ticks(2);
    const request = { to: 'n2', term: 1, lastIncludedIndex: 2, replicationId: 1 };
    expect(server.chunkRequests).toEqual([{ ...request, offset: 0 }]);
    expect(server.follower('n2')?.mode).toBe('snapshot');
    server.receive('n2', chunkAnswer(1, 2, { nextOffset: 70 }));
    // A doubled answer asks for nothing twice.
    server.receive('n2', chunkAnswer(1, 2, { nextOffset: 70 }));
    expect(server.chunkRequests.map(({ offset }) => offset)).toEqual([0, 70]);
    server.receive('n2', chunkAnswer(1, 2, { installed: true }));
    expect(server.follower('n2')).toMatchObject({ mode: 'replicate', matchIndex: 2 });
  });

  it('[Raft §7] a restarted server begins with its snapshot and what follows it', () => {
    const snapshot = metaOf(3, 1);
    const base = { index: 2, term: 1 };
    const entries = [entryOf(3, 1), entryOf(4, 1)];
    const server = new TestServer({ hardState: atTerm1, snapshot, base, entries });
    expect(server.status).toMatchObject({ commitIndex: 3, firstLogIndex: 3, lastLogIndex: 4 });
    server.receive('n2', append('n2', 1, { prevLogIndex: 4, prevLogTerm: 1, leaderCommit: 4 }));
    expect(server.committed).toEqual([entryOf(4, 1)]);
  });
});

describe('figure 13', () => {
  const received = (server: TestServer, index: number, term: number): void => {
    const snapshot = metaOf(index, term);
    server.run({ type: 'snapshotReceived', from: 'n2', replicationId: 1, snapshot });
  };

  it('[Fig. 13] rule 1: a piece of an earlier term is answered with the own term', () => {
    const server = new TestServer({ hardState: { currentTerm: 3, votedFor: null } });
    const sent = server.receive('n2', chunk('n2', 2));
    expect(sentOf(sent, 'installSnapshotResponse')).toMatchObject([{ term: 3, installed: false }]);
    expect(server.chunks).toEqual([]);
  });

  it('[Fig. 13] rules 2 to 4: a piece is stored, and the answer says what comes next', () => {
    const server = new TestServer();
    server.receive('n2', chunk('n2', 1, { fileBytes: 9 }));
    expect(server.chunks).toMatchObject([{ from: 'n2', message: { offset: 0 } }]);
    const stored = { from: 'n2', lastIncludedIndex: 5, nextOffset: 1, replicationId: 1 };
    const sent = server.run({ type: 'chunkStored', ...stored });
    expect(sentOf(sent, 'installSnapshotResponse', 'n2')).toMatchObject([{ nextOffset: 1 }]);
    expect(server.status).toMatchObject({ leaderId: 'n2', commitIndex: 0 });
  });

  it('[Fig. 13] rule 6: a log that holds the last entry keeps what follows it', () => {
    const server = new TestServer();
    server.receive('n2', append('n2', 1, { entries: logOf(1, 1, 1, 1) }));
    received(server, 3, 1);
    expect(server.status).toMatchObject({ commitIndex: 3, lastLogIndex: 4, firstLogIndex: 1 });
    expect(server.committed.map(({ index }) => index)).toEqual([1, 2, 3]);
    expect(server.readies.every(({ installed }) => installed === null)).toBe(true);
  });

  it('[Fig. 13] rule 6: the pieces of such a snapshot are not even wanted', () => {
    const server = new TestServer();
    server.receive('n2', append('n2', 1, { entries: logOf(1, 1, 1, 1) }));
    const piece = chunk('n2', 1, { lastIncludedIndex: 3, lastIncludedTerm: 1 });
    const sent = server.receive('n2', piece);
    expect(sentOf(sent, 'installSnapshotResponse')).toMatchObject([{ installed: true }]);
    expect(server.status).toMatchObject({ commitIndex: 3, lastLogIndex: 4 });
  });

  it('[Fig. 13] rule 7: a log that contradicts it goes, all of it', () => {
    const server = new TestServer();
    server.receive('n2', append('n2', 1, { entries: logOf(1, 1, 1, 1, 1) }));
    server.receive('n2', chunk('n2', 3, { lastIncludedIndex: 3, lastIncludedTerm: 2 }));
    received(server, 3, 2);
    expect(server.status).toMatchObject({ commitIndex: 3, lastLogIndex: 3, lastLogTerm: 2 });
    const [write] = server.readies.flatMap(({ write: one }) => (one?.snapshot ? [one] : []));
    expect(write?.snapshot).toMatchObject({ lastIncludedIndex: 3 });
    // The leader goes on behind it.
    const next = append('n2', 3, { prevLogIndex: 3, prevLogTerm: 2, entries: [entryOf(4, 3)] });
    const [answer] = sentOf(server.receive('n2', next), 'appendEntriesResponse');
    expect(answer).toMatchObject({ success: true, matchIndex: 4 });
  });

  it('[Fig. 13] rule 8: state and configuration are those of the snapshot', () => {
    const server = new TestServer();
    const own = configurationEntry(1, 1, { voters: ['n1'] });
    server.receive('n2', append('n2', 1, { entries: [own] }));
    server.receive('n2', chunk('n2', 2));
    const inSnapshot = { index: 4, configuration: configurationOf(['n2', 'n3', 'n4']) };
    const snapshot = { ...metaOf(5, 2), configuration: inSnapshot };
    const input = { type: 'snapshotReceived', from: 'n2', replicationId: 1, snapshot } as const;
    const ready = server.step(input);
    expect(ready.installed).toEqual(snapshot);
    expect(server.status).toMatchObject({ configuration: inSnapshot, role: 'learner' });
    expect(ready.messagesAfterWrite).toMatchObject([{ message: { installed: true } }]);
  });

  it('[Fig. 13] a snapshot of what is known to be committed changes nothing', () => {
    const server = new TestServer({ trailingEntryCount: 0 });
    server.receive('n2', append('n2', 1, { entries: logOf(1, 1, 1, 1), leaderCommit: 4 }));
    server.takeSnapshot(4);
    received(server, 2, 1);
    expect(server.status).toMatchObject({ commitIndex: 4, lastLogIndex: 4, snapshotIndex: 4 });
    expect(server.readies.at(-1)).toMatchObject({ write: null, installed: null });
  });
});

describe('clients', () => {
  it('[Raft §8] a read waits for a majority that still follows, asked after it came', () => {
    const server = new TestServer();
    server.lead();
    server.receive('n2', matched(1, 1));
    server.read(1);
    expect(server.released).toEqual([]);
    server.receive('n2', matched(1, 1, { readRound: 1 }));
    expect(server.released).toEqual(['1 at 1']);
  });
});
