/**
 * What can be asked of a server that speaks Redis's commands, by kind of object.
 *
 * How each operation looks in a history is said in workloads/README.md; here is how it looks on
 * the wire, and which answers count as one.
 */
import type { CasResult } from '../../checker/history.ts';
import type { Completion } from '../client.ts';
import { lockOperations } from './resp-lock.ts';
import {
  done,
  doneWith,
  hasRead,
  type RespOperations,
  type StepKind,
  single,
} from './resp-script.ts';
import {
  encodeCompareAndSet,
  encodeInteger,
  encodeValue,
  isOk,
  parseElements,
  parseInteger,
  parseValue,
} from './resp-values.ts';

const register: RespOperations = {
  read: single(
    'read',
    (key) => ['GET', key],
    (reply) => (reply.type === 'bulk' ? hasRead(parseValue(reply.value)) : null),
  ),
  write: single(
    'change',
    (key, value) => ['SET', key, encodeValue(value)],
    (reply, invocation) => (isOk(reply) ? done(invocation) : null),
  ),
  cas: single(
    'change',
    (key, value) => {
      const [expected, next] = parseCas(value);
      const expects = expected === null ? null : encodeValue(expected);
      return encodeCompareAndSet({ key, expected: expects, next: encodeValue(next) });
    },
    (reply, invocation) => {
      if (reply.type !== 'bulk') return null;
      const [expected] = parseCas(invocation.value);
      const seen = parseValue(reply.value);
      const result: CasResult = { swapped: seen === expected, seen };
      return doneWith(invocation, result);
    },
  ),
};

/** Texts, which stay what they are. */
const kv: RespOperations = {
  get: single(
    'read',
    (key) => ['GET', key],
    (reply) => (reply.type === 'bulk' ? hasRead(reply.value) : null),
  ),
  put: single(
    'change',
    (key, value) => ['SET', key, encodeText(value)],
    (reply, invocation) => (isOk(reply) ? done(invocation) : null),
  ),
  append: countedChange((key, value) => ['APPEND', key, encodeText(value)]),
  delete: countedChange((key) => ['DEL', key]),
};

const set: RespOperations = {
  add: toldChange('change', (key, value) => ['SADD', key, encodeValue(value)]),
  remove: toldChange('change', (key, value) => ['SREM', key, encodeValue(value)]),
  contains: toldChange('read', (key, value) => ['SISMEMBER', key, encodeValue(value)]),
  read: elementsRead((key) => ['SMEMBERS', key]),
};

const list: RespOperations = {
  append: single(
    'change',
    (key, value) => ['RPUSH', key, encodeValue(value)],
    (reply, invocation) => (reply.type === 'integer' ? doneWith(invocation, reply.value) : null),
  ),
  read: elementsRead((key) => ['LRANGE', key, '0', '-1']),
};

const queue: RespOperations = {
  enqueue: countedChange((key, value) => ['RPUSH', key, encodeValue(value)]),
  dequeue: single(
    'change',
    (key) => ['LPOP', key],
    (reply) => (reply.type === 'bulk' ? hasRead(parseValue(reply.value)) : null),
  ),
};

const counter: RespOperations = {
  add: countedChange((key, value) => ['INCRBY', key, encodeInteger(value)]),
  read: single(
    'read',
    (key) => ['GET', key],
    (reply) => {
      if (reply.type !== 'bulk') return null;
      const value = reply.value === null ? 0 : parseInteger(reply.value);
      return value === null ? null : hasRead(value);
    },
  ),
  'fetch-and-add': single(
    'change',
    (key, value) => ['INCRBY', key, encodeInteger(value)],
    (reply, invocation) => {
      if (reply.type !== 'integer') return null;
      const before = reply.value - Number(encodeInteger(invocation.value));
      return Number.isSafeInteger(before) ? doneWith(invocation, before) : null;
    },
  ),
};

const ids: RespOperations = {
  generate: single(
    'change',
    (key) => ['INCR', key],
    // An id is only compared: one that no number can hold is its digits.
    (reply) =>
      reply.type === 'integer' || reply.type === 'big-integer' ? hasRead(reply.value) : null,
  ),
};

export const respObjects: Readonly<Record<string, RespOperations>> = {
  register,
  kv,
  set,
  list,
  queue,
  counter,
  ids,
  lock: lockOperations,
  /** A list whose changes are sent in a session: the scripts are those of the list. */
  'session-list': list,
};

type Encode = (key: string, value: unknown) => readonly string[];

/** It is answered by a number that says nothing about this operation that a model would ask. */
function countedChange(encode: Encode): RespOperations[string] {
  return single('change', encode, (reply, invocation) =>
    reply.type === 'integer' ? done(invocation) : null,
  );
}

/** It is answered by 1 or 0: what it was about was so, or was not. */
function toldChange(kind: StepKind, encode: Encode): RespOperations[string] {
  return single(kind, encode, (reply, invocation): Completion | null => {
    if (reply.type !== 'integer' || (reply.value !== 0 && reply.value !== 1)) return null;
    return doneWith(invocation, reply.value === 1);
  });
}

function elementsRead(encode: Encode): RespOperations[string] {
  return single('read', encode, (reply) => {
    const elements = parseElements(reply);
    return elements === null ? null : hasRead(elements);
  });
}

function parseCas(value: unknown): readonly [unknown, unknown] {
  if (!Array.isArray(value) || value.length !== 2) {
    throw new TypeError(`a compare-and-set takes [expected, new], not ${JSON.stringify(value)}`);
  }
  return [value[0], value[1]];
}

function encodeText(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError(`a text is needed, not ${JSON.stringify(value)}`);
}
