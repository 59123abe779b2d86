import { expect, test } from 'vitest';
import { errorTable } from '../errors.ts';
import type { DataCommand, ReadCommand, Reply, SetCondition } from './command.ts';
import { CommandDecodeError } from './command-codec.ts';
import { elementsMax } from './data-commands.ts';
import { StateMachine } from './state-machine.ts';
import { stringBytesMax } from './string-value.ts';
import { bytes, TestMachine } from './test-machine.ts';

const ok: Reply = { type: 'ok' };
const none: Reply = { type: 'bulk', value: null };
const bulk = (text: string): Reply => ({ type: 'bulk', value: bytes(text) });
const integer = (value: number | bigint): Reply => ({ type: 'integer', value });
const array = (...items: string[]): Reply => ({ type: 'array', items: items.map(bytes) });
const err = (text: string): Reply => ({ type: 'error', code: 'ERR', text });
const wrongType: Reply = {
  type: 'error',
  code: 'WRONGTYPE',
  text: 'Operation against a key holding the wrong kind of value',
};

/** Commands in a notation near to Redis's; everything after the first word is a key or value. */
function parseLine(line: string): DataCommand | ReadCommand {
  const [name = '', first = '', ...rest] = line
    .split(' ')
    .map((word) => (word === "''" ? '' : word));
  const key = bytes(first);
  const values = rest.map(bytes);
  const value = values[0] ?? bytes('');
  const side = name.startsWith('L') ? 'left' : 'right';
  switch (name) {
    case 'SET':
      return { type: 'set', key, value, ...parseSetOptions(rest.slice(1)) };
    case 'GET':
      return { type: 'get', key };
    case 'DEL':
      return { type: 'delete', keys: [key, ...values] };
    case 'EXISTS':
      return { type: 'exists', keys: [key, ...values] };
    case 'INCRBY':
      return { type: 'increment', key, by: BigInt(rest[0] ?? '') };
    case 'APPEND':
      return { type: 'append', key, value };
    case 'STRLEN':
      return { type: 'stringLength', key };
    case 'LPUSH':
    case 'RPUSH':
      return { type: 'listPush', key, side, values };
    case 'LPOP':
    case 'RPOP':
      return { type: 'listPop', key, side };
    case 'LLEN':
      return { type: 'listLength', key };
    case 'LRANGE':
      return { type: 'listRange', key, start: Number(rest[0]), stop: Number(rest[1]) };
    case 'SADD':
      return { type: 'setAdd', key, members: values };
    case 'SREM':
      return { type: 'setRemove', key, members: values };
    case 'SISMEMBER':
      return { type: 'setHas', key, member: value };
    case 'SMEMBERS':
      return { type: 'setMembers', key };
    default:
      throw new Error(`no command: ${line}`);
  }
}

function parseSetOptions(words: readonly string[]): { condition: SetCondition; get: boolean } {
  const expected = words[words.indexOf('IFEQ') + 1] ?? '';
  const get = words.includes('GET');
  if (words.includes('NX')) return { condition: { type: 'absent' }, get };
  if (words.includes('XX')) return { condition: { type: 'present' }, get };
  if (!words.includes('IFEQ')) return { condition: { type: 'always' }, get };
  return { condition: { type: 'equals', value: bytes(expected) }, get };
}

type Lines = readonly (readonly [string, Reply])[];

function expectAnswers(lines: Lines): void {
  const machine = new TestMachine();
  for (const [line, reply] of lines) {
    const command = parseLine(line);
    const answer = /^(GET|EXISTS|STRLEN|LLEN|LRANGE|SIS|SMEM)/.test(line)
      ? machine.read(command as ReadCommand)
      : machine.apply(command as DataCommand);
    expect(answer, line).toEqual(reply);
  }
}

const max = '9223372036854775807';
const min = '-9223372036854775808';
const overflow = err('increment or decrement would overflow');
const notInteger = err('value is not an integer or out of range');

