/**
 * A state machine with its entries numbered, replies that compare well, and commands made of
 * numbers: for the tests of this folder.
 */
import { mixWith } from './byte-hash.ts';
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
function comparable(reply: Reply): Reply {
  if (reply.type === 'bulk') {
    return { type: 'bulk', value: reply.value === null ? null : new Uint8Array(reply.value) };
  }
  if (reply.type !== 'array' && reply.type !== 'set') return reply;
  const items = reply.items.map((item) => new Uint8Array(item));
  return { type: reply.type, items: reply.type === 'set' ? items.sort(Buffer.compare) : items };
}

/** Few keys, so that commands meet each other and each other's types. */
export const someKeys: readonly Uint8Array[] = ['a', 'b', 'c', 'd', '\xff\x00'].map(bytes);
const knownValues = ['', '0', '1', '-7', '007', 'x', '+1', `${2n ** 63n - 1n}`, `${-(2n ** 63n)}`];
const conditions = ['always', 'absent', 'present', 'equals'] as const;

/** Any command, from a number. */
export function commandOf(seed: number): DataCommand {
  const drawing = new Drawing(seed);
  const key = drawing.oneOf(someKeys);
  const side = drawing.oneOf(['left', 'right'] as const);
  switch (drawing.below(8)) {
    case 0: {
      const type = drawing.oneOf(conditions);
      const get = drawing.below(2) === 1;
      const value = drawing.value();
      const condition = type === 'equals' ? { type, value: drawing.value() } : { type };
      return { type: 'set', key, value, condition, get };
    }
    case 1:
      return { type: 'delete', keys: drawing.list(3, () => drawing.oneOf(someKeys)) };
    case 2:
      return { type: 'increment', key, by: drawing.increment() };
    case 3:
      return { type: 'append', key, value: drawing.value() };
    case 4:
      return { type: 'listPush', key, side, values: drawing.list(6, () => drawing.value()) };
    case 5:
      return { type: 'listPop', key, side };
    case 6:
      return { type: 'setAdd', key, members: drawing.list(6, () => drawing.value()) };
    default:
      return { type: 'setRemove', key, members: drawing.list(6, () => drawing.value()) };
  }
}

export class Drawing {
  readonly #seed: number;
  #count = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  below(bound: number): number {
    const lanes = { a: this.#seed, b: this.#count };
    this.#count += 1;
    mixWith(lanes, this.#seed, this.#count);
    return (lanes.a >>> 0) % bound;
  }

  oneOf<T>(choices: readonly T[]): T {
    const choice = choices[this.below(choices.length)];
    if (choice === undefined) throw new Error('there is nothing to choose from');
    return choice;
  }

  /** One at least. */
  list<T>(lengthMax: number, draw: () => T): T[] {
    return Array.from({ length: 1 + this.below(lengthMax) }, draw);
  }

  value(): Uint8Array {
    if (this.below(3) > 0) return bytes(this.oneOf(knownValues));
    return Uint8Array.from({ length: this.below(24) }, () => this.below(256));
  }

  increment(): bigint {
    if (this.below(2) === 0) return BigInt(this.below(7)) - 3n;
    const text = Array.from({ length: 16 }, () => this.below(16).toString(16)).join('');
    return BigInt.asIntN(64, BigInt(`0x${text}`));
  }
}

/** Everything that can be read of a state. */
export const allReads: readonly ReadCommand[] = someKeys.flatMap((readKey): ReadCommand[] => [
  { type: 'get', key: readKey },
  { type: 'exists', keys: [readKey] },
  { type: 'stringLength', key: readKey },
  { type: 'listRange', key: readKey, start: 0, stop: -1 },
  { type: 'listLength', key: readKey },
  { type: 'setMembers', key: readKey },
]);
