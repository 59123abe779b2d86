/**
 * What each command that changes the data does, with Redis's semantics and texts of errors.
 *
 * Deterministic, and all or nothing: a command that answers an error has changed nothing.
 */
import { createErrorReply, type ErrorReply } from '../errors.ts';
import { assertNever } from '../raft/invariant-error.ts';
import type { DataCommand, Reply, SetCommand, SetCondition } from './command.ts';
import { type Keyspace, nameOf, type Place, placeOf, type Value } from './keyspace.ts';
import { stringBytesMax } from './string-value.ts';

/** Keys, values or members in one command: what bounds the work of applying one entry. */
export const elementsMax: number = 1024;

export const wrongType: ErrorReply = createErrorReply(
  'WRONGTYPE',
  'Operation against a key holding the wrong kind of value',
);
const tooLong = createErrorReply('ERR', 'string exceeds maximum allowed size');
const tooMany = createErrorReply('ERR', `a command takes at most ${elementsMax} elements`);
const notInteger = createErrorReply('ERR', 'value is not an integer or out of range');
const wouldOverflow = createErrorReply('ERR', 'increment or decrement would overflow');
const ok: Reply = { type: 'ok' };
const nothing: Reply = { type: 'bulk', value: null };

export function executeDataCommand(keyspace: Keyspace, command: DataCommand): Reply {
  switch (command.type) {
    case 'set':
      return executeSet(keyspace, command);
    case 'delete':
      return executeDelete(keyspace, command.keys);
    case 'increment':
      return executeIncrement(keyspace, command.key, command.by);
    case 'append':
      return executeAppend(keyspace, command.key, command.value);
    case 'listPush':
      return executePush(keyspace, command);
    case 'listPop':
      return executePop(keyspace, command.key, command.side);
    case 'setAdd':
      return executeSetAdd(keyspace, command.key, command.members);
    case 'setRemove':
      return executeSetRemove(keyspace, command.key, command.members);
    default:
      return assertNever(command);
  }
}

function executeSet(keyspace: Keyspace, { key, value, condition, get }: SetCommand): Reply {
  if (value.length > stringBytesMax) return tooLong;
  const place = placeOf(key);
  const seen = keyspace.get(place);
  const asksForString = get || condition.type === 'equals';
  if (asksForString && seen !== undefined && seen.type !== 'string') return wrongType;
  const before: Reply =
    get && seen?.type === 'string' ? { type: 'bulk', value: seen.bytes } : nothing;
  const holds = conditionHolds(condition, seen);
  if (holds) putString(keyspace, { place, seen, bytes: value });
  return holds && !get ? ok : before;
}

function conditionHolds(condition: SetCondition, seen: Value | undefined): boolean {
  switch (condition.type) {
    case 'always':
      return true;
    case 'absent':
      return seen === undefined;
    case 'present':
      return seen !== undefined;
    case 'equals':
      return seen?.type === 'string' && Buffer.compare(seen.bytes, condition.value) === 0;
    default:
      return assertNever(condition);
  }
}

interface StringChange {
  readonly place: Place;
  readonly seen: Value | undefined;
  readonly bytes: Uint8Array;
}

/** Whatever was there before, of whatever type. */
function putString(keyspace: Keyspace, { place, seen, bytes }: StringChange): void {
  if (seen?.type === 'string') {
    keyspace.beforeChange(place, seen);
    seen.replace(bytes);
    keyspace.afterChange(place, seen);
    return;
  }
  if (seen !== undefined) keyspace.remove(place);
  keyspace.insertString(place, bytes);
}

function executeDelete(keyspace: Keyspace, keys: readonly Uint8Array[]): Reply {
  if (keys.length > elementsMax) return tooMany;
  let count = 0;
  for (const key of keys) if (keyspace.remove(placeOf(key))) count += 1;
  return { type: 'integer', value: count };
}

const integerMax = 2n ** 63n - 1n;
const integerMin = -(2n ** 63n);
/** Digits of the longest number of 64 bits, and its sign. */
const integerTextMax = 20;

