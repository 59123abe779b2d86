import { expect, test } from 'vitest';
import type { AdminReply } from '../server-node.ts';
import { LonelyNode, ScriptedNode, TestClient } from './test-node.ts';

function askOnce(line: string): string {
  return new TestClient(new ScriptedNode()).ask(line);
}

test('a session makes a command that is sent again take effect once', () => {
  const client = new TestClient(new LonelyNode());
  const id = client.ask('RAFT.SESSION OPEN').slice(1).trim();
  expect(client.ask(`RAFT.SESSION CALL ${id} 1 INCR a`)).toBe(':1\r\n');
  expect(client.ask(`RAFT.SESSION CALL ${id} 1 INCR a`)).toBe(':1\r\n');
  expect(client.ask(`raft.session call ${id} 2 ack 1 INCR a`)).toBe(':2\r\n');
  expect(client.ask(`RAFT.SESSION CALL ${id} 1 ACK 1 INCR a`)).toBe(':1\r\n');
  expect(client.ask(`RAFT.SESSION CALL ${id} 3 INCR a`)).toBe(':3\r\n');
  expect(client.ask(`RAFT.SESSION CALL ${id} 2 INCR a`)).toMatch(/^-STALESEQ /);
  expect(client.ask('GET a')).toBe('$1\r\n3\r\n');
  expect(client.ask(`RAFT.SESSION CLOSE ${id}`)).toBe('+OK\r\n');
  expect(client.ask(`RAFT.SESSION CALL ${id} 4 INCR a`)).toMatch(/^-NOSESSION /);
});

test('in a session only commands that write are called, with numbers that make sense', () => {
  const call = (rest: string) => askOnce(`RAFT.SESSION CALL ${rest}`);
  expect(call('1 1 GET a')).toBe('-ERR RAFT.SESSION CALL is for commands that write, not get\r\n');
  expect(call('1 1 RAFT.SESSION CALL 1 1 SET a b')).toMatch(/^-ERR RAFT.SESSION CALL is for/);
  expect(call('1 1 NOTHING a')).toMatch(/^-ERR unknown command 'NOTHING'/);
  expect(call('1 1 SET a')).toBe("-ERR wrong number of arguments for 'set' command\r\n");
  expect(call('1 1 INCRBY a x')).toBe('-ERR value is not an integer or out of range\r\n');
  expect(call('x 1 SET a b')).toMatch(/^-ERR a session id is a whole number/);
  expect(call('1 0 SET a b')).toMatch(/^-ERR a sequence number is a whole number from 1/);
  expect(call('1 2 ACK 3 SET a b')).toMatch(/^-ERR ACK takes a whole number from 1 to/);
  expect(call('1 2 ACK 1')).toMatch(/^-ERR wrong number of arguments/);
  expect(call('1 1')).toBe("-ERR wrong number of arguments for 'raft.session|call' command\r\n");
});

test('a stale read is a command that reads, by name', () => {
  expect(askOnce('RAFT.STALE GET a')).toBe('$5\r\nstale\r\n');
  expect(askOnce('RAFT.STALE SET a 1')).toBe(
    '-ERR RAFT.STALE is for commands that read, not set\r\n',
  );
  expect(askOnce('RAFT.STALE PING')).toMatch(/^-ERR RAFT.STALE is for commands that read/);
  expect(askOnce('RAFT.STALE RAFT.STALE GET a')).toMatch(/^-ERR RAFT.STALE is for/);
  expect(askOnce('RAFT.STALE LRANGE a 0')).toMatch(/^-ERR wrong number of arguments for 'lrange'/);
});

/** What the node is asked for, and what the operator reads after this answer. */
function administer(line: string, reply: AdminReply): readonly [unknown, string] {
  const node = new ScriptedNode();
  const client = new TestClient(node);
  client.send(`${line}\r\n`);
  node.administered[0]?.reply(reply);
  return [node.administered[0]?.command, client.take()];
}

