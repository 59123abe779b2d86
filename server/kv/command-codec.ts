/**
 * How a command lies in the log: a list of msgpack fields, the first of which says what it is.
 *
 * Written and read by hand (msgpack-writer.ts, msgpack-reader.ts), because every write passes here
 * twice. The numbers and the order of the fields lie in logs on disk: they may be added to, and
 * never change their meaning.
 */
import { assertNever } from '../raft/invariant-error.ts';
import type {
  DataCommand,
  SessionCommand,
  SetCommand,
  SetCondition,
  WriteCommand,
} from './command.ts';
import { MsgpackReader } from './msgpack-reader.ts';
import { MsgpackWriter } from './msgpack-writer.ts';

/** The data of an entry is not a command. */
export class CommandDecodeError extends Error {
  override readonly name = 'CommandDecodeError';
}

const kindCodes = {
  set: 1,
  delete: 2,
  increment: 3,
  append: 4,
  listPush: 5,
  listPop: 6,
  setAdd: 7,
  setRemove: 8,
  openSession: 9,
  closeSession: 10,
  inSession: 11,
} as const satisfies Readonly<Record<WriteCommand['type'], number>>;
const conditionCodes = { always: 0, absent: 1, present: 2, equals: 3 } as const;
const sideCodes = { left: 0, right: 1 } as const;

const writer = new MsgpackWriter();

/** The bytes are the caller's own. */
export function encodeCommand(command: WriteCommand): Uint8Array {
  writer.reset();
  writeCommand(command);
  return writer.take();
}

function writeCommand(command: WriteCommand): void {
  switch (command.type) {
    case 'openSession':
      writer.array(1);
      writer.uint(kindCodes.openSession);
      return;
    case 'closeSession':
      writer.array(2);
      writer.uint(kindCodes.closeSession);
      writer.uint(command.sessionId);
      return;
    case 'inSession':
      writer.array(5);
      writer.uint(kindCodes.inSession);
      writer.uint(command.sessionId);
      writer.uint(command.sequence);
      writer.uint(command.acknowledgedBelow);
      writeDataCommand(command.command);
      return;
    default:
      writeDataCommand(command);
  }
}

function writeDataCommand(command: DataCommand): void {
  if (command.type === 'set') {
    writeSet(command);
    return;
  }
  const { type } = command;
  switch (type) {
    case 'delete':
      writer.array(2);
      writer.uint(kindCodes.delete);
      writer.bytesList(command.keys);
      return;
    case 'increment':
      begin(3, type, command.key);
      writer.int64(command.by);
      return;
    case 'append':
      begin(3, type, command.key);
      writer.bytes(command.value);
      return;
    case 'listPush':
      begin(4, type, command.key);
      writer.uint(sideCodes[command.side]);
      writer.bytesList(command.values);
      return;
    case 'listPop':
      begin(3, type, command.key);
      writer.uint(sideCodes[command.side]);
      return;
    case 'setAdd':
    case 'setRemove':
      begin(3, type, command.key);
      writer.bytesList(command.members);
      return;
    default:
      assertNever(command);
  }
}

function begin(fields: number, type: DataCommand['type'], key: Uint8Array): void {
  writer.array(fields);
  writer.uint(kindCodes[type]);
  writer.bytes(key);
}

function writeSet({ key, value, condition, get }: SetCommand): void {
  begin(6, 'set', key);
  writer.bytes(value);
  writer.uint(conditionCodes[condition.type]);
  if (condition.type === 'equals') writer.bytes(condition.value);
  else writer.nil();
  writer.boolean(get);
}

/**
 * The bytes in the command are views of `data`: who keeps them copies them.
 * Throws CommandDecodeError.
 */
export function parseCommand(data: Uint8Array): WriteCommand {
  const reader = new MsgpackReader(data, (message) => new CommandDecodeError(message));
  const command = readCommand(reader);
  reader.end();
  return command;
}

function readCommand(reader: MsgpackReader): WriteCommand {
  const fields = reader.array();
  const code = reader.uint();
  switch (code) {
    case kindCodes.openSession:
    case kindCodes.closeSession:
    case kindCodes.inSession:
      return readSessionCommand(reader, code, fields);
    default:
      return readDataCommand(reader, code, fields);
  }
}

function readSessionCommand(reader: MsgpackReader, code: number, fields: number): SessionCommand {
  if (code === kindCodes.openSession) {
    checkFields(code, fields, 1);
    return { type: 'openSession' };
  }
  if (code === kindCodes.closeSession) {
    checkFields(code, fields, 2);
    return { type: 'closeSession', sessionId: reader.uint() };
  }
  checkFields(code, fields, 5);
  const sessionId = reader.uint();
  const sequence = reader.uint();
  if (sequence === 0) throw new CommandDecodeError('the sequence numbers of a session begin at 1');
  const acknowledgedBelow = reader.uint();
  const innerFields = reader.array();
  const command = readDataCommand(reader, reader.uint(), innerFields);
  return { type: 'inSession', sessionId, sequence, acknowledgedBelow, command };
}

function readDataCommand(reader: MsgpackReader, code: number, fields: number): DataCommand {
  switch (code) {
    case kindCodes.set:
      checkFields(code, fields, 6);
      return readSet(reader);
    case kindCodes.delete:
      checkFields(code, fields, 2);
      return { type: 'delete', keys: reader.bytesList() };
    case kindCodes.increment:
      checkFields(code, fields, 3);
      return { type: 'increment', key: reader.bytes(), by: reader.int64() };
    case kindCodes.append:
      checkFields(code, fields, 3);
      return { type: 'append', key: reader.bytes(), value: reader.bytes() };
    case kindCodes.listPush: {
      checkFields(code, fields, 4);
      const key = reader.bytes();
      return { type: 'listPush', key, side: readSide(reader), values: reader.bytesList() };
    }
    case kindCodes.listPop:
      checkFields(code, fields, 3);
      return { type: 'listPop', key: reader.bytes(), side: readSide(reader) };
    case kindCodes.setAdd:
      checkFields(code, fields, 3);
      return { type: 'setAdd', key: reader.bytes(), members: reader.bytesList() };
    case kindCodes.setRemove:
      checkFields(code, fields, 3);
      return { type: 'setRemove', key: reader.bytes(), members: reader.bytesList() };
    default:
      throw new CommandDecodeError(`no command has the code ${code}`);
  }
}

function checkFields(code: number, fields: number, expected: number): void {
  if (fields === expected) return;
  throw new CommandDecodeError(`a command of code ${code} has ${expected} fields, not ${fields}`);
}

function readSet(reader: MsgpackReader): SetCommand {
  const key = reader.bytes();
  const value = reader.bytes();
  const condition = readCondition(reader);
  return { type: 'set', key, value, condition, get: reader.boolean() };
}

const always: SetCondition = { type: 'always' };
const absent: SetCondition = { type: 'absent' };
const present: SetCondition = { type: 'present' };

function readCondition(reader: MsgpackReader): SetCondition {
  const code = reader.uint();
  if (code === conditionCodes.equals) return { type: 'equals', value: reader.bytes() };
  reader.nil();
  if (code === conditionCodes.always) return always;
  if (code === conditionCodes.absent) return absent;
  if (code === conditionCodes.present) return present;
  throw new CommandDecodeError(`no condition has the code ${code}`);
}

function readSide(reader: MsgpackReader): 'left' | 'right' {
  const code = reader.uint();
  if (code === sideCodes.left) return 'left';
  if (code === sideCodes.right) return 'right';
  throw new CommandDecodeError(`no side of a list has the code ${code}`);
}
