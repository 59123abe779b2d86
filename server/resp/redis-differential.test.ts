import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest';
import { encodeRequest, LonelyNode, TestClient } from './test-node.ts';

// Against Debian's package redis-server, where it is installed.
const available = spawnSync('redis-server', ['--version']).status === 0;

interface RealRedis {
  readonly path: string;
  readonly server: ChildProcess;
}

let folder: string;
let plain: RealRedis;
let guarded: RealRedis;

function startRedis(name: string, flags: readonly string[]): RealRedis {
  const path = join(folder, name);
  const args = ['--port', '0', '--unixsocket', path, '--save', '', '--dir', folder, ...flags];
  return { path, server: spawn('redis-server', args, { stdio: 'ignore' }) };
}

beforeAll(() => {
  if (!available) return;
  folder = mkdtempSync(join(tmpdir(), 'rafture-resp-'));
  plain = startRedis('plain', []);
  guarded = startRedis('guarded', ['--requirepass', 'secret']);
});

afterAll(() => {
  if (!available) return;
  for (const { server } of [plain, guarded]) server.kill();
  rmSync(folder, { recursive: true, force: true });
});

function needRedis(context: TestContext): void {
  if (!available) context.skip('redis-server is not installed: apt-get install redis-server');
}

/** What it answers to these bytes until it closes, or its answer ends with `last`. */
async function askRedis(path: string, bytes: Uint8Array, last: string | null): Promise<string> {
  for (;;) {
    const answer = await new Promise<string | null>((resolve) => {
      const socket = connect({ path });
      let received = '';
      socket.on('connect', () => socket.write(bytes));
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1');
        if (last !== null && received.endsWith(last)) socket.end();
      });
      // It does not listen yet.
      socket.on('error', () => resolve(null));
      socket.on('close', () => resolve(received));
    });
    if (answer !== null) return answer;
  }
}

function askOurs(bytes: Uint8Array, password: string | null = null): string {
  const client = new TestClient(new LonelyNode(), { password });
  client.session.receive(bytes);
  return client.take();
}

const done = '$4\r\ndone\r\n';

/** All of them in one connection each, in this protocol: the answers to each of them. */
async function askBoth(
  requests: readonly (readonly string[])[],
  protocol: 2 | 3,
): Promise<readonly [string, string][]> {
  const begin = [['FLUSHALL'], ['HELLO', String(protocol)]];
  const separated = requests.flatMap((request) => [request, ['ECHO', 'next']]);
  const bytes = Buffer.concat(
    [...begin, ['ECHO', 'next'], ...separated, ['ECHO', 'done']].map(encodeRequest),
  );
  const split = (answer: string) => answer.split('$4\r\nnext\r\n').slice(1, -1);
  const theirs = split(await askRedis(plain.path, bytes, done));
  const ours = split(askOurs(bytes));
  expect(ours).toHaveLength(requests.length);
  return requests.map((request, position) => [
    `${request.join(' ')}: ${theirs[position]}`,
    `${request.join(' ')}: ${ours[position]}`,
  ]);
}

const words = (lines: readonly string[]): string[][] => lines.map((line) => line.split(' '));

/** With a string s, a number n, a list l and a set t. */
const fill = words(['SET s text', 'SET n 10', 'RPUSH l a b c', 'SADD t a']);

const wrongArity = words([
  ...['GET', 'GET a b', 'SET', 'SET a', 'DEL', 'EXISTS', 'INCR', 'INCR a b', 'INCRBY a', 'DECR'],
  ...['DECRBY a', 'APPEND a', 'STRLEN', 'RPUSH a', 'LPUSH a', 'LRANGE a 0', 'LLEN', 'LPOP'],
  ...['RPOP', 'LPOP a 1 2', 'SADD a', 'SREM a', 'SISMEMBER a', 'SMEMBERS', 'PING a b', 'ECHO'],
  ...[
    'SELECT',
    'AUTH',
    'AUTH a b c',
    'CLIENT',
    'CLIENT ID a',
    'CLIENT SETNAME',
    'CLIENT GETNAME a',
  ],
  ...['CONFIG', 'CONFIG GET', 'COMMAND COUNT a', 'COMMAND GETKEYS', 'CLIENT NO-EVICT', 'RESET a'],
]);

