import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { ShapeError } from '../entry-codec.ts';
import { InvariantError } from '../raft/invariant-error.ts';
import type { DataCommand, Reply, WriteCommand } from './command.ts';
import { StateMachine } from './state-machine.ts';
import { allReads, bytes, commandOf, piecesOf, someKeys, TestMachine } from './test-machine.ts';

const dataCommand = fc.nat().map(commandOf);

// The machine may be busy with other tests.
vi.setConfig({ testTimeout: 30_000 });

const small = {
  sessionsMax: 3,
  idleEntriesMax: 12,
  repliesPerSessionMax: 4,
  replyBytesPerSessionMax: 400,
  replyBytesMax: 600,
};

/** What a client might do; a session is named by its rank among the last that were opened. */
type Step =
  | { readonly type: 'command'; readonly command: DataCommand }
  | { readonly type: 'open' }
  | { readonly type: 'pass' }
  | { readonly type: 'close'; readonly rank: number }
  | {
      readonly type: 'in';
      readonly rank: number;
      readonly sequence: number;
      readonly acknowledgedBelow: number;
      readonly command: DataCommand;
    };

const open: Step = { type: 'open' };
const pass: Step = { type: 'pass' };
const rank = fc.nat(4);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('command'), command: dataCommand }) },
  { weight: 2, arbitrary: fc.constantFrom(open, pass) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('close'), rank }) },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('in'),
      rank,
      sequence: fc.integer({ min: 1, max: 8 }),
      acknowledgedBelow: fc.nat(6),
      command: dataCommand,
    }),
  },
);

function steps(maxLength: number): fc.Arbitrary<Step[]> {
  return fc.array(step, { maxLength, size: 'max' });
}

/** Steps as the commands of entries; null is an entry without one. */
class Script {
  #index = 0;
  readonly #opened: number[] = [];

  resolve(steps: readonly Step[]): (WriteCommand | null)[] {
    return steps.map((step) => {
      this.#index += 1;
      return this.#resolveOne(step);
    });
  }

  #resolveOne(step: Step): WriteCommand | null {
    if (step.type === 'command') return step.command;
    if (step.type === 'pass') return null;
    if (step.type === 'open') {
      this.#opened.push(this.#index);
      return { type: 'openSession' };
    }
    const sessionId = this.#opened.at(-1 - step.rank) ?? 999;
    if (step.type === 'close') return { type: 'closeSession', sessionId };
    const { sequence, acknowledgedBelow, command } = step;
    return { type: 'inSession', sessionId, sequence, acknowledgedBelow, command };
  }
}

function perform(machine: TestMachine, command: WriteCommand | null): Reply | null {
  if (command !== null) return machine.apply(command);
  machine.pass();
  return null;
}

function expectEqual(left: TestMachine, right: TestMachine): void {
  expect(left.machine.appliedIndex).toBe(right.machine.appliedIndex);
  expect(left.machine.keyCount).toBe(right.machine.keyCount);
  expect(left.machine.sessionCount).toBe(right.machine.sessionCount);
  for (const read of allReads) expect(left.read(read)).toEqual(right.read(read));
  expect(left.machine.hash()).toBe(right.machine.hash());
}

const piecesBetween = fc.infiniteStream(fc.nat(3));

test('a snapshot holds the state of its start, whatever is applied while it is read', () => {
  fc.assert(
    fc.property(steps(60), steps(40), steps(20), piecesBetween, (begin, middle, end, counts) => {
      const script = new Script();
      const [before, meanwhile, after] = [begin, middle, end].map((part) => script.resolve(part));
      const original = new TestMachine(small);
      const control = new TestMachine(small);
      for (const command of before ?? []) {
        expect(perform(original, command)).toEqual(perform(control, command));
      }
      const source = original.machine.beginSnapshot(1);
      const pieces: Uint8Array[] = [];
      const answers: (Reply | null)[] = [];
      for (const command of meanwhile ?? []) {
        answers.push(perform(original, command));
        for (let count = counts.next().value ?? 0; count > 0; count -= 1) {
          const piece = source.next();
          if (piece !== null) pieces.push(piece);
        }
      }
      const all = [...pieces, ...piecesOf(source)];
      for (const piece of all) expect(piece.length).toBeGreaterThan(0);
      const restored = control.restored(all, control.machine.appliedIndex);
      expectEqual(restored, control);
      expect((meanwhile ?? []).map((command) => perform(restored, command))).toEqual(answers);
      for (const command of after ?? []) {
        expect(perform(restored, command)).toEqual(perform(original, command));
      }
      expectEqual(original, restored);
    }),
    { numRuns: 200 },
  );
});

