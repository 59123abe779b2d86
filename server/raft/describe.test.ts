import { expect, it } from 'vitest';
import { describeInput, describeReady, describeStatus } from './describe.ts';
import { append, electionTicks, logOf, matched, TestServer, vote } from './test-server.ts';

it('prints what goes in and what comes out, with the names of figure 2', () => {
  const server = new TestServer();
  const lines: string[] = [];
  const step = (input: Parameters<TestServer['step']>[0]): void => {
    const parts = describeReady(server.step(input)).split('; ');
    lines.push(
      describeInput(input),
      ...parts.flatMap((part) => (part === '' ? [] : [`  ${part}`])),
    );
  };
  for (let tick = 1; tick < electionTicks; tick += 1) server.step({ type: 'tick' });
  step({ type: 'tick' });
  step({ type: 'message', from: 'n2', message: vote(1, { preVote: true }) });
  step({ type: 'message', from: 'n2', message: vote(1) });
  step({ type: 'written', writeId: 1 });
  step({ type: 'propose', proposals: [{ id: 5, data: new Uint8Array(3) }] });
  step({ type: 'read', ids: [6] });
  step({ type: 'message', from: 'n2', message: append('n2', 2, { entries: logOf(2, 2) }) });
  step({ type: 'message', from: 'n2', message: matched(2, 0, { success: false }) });
  lines.push(describeStatus(server.status));
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "tick
      send n2 requestVote term=1 n1 last=0@0 preVote
      send n3 requestVote term=1 n1 last=0@0 preVote
      statusChanged
    n2 -> requestVoteResponse term=1 granted preVote
      write 1 term=1 votedFor=n1 []
      then n2 requestVote term=1 n1 last=0@0
      then n3 requestVote term=1 n1 last=0@0
      statusChanged
    n2 -> requestVoteResponse term=1 granted
    written 1
      write 2 [1@1 no-op 0B]
      send n2 appendEntries term=1 n1 prev=0@0 [1@1 no-op 0B] leaderCommit=0 readRound=0
      send n3 appendEntries term=1 n1 prev=0@0 [1@1 no-op 0B] leaderCommit=0 readRound=0
      statusChanged
    propose #5/3B
      write 3 [2@1 command 3B]
      accepted #5 as 2@1
    read #6
    n2 -> appendEntries term=2 n2 prev=0@0 [1@2..2@2] leaderCommit=0 readRound=0
      write 4 term=2 votedFor=- [1@2..2@2]
      then n2 appendEntriesResponse term=2 match=2 readRound=0
      rejectedRead #6
      statusChanged
    n2 -> appendEntriesResponse term=2 refused next=0 behind term 0 readRound=0
    n1 follower term=2 votedFor=- leader=n2 commit=0 last=2@2 voters=n1,n2,n3"
  `);
});
