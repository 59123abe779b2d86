import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ProcessLogLines } from './process-log-lines.ts';

let folder = '';
let lines: ProcessLogLines;

const pathOf = (node: string): string => join(folder, `${node}.log`);
const write = (node: string, text: string | Uint8Array): void => appendFileSync(pathOf(node), text);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rafture-lines-'));
  for (const node of ['n1', 'n2']) writeFileSync(pathOf(node), 'from before\n');
  lines = new ProcessLogLines(new Map(['n1', 'n2'].map((node) => [node, pathOf(node)])));
});

afterEach(() => {
  lines.close();
  rmSync(folder, { recursive: true });
});

/** What a listener has been told. */
function listen(): { readonly told: string[]; readonly stop: () => void } {
  const told: string[] = [];
  const stop = lines.add((node, line) => told.push(`${node}: ${line}`));
  return { told, stop };
}

test('each line is told by whom it is, as it comes, and none from before', async () => {
  const { told } = listen();
  write('n2', 'one\ntwo\n');
  await vi.waitFor(() => expect(told).toEqual(['n2: one', 'n2: two']), { interval: 1 });
  write('n1', 'three\n');
  await vi.waitFor(() => expect(told.at(-1)).toBe('n1: three'), { interval: 1 });
});

test('a line is told when its end is there, whole, though a letter was cut in two', () => {
  const { told } = listen();
  const bytes = Buffer.from('grün\n');
  write('n1', bytes.subarray(0, 3));
  lines.drain();
  expect(told).toEqual([]);
  write('n1', bytes.subarray(3));
  lines.drain();
  expect(told).toEqual(['n1: grün']);
});

test('a line that had begun before is told whole', () => {
  write('n1', 'begun ');
  const { told } = listen();
  write('n1', 'and ended\n');
  lines.drain();
  expect(told).toEqual(['n1: begun and ended']);
});

test('a line of many pieces, longer than what is read at once, is one', () => {
  const { told } = listen();
  const long = 'x'.repeat(200_000);
  write('n1', `${long}\n\nshort\n`);
  lines.drain();
  expect(told).toEqual([`n1: ${long}`, 'n1: ', 'n1: short']);
});

test('who comes later hears later lines only, and who has stopped hears none', () => {
  const first = listen();
  write('n1', 'one\n');
  const second = listen();
  write('n1', 'two\n');
  lines.drain();
  first.stop();
  write('n1', 'three\n');
  lines.drain();
  second.stop();
  write('n1', 'four\n');
  const third = listen();
  write('n1', 'five\n');
  lines.drain();
  expect(first.told).toEqual(['n1: one', 'n1: two']);
  expect(second.told).toEqual(['n1: two', 'n1: three']);
  expect(third.told).toEqual(['n1: five']);
});

test('who stops in the middle of lines hears no more of them', () => {
  const told: string[] = [];
  const stop = lines.add((_, line) => {
    told.push(line);
    stop();
  });
  write('n1', 'one\ntwo\n');
  lines.drain();
  expect(told).toEqual(['one']);
});