test('a second snapshot holds its own start, and the one before it is not read on', () => {
  fc.assert(
    fc.property(steps(40), steps(30), fc.nat(20), (begin, middle, count) => {
      const script = new Script();
      const original = new TestMachine(small);
      for (const command of script.resolve(begin)) perform(original, command);
      const first = original.machine.beginSnapshot(1);
      for (let piece = 0; piece < count; piece += 1) first.next();
      for (const command of script.resolve(middle)) perform(original, command);
      const second = original.machine.beginSnapshot(1);
      const twin = original.restored(piecesOf(second), original.machine.appliedIndex);
      expectEqual(twin, original);
    }),
  );
  const machine = new TestMachine();
  const abandoned = machine.machine.beginSnapshot(1);
  machine.machine.beginSnapshot();
  expect(() => piecesOf(abandoned)).toThrow(InvariantError);
});

function createBig(): TestMachine {
  const machine = new TestMachine();
  for (let round = 0; round < 100; round += 1) {
    const elements = Array.from({ length: 100 }, (_, place) => bytes(`${round}:${place}`));
    machine.apply({ type: 'listPush', key: bytes('list'), side: 'right', values: elements });
    machine.apply({ type: 'setAdd', key: bytes('set'), members: elements });
    for (const value of elements) {
      machine.apply({
        type: 'set',
        key: Buffer.concat([bytes('key '), value]),
        value,
        condition: { type: 'always' },
        get: false,
      });
    }
  }
  return machine;
}

test('lists, sets and key spaces of thousands stay as they were while all of them changes', () => {
  const machine = createBig();
  const twin = machine.restored(machine.snapshot(), machine.machine.appliedIndex);
  const source = machine.machine.beginSnapshot(50);
  const pieces: Uint8Array[] = [];
  for (let round = 0; round < 100; round += 1) {
    for (let place = 0; place < 100; place += 1) {
      const name = bytes(`${99 - round}:${place}`);
      machine.apply({ type: 'listPop', key: bytes('list'), side: place % 2 ? 'left' : 'right' });
      machine.apply({ type: 'setRemove', key: bytes('set'), members: [name] });
      machine.apply({ type: 'setAdd', key: bytes('set'), members: [bytes(`new ${round}`)] });
      machine.apply({ type: 'delete', keys: [Buffer.concat([bytes('key '), name])] });
      machine.apply({ type: 'append', key: bytes(`new ${round} ${place}`), value: name });
    }
    pieces.push(source.next() ?? bytes(''));
  }
  pieces.push(...piecesOf(source));
  const index = twin.machine.appliedIndex;
  const restored = twin.restored(pieces, index);
  expect(restored.machine.hash()).toBe(twin.machine.hash());
  expect(restored.machine.hash()).not.toBe(machine.machine.hash());
  const range = { type: 'listRange', key: bytes('list'), start: 0, stop: -1 } as const;
  expect(restored.read(range)).toEqual(twin.read(range));
  const members = { type: 'setMembers', key: bytes('set') } as const;
  expect(restored.read(members)).toEqual(twin.read(members));
});

test('what comes into a set after the start is not in the snapshot, wherever the walk is', () => {
  const machine = createBig();
  const twin = machine.restored(machine.snapshot(), machine.machine.appliedIndex);
  const source = machine.machine.beginSnapshot(50);
  const pieces: Uint8Array[] = [];
  for (let count = 0; count < 400; count += 1) {
    const members = [bytes(`new ${count}`), bytes(`newer ${count}`)];
    machine.apply({ type: 'setAdd', key: bytes('set'), members });
    machine.apply({ type: 'setRemove', key: bytes('set'), members: [bytes(`9:${count}`)] });
    machine.apply({ type: 'append', key: bytes(`new ${count}`), value: bytes('x') });
    const piece = source.next();
    if (piece !== null) pieces.push(piece);
  }
  pieces.push(...piecesOf(source));
  const restored = twin.restored(pieces, twin.machine.appliedIndex);
  expect(restored.machine.hash()).toBe(twin.machine.hash());
});

