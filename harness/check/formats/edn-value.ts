/**
 * Values of EDN as values of JSON, which is what a history knows, and back.
 *
 * Two values that EDN tells apart must never become one: what JSON cannot say is refused.
 */
import type { EDNVal } from 'edn-data';
import { valueKey } from '../../../checker/value-key.ts';
import { keywordOf } from './edn-forms.ts';

/** A value that cannot be taken over, in words. */
export class EdnValueError extends Error {
  override readonly name = 'EdnValueError';
}

/**
 * As the library parsed it: nil is null, a keyword the text with its colon, a list a vector, a set
 * its elements in order. Throws EdnValueError.
 */
export function fromEdn(value: unknown): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return exactNumber(value);
  if (typeof value === 'bigint') return exactNumber(Number(value));
  if (Array.isArray(value)) return value.map(fromEdn);
  if (typeof value !== 'object') throw new EdnValueError(`a value is ${String(value)}`);
  if (value instanceof Date) return dateText(value);
  const keyword = keywordOf(value);
  if (keyword !== null) return `:${keyword}`;
  if ('char' in value && typeof value.char === 'string') return value.char;
  if ('list' in value && Array.isArray(value.list)) return value.list.map(fromEdn);
  if ('set' in value && Array.isArray(value.set)) return sorted(value.set.map(fromEdn));
  if ('map' in value && Array.isArray(value.map)) return objectOf(value.map);
  if ('tag' in value && typeof value.tag === 'string' && 'val' in value) {
    return { [`#${value.tag}`]: fromEdn(value.val) };
  }
  const sym = 'sym' in value ? String(value.sym) : JSON.stringify(value);
  throw new EdnValueError(`a value is the bare word ${sym}; a text stands in quotes`);
}

/** What tells two numbers apart must survive. */
function exactNumber(value: number): number {
  if (Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))) {
    return value;
  }
  throw new EdnValueError(
    `a value is about ${value}, a number too large to be told from its neighbours: write it as ` +
      'a text',
  );
}

function dateText(date: Date): string {
  if (Number.isNaN(date.getTime())) throw new EdnValueError('a value is an #inst that is no date');
  return date.toISOString();
}

/** A set has no order; equal sets must become equal arrays. */
function sorted(values: readonly unknown[]): unknown[] {
  const keyed = values.map((value) => ({ value, key: valueKey(value) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ value }) => value);
}

function objectOf(members: readonly unknown[]): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const member of members) {
    const [name, value] = Array.isArray(member) ? member : [];
    const text = keywordOf(name) ?? nameText(fromEdn(name));
    if (Object.hasOwn(object, text)) throw new EdnValueError(`a map has ${text} twice`);
    Object.defineProperty(object, text, {
      value: fromEdn(value),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return object;
}

function nameText(name: unknown): string {
  return typeof name === 'string' ? name : valueKey(name);
}

/** Names of members become keywords where they can. */
export function toEdn(value: unknown): EDNVal {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  if (Array.isArray(value)) return value.map(toEdn);
  const members = Object.entries(value).map(([name, member]): [EDNVal, EDNVal] => [
    keywordPattern.test(name) ? { key: name } : name,
    toEdn(member),
  ]);
  return { map: members };
}

/** What a keyword may be made of here; EDN allows more. */
export const keywordPattern: RegExp = /^[A-Za-z][A-Za-z0-9_-]*$/;
