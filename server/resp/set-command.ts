/**
 * `SET key value [NX | XX | IFEQ expected] [GET]`, the options in any order.
 */
import type { ErrorReply } from '../errors.ts';
import type { SetCommand, SetCondition } from '../kv/command.ts';
import type { Parts } from './command-spec.ts';
import { optionOf, refuse, syntaxError, wrongArity } from './error-texts.ts';

const always: SetCondition = { type: 'always' };
const absent: SetCondition = { type: 'absent' };
const present: SetCondition = { type: 'present' };

/** Redis and Valkey have them; here they would be promises that are not kept. */
const unsupported: ReadonlySet<string> = new Set([
  ...['EX', 'PX', 'EXAT', 'PXAT', 'KEEPTTL'],
  ...['IFNE', 'IFDEQ', 'IFDNE'],
]);

export function parseSet(parts: Parts): SetCommand | ErrorReply {
  const [, key, value] = parts;
  if (key === undefined || value === undefined) return wrongArity('set');
  if (parts.length === 3) return { type: 'set', key, value, condition: always, get: false };
  let condition: SetCondition | null = null;
  let get = false;
  for (let position = 3; position < parts.length; position += 1) {
    const option = optionOf(parts[position] ?? key);
    if (unsupported.has(option)) {
      return refuse(`SET with ${option} is not supported here, only NX, XX, IFEQ and GET are`);
    }
    if (option === 'GET') {
      get = true;
      continue;
    }
    const parsed: SetCondition | null = parseCondition(option, parts[position + 1]);
    if (parsed === null || (condition !== null && condition !== parsed)) return syntaxError;
    condition = parsed;
    if (parsed.type === 'equals') position += 1;
  }
  return { type: 'set', key, value, condition: condition ?? always, get };
}

/** Null when it is none. */
function parseCondition(option: string, next: Uint8Array | undefined): SetCondition | null {
  switch (option) {
    case 'NX':
      return absent;
    case 'XX':
      return present;
    case 'IFEQ':
      return next === undefined ? null : { type: 'equals', value: next };
    default:
      return null;
  }
}
