import { expect, test } from 'vitest';
import { splitInlineWords } from './inline-words.ts';

function split(line: string): string[] {
  const words = splitInlineWords(Buffer.from(line, 'latin1'));
  return words.map((word) => Buffer.from(word).toString('latin1'));
}

test('white space parts words, and quotes hold them together', () => {
  expect(split('')).toEqual([]);
  expect(split(' \t\r')).toEqual([]);
  expect(split('  set  key \t value \r')).toEqual(['set', 'key', 'value']);
  expect(split('a "b c" \'d e\' ""')).toEqual(['a', 'b c', 'd e', '']);
  expect(split('a"b c" d')).toEqual(['ab c', 'd']);
});

test('escapes mean what they mean in Redis', () => {
  expect(split('"\\n\\r\\t\\b\\a\\x41\\xff\\"\\\\\\q"')).toEqual(['\n\r\t\b\x07A\xff"\\q']);
  expect(split('"\\xg1"')).toEqual(['xg1']);
  expect(split("'it\\'s \\n'")).toEqual(["it's \\n"]);
  expect(split('a\\n')).toEqual(['a\\n']);
});

test('a NUL ends the line', () => {
  expect(split('get a\0 b')).toEqual(['get', 'a']);
});

test('quotes that do not close, or close inside of a word, are unbalanced', () => {
  for (const line of ['"a', "'a", '"a\\', '"a"b', "'a'b", '"a\\x4', '"a\0"']) {
    expect(() => split(line), line).toThrow('unbalanced quotes in request');
  }
});
