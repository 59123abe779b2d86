/**
 * Narrows one parsed line of history.jsonl to an Op; history-schema.json says the same as a schema.
 *
 * By hand, because a schema library takes longer on a million lines than the check itself.
 */
import type { Op, OpError, OpType } from '../../checker/history.ts';

/** What is wrong with a line, in words. The caller knows which line it was. */
export class OpShapeError extends Error {
  override readonly name = 'OpShapeError';
}

const depthMax = 100;
const opTypes: readonly string[] = ['invoke', 'ok', 'fail', 'info'] satisfies OpType[];

/** Throws OpShapeError. Members that it does not know are left out. */
export function parseOp(line: unknown): Op {
  if (!isRecord(line)) throw new OpShapeError('a line must hold one JSON object');
  const { index, timeNs, process, type, f } = line;
  if (!isCount(index)) throw wrong('index', 'a whole number from 0 on', index);
  if (typeof timeNs !== 'number') throw wrong('timeNs', 'a number', timeNs);
  if (process !== 'nemesis' && !isCount(process)) {
    throw wrong('process', 'a whole number from 0 on, or "nemesis"', process);
  }
  if (!isOpType(type)) throw wrong('type', `one of ${opTypes.join(', ')}`, type);
  if (typeof f !== 'string' || f === '') throw wrong('f', 'the name of an operation', f);
  const { node, key, value, scheduledNs, result, error } = line;
  if (scheduledNs !== undefined && typeof scheduledNs !== 'number') {
    throw wrong('scheduledNs', 'a number', scheduledNs);
  }
  checkExactNumbers('value', value);
  checkExactNumbers('result', result);
  return {
    index,
    timeNs,
    process,
    type,
    f,
    // null and a member that is not there both mean an absent value.
    value: value ?? null,
    ...(node === undefined ? {} : { node: parseText('node', node) }),
    ...(key === undefined ? {} : { key: parseText('key', key) }),
    ...(scheduledNs === undefined ? {} : { scheduledNs }),
    ...(result === undefined ? {} : { result }),
    ...(error === undefined ? {} : { error: parseError(error) }),
  };
}

/**
 * Throws OpShapeError at a whole number that JavaScript has rounded, and at one that it calls
 * infinite: two different values would be one, and a wrong history would pass.
 */
export function checkExactNumbers(name: string, value: unknown, depth = 0): void {
  if (typeof value === 'number') {
    const isExact = Number.isFinite(value) && !Number.isInteger(value);
    if (isExact || Number.isSafeInteger(value)) return;
    throw new OpShapeError(
      `"${name}" holds about ${value}, a number too large to be told from its neighbours: ` +
        'write it as a text',
    );
  }
  if (typeof value !== 'object' || value === null) return;
  if (depth > depthMax) throw new OpShapeError(`"${name}" is nested deeper than ${depthMax}`);
  for (const member of Object.values(value)) checkExactNumbers(name, member, depth + 1);
}

function parseError(error: unknown): OpError {
  if (!isRecord(error)) throw wrong('error', 'an object with a code', error);
  const { code, message } = error;
  const parsed = { code: parseText('error.code', code) };
  return message === undefined
    ? parsed
    : { ...parsed, message: parseText('error.message', message) };
}

function parseText(name: string, value: unknown): string {
  if (typeof value !== 'string') throw wrong(name, 'a string', value);
  return value;
}

function isOpType(value: unknown): value is OpType {
  return typeof value === 'string' && opTypes.includes(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrong(name: string, expected: string, found: unknown): OpShapeError {
  const text = found === undefined ? 'is missing' : `is ${JSON.stringify(found)}`;
  return new OpShapeError(`"${name}" must be ${expected}, but ${text}`);
}
