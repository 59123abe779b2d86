// The rules of the dissertation, but for 3.10 and chapters 4 and 5: they are in
// raft-dissertation-members.test.ts.
//
// Not implemented: leases and other uses of clocks (6.4.1); finding the cluster by DNS or broadcast
// (6.1); forwarding of writes to the leader (6.2: clients are redirected, by the driver). Sessions
// (6.3) are the state machine's, see kv/.
import { describe, expect, it } from 'vitest';
import {
  append,
  electionTicks,
  entryOf,
  logOf,
  matched,
  sentOf,
  TestServer,
  vote,
  voteRequest,
} from './test-server.ts';

const five = ['n1', 'n2', 'n3', 'n4', 'n5'];

function readResponse(server: TestServer, readIndex: number | null, requestAt = -1) {
  const sent = server.readies.flatMap(({ messages }) => sentOf(messages, 'readIndexRequest'));
  const requestId = sent.at(requestAt)?.requestId ?? 0;
  const { currentTerm: term } = server.status;
  return { type: 'readIndexResponse', term, requestId, readIndex } as const;
}

describe('leaders that live', () => {
  it.each([true, false])(
    '[Ongaro §4.2.3] a follower of one ignores a request (pre-vote %s)',
    (preVote) => {
      const server = new TestServer({ random: () => 0.9 });
      server.receive('n2', append('n2', 1));
      server.ticks(electionTicks - 1);
      expect(server.receive('n3', voteRequest('n3', 5, { preVote }))).toEqual([]);
      expect(server.status).toMatchObject({ currentTerm: 1, leaderId: 'n2' });
      server.ticks(1);
      const [answer] = sentOf(
        server.receive('n3', voteRequest('n3', 5, { preVote })),
        'requestVoteResponse',
      );
      expect(answer).toMatchObject({ voteGranted: true, term: 5, preVote });
    },
  );

  it('[Ongaro §4.2.3] a leader ignores one who would replace it', () => {
    const server = new TestServer();
    server.lead();
    const request = voteRequest('n3', 5, { lastLogIndex: 9, lastLogTerm: 4 });
    expect(server.receive('n3', request)).toEqual([]);
    expect(server.status).toMatchObject({ role: 'leader', currentTerm: 1 });
  });

  it('[Ongaro §6.2] a leader that no quorum answers for an election timeout steps down', () => {
    const server = new TestServer({ voters: five });
    server.lead();
    server.ticks(electionTicks);
    server.receive('n2', matched(1, 0, { success: false, conflictIndex: 1 }));
    server.receive('n3', matched(1, 1));
    server.ticks(electionTicks);
    expect(server.status.role).toBe('leader');
    server.receive('n2', matched(1, 1));
    server.ticks(electionTicks);
    expect(server.status).toMatchObject({ role: 'follower', currentTerm: 1, leaderId: null });
    expect(server.status.votedFor).toBe('n1');
  });
});

