/**
 * A state machine with its entries numbered, replies that compare well, and arbitrary commands: for
 * the tests of this folder.
 */
import fc from 'fast-check';
import type { DataCommand, ReadCommand, Reply, WriteCommand } from './command.ts';
import { encodeCommand } from './command-codec.ts';
import type { SessionLimits } from './sessions.ts';
import { StateMachine } from './state-machine.ts';

export function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

export class TestMachine {
  machine: StateMachine;
  readonly limits: SessionLimits | undefined;

  constructor(limits?: SessionLimits) {
    this.limits = limits;
    this.machine = new StateMachine(limits);
  }

  /** Through the log's form of the command. */
  apply(command: WriteCommand): Reply {
    const index = this.machine.appliedIndex + 1;
    const data = encodeCommand(command);
    const reply = this.machine.apply({ term: 1, index, kind: 'command', data });
    // What the state keeps must be its own: the log may use its memory again.
    data.fill(0xee);
    if (reply === null) throw new Error(`a command has no reply: ${command.type}`);
    return comparable(reply);
  }

  /** An entry that is no command. */
  pass(): void {
    const index = this.machine.appliedIndex + 1;
    this.machine.apply({ term: 1, index, kind: 'no-op', data: new Uint8Array() });
  }

  read(command: ReadCommand): Reply {
    return comparable(this.machine.read(command));
  }

  /** What the pieces restore to. */
  restored(pieces: readonly Uint8Array[], index: number): TestMachine {
    const restoration = StateMachine.restore(index, this.limits);
    for (const piece of pieces) restoration.sink.push(piece);
    const twin = new TestMachine(this.limits);
    twin.machine = restoration.finish();
    return twin;
  }

  /** All at once. */
  snapshot(): Uint8Array[] {
    return piecesOf(this.machine.beginSnapshot());
  }
}

export function piecesOf(source: { next(): Uint8Array | null }): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let piece = source.next(); piece !== null; piece = source.next()) pieces.push(piece);
  return pieces;
}

/** Sets in order, and all bytes of one class. */
export function comparable(reply: Reply): Reply {
  if (reply.type === 'bulk') {
    return { type: 'bulk', value: reply.value === null ? null : new Uint8Array(reply.value) };
  }
  if (reply.type !== 'array' && reply.type !== 'set') return reply;
  const items = reply.items.map((item) => new Uint8Array(item));
  return { type: reply.type, items: reply.type === 'set' ? items.sort(Buffer.compare) : items };
}

/** Few keys, so that commands meet each other and each other's types. */
export const someKeys: readonly Uint8Array[] = ['a', 'b', 'c', 'd', '\xff\x00'].map(bytes);
const key = fc.constantFrom(...someKeys);
export const someValue: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('', '0', '1', '-7', '007', 'x', '+1').map(bytes) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 24 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('9223372036854775807', '-9223372036854775808').map(bytes),
  },
);
const values = fc.array(someValue, { minLength: 1, maxLength: 6 });
const side = fc.constantFrom('left', 'right');
const condition = fc.oneof(
  fc.constantFrom({ type: 'always' }, { type: 'absent' }, { type: 'present' } as const),
  fc.record({ type: fc.constant('equals'), value: someValue }),
);
const by = fc.oneof(
  fc.bigInt({ min: -3n, max: 3n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);

export const dataCommand: fc.Arbitrary<DataCommand> = fc.oneof(
  fc.record({ type: fc.constant('set'), key, value: someValue, condition, get: fc.boolean() }),
  fc.record({
    type: fc.constant('delete'),
    keys: fc.array(key, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ type: fc.constant('increment'), key, by }),
  fc.record({ type: fc.constant('append'), key, value: someValue }),
  fc.record({ type: fc.constant('listPush'), key, side, values }),
  fc.record({ type: fc.constant('listPop'), key, side }),
  fc.record({ type: fc.constant('setAdd'), key, members: values }),
  fc.record({ type: fc.constant('setRemove'), key, members: values }),
);

/** Everything that can be read of a state. */
export const allReads: readonly ReadCommand[] = someKeys.flatMap((readKey): ReadCommand[] => [
  { type: 'get', key: readKey },
  { type: 'exists', keys: [readKey] },
  { type: 'stringLength', key: readKey },
  { type: 'listRange', key: readKey, start: 0, stop: -1 },
  { type: 'listLength', key: readKey },
  { type: 'setMembers', key: readKey },
]);