test('a big list or set that is deleted under a snapshot is still in it', () => {
  const machine = createBig();
  const twin = machine.restored(machine.snapshot(), machine.machine.appliedIndex);
  const source = machine.machine.beginSnapshot(3000);
  const pieces = [source.next() ?? bytes('')];
  machine.apply({ type: 'delete', keys: ['list', 'set', 'key 1:1'].map(bytes) });
  machine.apply({ type: 'listPush', key: bytes('set'), side: 'left', values: [bytes('other')] });
  pieces.push(...piecesOf(source));
  const restored = twin.restored(pieces, twin.machine.appliedIndex);
  expect(restored.machine.hash()).toBe(twin.machine.hash());
});

test('no piece is empty or above 256 KiB, however long a value is', () => {
  const machine = new TestMachine();
  const value = new Uint8Array(1024 * 1024).fill(3);
  for (const key of someKeys) {
    machine.apply({ type: 'append', key, value });
    machine.apply({ type: 'listPush', key: bytes(`l${key}`), side: 'left', values: [value] });
  }
  const pieces = machine.snapshot();
  for (const piece of pieces) {
    expect(piece.length).toBeGreaterThan(0);
    expect(piece.length).toBeLessThanOrEqual(256 * 1024);
  }
  const twin = machine.restored(pieces, machine.machine.appliedIndex);
  expect(twin.machine.hash()).toBe(machine.machine.hash());
});

test('a snapshot may arrive in pieces cut anywhere, in memory that is used again', () => {
  const machine = createBig();
  const whole = Buffer.concat(machine.snapshot());
  for (const length of [7, 1000, 100_000]) {
    const restoration = StateMachine.restore(machine.machine.appliedIndex);
    const piece = Buffer.alloc(length);
    for (let offset = 0; offset < whole.length; offset += length) {
      const copied = whole.copy(piece, 0, offset, offset + length);
      restoration.sink.push(piece.subarray(0, copied));
      piece.fill(0xee);
    }
    expect(restoration.finish().hash()).toBe(machine.machine.hash());
  }
});

/** Two keys of each type, and a session. */
function createSmall(): TestMachine {
  const machine = new TestMachine(small);
  const [a, b] = [bytes('x'), bytes('y')];
  machine.apply({ type: 'append', key: bytes('s'), value: a });
  machine.apply({ type: 'listPush', key: bytes('l'), side: 'left', values: [a, b] });
  machine.apply({ type: 'setAdd', key: bytes('m'), members: [a, b] });
  machine.apply({ type: 'openSession' });
  machine.apply({
    type: 'inSession',
    sessionId: 4,
    sequence: 3,
    acknowledgedBelow: 2,
    command: { type: 'listPop', key: bytes('l'), side: 'left' },
  });
  return machine;
}

test('every flip of a byte and every cut of a snapshot is refused, or changes nothing', () => {
  const machine = createSmall();
  const index = machine.machine.appliedIndex;
  const whole = Buffer.concat(machine.snapshot());
  const restore = (data: Uint8Array) => machine.restored([data], index);
  expectEqual(restore(whole), machine);
  for (let length = 0; length < whole.length; length += 1) {
    expect(() => restore(whole.subarray(0, length)), `cut at ${length}`).toThrow(ShapeError);
  }
  expect(() => restore(Buffer.concat([whole, Buffer.alloc(1)]))).toThrow(ShapeError);
  for (let place = 0; place < whole.length; place += 1) {
    for (const flip of [1, 4, 16, 128, 255]) {
      const damaged = Buffer.from(whole);
      damaged.writeUInt8((whole[place] ?? 0) ^ flip, place);
      try {
        expectEqual(restore(damaged), machine);
      } catch (error) {
        // A limit that was flipped is a limit that differs.
        const told = error instanceof ShapeError || error instanceof InvariantError;
        expect(told, `flip ${flip} at ${place}: ${error}`).toBe(true);
      }
    }
  }
});

test('a snapshot of another index, or with other limits of sessions, is not restored', () => {
  const machine = createSmall();
  const pieces = machine.snapshot();
  expect(() => machine.restored(pieces, 4)).toThrow(ShapeError);
  const other = new TestMachine({ ...small, idleEntriesMax: 13 });
  expect(() => other.restored(pieces, 5)).toThrow('the same limits of sessions');
});

test('an empty state machine has a snapshot too', () => {
  const machine = new TestMachine();
  expectEqual(machine.restored(machine.snapshot(), 0), machine);
});
