import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fileLines } from './file-lines.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rafture-file-lines-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function linesOf(text: string): Iterable<string> {
  const path = join(folder, 'some.txt');
  writeFileSync(path, text);
  return fileLines(path);
}

test.each([
  ['nothing', '', []],
  ['one line', 'a\n', ['a']],
  ['a last line without its line break', 'a\nb', ['a', 'b']],
  ['empty lines', '\na\n\n', ['', 'a', '']],
  ['a carriage return, which belongs to the line', 'a\r\n', ['a\r']],
])('the lines of %s', (_, text, lines) => {
  expect([...linesOf(text)]).toEqual(lines);
});

test('a file that there is not has no lines', () => {
  expect([...fileLines(join(folder, 'none.txt'))]).toEqual([]);
});

test('each iteration begins anew', () => {
  const lines = linesOf('a\nb\n');
  expect([...lines]).toEqual(['a', 'b']);
  expect([...lines]).toEqual(['a', 'b']);
});

test('letters of several bytes and long lines may lie across the pieces that are read', () => {
  // Lines of odd lengths, so that a piece ends in the middle of a letter sooner or later.
  const lines = Array.from({ length: 4000 }, (_, at) => `${at} é€😀${'ü'.repeat(at % 97)}`);
  const long = '€'.repeat(300_000);
  const all = [...lines, long, ...lines];
  const read = [...linesOf(`${all.join('\n')}\n`)];
  expect(read.length).toBe(all.length);
  expect(read.every((line, at) => line === all[at])).toBe(true);
});

test('a letter that is cut off at the end is told as such', () => {
  const path = join(folder, 'cut.txt');
  writeFileSync(path, Buffer.from('a\né').subarray(0, 3));
  expect([...fileLines(path)]).toEqual(['a', '\ufffd']);
});
