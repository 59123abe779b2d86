import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, type TestNode, TestProcesses } from '../host/test-processes.ts';

// The clients that people have, against nodes as people run them. Debian's package redis-tools.
const haveTools = spawnSync('redis-cli', ['--version']).status === 0;
const noTools = 'redis-cli is not installed: apt-get install redis-tools';
const timeout = 60_000;

let cluster: TestProcesses;
let leader: TestNode;
let follower: TestNode;
let guarded: TestProcesses;
let guardedPort: number;

beforeAll(async () => {
  cluster = await TestProcesses.create(['n1', 'n2', 'n3']);
  const nodes = ['n1', 'n2', 'n3'].map((id) => cluster.start(id));
  guarded = await TestProcesses.create(['g1']);
  const passwordFile = join(guarded.folder, 'password');
  writeFileSync(passwordFile, 'secret\n', { mode: 0o600 });
  guardedPort = guarded.start('g1', ['--password-file', passwordFile]).clientPort;
  leader = await cluster.leader(nodes);
  follower = nodes.find((node) => node !== leader) ?? leader;
}, timeout);

afterAll(async () => {
  await cluster.tearDown();
  await guarded.tearDown();
}, timeout);

interface AnyClient {
  /** Rejects with the server's error. */
  call(words: readonly string[]): Promise<unknown>;
  close(): Promise<void>;
}

interface ClientKind {
  readonly name: string;
  readonly open: (port: number, password?: string) => Promise<AnyClient>;
}

async function openNodeRedis(port: number, RESP: 2 | 3, password?: string): Promise<AnyClient> {
  const secret = password === undefined ? {} : { password };
  const socket = { host: '127.0.0.1', port, reconnectStrategy: false as const };
  const client = createClient({ RESP, socket, name: 'tester', ...secret });
  client.on('error', () => undefined);
  await client.connect();
  return {
    call: (words) => client.sendCommand([...words]),
    close: () => client.close(),
  };
}

async function openIoredis(port: number, protocol: 2 | 3, password?: string): Promise<AnyClient> {
  const secret = password === undefined ? {} : { password };
  const options = { port, protocol, lazyConnect: true, retryStrategy: () => null };
  const client = new Redis({ ...options, ...secret });
  client.on('error', () => undefined);
  await client.connect();
  return {
    call: ([command = '', ...rest]) => client.call(command, ...rest),
    close: async () => void (await client.quit()),
  };
}

function openRedisCli(port: number, protocol: 2 | 3, password?: string): AnyClient {
  const secret = password === undefined ? [] : ['-a', password, '--no-auth-warning'];
  return {
    call: async (words) => {
      const flags = ['-p', String(port), `-${protocol}`, '-e', ...secret];
      const { stdout, stderr, exitCode } = await execa('redis-cli', [...flags, ...words], {
        reject: false,
      });
      if (exitCode !== 0) throw new Error(`${stdout}${stderr}`.trim());
      return stdout;
    },
    close: () => Promise.resolve(),
  };
}

const libraries: readonly ClientKind[] = [
  { name: 'redis, RESP2', open: (port, password) => openNodeRedis(port, 2, password) },
  { name: 'redis, RESP3', open: (port, password) => openNodeRedis(port, 3, password) },
  { name: 'ioredis, RESP2', open: (port, password) => openIoredis(port, 2, password) },
  { name: 'ioredis, RESP3', open: (port, password) => openIoredis(port, 3, password) },
];
const shells: readonly ClientKind[] = [
  { name: 'redis-cli, RESP2', open: async (port, password) => openRedisCli(port, 2, password) },
  { name: 'redis-cli, RESP3', open: async (port, password) => openRedisCli(port, 3, password) },
];
const kinds = [...libraries, ...shells];

/** As redis-cli prints it where nobody watches. */
function describe(value: unknown): string {
  if (value === null) return '';
  if (value instanceof Set) return describe([...value]);
  return Array.isArray(value) ? value.map(describe).join('\n') : String(value);
}

