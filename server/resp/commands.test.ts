import { expect, test } from 'vitest';
import { serverVersion } from '../version.ts';
import { LonelyNode, ScriptedNode, TestClient } from './test-node.ts';

function askOnce(line: string): string {
  return new TestClient(new ScriptedNode()).ask(line);
}

/** What the node is asked for, keys and values as text. */
function commandOf(line: string): unknown {
  const node = new ScriptedNode();
  const client = new TestClient(node);
  client.send(`${line}\r\n`);
  expect(client.take()).toBe('');
  return readable(node.asked[0]?.command ?? node.administered[0]?.command);
}

function readable(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, readable(each)]));
}

test('each form of SET becomes the command that it says', () => {
  const set = { type: 'set', key: 'k', value: 'v', condition: { type: 'always' }, get: false };
  const equals = { type: 'equals', value: 'get' };
  expect(commandOf('set k v')).toEqual(set);
  expect(commandOf('SET k v NX')).toEqual({ ...set, condition: { type: 'absent' } });
  expect(commandOf('SET k v GET XX')).toEqual({
    ...set,
    condition: { type: 'present' },
    get: true,
  });
  expect(commandOf('SET k v IFEQ get GET')).toEqual({ ...set, condition: equals, get: true });
  expect(commandOf('SET k v GET')).toEqual({ ...set, get: true });
});

test('each command on keys becomes the command that it says', () => {
  const key = 'k';
  expect(commandOf('GET k')).toEqual({ type: 'get', key });
  expect(commandOf('exists k l')).toEqual({ type: 'exists', keys: ['k', 'l'] });
  expect(commandOf('DEL k l')).toEqual({ type: 'delete', keys: ['k', 'l'] });
  expect(commandOf('STRLEN k')).toEqual({ type: 'stringLength', key });
  expect(commandOf('INCR k')).toEqual({ type: 'increment', key, by: 1n });
  expect(commandOf('DECR k')).toEqual({ type: 'increment', key, by: -1n });
  expect(commandOf('INCRBY k -5')).toEqual({ type: 'increment', key, by: -5n });
  expect(commandOf('DECRBY k -5')).toEqual({ type: 'increment', key, by: 5n });
  expect(commandOf('APPEND k v')).toEqual({ type: 'append', key, value: 'v' });
  const values = ['a', 'b'];
  expect(commandOf('RPUSH k a b')).toEqual({ type: 'listPush', key, side: 'right', values });
  expect(commandOf('LPUSH k a b')).toEqual({ type: 'listPush', key, side: 'left', values });
  expect(commandOf('RPOP k')).toEqual({ type: 'listPop', key, side: 'right' });
  expect(commandOf('LPOP k')).toEqual({ type: 'listPop', key, side: 'left' });
  expect(commandOf('LRANGE k 1 -2')).toEqual({ type: 'listRange', key, start: 1, stop: -2 });
  expect(commandOf('LLEN k')).toEqual({ type: 'listLength', key });
  expect(commandOf('SADD k a b')).toEqual({ type: 'setAdd', key, members: values });
  expect(commandOf('SREM k a b')).toEqual({ type: 'setRemove', key, members: values });
  expect(commandOf('SISMEMBER k a')).toEqual({ type: 'setHas', key, member: 'a' });
  expect(commandOf('SMEMBERS k')).toEqual({ type: 'setMembers', key });
});

// All of them and many more are compared with a real Redis where there is one.
test('a wrong command is answered with the words of Redis', () => {
  expect(askOnce('GET')).toBe("-ERR wrong number of arguments for 'get' command\r\n");
  expect(askOnce('set a')).toBe("-ERR wrong number of arguments for 'set' command\r\n");
  expect(askOnce('CLIENT ID a')).toBe("-ERR wrong number of arguments for 'client|id' command\r\n");
  expect(askOnce('SET a b NX XX')).toBe('-ERR syntax error\r\n');
  expect(askOnce('SET a b IFEQ')).toBe('-ERR syntax error\r\n');
  expect(askOnce('SET a b WHATEVER')).toBe('-ERR syntax error\r\n');
  expect(askOnce('INCRBY a 01')).toBe('-ERR value is not an integer or out of range\r\n');
  expect(askOnce('LRANGE a 0 x')).toBe('-ERR value is not an integer or out of range\r\n');
  expect(askOnce(`DECRBY a ${-(2n ** 63n)}`)).toBe('-ERR decrement would overflow\r\n');
  expect(askOnce('FLY me to')).toBe(
    "-ERR unknown command 'FLY', with args beginning with: 'me' 'to' \r\n",
  );
  expect(askOnce('CLIENT FLY')).toBe("-ERR unknown subcommand 'FLY'. Try CLIENT HELP.\r\n");
});

