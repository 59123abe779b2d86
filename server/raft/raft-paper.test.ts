// The rules of section 5 and of figure 2; the rest of the paper is in raft-paper-members.test.ts.
//
// Not in the core, and so not here: "apply log[lastApplied]" and the answer to the client, which
// are the driver's (figure 2, all servers and leaders); retries without end (5.5), in whose place
// stand heartbeats and the redialling of the network.
import { describe, expect, it } from 'vitest';
import type { Envelope } from './message.ts';
import { createRandom } from './test-random.ts';
import {
  append,
  electionTicks,
  entryOf,
  logOf,
  matched,
  refused,
  sentOf,
  TestServer,
  vote,
  voteRequest,
} from './test-server.ts';

const five = ['n1', 'n2', 'n3', 'n4', 'n5'];

describe('terms', () => {
  it('[Raft §5.1] a later term makes a leader a follower, and is durable', () => {
    const server = new TestServer();
    server.lead();
    const ready = server.step({ type: 'message', from: 'n2', message: matched(9, 0) });
    expect(server.status).toMatchObject({ role: 'follower', currentTerm: 9, leaderId: null });
    expect(ready.write?.hardState).toEqual({ currentTerm: 9, votedFor: null });
  });

  it('[Raft §5.1] a later term makes a candidate a follower', () => {
    const server = new TestServer();
    server.ticks(electionTicks);
    server.receive('n2', vote(1, { preVote: true }));
    expect(server.status.role).toBe('candidate');
    server.receive('n3', vote(4, { voteGranted: false }));
    expect(server.status).toMatchObject({ role: 'follower', currentTerm: 4 });
  });

  it('[Raft §5.1] a request of an earlier term is refused with the own term', () => {
    const server = new TestServer({ hardState: { currentTerm: 5, votedFor: null } });
    const [vote4] = sentOf(server.receive('n2', voteRequest('n2', 4)), 'requestVoteResponse');
    expect(vote4).toMatchObject({ term: 5, voteGranted: false });
    const stale = append('n2', 4, { entries: logOf(4) });
    const [append4] = sentOf(server.receive('n2', stale), 'appendEntriesResponse');
    expect(append4).toMatchObject({ term: 5, success: false });
    expect(server.status.lastLogIndex).toBe(0);
  });

  it('[Raft §5.1] an answer of an earlier term is ignored', () => {
    const server = new TestServer({ hardState: { currentTerm: 5, votedFor: null } });
    server.lead();
    server.receive('n2', matched(5, 1));
    server.receive('n3', matched(5, 1));
    expect(server.status).toMatchObject({ role: 'leader', currentTerm: 6, commitIndex: 0 });
  });
});