/** Commands on keys of one client, and what they answer. */
const script: readonly (readonly [string, string | RegExp])[] = [
  ['SET s v', 'OK'],
  ['SET s w NX', ''],
  ['SET s w XX GET', 'v'],
  ['SET s x IFEQ w', 'OK'],
  ['SET s y IFEQ w', ''],
  ['GET s', 'x'],
  ['GET none', ''],
  ['APPEND s yz', '3'],
  ['STRLEN s', '3'],
  ['INCR n', '1'],
  ['INCRBY n 41', '42'],
  ['DECR n', '41'],
  ['DECRBY n 1', '40'],
  ['INCRBY large 9007199254740993', /^900719925474099[23]$/],
  ['GET large', '9007199254740993'],
  ['RPUSH l a b c', '3'],
  ['LPUSH l z', '4'],
  ['LRANGE l 0 -1', 'z\na\nb\nc'],
  ['LRANGE none 0 -1', ''],
  ['LLEN l', '4'],
  ['LPOP l', 'z'],
  ['RPOP l', 'c'],
  ['LPOP none', ''],
  ['SADD t a b', '2'],
  ['SADD t b', '0'],
  ['SREM t a', '1'],
  ['SISMEMBER t b', '1'],
  ['SMEMBERS t', 'b'],
  ['RAFT.STALE GET s', 'xyz'],
  ['EXISTS s t none', '2'],
  ['DEL s t none', '2'],
  ['INCR l', /WRONGTYPE Operation against a key holding the wrong kind of value/],
  ['GET', /ERR wrong number of arguments for 'get' command/],
  ['FLY', /ERR unknown command 'FLY', with args beginning with:/],
  ['PING', 'PONG'],
  ['ECHO hello', 'hello'],
  ['SELECT 0', 'OK'],
  ['CLIENT SETNAME tester', 'OK'],
  ['CLIENT ID', /^\d+$/],
  ['COMMAND COUNT', /^\d+$/],
  ['RAFT.HASH', /^\d+ [0-9a-f]+$/],
];

const keyed = /^(SET|GET|APPEND|STRLEN|INCR|INCRBY|DECR|DECRBY|[RL]PUSH|[RL]POP|LRANGE|LLEN)$/;
const manyKeys = /^(DEL|EXISTS)$/;

/** Its keys made a client's own. */
function wordsOf(line: string, prefix: string): string[] {
  const words = line.split(' ');
  return words.map((word, at) => {
    const [first = '', second = ''] = words;
    const isKey = keyed.test(first) || /^S(ADD|REM|ISMEMBER|MEMBERS)$/.test(first);
    const place = second === 'GET' ? 2 : 1;
    const own = at === place && (isKey || second === 'GET');
    return own || (at > 0 && manyKeys.test(first)) ? `${prefix}${word}` : word;
  });
}

for (const kind of kinds) {
  test(
    `${kind.name}: every command answers what it should`,
    async (context) => {
      if (shells.includes(kind) && !haveTools) context.skip(noTools);
      const client = await kind.open(leader.clientPort);
      for (const [line, expected] of script) {
        const words = wordsOf(line, `${kind.name.replace(/\W/g, '')}:`);
        const got = await client.call(words).then(describe, (error: Error) => error.message);
        if (expected instanceof RegExp) expect(got, line).toMatch(expected);
        else expect(got, line).toBe(expected);
      }
      const id = describe(await client.call(['RAFT.SESSION', 'OPEN']));
      const call = ['RAFT.SESSION', 'CALL', id, '1', 'INCR', `${kind.name}:session`];
      expect(describe(await client.call(call))).toBe('1');
      expect(describe(await client.call(call))).toBe('1');
      expect(describe(await client.call(['RAFT.SESSION', 'CLOSE', id]))).toBe('OK');
      expect(describe(await client.call(['INFO', 'raft']))).toMatch(/role:leader\r?\n/);
      await client.close();
    },
    timeout,
  );

  test(
    `${kind.name}: without the password nothing, with it everything`,
    async (context) => {
      if (shells.includes(kind) && !haveTools) context.skip(noTools);
      const client = await kind.open(guardedPort, 'secret');
      // The node may not lead yet.
      for (;;) {
        const got = await client.call(['SET', 'a', '1']).catch((error: Error) => error.message);
        if (got === 'OK') break;
        expect(got).toMatch(/^(NOLEADER|BUSY)/);
      }
      expect(describe(await client.call(['GET', 'a']))).toBe('1');
      await client.close();
      for (const password of [undefined, 'wrong']) {
        const attempt = kind.open(guardedPort, password).then(async (stranger) => {
          await stranger.call(['GET', 'a']).finally(() => stranger.close().catch(() => undefined));
        });
        await expect(attempt).rejects.toThrow(/NOAUTH|WRONGPASS|closed/i);
      }
    },
    timeout,
  );
}

