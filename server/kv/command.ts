/**
 * The commands of the key-value store, their answers, and how a command lies in the log.
 *
 * Apart from any protocol: resp/ turns bytes into these and back. Keys and values are bytes.
 */
import { Packr } from 'msgpackr';
import type { ErrorReply } from '../errors.ts';

/** Takes effect only when ... ; `equals` is the compare-and-set. */
export type SetCondition =
  | { readonly type: 'always' }
  | { readonly type: 'absent' }
  | { readonly type: 'present' }
  | { readonly type: 'equals'; readonly value: Uint8Array };

export interface GetCommand {
  readonly type: 'get';
  readonly key: Uint8Array;
}

export interface SetCommand {
  readonly type: 'set';
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly condition: SetCondition;
  /** Answer the value seen before, instead of whether it was set. */
  readonly get: boolean;
}

export interface DeleteCommand {
  readonly type: 'delete';
  readonly keys: readonly Uint8Array[];
}

/** Goes through the log. */
export type WriteCommand = SetCommand | DeleteCommand;
export type Command = GetCommand | WriteCommand;

export type Reply =
  | { readonly type: 'ok' }
  /** Null: there is none. */
  | { readonly type: 'bulk'; readonly value: Uint8Array | null }
  | { readonly type: 'integer'; readonly value: number }
  | ErrorReply;

/** The data of an entry is not a command. */
export class CommandDecodeError extends Error {
  override readonly name = 'CommandDecodeError';
}

const packr = new Packr({ useRecords: false, copyBuffers: true, int64AsType: 'number' });

// These numbers lie in logs on disk: they may be added to, and never change their meaning.
const kindCodes = { set: 1, delete: 2 } as const;
const conditionCodes = { always: 0, absent: 1, present: 2, equals: 3 } as const;

export function encodeCommand(command: WriteCommand): Uint8Array {
  if (command.type === 'delete') return packr.pack([kindCodes.delete, command.keys]);
  const { key, value, condition, get } = command;
  const expected = condition.type === 'equals' ? condition.value : null;
  const fields = [kindCodes.set, key, value, conditionCodes[condition.type], expected, get];
  return packr.pack(fields);
}

/** Throws CommandDecodeError. */
export function parseCommand(data: Uint8Array): WriteCommand {
  const fields = unpackFields(data);
  if (fields[0] === kindCodes.set && fields.length === 6) return parseSet(fields);
  if (fields[0] === kindCodes.delete && fields.length === 2) {
    const keys = fields[1];
    if (!Array.isArray(keys)) throw new CommandDecodeError('the keys to delete are not a list');
    return { type: 'delete', keys: keys.map((key: unknown) => parseBytes(key, 'key')) };
  }
  throw new CommandDecodeError(
    `no command is kind ${String(fields[0])} of ${fields.length} fields`,
  );
}

function unpackFields(data: Uint8Array): readonly unknown[] {
  let fields: unknown;
  try {
    fields = packr.unpack(data);
  } catch (cause) {
    throw new CommandDecodeError('not msgpack', { cause });
  }
  if (!Array.isArray(fields)) throw new CommandDecodeError('not a list of fields');
  return fields;
}

function parseSet(fields: readonly unknown[]): SetCommand {
  const get = fields[5];
  if (typeof get !== 'boolean') throw new CommandDecodeError('get is not a boolean');
  return {
    type: 'set',
    key: parseBytes(fields[1], 'key'),
    value: parseBytes(fields[2], 'value'),
    condition: parseCondition(fields[3], fields[4]),
    get,
  };
}

function parseCondition(code: unknown, expected: unknown): SetCondition {
  switch (code) {
    case conditionCodes.always:
      return { type: 'always' };
    case conditionCodes.absent:
      return { type: 'absent' };
    case conditionCodes.present:
      return { type: 'present' };
    case conditionCodes.equals:
      return { type: 'equals', value: parseBytes(expected, 'expected value') };
    default:
      throw new CommandDecodeError(`no condition has the code ${String(code)}`);
  }
}

function parseBytes(value: unknown, what: string): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new CommandDecodeError(`${what} is not bytes`);
  return value;
}
