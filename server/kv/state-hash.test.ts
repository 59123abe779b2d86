import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { hashBytes, hashLatin1, type Lanes } from './byte-hash.ts';
import type { DataCommand } from './command.ts';
import { bytes, commandOf, TestMachine } from './test-machine.ts';

// The machine may be busy with other tests.
vi.setConfig({ testTimeout: 30_000 });

const dataCommand = fc.nat().map(commandOf);

function hashAfter(...commands: readonly DataCommand[]): string {
  const machine = new TestMachine();
  for (const command of commands) machine.apply(command);
  return machine.machine.hash();
}

const append = (key: string, value: string): DataCommand => ({
  type: 'append',
  key: bytes(key),
  value: bytes(value),
});
const push = (side: 'left' | 'right', ...values: string[]): DataCommand => ({
  type: 'listPush',
  key: bytes('k'),
  side,
  values: values.map(bytes),
});
const pop = (side: 'left' | 'right'): DataCommand => ({ type: 'listPop', key: bytes('k'), side });
const add = (...members: string[]): DataCommand => ({
  type: 'setAdd',
  key: bytes('k'),
  members: members.map(bytes),
});
const remove = (...members: string[]): DataCommand => ({
  type: 'setRemove',
  key: bytes('k'),
  members: members.map(bytes),
});

test('equal states have equal hashes, by whatever way they came about', () => {
  expect(hashAfter(append('a', '1'), append('b', '2'))).toBe(
    hashAfter(append('b', '2'), append('a', '1')),
  );
  expect(hashAfter(append('k', 'abcdefghi'))).toBe(
    hashAfter(append('k', 'abcde'), append('k', ''), append('k', 'fghi')),
  );
  expect(hashAfter(push('right', 'a', 'b', 'c'))).toBe(hashAfter(push('left', 'c', 'b', 'a')));
  expect(hashAfter(push('right', 'b'))).toBe(
    hashAfter(push('right', 'x', 'b', 'y'), pop('left'), pop('right')),
  );
  expect(hashAfter(add('a', 'b'))).toBe(hashAfter(add('b', 'x'), remove('x'), add('a', 'b')));
  expect(hashAfter()).toBe(hashAfter(push('left', 'x'), pop('left'), add('x'), remove('x')));
});

test('states that differ in anything have different hashes', () => {
  const hashes = [
    hashAfter(),
    hashAfter(append('k', '')),
    hashAfter(append('k', 'a')),
    hashAfter(append('a', 'k')),
    hashAfter(append('ka', '')),
    hashAfter(append('k', 'a\0')),
    hashAfter(push('right', 'a')),
    hashAfter(push('right', 'a', 'b')),
    hashAfter(push('right', 'b', 'a')),
    hashAfter(push('right', 'a', 'b', 'a')),
    hashAfter(push('right', 'a', '', 'b')),
    hashAfter(push('right', 'ab')),
    hashAfter(add('a')),
    hashAfter(add('a', 'b')),
    hashAfter(add('ab')),
    hashAfter(append('a', '1'), append('b', '2')),
    hashAfter(append('a', '2'), append('b', '1')),
  ];
  expect(new Set(hashes).size).toBe(hashes.length);
});

test('the index is not in the hash, a session and what it remembers is', () => {
  const machine = new TestMachine();
  const seen: string[] = [];
  const see = (): void => void seen.push(machine.machine.hash());
  see();
  machine.pass();
  expect(machine.machine.hash()).toBe(seen[0]);
  machine.apply({ type: 'openSession' });
  see();
  for (const [sequence, acknowledgedBelow] of [
    [1, 0],
    [1, 0],
    [2, 0],
    [2, 1],
  ] as const) {
    const command: DataCommand = { type: 'listPop', key: bytes('none'), side: 'left' };
    machine.apply({ type: 'inSession', sessionId: 2, sequence, acknowledgedBelow, command });
    see();
  }
  expect(new Set(seen).size).toBe(seen.length);
  machine.apply({ type: 'closeSession', sessionId: 2 });
  expect(machine.machine.hash()).toBe(seen[0]);
});

test('what commands have made hashes as the same contents made afresh', () => {
  fc.assert(
    fc.property(fc.array(dataCommand, { maxLength: 60, size: 'max' }), (commands) => {
      const machine = new TestMachine();
      for (const command of commands) machine.apply(command);
      const twin = machine.restored(machine.snapshot(), machine.machine.appliedIndex);
      expect(twin.machine.hash()).toBe(machine.machine.hash());
    }),
  );
});

test('no two of fifty thousand similar strings share a hash, nor bytes of any one bit', () => {
  const lanes: Lanes = { a: 0, b: 0 };
  const ofBytes = new Set<string>();
  const ofText = new Set<string>();
  for (let number = 0; number < 50_000; number += 1) {
    const text = `key:${number}`;
    hashBytes(lanes, bytes(text));
    ofBytes.add(`${lanes.a} ${lanes.b}`);
    hashLatin1(lanes, text);
    ofText.add(`${lanes.a} ${lanes.b}`);
  }
  expect([ofBytes.size, ofText.size]).toEqual([50_000, 50_000]);
  const ofBits = new Set<number>();
  const block = new Uint8Array(256);
  for (let bit = 0; bit < 2048; bit += 1) {
    block[bit >> 3] = 1 << (bit & 7);
    hashBytes(lanes, block);
    ofBits.add(lanes.a).add(lanes.b + 2 ** 40);
    block[bit >> 3] = 0;
  }
  // Each lane alone is all but free of collisions.
  expect(ofBits.size).toBeGreaterThan(4090);
});

test('a change of one bit changes half of the bits of the hash', () => {
  const lanes: Lanes = { a: 0, b: 0 };
  for (const length of [1, 8, 17, 256]) {
    let changed = 0;
    const block = new Uint8Array(length);
    hashBytes(lanes, block);
    const { a, b } = lanes;
    for (let bit = 0; bit < length * 8; bit += 1) {
      block[bit >> 3] = 1 << (bit & 7);
      hashBytes(lanes, block);
      changed += bitCount(lanes.a ^ a) + bitCount(lanes.b ^ b);
      block[bit >> 3] = 0;
    }
    const share = changed / (length * 8) / 64;
    expect(share, `${length} bytes`).toBeGreaterThan(0.4);
    expect(share, `${length} bytes`).toBeLessThan(0.6);
  }
});

function bitCount(word: number): number {
  return (word >>> 0).toString(2).replaceAll('0', '').length;
}