for (const kind of libraries) {
  test(
    `${kind.name}: a pipeline takes effect in its order`,
    async () => {
      const client = await kind.open(leader.clientPort);
      const key = `${kind.name}:pipeline`;
      const calls = Array.from({ length: 600 }, (_, position) =>
        client.call(position % 3 === 2 ? ['GET', key] : ['INCR', key]),
      );
      const answers = (await Promise.all(calls)).map(String);
      const expected = Array.from({ length: 600 }, (_, position) => {
        return String(2 * Math.floor(position / 3) + Math.min(2, (position % 3) + 1));
      });
      expect(answers).toEqual(expected);
      await client.close();
    },
    timeout,
  );

  test(
    `${kind.name}: values of a mebibyte, and many of them at once`,
    async () => {
      const client = await kind.open(leader.clientPort);
      const key = `${kind.name}:large`;
      const value = 'é'.repeat(512 * 1024);
      expect(await client.call(['SET', key, value])).toBe('OK');
      // More than a connection may have unread.
      const answers = await Promise.all(
        Array.from({ length: 80 }, () => client.call(['GET', key])),
      );
      expect(answers.every((answer) => answer === value)).toBe(true);
      expect(describe(await client.call(['STRLEN', key]))).toBe('1048576');
      await expect(client.call(['APPEND', key, 'x'])).rejects.toThrow(/^ERR string exceeds/);
      await client.close();
    },
    timeout,
  );

  test(
    `${kind.name}: a follower reads what was written, and names the leader for writes`,
    async () => {
      const [here, there] = [
        await kind.open(follower.clientPort),
        await kind.open(leader.clientPort),
      ];
      for (let round = 0; round < 20; round += 1) {
        expect(await there.call(['SET', `${kind.name}:seen`, String(round)])).toBe('OK');
        expect(await here.call(['GET', `${kind.name}:seen`])).toBe(String(round));
      }
      const moved = here.call(['SET', 'a', '1']);
      await expect(moved).rejects.toThrow(`MOVED 0 127.0.0.1:${leader.clientPort}`);
      await Promise.all([here.close(), there.close()]);
    },
    timeout,
  );
}

test(
  'redis-cli -c follows to the leader',
  async (context) => {
    if (!haveTools) context.skip(noTools);
    const flags = ['-c', '-p', String(follower.clientPort)];
    const { stdout } = await execa('redis-cli', [...flags, 'SET', 'followed', 'yes']);
    expect(stdout.trim()).toMatch(/OK$/);
    expect(await ask(leader.clientPort, ['GET', 'followed'])).toBe('yes');
  },
  timeout,
);

test(
  'redis-benchmark runs against it, with pipelines and without',
  async (context) => {
    if (!haveTools) context.skip(noTools);
    const tests = 'ping_inline,ping_mbulk,set,get,incr,lpush,rpush,lpop,rpop,sadd,lrange_100';
    for (const flags of [
      ['-n', '200'],
      ['-n', '400', '-P', '16'],
    ]) {
      const all = ['-p', String(leader.clientPort), '-c', '10', '-t', tests, '-q', ...flags];
      const { stdout, stderr } = await execa('redis-benchmark', all);
      const finished = stdout.split(/[\r\n]+/).filter((line) => /requests per second/.test(line));
      expect(finished).toHaveLength(12);
      expect(`${stdout}${stderr}`).not.toMatch(/error|warning/i);
    }
  },
  timeout,
);

test(
  'a malformed frame ends its connection, and no other',
  async () => {
    const other = await openIoredis(leader.clientPort, 2);
    const received = await new Promise<string>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port: leader.clientPort });
      let text = '';
      socket.on('data', (bytes) => {
        text += bytes.toString('latin1');
      });
      socket.on('close', () => resolve(text));
      socket.write('SET malformed before\r\n*1\r\n:1\r\nSET malformed after\r\n');
    });
    expect(received).toBe("+OK\r\n-ERR Protocol error: expected '$', got ':'\r\n");
    expect(await other.call(['GET', 'malformed'])).toBe('before');
    await other.close();
  },
  timeout,
);