const unknown = [
  ...words([
    'FLY',
    'FLY me to the moon',
    'CLIENT FLY',
    'client fly a',
    'CONFIG FLY',
    'COMMAND FLY',
  ]),
  ['fly', 'a'.repeat(200), 'b'],
  ['fly', ...Array.from({ length: 40 }, (_, position) => `argument${position}`)],
  ['f'.repeat(200), 'a'],
  ['fly\r\nme', 'line\r\nfeed', 'nul\0rest'],
  ['', 'a'],
];

const malformed = words([
  ...['SET a b NX XX', 'SET a b XX NX', 'SET a b WHATEVER', 'SET a b NX GET XX', 'SELECT x'],
  ...['SELECT 99', 'SELECT -1', 'INCRBY n x', 'INCRBY n 1.5', 'INCRBY n 9223372036854775808'],
  ...['INCRBY n 01', 'DECRBY n x', 'DECRBY n -9223372036854775808', 'LRANGE l x 1', 'LRANGE l 0 x'],
  ...['HELLO x', 'HELLO 1', 'HELLO 4', 'HELLO 2 SETNAME', 'HELLO 3 WHAT a', 'HELLO 2 AUTH a'],
  ...[
    'AUTH x',
    'AUTH other x',
    'HELLO 2 AUTH other x',
    'CLIENT NO-EVICT maybe',
    'CLIENT LIST WHAT a',
  ],
  ...[
    'COMMAND GETKEYS FLY a',
    'COMMAND GETKEYS PING a',
    'COMMAND GETKEYS GET a b',
    'COMMAND LIST WHAT',
  ],
  ...['READONLY a', 'QUERY'],
]).concat([['CLIENT', 'SETNAME', 'a b']]);

const wrongType = words([
  ...['GET l', 'GET t', 'INCR s', 'INCR l', 'INCRBY s 1', 'APPEND l a', 'STRLEN l', 'RPUSH s a'],
  ...['LPUSH t a', 'LRANGE s 0 1', 'LLEN s', 'LPOP s', 'RPOP t', 'SADD s a', 'SREM l a'],
  ...[
    'SISMEMBER s a',
    'SMEMBERS l',
    'SET l a GET',
    'SET t a NX GET',
    'INCRBY n 9223372036854775807',
  ],
  ...['DECRBY n 9223372036854775807', 'DECRBY n 9223372036854775807'],
]);

const right = words([
  ...['GET s', 'GET none', 'SET a b', 'SET a c NX', 'SET a c XX', 'SET none c XX', 'SET a d GET'],
  ...['SET b d NX GET', 'SET a e XX GET', 'DEL a b none', 'EXISTS s s none', 'INCR n', 'DECR n'],
  ...['INCRBY n 5', 'DECRBY n -7', 'INCR fresh', 'APPEND s more', 'APPEND new x', 'STRLEN s'],
  ...['STRLEN none', 'LPUSH l x y', 'RPUSH l z', 'LLEN l', 'LRANGE l 0 -1', 'LRANGE l 5 1'],
  ...['LRANGE l -2 -1', 'LRANGE none 0 -1', 'LPOP l', 'RPOP l', 'LPOP none', 'RPOP none'],
  ...['SADD t b b c', 'SADD t a', 'SREM t a x', 'SISMEMBER t b', 'SISMEMBER t x', 'SMEMBERS one'],
  ...['SADD one 1', 'SMEMBERS one', 'PING', 'PING hi', 'ECHO hi', 'SELECT 0', 'CLIENT GETNAME'],
  ...['CLIENT SETNAME me', 'CLIENT GETNAME', 'CLIENT NO-EVICT on', 'AUTH default x'],
  ...['COMMAND GETKEYS SET a b', 'COMMAND GETKEYS DEL a b c', 'COMMAND INFO nothing'],
  ...[
    'CONFIG GET nothing',
    'CONFIG GET save',
    'RESET',
    'GET none',
    'SMEMBERS one',
    'CONFIG GET save',
  ],
]);