const tables: Readonly<Record<string, Lines>> = {
  'SET then GET gives the value, and an absent key gives null': [
    ['GET k', none],
    ['SET k 1', ok],
    ['GET k', bulk('1')],
    ["SET k ''", ok],
    ['GET k', bulk('')],
    ['EXISTS k k other', integer(2)],
  ],
  'NX sets only an absent key and XX only a present one': [
    ['SET k 1 XX', none],
    ['SET k 2 NX', ok],
    ['SET k 3 NX', none],
    ['GET k', bulk('2')],
    ['SET k 4 XX', ok],
    ['GET k', bulk('4')],
  ],
  'IFEQ swaps only when the value is the expected one, and never an absent key': [
    ["SET k 2 IFEQ ''", none],
    ['SET k 1', ok],
    ['SET k 2 IFEQ 0', none],
    ['GET k', bulk('1')],
    ['SET k 2 IFEQ 1', ok],
    ['GET k', bulk('2')],
  ],
  'with GET the answer is the value seen before, set or not': [
    ['SET k 1 IFEQ 0 GET', none],
    ['SET k 1 GET', none],
    ['SET k 2 IFEQ 0 GET', bulk('1')],
    ['GET k', bulk('1')],
    ['SET k 2 IFEQ 1 GET', bulk('1')],
    ['GET k', bulk('2')],
    ['SET k 3 NX GET', bulk('2')],
    ['GET k', bulk('2')],
    ['SET k 3 XX GET', bulk('2')],
    ['SET other 1 XX GET', none],
    ['EXISTS other', integer(0)],
  ],
  'SET overwrites any type, but with GET or IFEQ it wants a string and sets nothing': [
    ['RPUSH k a', integer(1)],
    ['SET k 1 GET', wrongType],
    ['SET k 1 IFEQ a', wrongType],
    ['SET k 1 NX GET', wrongType],
    ['SET k 1 NX', none],
    ['LLEN k', integer(1)],
    ['SET k 1 XX', ok],
    ['GET k', bulk('1')],
    ['SADD s a', integer(1)],
    ['SET s 1', ok],
    ['GET s', bulk('1')],
  ],
  'DEL counts the keys that were there, each once, of any type': [
    ['SET k 1', ok],
    ['RPUSH l a b', integer(2)],
    ['SADD s a', integer(1)],
    ['DEL k k other l s', integer(3)],
    ['EXISTS k l s', integer(0)],
  ],
  'a counter begins at 0 and is a string': [
    ['INCRBY k 5', integer(5)],
    ['INCRBY k -7', integer(-2)],
    ['GET k', bulk('-2')],
    ['APPEND k 0', integer(3)],
    ['INCRBY k 1', integer(-19)],
    ['INCRBY k 19', integer(0)],
    ['GET k', bulk('0')],
  ],
  'a counter is a signed number of 64 bits, and does not wrap around': [
    [`SET k ${max}`, ok],
    ['INCRBY k 1', overflow],
    ['GET k', bulk(max)],
    ['INCRBY k -1', integer(9223372036854775806n)],
    [`SET k ${min}`, ok],
    ['INCRBY k -1', overflow],
    [`INCRBY k ${max}`, integer(-1)],
    [`INCRBY k ${min}`, overflow],
    [`INCRBY new ${min}`, integer(-(2n ** 63n))],
  ],
  'what Redis does not take for an integer is none': [
    ...['x', "''", '1x', '+1', '01', '-0', '-', '1.0', '9223372036854775808'].flatMap(
      (text): Lines => [
        [`SET k ${text}`, ok],
        ['INCRBY k 1', notInteger],
        ['GET k', bulk(text === "''" ? '' : text)],
      ],
    ),
  ],
  'APPEND makes a key, even of nothing, and STRLEN of none is 0': [
    ['STRLEN k', integer(0)],
    ["APPEND k ''", integer(0)],
    ['EXISTS k', integer(1)],
    ['APPEND k ab', integer(2)],
    ['APPEND k cde', integer(5)],
    ['GET k', bulk('abcde')],
    ['STRLEN k', integer(5)],
  ],
  'lists are pushed and popped at both ends, and vanish when empty': [
    ['LLEN k', integer(0)],
    ['LPOP k', none],
    ['RPUSH k c d', integer(2)],
    ['LPUSH k b a', integer(4)],
    ['LRANGE k 0 -1', array('a', 'b', 'c', 'd')],
    ['LPOP k', bulk('a')],
    ['RPOP k', bulk('d')],
    ['RPOP k', bulk('c')],
    ['RPOP k', bulk('b')],
    ['EXISTS k', integer(0)],
    ['SADD k now-a-set', integer(1)],
  ],
  'LRANGE takes any two numbers': [
    ['LRANGE k 0 -1', array()],
    ['RPUSH k a b c', integer(3)],
    ['LRANGE k 1 1', array('b')],
    ['LRANGE k -2 -1', array('b', 'c')],
    ['LRANGE k -100 100', array('a', 'b', 'c')],
    ['LRANGE k 2 1', array()],
    ['LRANGE k 3 9', array()],
    ['LRANGE k 0 -4', array()],
  ],
  'sets count what is new and what was there, and vanish when empty': [
    ['SADD k a b a', integer(2)],
    ['SADD k b c', integer(1)],
    ['SISMEMBER k c', integer(1)],
    ['SISMEMBER k x', integer(0)],
    ['SISMEMBER none x', integer(0)],
    ['SMEMBERS k', { type: 'set', items: ['a', 'b', 'c'].map(bytes) }],
    ['SMEMBERS none', { type: 'set', items: [] }],
    ['SREM none x', integer(0)],
    ['SREM k a x c', integer(2)],
    ['SREM k b', integer(1)],
    ['EXISTS k', integer(0)],
  ],
  'a command for another type is refused and changes nothing': [
    ['SET s x', ok],
    ['RPUSH l x', integer(1)],
    ['SADD m x', integer(1)],
    ...['RPUSH s a', 'LPOP s', 'LLEN s', 'LRANGE s 0 1', 'SADD s a', 'SREM s a', 'SMEMBERS s'].map(
      (line) => [line, wrongType] as const,
    ),
    ...['GET l', 'STRLEN l', 'APPEND l x', 'INCRBY l 1', 'SADD l a', 'SISMEMBER l a'].map(
      (line) => [line, wrongType] as const,
    ),
    ...['GET m', 'STRLEN m', 'APPEND m x', 'INCRBY m 1', 'RPUSH m a', 'RPOP m', 'LLEN m'].map(
      (line) => [line, wrongType] as const,
    ),
    ['GET s', bulk('x')],
    ['LRANGE l 0 -1', array('x')],
    ['SMEMBERS m', { type: 'set', items: [bytes('x')] }],
  ],
};