describe('elections', () => {
  it('[Raft §5.2] a server begins as a follower and remains one while it hears a leader', () => {
    const server = new TestServer();
    expect(server.status.role).toBe('follower');
    for (let round = 0; round < 5; round += 1) {
      server.ticks(electionTicks - 1);
      server.receive('n2', append('n2', 1));
    }
    expect(server.status).toMatchObject({ role: 'follower', leaderId: 'n2', currentTerm: 1 });
  });

  it('[Raft §5.2] timeouts are drawn anew each time, from n to 2n ticks', () => {
    // The first is the beginning of the request ids.
    const draws = [0.7, 0, 0.5, 0.999, 0.2];
    const server = new TestServer({ random: () => draws.shift() ?? 0 });
    const waited: number[] = [];
    for (let count = 1; waited.length < 4; count += 1) {
      const sent = server.ticks(1);
      if (sent.length > 0) waited.push(count);
    }
    const lengths = waited.map((at, position) => at - (waited[position - 1] ?? 0));
    expect(lengths).toEqual([10, 15, 19, 12]);
  });

  it('[Raft §5.2] a candidate wins with the votes of a majority, each voter counted once', () => {
    const server = new TestServer({ voters: five });
    server.ticks(electionTicks);
    server.receive('n2', vote(1, { preVote: true }));
    server.receive('n3', vote(1, { preVote: true }));
    server.receive('n2', vote(1));
    server.receive('n2', vote(1));
    server.receive('n4', vote(1, { voteGranted: false }));
    server.receive('n5', vote(1, { voteGranted: false }));
    expect(server.status.role).toBe('candidate');
    server.receive('n3', vote(1));
    expect(server.status).toMatchObject({ role: 'leader', leaderId: 'n1', currentTerm: 1 });
  });

  it('[Raft §5.2] the first to ask gets the only vote of a term, even after a crash', () => {
    const server = new TestServer();
    const granted = (from: string, of = server): boolean | undefined =>
      sentOf(of.receive(from, voteRequest(from, 3)), 'requestVoteResponse')[0]?.voteGranted;
    expect(granted('n2')).toBe(true);
    expect(granted('n3')).toBe(false);
    expect(granted('n2')).toBe(true);
    const restarted = new TestServer({ hardState: { currentTerm: 3, votedFor: 'n2' } });
    expect(granted('n3', restarted)).toBe(false);
    expect(granted('n2', restarted)).toBe(true);
  });

  it('[Raft §5.2] a candidate follows the leader of its own term', () => {
    const server = new TestServer();
    server.ticks(electionTicks);
    server.receive('n2', vote(1, { preVote: true }));
    server.receive('n3', append('n3', 1));
    expect(server.status).toMatchObject({ role: 'follower', leaderId: 'n3', currentTerm: 1 });
  });

  it('[Raft §5.2] a candidate without a result asks again in a later term', () => {
    const server = new TestServer();
    server.ticks(electionTicks);
    server.receive('n2', vote(1, { preVote: true }));
    server.ticks(electionTicks);
    const sent = server.receive('n2', vote(2, { preVote: true }));
    expect(sentOf(sent, 'requestVote').map(({ term }) => term)).toEqual([2, 2]);
  });

  it('[Raft §5.4.1] a vote goes only to a log that is at least as up-to-date', () => {
    const cases: readonly [number, number, boolean][] = [
      [3, 2, true],
      [4, 2, true],
      [1, 3, true],
      [2, 2, false],
      [9, 1, false],
    ];
    for (const preVote of [false, true]) {
      for (const [lastLogIndex, lastLogTerm, voteGranted] of cases) {
        const hardState = { currentTerm: 2, votedFor: null };
        const server = new TestServer({ hardState, entries: logOf(1, 1, 2) });
        const request = voteRequest('n2', 3, { lastLogIndex, lastLogTerm, preVote });
        const [answer] = sentOf(server.receive('n2', request), 'requestVoteResponse');
        expect(answer?.voteGranted).toBe(voteGranted);
      }
    }
  });
});

describe('leaders', () => {
  it('[Raft §5.2] one that is elected tells everybody at once', () => {
    const server = new TestServer({ voters: five });
    const sent = sentOf(server.lead(), 'appendEntries');
    expect(sent).toHaveLength(4);
    expect(sent[0]).toMatchObject({ term: 1, leaderId: 'n1' });
  });

  it('[Raft §5.2] two servers that split their votes draw other timeouts and end it', () => {
    const random = createRandom(5);
    const ids = ['n1', 'n2'];
    const servers = new Map(ids.map((id) => [id, new TestServer({ id, voters: ids, random })]));
    const deliver = (sent: readonly Envelope[], from: string): void => {
      for (const { to, message } of sent) {
        deliver(servers.get(to)?.receive(from, message) ?? [], to);
      }
    };
    for (let tick = 0; tick < 10 * electionTicks; tick += 1) {
      const sent = ids.map((id) => servers.get(id)?.ticks(1) ?? []);
      for (const [position, id] of ids.entries()) deliver(sent[position] ?? [], id);
    }
    const roles = [...servers.values()].map(({ status }) => status.role).sort();
    expect(roles).toEqual(['follower', 'leader']);
  });

  it('[Raft §5.3] a leader never removes its own entries, whoever claims its term', () => {
    const server = new TestServer();
    server.lead();
    server.propose(1);
    const message = append('n2', 1, { prevLogIndex: 0, entries: [entryOf(1, 1)] });
    expect(() => server.receive('n2', message)).toThrow(/at most one leader/);
  });

  it('[Raft §5.6] heartbeats that are not more frequent than elections are refused', () => {
    const options = { heartbeatTimeoutTicks: 10, electionTimeoutTicks: 10 };
    expect(() => new TestServer(options)).toThrow(/Raft §5.6/);
  });

  it('[Fig. 2] nextIndex begins behind the last entry, matchIndex at 0', () => {
    const server = new TestServer({
      hardState: { currentTerm: 1, votedFor: null },
      entries: logOf(1, 1),
    });
    server.lead();
    expect(server.follower('n2')).toMatchObject({ nextIndex: 3, matchIndex: 0, mode: 'probe' });
  });
});