test('what is not supported is refused, not taken for something else', () => {
  expect(askOnce('SET a b EX 10')).toContain('-ERR SET with EX is not supported here');
  expect(askOnce('LPOP a 2')).toBe('-ERR LPOP with a count is not supported here\r\n');
  expect(askOnce('READONLY')).toContain('stale ones are asked for by RAFT.STALE');
  expect(askOnce('READWRITE')).toContain('-ERR This instance has cluster support disabled');
  expect(askOnce('SELECT 1')).toBe('-ERR DB index is out of range\r\n');
});

test('HELLO tells of the server in the protocol that it agrees on', () => {
  expect(askOnce('HELLO')).toMatch(/^\*14\r\n\$6\r\nserver\r\n\$7\r\nrafture\r\n/);
  expect(askOnce('HELLO 2 SETNAME x')).toContain('proto\r\n:2\r\n');
  expect(askOnce('HELLO 3')).toMatch(/^%7\r\n[\s\S]*proto\r\n:3\r\n/);
  const client = new TestClient(new ScriptedNode());
  expect(client.ask('HELLO 3 SETNAME me')).toMatch(/^%7/);
  expect(client.ask('CLIENT GETNAME')).toBe('$2\r\nme\r\n');
  expect(client.ask('HELLO 4')).toMatch(/^-NOPROTO/);
  expect(client.ask('RESET')).toBe('+RESET\r\n');
  expect(client.ask('CLIENT GETNAME')).toBe('$-1\r\n');
});

test('with a password nothing but AUTH, HELLO, RESET and QUIT is done before it', () => {
  const node = new LonelyNode();
  const options = { password: 'secret' };
  const client = new TestClient(node, options);
  const noAuth = '-NOAUTH Authentication required.\r\n';
  for (const line of ['GET a', 'SET a 1', 'PING', 'RAFT.INFO', 'RAFT.REMOVE n1', 'CLIENT ID']) {
    expect(client.ask(line), line).toBe(noAuth);
  }
  expect(client.ask('HELLO 3')).toMatch(/^-NOAUTH HELLO must be called/);
  expect(client.ask('AUTH wrong')).toMatch(/^-WRONGPASS/);
  expect(client.ask('AUTH secre')).toMatch(/^-WRONGPASS/);
  expect(client.ask('AUTH secretsecret')).toMatch(/^-WRONGPASS/);
  expect(client.ask('AUTH ""')).toMatch(/^-WRONGPASS/);
  expect(client.ask('AUTH other secret')).toMatch(/^-WRONGPASS/);
  expect(client.ask('HELLO 3 AUTH default wrong')).toMatch(/^-WRONGPASS/);
  expect(client.ask('GET a')).toBe(noAuth);
  expect(client.ask('AUTH secret')).toBe('+OK\r\n');
  expect(client.ask('GET a')).toBe('$-1\r\n');
  expect(client.ask('RESET')).toBe('+RESET\r\n');
  expect(client.ask('GET a')).toBe(noAuth);
  expect(client.ask('HELLO 3 AUTH default secret SETNAME me')).toMatch(/^%7/);
  expect(client.ask('GET a')).toBe('_\r\n');
  expect(new TestClient(node, options).ask('QUIT')).toBe('+OK\r\n');
});

test('a stranger that sends much is cut off, and may after AUTH', () => {
  const bulk = `$20000\r\n${'x'.repeat(20_000)}\r\n`;
  const request = `*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${bulk}`;
  const node = new LonelyNode();
  const stranger = new TestClient(node, { password: 'secret' });
  stranger.send(request);
  expect(stranger.take()).toBe('-ERR Protocol error: unauthenticated bulk length\r\n');
  expect(stranger.closeCount).toBe(1);
  const known = new TestClient(node, { password: 'secret' });
  known.send(`AUTH secret\r\n${request}`);
  expect(known.take()).toBe('+OK\r\n+OK\r\n');
});

test('a form that a browser was made to send is hung up on', () => {
  for (const line of ['POST / HTTP/1.1', 'Host: example.org']) {
    const client = new TestClient(new ScriptedNode());
    expect(client.ask(`${line}\r\nSET a 1`)).toBe('');
    expect(client.closeCount).toBe(1);
  }
});