for (const [promise, lines] of Object.entries(tables)) test(promise, () => expectAnswers(lines));

test('a string grows to its limit and no further, and the refusal changes nothing', () => {
  const machine = new TestMachine();
  const key = bytes('k');
  const half = new Uint8Array(stringBytesMax / 2);
  const tooLong = err('string exceeds maximum allowed size');
  expect(machine.apply({ type: 'append', key, value: half })).toEqual(integer(half.length));
  expect(machine.apply({ type: 'append', key, value: half })).toEqual(integer(stringBytesMax));
  expect(machine.apply({ type: 'append', key, value: bytes('x') })).toEqual(tooLong);
  const value = new Uint8Array(stringBytesMax + 1);
  const condition = { type: 'always' } as const;
  expect(machine.apply({ type: 'set', key, value, condition, get: false })).toEqual(tooLong);
  expect(machine.apply({ type: 'append', key: bytes('new'), value })).toEqual(tooLong);
  expect(machine.read({ type: 'stringLength', key })).toEqual(integer(stringBytesMax));
  expect(machine.machine.keyCount).toBe(1);
});

test('a command with more elements than the limit is refused and changes nothing', () => {
  const machine = new TestMachine();
  const key = bytes('k');
  const many = Array.from({ length: elementsMax + 1 }, (_, place) => bytes(`${place}`));
  const refused = err(`a command takes at most ${elementsMax} elements`);
  expect(machine.apply({ type: 'delete', keys: many })).toEqual(refused);
  expect(machine.apply({ type: 'listPush', key, side: 'left', values: many })).toEqual(refused);
  expect(machine.apply({ type: 'setAdd', key, members: many })).toEqual(refused);
  expect(machine.apply({ type: 'setRemove', key, members: many })).toEqual(refused);
  expect(machine.machine.keyCount).toBe(0);
  const fitting = many.slice(1);
  expect(machine.apply({ type: 'setAdd', key, members: fitting })).toEqual(integer(elementsMax));
});

test('keys, members and elements that differ in any byte are different', () => {
  const machine = new TestMachine();
  const all = Array.from({ length: 256 }, (_, byte) => new Uint8Array([0xc3, byte]));
  const set = bytes('set');
  for (const value of all) machine.apply({ type: 'append', key: value, value });
  expect(machine.apply({ type: 'setAdd', key: set, members: all })).toEqual(integer(256));
  for (const key of all) {
    expect(machine.read({ type: 'get', key })).toEqual({ type: 'bulk', value: key });
    expect(machine.read({ type: 'setHas', key: set, member: key })).toEqual(integer(1));
  }
  expect(machine.read({ type: 'setMembers', key: set })).toEqual({ type: 'set', items: all });
});

test('an answer on its way does not change when the value does', () => {
  const machine = new StateMachine();
  const test = new TestMachine();
  test.machine = machine;
  const key = bytes('k');
  test.apply({ type: 'append', key, value: bytes('abc') });
  test.apply({ type: 'append', key, value: bytes('def') });
  const seen = machine.read({ type: 'get', key });
  test.apply({ type: 'append', key, value: bytes('ghi') });
  expect(seen).toEqual(bulk('abcdef'));
  expect(machine.read({ type: 'get', key })).toEqual(bulk('abcdefghi'));
});

test('an entry applied twice or with a gap before it is refused', () => {
  const machine = new StateMachine();
  const noOp = (index: number) =>
    ({ term: 1, index, kind: 'no-op', data: Buffer.alloc(0) }) as const;
  expect(machine.apply(noOp(1))).toBeNull();
  expect(() => machine.apply(noOp(1))).toThrow('appliedIndex=1');
  expect(() => machine.apply(noOp(3))).toThrow('entryIndex=3');
});

test('an entry that is no command breaks a promise, and is not counted as applied', () => {
  const machine = new StateMachine();
  const data = Buffer.from('hello');
  expect(() => machine.apply({ term: 1, index: 1, kind: 'command', data })).toThrow(
    CommandDecodeError,
  );
  expect(machine.appliedIndex).toBe(0);
});

test('its errors say that nothing has happened, but where an earlier attempt may have', () => {
  for (const code of ['ERR', 'WRONGTYPE', 'OVERLOADED'] as const) {
    expect(errorTable[code].definite).toBe(true);
  }
  for (const code of ['NOSESSION', 'STALESEQ'] as const) {
    expect(errorTable[code].definite).toBe(false);
  }
});