test('an operator asks in words and is answered in words', () => {
  const changed = { type: 'configuration', id: 17 } as const;
  expect(administer('RAFT.ADD n4 h4:7104 h4:7004 EXPECT 12', changed)).toEqual([
    { type: 'add', id: 'n4', peerAddress: 'h4:7104', clientAddress: 'h4:7004', expected: 12 },
    '+n4 is a learner now; RAFT.PROMOTE n4 makes it a voter once it has the log' +
      ' (configuration_id 17)\r\n',
  ]);
  expect(administer('raft.promote n4', changed)).toEqual([
    { type: 'promote', id: 'n4', expected: null },
    '+n4 is a voter now (configuration_id 17)\r\n',
  ]);
  expect(administer('RAFT.REMOVE n4 EXPECT 0', changed)).toEqual([
    { type: 'remove', id: 'n4', expected: 0 },
    '+n4 is a member no more; it may be stopped (configuration_id 17)\r\n',
  ]);
  expect(administer('RAFT.TRANSFER', { type: 'ok' })).toEqual([
    { type: 'transfer', to: null },
    '+leadership is handed over to the follower that was furthest\r\n',
  ]);
  expect(administer('RAFT.TRANSFER n2', { type: 'ok' })[1]).toContain('handed over to n2');
  expect(administer('RAFT.HASH', { type: 'hash', appliedIndex: 5, hash: 'ab12' })).toEqual([
    { type: 'hash' },
    '+5 ab12\r\n',
  ]);
  expect(
    administer('RAFT.REMOVE n4', { type: 'error', code: 'MISMATCH', text: 'it is 5' })[1],
  ).toBe('-MISMATCH it is 5\r\n');
});

test('a crash point is named with the passage, the first one when none is said', () => {
  const at = (line: string) => administer(line, { type: 'ok' });
  expect(at('RAFT.CRASH-AT wal.after-fsync')).toEqual([
    { type: 'crashAt', at: { name: 'wal.after-fsync', passage: 1 } },
    '+this node ends at passage 1 of wal.after-fsync\r\n',
  ]);
  expect(at('raft.crash-at wal.after-fsync 12')[0]).toMatchObject({ at: { passage: 12 } });
  expect(at('RAFT.CRASH-AT none')).toEqual([
    { type: 'crashAt', at: null },
    '+this node ends at no crash point\r\n',
  ]);
  for (const wrong of ['wal', 'toString', 'NONE 1']) {
    expect(askOnce(`RAFT.CRASH-AT ${wrong}`)).toMatch(/^-ERR that is no crash point; --list-crash/);
  }
  for (const wrong of ['0', '-1', 'x', '1000000001']) {
    expect(askOnce(`RAFT.CRASH-AT wal.after-fsync ${wrong}`)).toMatch(/^-ERR passages are counted/);
  }
  expect(askOnce('RAFT.CRASH-AT wal.after-fsync 1 2')).toMatch(/^-ERR wrong number of arguments/);
});

test('what an operator gets wrong is said', () => {
  expect(askOnce('RAFT.ADD n4 h4 h4:1')).toMatch(/^-ERR addresses are HOST:PORT/);
  expect(askOnce('RAFT.ADD n4 h4:0 h4:1')).toMatch(/^-ERR addresses are HOST:PORT/);
  expect(askOnce('RAFT.ADD "n 4" h4:1 h4:1')).toMatch(/^-ERR an id is/);
  expect(askOnce('RAFT.ADD n4 [::1]:1 h4:1 EXPECT')).toBe('-ERR syntax error\r\n');
  expect(askOnce('RAFT.REMOVE n4 EXPECT -1')).toMatch(/^-ERR EXPECT takes the configuration_id/);
  expect(askOnce('RAFT.REMOVE n4 PLEASE 1')).toBe('-ERR syntax error\r\n');
  expect(askOnce('RAFT.TRANSFER a b')).toMatch(
    /^-ERR wrong number of arguments for 'raft.transfer'/,
  );
});
