/**
 * Whole numbers as clients write them, as strictly as Redis reads them: no sign but a minus, no
 * zero in front, nothing around, and no more than 64 bits.
 */

const minus = 0x2d;
const zero = 0x30;
const nine = 0x39;
/** Of `-9223372036854775808`. */
const bytesMax = 20;

/** Null for what is no signed 64-bit number. */
export function parseInteger(bytes: Uint8Array): bigint | null {
  const { length } = bytes;
  if (length === 0 || length > bytesMax) return null;
  const first = bytes[0] === minus ? 1 : 0;
  if (first === length) return null;
  if (bytes[first] === zero && length > 1) return null;
  for (let position = first; position < length; position += 1) {
    const byte = bytes[position] ?? 0;
    if (byte < zero || byte > nine) return null;
  }
  const value = BigInt(String.fromCharCode(...bytes));
  return BigInt.asIntN(64, value) === value ? value : null;
}

/** The nearest number that a `number` holds exactly. Null for what is no 64-bit number. */
export function parsePosition(bytes: Uint8Array): number | null {
  const value = parseInteger(bytes);
  if (value === null) return null;
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(value)));
}

/** From 1. Null for anything else. */
export function parseOrdinal(bytes: Uint8Array): number | null {
  const value = parseInteger(bytes);
  if (value === null || value < 1n || value > BigInt(Number.MAX_SAFE_INTEGER)) return null;
  return Number(value);
}