for (const protocol of [2, 3] as const) {
  test(`RESP${protocol}: answers and errors are byte for byte those of Redis`, async (context) => {
    needRedis(context);
    const requests = [fill, wrongArity, unknown, malformed, wrongType, right].flat();
    for (const [theirs, ours] of await askBoth(requests, protocol)) expect(ours).toBe(theirs);
  });
}

test('with a password the same is refused, and allowed after it, as in Redis', async (context) => {
  needRedis(context);
  const lines = [
    ...['GET a', 'PING', 'FLY', 'GET', 'CLIENT FLY', 'CLIENT ID', 'RESET', 'HELLO', 'HELLO 3'],
    ...['AUTH wrong', 'AUTH default wrong', 'AUTH other secret', 'HELLO 3 AUTH default wrong'],
    ...['GET a', 'AUTH secret', 'GET a', 'RESET', 'GET a', 'AUTH default secret', 'GET a', 'QUIT'],
  ];
  const bytes = Buffer.concat(words(lines).map(encodeRequest));
  expect(askOurs(bytes, 'secret')).toBe(await askRedis(guarded.path, bytes, null));
});

test('what is no request is answered as in Redis, and its connection closed', async (context) => {
  needRedis(context);
  const texts = [
    '*x\r\n',
    '*01\r\n',
    '*+1\r\n',
    '*1\r\n:5\r\n',
    '*1\r\n*1\r\n',
    '*1\r\nx\r\n',
    '*1\r\n$x\r\n',
    '*1\r\n$-1\r\n',
    '*1\r\n$01\r\n',
    '*99999999999\r\n',
    '*1\r\n$9999999999\r\n',
    'set k "open\r\n',
    "get 'a'b\r\n",
    'POST / HTTP/1.1\r\n',
    'Host: x\r\n',
    'PING\r\n*2\r\n$4\r\nECHO\r\n#\r\n',
  ];
  for (const text of texts) {
    const bytes = Buffer.from(text, 'latin1');
    expect(`${text}: ${askOurs(bytes)}`).toBe(
      `${text}: ${await askRedis(plain.path, bytes, null)}`,
    );
  }
});

test('a stranger is held to the same limits as in Redis', async (context) => {
  needRedis(context);
  const lastAllowed = Buffer.from(
    `*2\r\n$4\r\nAUTH\r\n$16384\r\n${'x'.repeat(16_384)}\r\nQUIT\r\n`,
  );
  expect(askOurs(lastAllowed, 'secret')).toBe(await askRedis(guarded.path, lastAllowed, null));
  for (const text of ['*11\r\n', '*1\r\n$16385\r\n']) {
    const bytes = Buffer.from(text);
    expect(askOurs(bytes, 'secret')).toBe(await askRedis(guarded.path, bytes, null));
  }
});

test('inline commands are cut into words as Redis cuts them', async (context) => {
  needRedis(context);
  const piece = fc.constantFrom(
    ...['a', 'b', ' ', '\t', '"', "'", '\\', '\\n', '\\x41', '\\xzz', '\\"', "\\'", '\v', '\r'],
  );
  const line = fc.array(piece, { maxLength: 12 }).map((pieces) => `fly ${pieces.join('')}`);
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 20 }), async (lines) => {
      const bytes = Buffer.from(`${lines.join('\n')}\nQUIT\n`, 'latin1');
      expect(askOurs(bytes)).toBe(await askRedis(plain.path, bytes, null));
    }),
    { numRuns: 100 },
  );
});
