import { expect, test } from 'vitest';
import type { Reply, SetCondition, WriteCommand } from './command.ts';
import { encodeCommand } from './command-codec.ts';
import { StateMachine } from './state-machine.ts';

const ok: Reply = { type: 'ok' };
const none: Reply = { type: 'bulk', value: null };
const bulk = (text: string): Reply => ({ type: 'bulk', value: new Uint8Array(Buffer.from(text)) });

function createMachine() {
  const machine = new StateMachine();
  const apply = (command: WriteCommand) =>
    machine.apply({
      term: 1,
      index: machine.appliedIndex + 1,
      kind: 'command',
      data: encodeCommand(command),
    });
  return {
    machine,
    set: (value: string, condition: SetCondition = { type: 'always' }, get = false) =>
      apply({ type: 'set', key: Buffer.from('k'), value: Buffer.from(value), condition, get }),
    remove: (...keys: string[]) =>
      apply({ type: 'delete', keys: keys.map((key) => Buffer.from(key)) }),
    read: () => machine.read({ type: 'get', key: Buffer.from('k') }),
  };
}

const equals = (text: string): SetCondition => ({ type: 'equals', value: Buffer.from(text) });

test('SET then GET gives the value, and an absent key gives null', () => {
  const { set, read } = createMachine();
  expect(read()).toEqual(none);
  expect(set('1')).toEqual(ok);
  expect(read()).toEqual(bulk('1'));
});

test('NX sets only an absent key and XX only a present one', () => {
  const { set, read } = createMachine();
  expect(set('1', { type: 'present' })).toEqual(none);
  expect(set('2', { type: 'absent' })).toEqual(ok);
  expect(set('3', { type: 'absent' })).toEqual(none);
  expect(read()).toEqual(bulk('2'));
  expect(set('4', { type: 'present' })).toEqual(ok);
  expect(read()).toEqual(bulk('4'));
});

test('IFEQ swaps only when the value is the expected one, and never an absent key', () => {
  const { set, read } = createMachine();
  expect(set('2', equals(''))).toEqual(none);
  set('1');
  expect(set('2', equals('0'))).toEqual(none);
  expect(read()).toEqual(bulk('1'));
  expect(set('2', equals('1'))).toEqual(ok);
  expect(read()).toEqual(bulk('2'));
});

test('with GET the answer is the value seen before, swapped or not', () => {
  const { set, read } = createMachine();
  expect(set('1', equals('0'), true)).toEqual(none);
  expect(set('1', { type: 'always' }, true)).toEqual(none);
  expect(set('2', equals('0'), true)).toEqual(bulk('1'));
  expect(read()).toEqual(bulk('1'));
  expect(set('2', equals('1'), true)).toEqual(bulk('1'));
  expect(read()).toEqual(bulk('2'));
  expect(set('3', { type: 'absent' }, true)).toEqual(bulk('2'));
});

test('DEL counts the keys that were there, each once', () => {
  const { set, remove, read } = createMachine();
  set('1');
  expect(remove('k', 'k', 'other')).toEqual({ type: 'integer', value: 1 });
  expect(read()).toEqual(none);
});

test('keys that differ in any byte are different keys', () => {
  const { machine } = createMachine();
  const set = (key: Uint8Array, index: number) =>
    machine.apply({
      term: 1,
      index,
      kind: 'command',
      data: encodeCommand({
        type: 'set',
        key,
        value: key,
        condition: { type: 'always' },
        get: false,
      }),
    });
  for (let byte = 0; byte < 256; byte += 1) set(Buffer.from([0xc3, byte]), byte + 1);
  for (let byte = 0; byte < 256; byte += 1) {
    const key = Buffer.from([0xc3, byte]);
    expect(machine.read({ type: 'get', key })).toEqual({
      type: 'bulk',
      value: new Uint8Array(key),
    });
  }
});

test('an entry applied twice or with a gap before it is refused', () => {
  const { machine } = createMachine();
  const noOp = (index: number) =>
    ({ term: 1, index, kind: 'no-op', data: Buffer.alloc(0) }) as const;
  expect(machine.apply(noOp(1))).toBeNull();
  expect(() => machine.apply(noOp(1))).toThrow('appliedIndex=1');
  expect(() => machine.apply(noOp(3))).toThrow('entryIndex=3');
});
