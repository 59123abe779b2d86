import { describe, expect, it } from 'vitest';
import { InvariantError } from './invariant-error.ts';
import {
  append,
  chunk,
  electionTicks,
  entryOf,
  logOf,
  matched,
  sentOf,
  TestServer,
  voteRequest,
} from './test-server.ts';

describe('a cluster of one', () => {
  it('elects itself, commits and reads without a message, as soon as its disk has written', () => {
    const server = new TestServer({ voters: ['n1'] });
    for (let tick = 0; tick < electionTicks; tick += 1) server.step({ type: 'tick' });
    expect(server.status).toMatchObject({ role: 'candidate', currentTerm: 1 });
    server.finishWrite();
    expect(server.status).toMatchObject({ role: 'leader', commitIndex: 0 });
    server.step({ type: 'read', ids: [1] });
    expect(server.released).toEqual([]);
    server.finishWrite();
    expect(server.released).toEqual(['1 at 1']);
    server.propose(1);
    server.read(2);
    expect(server.released).toEqual(['1 at 1', '2 at 2']);
    server.ticks(10 * electionTicks);
    expect(server.status.role).toBe('leader');
    const sent = server.readies.flatMap((ready) => [ready.messages, ready.messagesAfterWrite]);
    expect(sent.flat()).toEqual([]);
  });
});

describe('proposals', () => {
  it('get the names of their entries from a leader', () => {
    const server = new TestServer();
    server.lead();
    const data = new Uint8Array(1);
    const proposals = [
      { id: 8, data },
      { id: 9, data },
    ];
    const { accepted, rejected } = server.step({ type: 'propose', proposals });
    expect(rejected).toEqual([]);
    expect(accepted).toEqual([
      { id: 8, entry: { index: 2, term: 1 } },
      { id: 9, entry: { index: 3, term: 1 } },
    ]);
  });

  it('are rejected by anyone else', () => {
    const server = new TestServer();
    const proposals = [{ id: 8, data: new Uint8Array(1) }];
    expect(server.step({ type: 'propose', proposals }).rejected).toEqual([
      { id: 8, reason: 'notLeader' },
    ]);
    expect(server.status.lastLogIndex).toBe(0);
  });
});

describe('proposals that nobody commits', () => {
  it('are held up to a number of bytes, and one at least; then they are turned away', () => {
    const server = new TestServer({ maxUncommittedBytes: 4 });
    server.lead();
    server.propose(1, 'longer than that');
    expect(server.rejections).toEqual([]);
    server.propose(2, 'x');
    expect(server.rejections).toEqual(['overloaded']);
    server.receive('n2', matched(1, 2));
    server.propose(3, 'abc');
    server.propose(4, 'd');
    server.propose(5, 'e');
    expect(server.rejections).toEqual(['overloaded', 'overloaded']);
    expect(server.status.lastLogIndex).toBe(4);
  });
});

describe('a Ready', () => {
  it('says when role, term or leader have changed, and only then', () => {
    const server = new TestServer();
    const changed = (term: number): boolean =>
      server.step({ type: 'message', from: 'n2', message: append('n2', term) }).statusChanged;
    expect([changed(1), changed(1), changed(2), changed(2)]).toEqual([true, false, true, false]);
  });

  it('delivers what was committed before a restart once more, from the first entry on', () => {
    const hardState = { currentTerm: 1, votedFor: null };
    const server = new TestServer({ hardState, entries: logOf(1, 1) });
    expect(server.status.commitIndex).toBe(0);
    server.receive('n2', append('n2', 1, { prevLogIndex: 2, prevLogTerm: 1, leaderCommit: 2 }));
    expect(server.committed).toEqual(logOf(1, 1));
  });

  it('numbers its writes from 1 without a gap', () => {
    const server = new TestServer();
    server.lead();
    server.propose(1);
    const ids = server.readies.flatMap(({ write }) => (write === null ? [] : [write.id]));
    expect(ids).toEqual([1, 2, 3]);
  });
});

describe('messages', () => {
  it('are not taken from one who speaks for another', () => {
    const server = new TestServer();
    expect(server.receive('n2', voteRequest('n3', 3))).toEqual([]);
    expect(server.receive('n2', append('n3', 3))).toEqual([]);
    expect(server.receive('n2', chunk('n3', 3))).toEqual([]);
    expect(server.status).toMatchObject({ currentTerm: 0, votedFor: null });
  });
});

describe('broken promises', () => {
  it('stop the server with all the numbers, for good', () => {
    const server = new TestServer();
    server.receive('n2', append('n2', 1));
    const other = { type: 'message', from: 'n3', message: append('n3', 1) } as const;
    expect(() => server.step(other)).toThrow(InvariantError);
    expect(() => server.step({ type: 'tick' })).toThrow(/leaderId=n2 otherLeaderId=n3/);
  });

  it('include a message that would replace a committed entry', () => {
    const server = new TestServer();
    server.receive('n2', append('n2', 1, { entries: logOf(1, 1), leaderCommit: 2 }));
    const message = append('n3', 2, { entries: [entryOf(1, 2)] });
    expect(() => server.receive('n3', message)).toThrow(/a committed entry is never removed/);
  });

  it('include a leader that lacks a committed entry', () => {
    const server = new TestServer();
    server.receive('n2', append('n2', 1, { entries: logOf(1, 1), leaderCommit: 2 }));
    const message = append('n3', 3, { prevLogIndex: 2, prevLogTerm: 2 });
    expect(() => server.receive('n3', message)).toThrow(/holds every committed entry/);
  });

  it('include entries with a hole', () => {
    const message = append('n2', 1, { entries: [entryOf(1, 1), entryOf(3, 1)] });
    expect(() => new TestServer().receive('n2', message)).toThrow(/a piece of a log/);
  });

  it('include a follower that matches what its leader does not have', () => {
    const server = new TestServer();
    server.lead();
    expect(() => server.receive('n2', matched(1, 5))).toThrow(/matches only what its leader has/);
  });

  it('include a log on disk that is ahead of its hard state, or has a hole', () => {
    expect(() => new TestServer({ entries: logOf(3) })).toThrow(/beyond the hard state/);
    const hardState = { currentTerm: 1, votedFor: null };
    const entries = [entryOf(2, 1)];
    expect(() => new TestServer({ hardState, entries })).toThrow(/a log has no gap/);
  });
});

describe('options', () => {
  it('that cannot work are refused by name', () => {
    expect(() => new TestServer({ heartbeatTimeoutTicks: 10 })).toThrow(/heartbeatTimeoutTicks 10/);
    expect(() => new TestServer({ electionTimeoutTicks: 0 })).toThrow(/electionTimeoutTicks/);
    expect(() => new TestServer({ trailingEntryCount: -1 })).toThrow(/trailingEntryCount/);
    expect(() => new TestServer({ promotionLagMax: 0.5 })).toThrow(/promotionLagMax/);
    expect(() => new TestServer({ random: () => 1 })).toThrow(/random\(\) is in \[0, 1\)/);
  });
});

describe('a follower that was cut off', () => {
  it('does not depose a leader with what it did meanwhile', () => {
    const server = new TestServer();
    server.receive('n2', append('n2', 1));
    server.ticks(50 * electionTicks);
    expect(server.status).toMatchObject({ role: 'preCandidate', currentTerm: 1 });
    const sent = server.receive('n2', append('n2', 1));
    expect(sentOf(sent, 'appendEntriesResponse')).toMatchObject([{ term: 1, success: true }]);
    expect(server.status).toMatchObject({ role: 'follower', leaderId: 'n2' });
  });
});