describe('reads', () => {
  it('[Ongaro §6.4] a read waits until a quorum has answered a message sent after it', () => {
    const server = new TestServer({ voters: five });
    server.lead();
    server.receive('n2', matched(1, 1));
    server.receive('n3', matched(1, 1));
    const [heartbeat] = sentOf(server.read(4), 'appendEntries', 'n2');
    expect(heartbeat).toMatchObject({ readRound: 1, entries: [] });
    server.receive('n2', matched(1, 1, { readRound: 1 }));
    server.receive('n2', matched(1, 1, { readRound: 1 }));
    expect(server.released).toEqual([]);
    server.receive('n4', matched(1, 0, { success: false, conflictIndex: 1, readRound: 1 }));
    expect(server.released).toEqual(['4 at 1']);
  });

  it('[Ongaro §6.4] an answer of an older round confirms nothing', () => {
    const server = new TestServer();
    server.lead();
    server.receive('n2', matched(1, 1));
    server.read(1);
    server.receive('n2', matched(1, 1, { readRound: 1 }));
    server.read(2);
    server.receive('n3', matched(1, 1, { readRound: 1 }));
    server.receive('n2', matched(1, 1, { readRound: 1 }));
    expect(server.released).toEqual(['1 at 1']);
    server.receive('n3', matched(1, 1, { readRound: 2 }));
    expect(server.released).toEqual(['1 at 1', '2 at 1']);
  });

  it('[Ongaro §6.4] reads that are asked during a round share the next one', () => {
    const server = new TestServer();
    server.lead();
    server.receive('n2', matched(1, 1));
    expect(sentOf(server.read(1), 'appendEntries', 'n2')).toHaveLength(1);
    expect(server.read(2)).toEqual([]);
    expect(server.read(3, 4)).toEqual([]);
    const sent = server.receive('n2', matched(1, 1, { readRound: 1 }));
    expect(sentOf(sent, 'appendEntries', 'n2')).toMatchObject([{ readRound: 2 }]);
    server.receive('n2', matched(1, 1, { readRound: 2 }));
    expect(server.released).toEqual(['1 at 1', '2 at 1', '3 at 1', '4 at 1']);
  });

  it('[Ongaro §6.4] a round that was lost is asked again with the heartbeat', () => {
    const server = new TestServer();
    server.lead();
    server.receive('n2', matched(1, 1));
    server.read(1);
    server.read(2);
    const [heartbeat] = sentOf(server.ticks(2), 'appendEntries', 'n3');
    expect(heartbeat).toMatchObject({ readRound: 2 });
    server.receive('n3', matched(1, 1, { readRound: 2 }));
    expect(server.released).toEqual(['1 at 1', '2 at 1']);
  });

  it('[Ongaro §6.4] reads wait for the first commit of the term', () => {
    const hardState = { currentTerm: 1, votedFor: null };
    const server = new TestServer({ hardState, entries: logOf(1, 1) });
    server.lead();
    expect(server.read(1)).toEqual([]);
    server.ticks(2);
    server.receive('n2', matched(2, 2));
    expect(server.released).toEqual([]);
    const sent = server.receive('n2', matched(2, 3));
    expect(sentOf(sent, 'appendEntries', 'n2')).toMatchObject([{ readRound: 1 }]);
    server.receive('n2', matched(2, 3, { readRound: 1 }));
    expect(server.released).toEqual(['1 at 3']);
  });

  it('[Ongaro §6.4] a follower echoes the round of what it answers', () => {
    const server = new TestServer();
    const ok = server.receive('n2', append('n2', 1, { readRound: 8 }));
    expect(sentOf(ok, 'appendEntriesResponse')).toMatchObject([{ success: true, readRound: 8 }]);
    const gap = append('n2', 1, { readRound: 9, prevLogIndex: 4, prevLogTerm: 1 });
    const no = server.receive('n2', gap);
    expect(sentOf(no, 'appendEntriesResponse')).toMatchObject([{ success: false, readRound: 9 }]);
  });

  it('[Ongaro §6.4] a server that does not lead, or no longer, rejects reads', () => {
    const server = new TestServer();
    server.read(1);
    expect(server.rejectedReads).toEqual([1]);
    server.lead();
    server.receive('n2', matched(1, 1));
    server.read(2);
    server.read(3);
    server.receive('n2', append('n2', 2, { prevLogIndex: 0 }));
    expect(server.rejectedReads).toEqual([1, 2, 3]);
    expect(server.released).toEqual([]);
  });
});

describe('pre-votes', () => {
  it('[Ongaro §9.6] nobody changes its term, vote or timer for one', () => {
    const server = new TestServer();
    server.ticks(electionTicks - 1);
    const message = voteRequest('n2', 7, { preVote: true });
    const ready = server.step({ type: 'message', from: 'n2', message });
    expect(ready).toMatchObject({ write: null, statusChanged: false });
    expect(server.status).toMatchObject({ currentTerm: 0, votedFor: null });
    const sent = server.ticks(1);
    expect(sentOf(sent, 'requestVote')).toMatchObject([{ term: 1, preVote: true }, { term: 1 }]);
    expect(server.status).toMatchObject({ role: 'preCandidate', currentTerm: 0 });
  });

  it('[Ongaro §9.6] without a quorum of pre-votes no election begins', () => {
    const server = new TestServer();
    server.ticks(20 * electionTicks);
    expect(server.status).toMatchObject({ role: 'preCandidate', currentTerm: 0 });
    server.receive('n2', vote(0, { preVote: true, voteGranted: false }));
    expect(server.status.role).toBe('preCandidate');
    server.receive('n3', vote(1, { preVote: true }));
    expect(server.status).toMatchObject({ role: 'candidate', currentTerm: 1 });
  });

  it('[Ongaro §9.6] one that is behind in terms learns it from the refusal', () => {
    const server = new TestServer({ hardState: { currentTerm: 8, votedFor: null } });
    const request = voteRequest('n2', 3, { preVote: true });
    const [answer] = sentOf(server.receive('n2', request), 'requestVoteResponse');
    expect(answer).toMatchObject({ voteGranted: false, term: 8, preVote: true });
    const behind = new TestServer({ id: 'n2', hardState: { currentTerm: 2, votedFor: null } });
    behind.ticks(electionTicks);
    if (answer !== undefined) behind.receive('n1', answer);
    expect(behind.status).toMatchObject({ role: 'follower', currentTerm: 8 });
  });
});

