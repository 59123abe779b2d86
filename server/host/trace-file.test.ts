import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { TraceEvent } from '../trace.ts';
import { createRealTimers } from './real-timers.ts';
import { TraceFile } from './trace-file.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rafture-trace-'));
  folders.push(folder);
  return folder;
}

function createTrace(target: string) {
  const warnings: unknown[] = [];
  const log = {
    event: (level: string, name: string, fields: unknown) => {
      warnings.push({ level, name, ...(typeof fields === 'object' ? fields : {}) });
    },
  };
  const trace = new TraceFile({ node: 'n1', target, timers: createRealTimers(), log });
  return { trace, warnings };
}

const commit = (index: number): TraceEvent => ({ event: 'commit', term: 1, index });

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

test('events are lines of JSON with the name of the node, behind what the file held', async () => {
  const file = join(createFolder(), 'trace');
  writeFileSync(file, 'before\n');
  const { trace } = createTrace(file);
  trace.event(commit(1));
  trace.event(commit(2));
  await nextTurn();
  trace.event(commit(3));
  trace.close();
  trace.event(commit(4));
  const [before, ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n');
  expect(before).toBe('before');
  expect(lines.map((line): unknown => JSON.parse(line))).toEqual(
    [1, 2, 3].map((index) => ({ node: 'n1', event: 'commit', term: 1, index })),
  );
});

test('half a line that a killed life has left stays a line of its own', () => {
  const file = join(createFolder(), 'trace');
  writeFileSync(file, '{"node":"n1"}\n{"no');
  for (const index of [1, 2]) {
    const { trace } = createTrace(file);
    trace.event(commit(index));
    trace.close();
  }
  const line = (index: number) => `{"node":"n1","event":"commit","term":1,"index":${index}}\n`;
  expect(readFileSync(file, 'utf8')).toBe(`{"node":"n1"}\n{"no\n${line(1)}${line(2)}`);
});

test('a flush writes at once, for a process that is about to end', () => {
  const file = join(createFolder(), 'trace');
  const { trace } = createTrace(file);
  trace.event(commit(1));
  trace.flush();
  expect(readFileSync(file, 'utf8')).toContain('"index":1');
  trace.close();
});

test('a trace that cannot be written ends with one warning, and nothing else ends', async () => {
  const file = join(createFolder(), 'full');
  symlinkSync('/dev/full', file);
  const { trace, warnings } = createTrace(file);
  trace.event(commit(1));
  await nextTurn();
  trace.event(commit(2));
  await nextTurn();
  trace.close();
  expect(warnings).toEqual([
    { level: 'warn', name: 'the trace ends here', target: file, error: 'ENOSPC' },
  ]);
});

test('a file that cannot be opened is told at once', () => {
  expect(() => createTrace(join(createFolder(), 'no', 'folder'))).toThrow('ENOENT');
});
