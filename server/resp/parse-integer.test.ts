import { expect, test } from 'vitest';
import { parseInteger, parseOrdinal, parsePosition } from './parse-integer.ts';

test('numbers are read as strictly as Redis reads them', () => {
  const good = ['0', '1', '-1', '10', '9223372036854775807', '-9223372036854775808'];
  for (const text of good) expect(parseInteger(Buffer.from(text))).toBe(BigInt(text));
  const bad = ['', '-', '+1', '01', '-0', '-01', ' 1', '1 ', '1.0', '1e3', '0x1', 'x', '--1'];
  const tooLarge = ['9223372036854775808', '-9223372036854775809', '123456789012345678901'];
  for (const text of [...bad, ...tooLarge])
    expect(parseInteger(Buffer.from(text)), text).toBe(null);
});

test('a position beyond what a number holds is brought to the nearest', () => {
  expect(parsePosition(Buffer.from('-5'))).toBe(-5);
  expect(parsePosition(Buffer.from('9223372036854775807'))).toBe(Number.MAX_SAFE_INTEGER);
  expect(parsePosition(Buffer.from('-9223372036854775808'))).toBe(Number.MIN_SAFE_INTEGER);
});

test('an ordinal begins at 1', () => {
  expect(parseOrdinal(Buffer.from('1'))).toBe(1);
  for (const text of ['0', '-1', '9007199254740993']) {
    expect(parseOrdinal(Buffer.from(text))).toBe(null);
  }
});
