/**
 * The commands on keys: strings, numbers, lists and sets.
 *
 * What depends on the data (a wrong type, no number, too large a sum) is for the state machine to
 * say; here is what can be said of the request alone.
 */
import type { ErrorReply } from '../errors.ts';
import type { DataCommand, ReadCommand } from '../kv/command.ts';
import { allKeys, type CommandSpec, oneKey, type Parts } from './command-spec.ts';
import { notAnInteger, refuse, wrongArity } from './error-texts.ts';
import { parseInteger, parsePosition } from './parse-integer.ts';
import { parseSet } from './set-command.ts';

const readOnly = ['readonly', 'fast'];
const write = ['write', 'denyoom'];
const smallestInteger = -(2n ** 63n);

/** Stands for a part that is not there: the arity has been checked before. */
const noBytes = new Uint8Array(0);

const partAt = (parts: Parts, position: number): Uint8Array => parts[position] ?? noBytes;

type ParseRead = (parts: Parts) => ReadCommand | ErrorReply;
type ParseWrite = (parts: Parts) => DataCommand | ErrorReply;

function read(
  name: string,
  arity: number,
  [summary, parse]: readonly [string, ParseRead],
): CommandSpec {
  return { group: 'read', name, arity, flags: readOnly, keys: oneKey, summary, parse };
}

function change(
  name: string,
  arity: number,
  [summary, parse]: readonly [string, ParseWrite],
): CommandSpec {
  return { group: 'write', name, arity, flags: write, keys: oneKey, summary, parse };
}

const reads: readonly CommandSpec[] = [
  read('get', 2, ['The string of a key.', (parts) => ({ type: 'get', key: partAt(parts, 1) })]),
  {
    ...read('exists', -2, [
      'How many of the keys are there; one named twice counts twice.',
      (parts) => ({ type: 'exists', keys: parts.slice(1) }),
    ]),
    keys: allKeys,
  },
  read('strlen', 2, [
    'The length of a string.',
    (parts) => ({ type: 'stringLength', key: partAt(parts, 1) }),
  ]),
  read('lrange', 4, ['Elements of a list, both ends included.', parseRange]),
  read('llen', 2, [
    'The length of a list.',
    (parts) => ({ type: 'listLength', key: partAt(parts, 1) }),
  ]),
  read('sismember', 3, [
    'Whether a set has a member.',
    (parts) => ({ type: 'setHas', key: partAt(parts, 1), member: partAt(parts, 2) }),
  ]),
  read('smembers', 2, [
    'All members of a set.',
    (parts) => ({ type: 'setMembers', key: partAt(parts, 1) }),
  ]),
];

const changes: readonly CommandSpec[] = [
  change('set', -3, ['Sets a string: NX, XX or IFEQ value, and GET.', parseSet]),
  {
    ...change('del', -2, [
      'Deletes keys; answers how many there were.',
      (parts) => ({ type: 'delete', keys: parts.slice(1) }),
    ]),
    keys: allKeys,
  },
  change('incr', 2, [
    'Adds one to a number.',
    (parts) => ({ type: 'increment', key: partAt(parts, 1), by: 1n }),
  ]),
  change('decr', 2, [
    'Takes one from a number.',
    (parts) => ({ type: 'increment', key: partAt(parts, 1), by: -1n }),
  ]),
  change('incrby', 3, ['Adds to a number.', parseIncrement]),
  change('decrby', 3, ['Takes from a number.', parseDecrement]),
  change('append', 3, [
    'Appends to a string; answers its length.',
    (parts) => ({ type: 'append', key: partAt(parts, 1), value: partAt(parts, 2) }),
  ]),
  change('rpush', -3, ['Adds to the end of a list; answers its length.', parsePush('right')]),
  change('lpush', -3, ['Adds to the front of a list; answers its length.', parsePush('left')]),
  change('lpop', -2, ['Takes the first element of a list.', parsePop('lpop', 'left')]),
  change('rpop', -2, ['Takes the last element of a list.', parsePop('rpop', 'right')]),
  change('sadd', -3, [
    'Adds members to a set; answers how many are new.',
    (parts) => ({ type: 'setAdd', key: partAt(parts, 1), members: parts.slice(2) }),
  ]),
  change('srem', -3, [
    'Takes members from a set; answers how many there were.',
    (parts) => ({ type: 'setRemove', key: partAt(parts, 1), members: parts.slice(2) }),
  ]),
];

export const dataCommands: readonly CommandSpec[] = [...reads, ...changes];

function parseRange(parts: Parts): ReadCommand | ErrorReply {
  const start = parsePosition(partAt(parts, 2));
  const stop = parsePosition(partAt(parts, 3));
  if (start === null || stop === null) return notAnInteger;
  return { type: 'listRange', key: partAt(parts, 1), start, stop };
}

function parseIncrement(parts: Parts): DataCommand | ErrorReply {
  const by = parseInteger(partAt(parts, 2));
  return by === null ? notAnInteger : { type: 'increment', key: partAt(parts, 1), by };
}

function parseDecrement(parts: Parts): DataCommand | ErrorReply {
  const by = parseInteger(partAt(parts, 2));
  if (by === null) return notAnInteger;
  // It has no opposite in 64 bits.
  if (by === smallestInteger) return refuse('decrement would overflow');
  return { type: 'increment', key: partAt(parts, 1), by: -by };
}

function parsePush(side: 'left' | 'right'): ParseWrite {
  return (parts) => ({ type: 'listPush', key: partAt(parts, 1), side, values: parts.slice(2) });
}

function parsePop(name: string, side: 'left' | 'right'): ParseWrite {
  return (parts) => {
    if (parts.length > 3) return wrongArity(name);
    if (parts.length === 3) {
      return refuse(`${name.toUpperCase()} with a count is not supported here`);
    }
    return { type: 'listPop', key: partAt(parts, 1), side };
  };
}