function executeIncrement(keyspace: Keyspace, key: Uint8Array, by: bigint): Reply {
  const place = placeOf(key);
  const seen = keyspace.get(place);
  if (seen !== undefined && seen.type !== 'string') return wrongType;
  const before = seen === undefined ? 0n : parseInteger(seen.bytes);
  if (before === null) return notInteger;
  const sum = before + by;
  if (sum > integerMax || sum < integerMin) return wouldOverflow;
  putString(keyspace, { place, seen, bytes: Buffer.from(sum.toString(), 'latin1') });
  const small = Number(sum);
  return { type: 'integer', value: Number.isSafeInteger(small) ? small : sum };
}

/** As Redis has it: no sign but a minus, no zero in front, no space. */
function parseInteger(bytes: Uint8Array): bigint | null {
  if (bytes.length > integerTextMax) return null;
  const text = nameOf(bytes);
  if (!/^(?:0|-?[1-9][0-9]*)$/.test(text)) return null;
  const value = BigInt(text);
  return value > integerMax || value < integerMin ? null : value;
}

function executeAppend(keyspace: Keyspace, key: Uint8Array, more: Uint8Array): Reply {
  const place = placeOf(key);
  const seen = keyspace.get(place);
  if (seen !== undefined && seen.type !== 'string') return wrongType;
  const length = (seen?.bytes.length ?? 0) + more.length;
  if (length > stringBytesMax) return tooLong;
  if (seen === undefined) keyspace.insertString(place, more);
  else {
    keyspace.beforeChange(place, seen);
    seen.append(more);
    keyspace.afterChange(place, seen);
  }
  return { type: 'integer', value: length };
}

type PushCommand = Extract<DataCommand, { type: 'listPush' }>;

function executePush(keyspace: Keyspace, { key, side, values }: PushCommand): Reply {
  if (values.length > elementsMax) return tooMany;
  const place = placeOf(key);
  const seen = keyspace.get(place);
  if (seen !== undefined && seen.type !== 'list') return wrongType;
  if (values.length === 0) return { type: 'integer', value: seen?.length ?? 0 };
  if (seen !== undefined) keyspace.beforeChange(place, seen);
  const list = seen ?? keyspace.insertList(place);
  for (const value of values) list.push(side, value);
  keyspace.afterChange(place, list);
  return { type: 'integer', value: list.length };
}

function executePop(keyspace: Keyspace, key: Uint8Array, side: 'left' | 'right'): Reply {
  const place = placeOf(key);
  const list = keyspace.get(place);
  if (list === undefined) return nothing;
  if (list.type !== 'list') return wrongType;
  keyspace.beforeChange(place, list);
  const value = list.pop(side);
  if (list.length === 0) keyspace.remove(place);
  else keyspace.afterChange(place, list);
  return { type: 'bulk', value };
}

function executeSetAdd(keyspace: Keyspace, key: Uint8Array, members: readonly Uint8Array[]): Reply {
  if (members.length > elementsMax) return tooMany;
  const place = placeOf(key);
  const seen = keyspace.get(place);
  if (seen !== undefined && seen.type !== 'set') return wrongType;
  if (members.length === 0) return { type: 'integer', value: 0 };
  if (seen !== undefined) keyspace.beforeChange(place, seen);
  const set = seen ?? keyspace.insertSet(place);
  let count = 0;
  for (const member of members) if (set.add(nameOf(member))) count += 1;
  keyspace.afterChange(place, set);
  return { type: 'integer', value: count };
}

function executeSetRemove(
  keyspace: Keyspace,
  key: Uint8Array,
  members: readonly Uint8Array[],
): Reply {
  if (members.length > elementsMax) return tooMany;
  const place = placeOf(key);
  const set = keyspace.get(place);
  if (set !== undefined && set.type !== 'set') return wrongType;
  if (set === undefined) return { type: 'integer', value: 0 };
  keyspace.beforeChange(place, set);
  let count = 0;
  for (const member of members) if (set.remove(nameOf(member))) count += 1;
  if (set.size === 0) keyspace.remove(place);
  else keyspace.afterChange(place, set);
  return { type: 'integer', value: count };
}
