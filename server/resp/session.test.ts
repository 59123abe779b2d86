import { expect, test } from 'vitest';
import type { Command, Reply } from '../kv/command.ts';
import type { NodeInfo, ServerNode } from '../node.ts';
import { createSession } from './session.ts';

const info: NodeInfo = {
  id: 'n1',
  role: 'follower',
  term: 3,
  leaderId: 'n2',
  leaderClientAddress: 'host2:7002',
  votedFor: null,
  commitIndex: 10,
  appliedIndex: 9,
  lastLogIndex: 12,
  lastLogTerm: 2,
  voters: ['n1', 'n2', 'n3'],
  keyCount: 4,
};

/** A session on a node whose answers the test gives, when it wants. */
function createScripted() {
  const asked: { readonly command: Command; readonly reply: (reply: Reply) => void }[] = [];
  const node: ServerNode = {
    execute: (command, reply) => asked.push({ command, reply }),
    info: () => info,
    stop: (done) => done(),
  };
  const seen = { text: '', closed: 0, paused: false };
  const session = createSession(node, {
    write: (bytes) => {
      expect(seen.closed).toBe(0);
      seen.text += Buffer.from(bytes).toString('latin1');
    },
    close: () => {
      seen.closed += 1;
    },
    pause: () => {
      seen.paused = true;
    },
    resume: () => {
      seen.paused = false;
    },
  });
  const send = (text: string) => session.receive(Buffer.from(text, 'latin1'));
  const answer = (position: number, reply: Reply = { type: 'ok' }) => asked[position]?.reply(reply);
  const take = () => {
    const { text } = seen;
    seen.text = '';
    return text;
  };
  return { asked, session, seen, send, answer, take };
}

function askOnce(line: string): string {
  const { send, take } = createScripted();
  send(`${line}\r\n`);
  return take();
}

test('replies keep the order of the commands, in whichever order the node answers', () => {
  const { asked, send, answer, take } = createScripted();
  send('SET a 1\r\nSET b 2\r\nPING\r\nSET c 3\r\n');
  expect(asked).toHaveLength(3);
  answer(2);
  answer(1, { type: 'integer', value: 7 });
  expect(take()).toBe('');
  answer(0, { type: 'bulk', value: null });
  expect(take()).toBe('$-1\r\n:7\r\n+PONG\r\n+OK\r\n');
});

test('a read waits for the writes before it, and a write for the reads', () => {
  const { asked, send, answer } = createScripted();
  send('SET a 1\r\nGET a\r\nGET b\r\nSET a 2\r\n');
  expect(asked.map(({ command }) => command.type)).toEqual(['set']);
  answer(0);
  expect(asked.map(({ command }) => command.type)).toEqual(['set', 'get', 'get']);
  answer(1);
  expect(asked).toHaveLength(3);
  answer(2);
  expect(asked.map(({ command }) => command.type)).toEqual(['set', 'get', 'get', 'set']);
});

test('each form of SET becomes the command that it says', () => {
  const { asked, send } = createScripted();
  send('set k v\r\nSET k v NX\r\nSET k v GET XX\r\nSET k v IFEQ get GET\r\nDEL a b\r\n');
  const key = Buffer.from('k');
  const value = Buffer.from('v');
  const bytesOf = (texts: readonly string[]) =>
    texts.map((text) => Uint8Array.from(Buffer.from(text)));
  expect(asked.map(({ command }) => command)).toEqual([
    { type: 'set', key, value, condition: { type: 'always' }, get: false },
    { type: 'set', key, value, condition: { type: 'absent' }, get: false },
    { type: 'set', key, value, condition: { type: 'present' }, get: true },
    {
      type: 'set',
      key,
      value,
      condition: { type: 'equals', value: Buffer.from('get') },
      get: true,
    },
    { type: 'delete', keys: bytesOf(['a', 'b']).map((bytes) => Buffer.from(bytes)) },
  ]);
});