test('CLIENT tells the connections of this node apart', () => {
  const node = new ScriptedNode();
  const first = new TestClient(node);
  const second = new TestClient(node, { password: null, clientAddress: 'here:1' });
  const third = new TestClient(node, { password: null, clientId: 77 });
  expect(first.ask('CLIENT ID')).toBe(':1\r\n');
  expect(second.ask('CLIENT ID')).toBe(':2\r\n');
  expect(third.ask('CLIENT ID')).toBe(':77\r\n');
  expect(second.ask('CLIENT SETNAME two')).toBe('+OK\r\n');
  expect(second.ask('CLIENT SETINFO LIB-NAME lib')).toBe('+OK\r\n');
  const line = 'id=2 addr=here:1 name=two db=0 resp=2 lib-name=lib lib-ver=\n';
  expect(second.ask('CLIENT INFO')).toBe(`$${line.length}\r\n${line}\r\n`);
  expect(
    first
      .ask('CLIENT LIST')
      .split('\n')
      .filter((each) => each.startsWith('id=')),
  ).toHaveLength(3);
  expect(first.ask('CLIENT LIST ID 2')).toBe(`$${line.length}\r\n${line}\r\n`);
  third.session.closed();
  expect(first.ask('CLIENT LIST')).not.toContain('id=77');
  expect(first.ask('CLIENT KILL x')).toBe("-ERR unknown subcommand 'KILL'. Try CLIENT HELP.\r\n");
  expect(first.ask('CLIENT HELP')).toContain('+SETNAME\r\n');
});

test('INFO and RAFT.INFO tell what the node knows, and a blank for what it does not', () => {
  const body = [
    'id:n1',
    `version:${serverVersion}`,
    'cluster_id:tests',
    'role:follower',
    'term:3',
    'leader_id:n2',
    'leader_client_address:host2:7002',
    'voted_for:',
    'commit_index:10',
    'applied_index:9',
    'durable_index:11',
    'first_log_index:6',
    'last_log_index:12',
    'last_log_term:2',
    'snapshot_index:5',
    'snapshots_installed:0',
    'configuration:n1,n2,n3',
    'configuration_id:4',
    'voters:n1,n2,n3',
    'outgoing_voters:n1,n2',
    'learners:n4',
    'follower_n1:mode=replicate,match=12,next=13,inflight=0',
    'follower_n3:mode=probe,match=0,next=7,inflight=1',
    'transferring_to:',
    'sessions:2',
    'waiting_writes:1',
    'waiting_reads:0',
    '',
  ].join('\r\n');
  expect(askOnce('RAFT.INFO')).toBe(`$${body.length}\r\n${body}\r\n`);
  expect(askOnce('INFO raft')).toBe(`$${body.length + 8}\r\n# Raft\r\n${body}\r\n`);
  expect(askOnce('INFO')).toContain('# Keyspace\r\ndb0:keys=4\r\n');
  expect(askOnce('INFO clients')).toBe('$32\r\n# Clients\r\nconnected_clients:1\r\n\r\n');
  expect(askOnce('INFO nothing')).toBe('$0\r\n\r\n');
});

test('COMMAND tells of all commands', () => {
  expect(askOnce('COMMAND INFO get nothing')).toBe(
    '*2\r\n*10\r\n$3\r\nget\r\n:2\r\n*2\r\n+readonly\r\n+fast\r\n:1\r\n:1\r\n:1\r\n' +
      '*0\r\n*0\r\n*0\r\n*0\r\n$-1\r\n',
  );
  const client = new TestClient(new ScriptedNode());
  const count = Number(client.ask('COMMAND COUNT').slice(1));
  expect(client.ask('COMMAND')).toMatch(new RegExp(`^\\*${count}\\r\\n\\*10\\r\\n`));
  expect(client.ask('COMMAND LIST')).toMatch(new RegExp(`^\\*${count}\\r\\n`));
  expect(client.ask('COMMAND DOCS')).toMatch(new RegExp(`^\\*${2 * count}\\r\\n`));
  expect(client.ask('COMMAND INFO client|id')).toContain('$9\r\nclient|id\r\n');
  expect(client.ask('COMMAND GETKEYS EXISTS a b')).toBe('*2\r\n$1\r\na\r\n$1\r\nb\r\n');
  expect(client.ask('COMMAND GETKEYS SET a b')).toBe('*1\r\n$1\r\na\r\n');
});

test('CONFIG GET tells what is true, and of nothing else', () => {
  expect(askOnce('CONFIG GET save appendonly nothing')).toBe(
    '*4\r\n$4\r\nsave\r\n$0\r\n\r\n$10\r\nappendonly\r\n$3\r\nyes\r\n',
  );
  expect(askOnce('CONFIG GET nothing')).toBe('*0\r\n');
  expect(askOnce('CONFIG GET append*')).toMatch(/^\*4\r\n\$10\r\nappendonly/);
  expect(askOnce('CONFIG SET save 1')).toContain("-ERR unknown subcommand 'SET'");
});
