import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  truncateSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Op } from '../../checker/history.ts';
import { createRunFolder, type LineWriter, type RunFolder } from '../store.ts';
import { RunHistory } from './run-history.ts';

let root = '';
let folder: RunFolder;
let file: LineWriter<Op>;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rafture-run-history-'));
  const startedAt = new Date(0);
  folder = createRunFolder({ resultsRoot: root, system: 's', workload: 'w', startedAt });
  file = folder.historyWriter();
});
afterEach(() => {
  file.close();
  rmSync(root, { recursive: true });
});

/** Every shape of a line that a run writes. */
function opAt(index: number): Op {
  const common = { index, timeNs: index * 7, process: index % 5, node: 'n1' };
  const shapes: readonly Op[] = [
    { ...common, type: 'invoke', f: 'read', key: '7', value: null, scheduledNs: index },
    { ...common, type: 'ok', f: 'cas', value: [null, 1], result: { swapped: false, seen: 'é' } },
    { ...common, type: 'info', f: 'write', value: 3, error: { code: 'timeout', message: 'ö\n' } },
    { index, timeNs: index, process: 'nemesis', type: 'info', f: 'kill', value: { on: ['n2'] } },
  ];
  return shapes[index % shapes.length] as Op;
}

function grow(history: RunHistory, count: number): void {
  for (let made = 0; made < count; made++) {
    const op = opAt(history.length);
    file.append(op);
    history.append(op);
  }
}

const opsUpTo = (length: number): readonly Op[] => Array.from({ length }, (_, at) => opAt(at));

test('it is the same from memory and from its file, and each time anew', () => {
  const history = new RunHistory(folder.historyPath, 10);
  for (const length of [0, 1, 9, 10, 11, 12, 40]) {
    grow(history, length - history.length);
    expect(history.length).toBe(length);
    expect([...history]).toEqual(opsUpTo(length));
    expect([...history]).toEqual(opsUpTo(length));
  }
});

test('beyond what may be kept nothing is: what is read is the file', () => {
  const history = new RunHistory(folder.historyPath, 10);
  grow(history, 10);
  const kept = history[Symbol.iterator]();
  grow(history, 1);
  truncateSync(folder.historyPath, 300);
  expect(() => [...history]).toThrow();
  truncateSync(folder.historyPath, 0);
  expect(() => [...history]).toThrow('has only 0 of 11 lines of the history');
  expect(kept.next().value).toEqual(opAt(0));
});

test('without a file all of it is kept', () => {
  const history = new RunHistory(null, 10);
  grow(history, 30);
  truncateSync(folder.historyPath, 0);
  expect([...history]).toEqual(opsUpTo(30));
});

test.each([5, 10, 20])(
  'an iteration over %d ops ends with what was there when it began',
  (length) => {
    const history = new RunHistory(folder.historyPath, 10);
    grow(history, length);
    const iterator = history[Symbol.iterator]();
    const read: Op[] = [];
    for (;;) {
      const next = iterator.next();
      if (next.done === true) break;
      read.push(next.value);
      grow(history, 3);
    }
    expect(read).toEqual(opsUpTo(length));
    expect(history.length).toBe(4 * length);
  },
);

test('half a line that follows in the file is not looked at', () => {
  const history = new RunHistory(folder.historyPath, 2);
  grow(history, 6);
  appendFileSync(folder.historyPath, '{"index":6,"ti');
  expect([...history]).toEqual(opsUpTo(6));
});

const openFiles = '/proc/self/fd';

test.skipIf(!existsSync(openFiles))('an iteration may be given up, and lets go of the file', () => {
  const history = new RunHistory(folder.historyPath, 2);
  grow(history, 6);
  const before = readdirSync(openFiles).length;
  for (let time = 0; time < 20; time++) {
    for (const op of history) if (op.index === 1) break;
  }
  expect(readdirSync(openFiles).length).toBeLessThan(before + 20);
});

test('a file longer than one read of the disk is read as it was written', () => {
  const history = new RunHistory(folder.historyPath, 2);
  grow(history, 15_000);
  let at = 0;
  for (const op of history) {
    // An expectation for each takes longer than the reading.
    if (!isDeepStrictEqual(op, opAt(at))) expect(op).toEqual(opAt(at));
    at++;
  }
  expect(at).toBe(15_000);
});