describe('performance', () => {
  it('[Ongaro §10.2.1] a leader sends while it writes, and counts itself after it', () => {
    const server = new TestServer();
    server.lead();
    server.receive('n2', matched(1, 1));
    const proposals = [{ id: 1, data: new Uint8Array(1) }];
    const ready = server.step({ type: 'propose', proposals });
    expect(sentOf(ready.messages, 'appendEntries', 'n2')).toHaveLength(1);
    server.step({ type: 'message', from: 'n2', message: matched(1, 2) });
    expect(server.status.commitIndex).toBe(1);
    server.finishWrite();
    expect(server.status.commitIndex).toBe(2);
  });

  it('[Ongaro §10.2.1] the followers alone may commit what the leader is still writing', () => {
    const server = new TestServer();
    server.lead();
    server.receive('n2', matched(1, 1));
    server.step({ type: 'propose', proposals: [{ id: 1, data: new Uint8Array(1) }] });
    server.step({ type: 'message', from: 'n2', message: matched(1, 2) });
    server.step({ type: 'message', from: 'n3', message: matched(1, 2) });
    expect(server.status.commitIndex).toBe(2);
  });

  it('[Ongaro §10.2.1] a write that was overtaken does not count for what replaced it', () => {
    const server = new TestServer();
    const step = (from: string, term: number): void => {
      const message = append(from, term, { entries: [entryOf(1, term)] });
      server.step({ type: 'message', from, message });
    };
    step('n2', 1);
    step('n3', 2);
    // Only now is entry 1 of term 1 on disk, and nobody may take it for that of term 2.
    server.finishWrite();
    for (let tick = 0; tick < electionTicks; tick += 1) server.step({ type: 'tick' });
    const granted = (preVote: boolean): void => {
      server.step({ type: 'message', from: 'n2', message: vote(3, { preVote }) });
      server.step({ type: 'message', from: 'n3', message: vote(3, { preVote }) });
    };
    granted(true);
    granted(false);
    expect(server.status.role).toBe('leader');
    server.step({ type: 'message', from: 'n2', message: matched(3, 2) });
    expect(server.status.commitIndex).toBe(0);
    server.finishWrites();
    expect(server.status.commitIndex).toBe(2);
  });

  it('[Ongaro §10.2.2] entries leave before earlier ones are answered, up to a window', () => {
    const server = new TestServer({ maxInflightMessages: 2 });
    server.lead();
    server.receive('n2', matched(1, 1));
    const sentTo2 = (id: number): number =>
      sentOf(server.propose(id), 'appendEntries', 'n2').length;
    expect([sentTo2(1), sentTo2(2), sentTo2(3), sentTo2(4)]).toEqual([1, 1, 0, 0]);
    const [message] = sentOf(server.receive('n2', matched(1, 2)), 'appendEntries', 'n2');
    expect(message?.entries.map(({ index }) => index)).toEqual([4, 5]);
  });

  it('[Ongaro §10.2.2] an entry above the limit travels alone, in its place', () => {
    const server = new TestServer({ maxEntryBytesPerMessage: 4 });
    server.lead();
    const sizes = ['aa', 'aaaaaaaaa', 'a', 'a'];
    sizes.forEach((text, id) => {
      server.propose(id, text);
    });
    const sent = sentOf(server.receive('n2', matched(1, 1)), 'appendEntries', 'n2');
    const indexes = sent.map(({ entries }) => entries.map(({ index }) => index));
    expect(indexes).toEqual([[2], [3], [4, 5]]);
  });

  it('[Ongaro §10.2.2] a lost message shows at the next heartbeat and is sent again', () => {
    const leader = new TestServer();
    leader.lead();
    const follower = new TestServer({ id: 'n2' });
    follower.receive('n1', append('n1', 1, { entries: logOf(1) }));
    leader.receive('n2', matched(1, 1));
    leader.propose(1);
    leader.propose(2);
    const [heartbeat] = sentOf(leader.ticks(2), 'appendEntries', 'n2');
    if (heartbeat === undefined) throw new Error('no heartbeat');
    const [answer] = sentOf(follower.receive('n1', heartbeat), 'appendEntriesResponse');
    if (answer === undefined) throw new Error('no answer');
    const [again] = sentOf(leader.receive('n2', answer), 'appendEntries', 'n2');
    expect(again?.entries.map(({ index }) => index)).toEqual([2, 3]);
  });
});

