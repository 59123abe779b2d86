/**
 * Values of a history as texts on the wire, and back.
 */
import type { RespReply } from './resp-connection.ts';

/** A number as its digits; anything else as JSON. */
export function encodeValue(value: unknown): string {
  return typeof value === 'number' ? String(value) : JSON.stringify(value);
}

export function encodeInteger(value: unknown): string {
  if (Number.isSafeInteger(value)) return String(value);
  throw new TypeError(`an integer is needed, not ${JSON.stringify(value)}`);
}

/**
 * What was written as a number is read as one; anything else stays the text that it is. So does
 * `05`, which nobody has written.
 */
export function parseValue(text: string | null): unknown {
  return text === null ? null : (parseInteger(text) ?? text);
}

export function parseInteger(text: string): number | null {
  return /^(?:0|-?[1-9]\d{0,14})$/.test(text) ? Number(text) : null;
}

export function isOk(reply: RespReply): boolean {
  return reply.type === 'simple' && reply.value === 'OK';
}

/** null when it is no array of values. */
export function parseElements(reply: RespReply): readonly unknown[] | null {
  if (reply.type !== 'array' || reply.value === null) return null;
  const elements: unknown[] = [];
  for (const element of reply.value) {
    if (element.type !== 'bulk' || element.value === null) return null;
    elements.push(parseValue(element.value));
  }
  return elements;
}

export interface CompareAndSet {
  readonly key: string;
  /** null: there is nothing. */
  readonly expected: string | null;
  readonly next: string;
}

/** Answered by what was there before. Nothing equals an absent value, which has its own word. */
export function encodeCompareAndSet({ key, expected, next }: CompareAndSet): readonly string[] {
  return expected === null
    ? ['SET', key, next, 'NX', 'GET']
    : ['SET', key, next, 'IFEQ', expected, 'GET'];
}