test('a wrong command is answered with the words of Redis, and definitely not executed', () => {
  expect(askOnce('GET')).toBe("-ERR wrong number of arguments for 'get' command\r\n");
  expect(askOnce('set a')).toBe("-ERR wrong number of arguments for 'set' command\r\n");
  expect(askOnce('PING a b')).toBe("-ERR wrong number of arguments for 'ping' command\r\n");
  expect(askOnce('SET a b NX XX')).toBe('-ERR syntax error\r\n');
  expect(askOnce('SET a b IFEQ')).toBe('-ERR syntax error\r\n');
  expect(askOnce('SET a b WHATEVER')).toBe('-ERR syntax error\r\n');
  expect(askOnce('SET a b EX 10')).toContain('-ERR SET with EX is not supported');
  expect(askOnce('FLY me to')).toBe(
    "-ERR unknown command 'FLY', with args beginning with: 'me' 'to' \r\n",
  );
});

test('HELLO speaks RESP2 and refuses every other protocol', () => {
  expect(askOnce('HELLO')).toMatch(/^\*12\r\n\$6\r\nserver\r\n\$7\r\nrafture\r\n/);
  expect(askOnce('HELLO 2 SETNAME x')).toContain('proto\r\n:2\r\n');
  expect(askOnce('HELLO 3')).toMatch(/^-NOPROTO unsupported protocol version/);
  expect(askOnce('HELLO x')).toMatch(/^-ERR Protocol version is not an integer/);
  expect(askOnce('HELLO 2 AUTH u p')).toMatch(/^-ERR AUTH/);
});

test('INFO raft and RAFT.INFO tell what the node knows, and a blank for what it does not', () => {
  const body = [
    'id:n1',
    'role:follower',
    'term:3',
    'leader_id:n2',
    'leader_client_address:host2:7002',
    'voted_for:',
    'commit_index:10',
    'applied_index:9',
    'last_log_index:12',
    'last_log_term:2',
    'configuration:n1,n2,n3',
    '',
  ].join('\r\n');
  expect(askOnce('RAFT.INFO')).toBe(`$${body.length}\r\n${body}\r\n`);
  expect(askOnce('INFO raft')).toBe(`$${body.length + 8}\r\n# Raft\r\n${body}\r\n`);
  expect(askOnce('INFO')).toContain('# Keyspace\r\ndb0:keys=4\r\n');
  expect(askOnce('INFO nothing')).toBe('$0\r\n\r\n');
});

test('redis-cli and libraries get an answer to what they say first', () => {
  expect(askOnce('COMMAND DOCS')).toBe('*0\r\n');
  expect(askOnce('COMMAND COUNT')).toBe(':9\r\n');
  expect(askOnce('COMMAND')).toContain('*6\r\n$3\r\nget\r\n:2\r\n*2\r\n+readonly\r\n+fast\r\n');
  expect(askOnce('CLIENT SETINFO LIB-NAME x')).toBe('+OK\r\n');
  expect(askOnce('CLIENT KILL x')).toMatch(/^-ERR unknown subcommand/);
});

test('after a protocol error what came before is still answered, then the end', () => {
  const { seen, send, answer, take } = createScripted();
  send('SET a 1\r\n*1\r\n:bad\r\nSET b 2\r\n');
  expect(seen.closed).toBe(0);
  answer(0);
  expect(take()).toBe("+OK\r\n-ERR Protocol error: expected '$', got ':'\r\n");
  expect(seen.closed).toBe(1);
  send('PING\r\n');
  expect(take()).toBe('');
});

test('replies to a connection that is gone go nowhere', () => {
  const { asked, session, send, answer, take } = createScripted();
  send('SET a 1\r\nGET a\r\n');
  session.closed();
  answer(0);
  expect(take()).toBe('');
  expect(asked).toHaveLength(1);
});

test('a client that sends more than is worked on is paused, and loses nothing', () => {
  const { asked, seen, send, answer, take } = createScripted();
  const count = 3000;
  send('SET a 1\r\n'.repeat(count));
  expect(seen.paused).toBe(true);
  expect(asked.length).toBeLessThan(count);
  for (let position = 0; position < count; position += 1) answer(position);
  expect(asked).toHaveLength(count);
  expect(seen.paused).toBe(false);
  expect(take()).toBe('+OK\r\n'.repeat(count));
});

test('an error of the node is passed on with its code in front', () => {
  const { send, answer, take } = createScripted();
  send('GET a\r\n');
  answer(0, { type: 'error', code: 'MOVED', text: '0 host2:7002' });
  expect(take()).toBe('-MOVED 0 host2:7002\r\n');
});