describe('reads on followers', () => {
  it('[Ongaro §6.4] a follower asks its leader, one request for all that wait', () => {
    const server = new TestServer();
    server.receive('n2', append('n2', 1, { entries: logOf(1), leaderCommit: 1 }));
    expect(sentOf(server.read(1), 'readIndexRequest', 'n2')).toHaveLength(1);
    expect(server.read(2)).toEqual([]);
    expect(server.read(3)).toEqual([]);
    const sent = server.receive('n2', readResponse(server, 1));
    expect(server.released).toEqual(['1 at 1']);
    expect(sentOf(sent, 'readIndexRequest', 'n2')).toHaveLength(1);
    server.receive('n2', readResponse(server, 5));
    expect(server.released).toEqual(['1 at 1', '2 at 5', '3 at 5']);
  });

  it('[Ongaro §6.4] a lost request is asked anew under another id, with what has joined', () => {
    const server = new TestServer();
    server.receive('n2', append('n2', 1));
    server.read(1);
    server.read(2);
    expect(sentOf(server.ticks(4), 'readIndexRequest')).toHaveLength(1);
    server.receive('n2', readResponse(server, 4));
    expect(server.released).toEqual(['1 at 4', '2 at 4']);
    server.receive('n2', readResponse(server, 4));
    expect(server.released).toHaveLength(2);
  });

  it('[Ongaro §6.4] an answer counts only from the leader of this term', () => {
    const server = new TestServer();
    server.receive('n2', append('n2', 1));
    server.read(1);
    const answer = readResponse(server, 4);
    server.receive('n3', answer);
    expect(server.released).toEqual([]);
    server.receive('n3', append('n3', 2));
    server.receive('n2', answer);
    server.receive('n3', { ...answer, term: 2 });
    expect([server.released, server.rejectedReads]).toEqual([[], [1]]);
  });

  it('[Ongaro §6.4] a leader answers a follower after a round, or refuses when deposed', () => {
    const server = new TestServer();
    server.lead();
    server.everybodyFollows('n2', 'n3');
    const request = { type: 'readIndexRequest', term: 1, requestId: 77 } as const;
    expect(sentOf(server.receive('n2', request), 'readIndexResponse')).toEqual([]);
    const sent = server.receive('n3', matched(1, 1, { readRound: 1 }));
    expect(sentOf(sent, 'readIndexResponse', 'n2')).toMatchObject([
      { requestId: 77, readIndex: 1 },
    ]);
    server.receive('n2', { ...request, requestId: 78 });
    const refused = server.receive('n3', append('n3', 2));
    expect(sentOf(refused, 'readIndexResponse', 'n2')).toMatchObject([
      { requestId: 78, readIndex: null },
    ]);
    const again = server.receive('n2', { ...request, term: 2, requestId: 79 });
    expect(sentOf(again, 'readIndexResponse')).toMatchObject([{ requestId: 79, readIndex: null }]);
  });

  it('[Ongaro §6.4] request ids of one life of a server are not those of the next', () => {
    const idOf = (random: number): number => {
      const server = new TestServer({ random: () => random });
      server.receive('n2', append('n2', 1));
      return sentOf(server.read(1), 'readIndexRequest')[0]?.requestId ?? 0;
    };
    expect(Math.abs(idOf(0.3) - idOf(0.31))).toBeGreaterThan(1_000_000);
  });

  it('[Ongaro §6.4] a learner serves reads as a follower does', () => {
    const server = new TestServer({ id: 'n4' });
    server.receive('n2', append('n2', 1));
    server.read(1);
    server.receive('n2', readResponse(server, 0));
    expect([server.status.role, server.released]).toEqual(['learner', ['1 at 0']]);
  });
});
