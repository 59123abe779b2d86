import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DataCommand, isRead, type ReadCommand, type Reply } from './command.ts';
import { commandOf, Drawing, someKeys, TestMachine } from './test-machine.ts';

// Against Debian's package redis-server, where it is installed.
const program = 'redis-server';
const available = spawnSync(program, ['--version']).status === 0;

type Word = string | Buffer;
type AnyCommand = DataCommand | ReadCommand;

let folder: string;
let server: ChildProcess;
let client: Redis;

beforeAll(() => {
  if (!available) return;
  folder = mkdtempSync(join(tmpdir(), 'rafture-redis-'));
  const path = join(folder, 'socket');
  const args = ['--port', '0', '--unixsocket', path, '--save', '', '--dir', folder];
  server = spawn(program, args, { stdio: 'ignore' });
  client = new Redis({ path, stringNumbers: true, retryStrategy: () => 20 });
  // Until the server listens.
  client.on('error', () => undefined);
});

afterAll(() => {
  if (!available) return;
  client.disconnect();
  server.kill();
  rmSync(folder, { recursive: true, force: true });
});

function wordsOf(command: AnyCommand): Word[] {
  const list = (items: readonly Uint8Array[]) => items.map((item) => Buffer.from(item));
  if (command.type === 'delete') return ['DEL', ...list(command.keys)];
  if (command.type === 'exists') return ['EXISTS', ...list(command.keys)];
  const key = Buffer.from(command.key);
  switch (command.type) {
    case 'set': {
      const condition = { always: [], absent: ['NX'], present: ['XX'], equals: [] };
      const get = command.get ? ['GET'] : [];
      return ['SET', key, Buffer.from(command.value), ...condition[command.condition.type], ...get];
    }
    case 'increment':
      return ['INCRBY', key, command.by.toString()];
    case 'append':
      return ['APPEND', key, Buffer.from(command.value)];
    case 'listPush':
      return [command.side === 'left' ? 'LPUSH' : 'RPUSH', key, ...list(command.values)];
    case 'listPop':
      return [command.side === 'left' ? 'LPOP' : 'RPOP', key];
    case 'setAdd':
      return ['SADD', key, ...list(command.members)];
    case 'setRemove':
      return ['SREM', key, ...list(command.members)];
    case 'get':
      return ['GET', key];
    case 'stringLength':
      return ['STRLEN', key];
    case 'listRange':
      return ['LRANGE', key, `${command.start}`, `${command.stop}`];
    case 'listLength':
      return ['LLEN', key];
    case 'setHas':
      return ['SISMEMBER', key, Buffer.from(command.member)];
    case 'setMembers':
      return ['SMEMBERS', key];
  }
}

const dataCommand = fc.nat().map(commandOf);
const someValue = fc.nat().map((seed) => new Drawing(seed).value());
const key = fc.constantFrom(...someKeys);
const place = fc.integer({ min: -8, max: 8 });
const readCommand: fc.Arbitrary<ReadCommand> = fc.oneof(
  fc.record({ type: fc.constantFrom('get', 'stringLength', 'listLength', 'setMembers'), key }),
  fc.record({ type: fc.constant('exists'), keys: fc.array(key, { minLength: 1, maxLength: 4 }) }),
  fc.record({ type: fc.constant('listRange'), key, start: place, stop: place }),
  fc.record({ type: fc.constant('setHas'), key, member: someValue }),
);
// Redis 7 does not know IFEQ.
const known = dataCommand.filter((command) => {
  return command.type !== 'set' || command.condition.type !== 'equals';
});
const sequence = fc.array(fc.oneof(known, readCommand), { maxLength: 60, size: 'max' });

/** Ours as text, in the words that ioredis gives. */
function describeOurs(reply: Reply): unknown {
  switch (reply.type) {
    case 'ok':
      return 'OK';
    case 'bulk':
      return reply.value === null ? null : Buffer.from(reply.value).toString('latin1');
    case 'integer':
      return String(reply.value);
    case 'array':
    case 'set':
      return reply.items.map((item) => Buffer.from(item).toString('latin1'));
    case 'error':
      return `error ${reply.code} ${reply.text}`;
  }
}

function describeTheirs(error: Error | null, result: unknown, sorted: boolean): unknown {
  if (error !== null) return `error ${error.message}`;
  if (Buffer.isBuffer(result)) return result.toString('latin1');
  if (!Array.isArray(result)) return result;
  const items: unknown[] = sorted ? result.toSorted(Buffer.compare) : result;
  return items.map((item) => describeTheirs(null, item, false));
}

test('answers as a real Redis does, over random sequences of commands', async (context) => {
  if (!available) context.skip('redis-server is not installed: apt-get install redis-server');
  await fc.assert(
    fc.asyncProperty(sequence, async (commands) => {
      const pipeline = client.pipeline();
      pipeline.call('FLUSHALL');
      for (const command of commands) {
        const [name, ...words] = wordsOf(command);
        pipeline.callBuffer(String(name), ...words);
      }
      const theirs = (await pipeline.exec())?.slice(1) ?? [];
      const machine = new TestMachine();
      const ours = commands.map((command) =>
        describeOurs(isRead(command) ? machine.read(command) : machine.apply(command)),
      );
      const expected = theirs.map(([error, result], index) =>
        describeTheirs(error, result, commands[index]?.type === 'setMembers'),
      );
      expect(ours).toEqual(expected);
    }),
    { numRuns: 300 },
  );
}, 60_000);