describe('replication', () => {
  it('[Raft §5.3] a leader sends an entry to all and commits it on a majority', () => {
    const server = new TestServer();
    server.lead();
    server.receive('n2', matched(1, 1));
    const sent = sentOf(server.propose(7, 'set'), 'appendEntries', 'n2');
    expect(sent).toMatchObject([{ prevLogIndex: 1, prevLogTerm: 1, leaderCommit: 1 }]);
    expect(sent[0]?.entries).toMatchObject([{ index: 2, term: 1, kind: 'command' }]);
    expect(server.status.commitIndex).toBe(1);
    server.receive('n2', matched(1, 2));
    expect(server.committed.map(({ index }) => index)).toEqual([1, 2]);
    const [heartbeat] = sentOf(server.ticks(2), 'appendEntries', 'n2');
    expect(heartbeat).toMatchObject({ leaderCommit: 2, prevLogIndex: 2, entries: [] });
  });

  it('[Raft §5.3] a follower refuses entries without what precedes them', () => {
    const server = new TestServer({
      hardState: { currentTerm: 1, votedFor: null },
      entries: logOf(1),
    });
    const gap = append('n2', 1, { prevLogIndex: 2, prevLogTerm: 1, entries: [entryOf(3, 1)] });
    const [answer] = sentOf(server.receive('n2', gap), 'appendEntriesResponse');
    expect(answer).toMatchObject({ success: false, conflictIndex: 2, conflictTerm: 1 });
    expect(server.status.lastLogIndex).toBe(1);
  });

  it('[Raft §5.3] a conflicting entry is removed with all that follow it', () => {
    const hardState = { currentTerm: 2, votedFor: null };
    const server = new TestServer({ hardState, entries: logOf(1, 2, 2, 2) });
    const message = append('n2', 3, { prevLogIndex: 1, prevLogTerm: 1, entries: [entryOf(2, 3)] });
    const ready = server.step({ type: 'message', from: 'n2', message });
    expect(ready.write?.entries).toEqual([entryOf(2, 3)]);
    expect(server.status).toMatchObject({ lastLogIndex: 2, lastLogTerm: 3 });
  });

  it('[Raft §5.3] a late message that holds less does not shorten the log', () => {
    const server = new TestServer();
    server.receive('n2', append('n2', 1, { entries: logOf(1, 1, 1) }));
    const late = append('n2', 1, { entries: logOf(1) });
    const [answer] = sentOf(server.receive('n2', late), 'appendEntriesResponse');
    expect(answer).toMatchObject({ success: true, matchIndex: 1 });
    expect(server.status.lastLogIndex).toBe(3);
  });

  // Figure 7 of the paper: a leader of term 8 and what its followers may look like.
  const leaderTerms = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
  const figure7: Record<string, readonly number[]> = {
    a: [1, 1, 1, 4, 4, 5, 5, 6, 6],
    b: [1, 1, 1, 4],
    c: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
    d: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
    e: [1, 1, 1, 4, 4, 4, 4],
    f: [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
  };
  it.each(Object.entries(figure7))('[Raft §5.3] follower %s of figure 7 converges', (_, terms) => {
    const entries = logOf(...leaderTerms);
    const leader = new TestServer({ hardState: { currentTerm: 7, votedFor: null }, entries });
    const follower = new TestServer({
      id: 'n2',
      hardState: { currentTerm: 7, votedFor: null },
      entries: logOf(...terms),
    });
    let sent: readonly Envelope[] = leader.lead();
    let exchanges = 0;
    for (; sentOf(sent, 'appendEntries', 'n2').length > 0; exchanges += 1) {
      const answers = sentOf(sent, 'appendEntries', 'n2').flatMap((message) =>
        sentOf(follower.receive('n1', message), 'appendEntriesResponse'),
      );
      sent = answers.flatMap((message) => leader.receive('n2', message));
    }
    expect(follower.status).toMatchObject({ lastLogIndex: 11, lastLogTerm: 8 });
    expect(leader.status.commitIndex).toBe(11);
    // A refusal costs one exchange for each term in which the logs differ, not for each entry.
    expect(exchanges).toBeLessThanOrEqual(3);
  });

  it('[Raft §5.3] a late refusal does not undo what is known to match', () => {
    const server = new TestServer();
    server.lead();
    server.receive('n2', matched(1, 1));
    server.propose(1);
    server.receive('n2', matched(1, 2));
    expect(sentOf(server.receive('n2', refused(1, 1, 0)), 'appendEntries')).toEqual([]);
  });

  it('[Raft §5.4.2] an entry of an earlier term is not committed by counting copies', () => {
    const hardState = { currentTerm: 3, votedFor: null };
    const server = new TestServer({ voters: five, hardState, entries: logOf(1, 2) });
    server.lead();
    server.receive('n2', matched(4, 2));
    server.receive('n3', matched(4, 2));
    server.receive('n4', matched(4, 2));
    expect(server.status.commitIndex).toBe(0);
    server.receive('n2', matched(4, 3));
    expect(server.status.commitIndex).toBe(0);
    server.receive('n3', matched(4, 3));
    expect(server.committed.map(({ index, term }) => [index, term])).toEqual([
      [1, 1],
      [2, 2],
      [3, 4],
    ]);
  });

  it('[Raft §5.5] a doubled request is answered the same and changes nothing', () => {
    const server = new TestServer();
    const message = append('n2', 1, { entries: logOf(1, 1), leaderCommit: 1 });
    const first = server.receive('n2', message);
    const ready = server.step({ type: 'message', from: 'n2', message });
    expect(ready.messagesAfterWrite).toEqual(first);
    expect(ready).toMatchObject({ write: null, committed: [], statusChanged: false });
  });

  it('[Raft §8] a new leader appends a no-op first', () => {
    const server = new TestServer({ hardState: { currentTerm: 1, votedFor: null } });
    const sent = sentOf(server.lead(), 'appendEntries');
    expect(sent).toHaveLength(2);
    expect(sent[0]?.entries).toMatchObject([{ index: 1, term: 2, kind: 'no-op' }]);
  });
});

describe('figure 2', () => {
  it('[Fig. 2] a commit index never passes the last entry that a message has shown', () => {
    const server = new TestServer({
      hardState: { currentTerm: 2, votedFor: null },
      entries: logOf(1, 2, 2),
    });
    // Entries 2 and 3 are a deposed leader's; the heartbeat shows only that entry 1 matches.
    server.receive('n2', append('n2', 3, { prevLogIndex: 1, prevLogTerm: 1, leaderCommit: 3 }));
    expect(server.status.commitIndex).toBe(1);
  });

  it('[Fig. 2] a vote leaves after the write that holds it', () => {
    const ready = new TestServer().step({
      type: 'message',
      from: 'n2',
      message: voteRequest('n2', 1),
    });
    expect(ready.write?.hardState).toEqual({ currentTerm: 1, votedFor: 'n2' });
    expect(ready.messages).toEqual([]);
    expect(ready.messagesAfterWrite).toHaveLength(1);
  });

  it('[Fig. 2] a vote in a term that is known already is written too', () => {
    const server = new TestServer({ hardState: { currentTerm: 4, votedFor: null } });
    const message = voteRequest('n2', 4);
    const ready = server.step({ type: 'message', from: 'n2', message });
    expect(ready.write?.hardState).toEqual({ currentTerm: 4, votedFor: 'n2' });
  });

  it('[Fig. 2] a confirmation leaves after the write that holds the entries', () => {
    const message = append('n2', 1, { entries: logOf(1, 1) });
    const ready = new TestServer().step({ type: 'message', from: 'n2', message });
    expect(ready.write?.entries).toHaveLength(2);
    expect(ready.messages).toEqual([]);
    expect(ready.messagesAfterWrite).toMatchObject([{ message: { matchIndex: 2 } }]);
  });

  it('[Fig. 2] a candidate asks for votes after its own is durable, and counts it then', () => {
    const server = new TestServer();
    server.ticks(electionTicks);
    const ready = server.step({
      type: 'message',
      from: 'n2',
      message: vote(1, { preVote: true }),
    });
    expect(ready.write?.hardState).toEqual({ currentTerm: 1, votedFor: 'n1' });
    expect(ready.messages).toEqual([]);
    expect(sentOf(ready.messagesAfterWrite, 'requestVote')).toHaveLength(2);
    server.step({ type: 'message', from: 'n2', message: vote(1) });
    expect(server.status.role).toBe('candidate');
    server.finishWrite();
    expect(server.status.role).toBe('leader');
  });
});
