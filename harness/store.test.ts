import { spawn } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Op } from '../checker/history.ts';
import { renderReport } from './report/report.ts';
import { sampleRun } from './report/sample-run.ts';
import { createRunFolder, type RunFolder } from './store.ts';
import { StoreError, whileWriting } from './store-error.ts';
import { listRuns, readRun, resolveRun } from './store-reader.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(realpathSync(tmpdir()), 'rafture-store-'));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function newRun(time: string, workload = 'register'): RunFolder {
  const startedAt = new Date(time);
  return createRunFolder({ resultsRoot: root, system: 'reference', workload, startedAt });
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof StoreError) return error.code;
    throw error;
  }
  return 'nothing was thrown';
}

function op(index: number): Op {
  return { index, timeNs: index * 10, process: 3, type: 'invoke', f: 'write', key: 'k', value: 1 };
}

test('a run gets a folder named for its test and its time, and current points there', () => {
  const run = newRun('2026-11-21T08:45:12.123Z');
  expect(run.path).toBe(join(root, 'reference-register', '20261121T084512.123Z'));
  expect(realpathSync(join(root, 'current'))).toBe(run.path);
  expect(existsSync(join(root, 'latest'))).toBe(false);
});

test('two runs that begin in the same millisecond never share a folder', () => {
  const paths = Array.from({ length: 12 }, () => newRun('2026-11-21T08:45:12.123Z').path);
  expect(new Set(paths).size).toBe(12);
  expect(listRuns(root)).toEqual(paths);
});

test('a name that is a path does not leave the results', () => {
  const run = createRunFolder({
    resultsRoot: root,
    system: '../../etc/my raft.yaml',
    workload: '..',
    startedAt: new Date(0),
  });
  expect(run.path.startsWith(`${root}/etc_my_raft.yaml-unnamed/`)).toBe(true);
});

test('latest links point to the newest run that was judged', () => {
  const { test, results } = sampleRun({ seed: 1 });
  const first = newRun('2026-11-21T08:00:00.000Z');
  first.writeTest(test);
  first.writeResults(results);
  const crashed = newRun('2026-11-21T09:00:00.000Z');
  crashed.writeTest(test);
  expect(realpathSync(join(root, 'latest'))).toBe(first.path);
  expect(readlinkSync(join(root, 'reference-register', 'latest'))).toBe('20261121T080000.000Z');
  expect(realpathSync(join(root, 'current'))).toBe(crashed.path);
  expect(resolveRun(root, 'latest')).toBe(first.path);
  expect(resolveRun(root, '-1')).toBe(crashed.path);
});

test('a run is read back as it was written, without the orders of its linearization', () => {
  const { test, results } = sampleRun({ seed: 2, verdict: 'invalid' });
  const run = newRun('2026-11-21T08:45:12.123Z');
  run.writeTest(test);
  run.writeResults(results);
  const nemesis = run.nemesisWriter();
  const record = { index: 4, f: 'kill', value: ['n1'], tookEffect: true, evidence: { gone: 1 } };
  nemesis.append(record);
  nemesis.close();
  mkdirSync(join(run.path, 'n2'));
  writeFileSync(join(run.path, 'n2', 'server.log'), 'hello\n');
  const stored = readRun(run.path);
  expect(stored.test).toEqual(test);
  expect(stored.results).toEqual(results);
  expect(stored.nemesis).toEqual([record]);
  expect(stored.logs).toEqual([{ node: 'n2', path: 'n2/server.log', bytes: 6 }]);
  expect(run.logFiles(test.nodes)).toEqual(stored.logs);

  const orders = [{ key: 'k1', order: Uint32Array.of(1, 2) }];
  const verdict = { valid: true, operations: 2, linearizations: orders } as const;
  run.writeResults({ ...results, linearizability: verdict });
  expect(readRun(run.path).results?.linearizability).toEqual({ valid: true, operations: 2 });
});

test('results hold a verdict for each checker, linearizability also by itself', () => {
  const { test: record, results } = sampleRun({ seed: 2, verdict: 'invalid' });
  const run = newRun('2026-11-21T08:45:12.123Z');
  run.writeTest(record);
  run.writeResults(results);
  const file = JSON.parse(readFileSync(join(run.path, 'results.json'), 'utf8')) as typeof results;
  expect(file.checkers.map(({ name, valid }) => [name, valid])).toEqual([
    ['linearizable', false],
    ['faults', true],
  ]);
  expect(file.linearizability?.valid).toBe(false);
  expect(file.removedCheckers.map(({ name }) => name)).toEqual(['convergence']);
  expect(file.valid).toBe(false);
});

test('a run that was recorded before checkers told their blind spots is read and drawn', () => {
  const { test: record, results, ops } = sampleRun({ seed: 1 });
  const run = newRun('2026-11-21T08:45:12.123Z');
  const { workloadFacts: _, sizeNotes: __, ...oldTest } = record;
  const { removedCheckers: ___, ...rest } = results;
  const checkers = results.checkers.map(({ blind: ____, ...checker }) => checker);
  const test = { format: 'rafture-test', version: 1, ...oldTest };
  writeFileSync(join(run.path, 'test.json'), JSON.stringify(test));
  const oldResults = { format: 'rafture-results', version: 1, ...rest, checkers };
  writeFileSync(join(run.path, 'results.json'), JSON.stringify(oldResults));
  const stored = readRun(run.path);
  expect(stored.test).toEqual({ ...record, workloadFacts: null, sizeNotes: [] });
  expect(stored.results?.checkers.every(({ blind }) => blind.length === 0)).toBe(true);
  expect(stored.results?.removedCheckers).toEqual([]);
  if (stored.results === null) throw new Error('no results');
  const page = renderReport({ ...stored, results: stored.results, ops });
  expect(page).toContain('<h1>Linearizable</h1>');
  expect(page.includes('class="blind"')).toBe(false);
});

test('the history begins with its header and has one op per line, in the order of append', () => {
  const run = newRun('2026-11-21T08:45:12.123Z');
  const writer = run.historyWriter();
  for (let index = 0; index < 100; index++) writer.append(op(index));
  const lines = readFileSync(run.historyPath, 'utf8').trimEnd().split('\n');
  expect(lines[0]).toBe('{"format":"rafture-history","version":1}');
  expect(lines.slice(1).map((line) => JSON.parse(line))).toEqual(
    Array.from({ length: 100 }, (_, index) => op(index)),
  );
  writer.close();
  writer.close();
  expect(() => writer.append(op(100))).toThrow('closed');
});

test('a history is never written over', () => {
  const run = newRun('2026-11-21T08:45:12.123Z');
  run.historyWriter().close();
  expect(codeOf(() => run.historyWriter())).toBe('not-writable');
});

test('a SIGKILL of the writing process loses nothing that was appended', async () => {
  const store = fileURLToPath(import.meta.resolve('./store.ts'));
  const script = `
    import { createRunFolder } from ${JSON.stringify(store)};
    const place = { resultsRoot: ${JSON.stringify(root)}, system: 's', workload: 'w' };
    const run = createRunFolder({ ...place, startedAt: new Date(0) });
    const writer = run.historyWriter();
    process.stdout.write(run.historyPath + '\\n');
    for (let index = 0; ; index++) {
      writer.append({ index, timeNs: 0, process: 0, type: 'invoke', f: 'read', value: null });
      if (index === 5000) { process.stdout.write('recorded'); setInterval(() => {}, 1e6); break; }
    }
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
  let output = '';
  let trouble = '';
  child.stderr.on('data', (bytes) => {
    trouble += bytes;
  });
  const exited = new Promise((resolve) => child.on('exit', (_, signal) => resolve(signal)));
  child.stdout.on('data', (bytes) => {
    output += bytes;
    if (output.endsWith('recorded')) child.kill('SIGKILL');
  });
  expect(await exited, trouble).toBe('SIGKILL');
  const [path = ''] = output.split('\n');
  const lines = readFileSync(path, 'utf8').split('\n');
  expect(lines.pop()).toBe('');
  expect(lines.length).toBe(5002);
  expect(JSON.parse(lines.at(-1) ?? '').index).toBe(5000);
});

test.runIf(process.platform === 'linux')('a full disk is named, with what to do', () => {
  const write = () => whileWriting('/dev/full', () => writeFileSync('/dev/full', 'x'));
  expect(codeOf(write)).toBe('disk-full');
  expect(write).toThrow(/the disk is full: cannot write .*Free some space/);
});

test('results that cannot be written say what is in the way', () => {
  const file = join(root, 'file');
  writeFileSync(file, '');
  const start = () =>
    createRunFolder({ resultsRoot: file, system: 's', workload: 'w', startedAt: new Date(0) });
  expect(codeOf(start)).toBe('not-writable');
  expect(start).toThrow(/something else is in the way of .*choose another folder/);
});

test('runs are found by number, by test, by time and by path', () => {
  const { test: record } = sampleRun({ seed: 1 });
  const runs = ['07', '08', '09'].map((hour) => {
    const run = newRun(
      `2026-11-21T${hour}:00:00.000Z`,
      hour === '08' ? 'cas-register' : 'register',
    );
    run.writeTest(record);
    return run.path;
  });
  expect(listRuns(root)).toEqual(runs);
  expect(resolveRun(root, '-1')).toBe(runs[2]);
  expect(resolveRun(root, '-3')).toBe(runs[0]);
  expect(resolveRun(root, '1')).toBe(runs[1]);
  expect(resolveRun(root, 'reference-cas-register')).toBe(runs[1]);
  expect(resolveRun(root, 'reference-register/20261121T070000.000Z')).toBe(runs[0]);
  expect(resolveRun(root, join(runs[0] ?? '', 'test.json'))).toBe(runs[0]);
  expect(codeOf(() => resolveRun(root, '-4'))).toBe('not-found');
  expect(codeOf(() => resolveRun(root, 'no-such'))).toBe('not-found');
  expect(codeOf(() => resolveRun(join(root, 'empty'), '-1'))).toBe('not-found');
});

test('a later version is refused by name, and a broken file with its place', () => {
  const { test: record, results } = sampleRun({ seed: 1 });
  const run = newRun('2026-11-21T08:45:12.123Z');
  expect(codeOf(() => readRun(run.path))).toBe('not-found');
  run.writeTest(record);
  expect(readRun(run.path).results).toBe(null);
  run.writeResults(results);

  const path = join(run.path, 'results.json');
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace('"version": 1', '"version": 2'));
  expect(() => readRun(run.path)).toThrow(/version 2 of rafture-results.*reads up to 1/);
  writeFileSync(path, text.replace('"valid": true', '"valid": "perhaps"'));
  expect(codeOf(() => readRun(run.path))).toBe('malformed');
  writeFileSync(path, text.slice(0, 100));
  expect(() => readRun(run.path)).toThrow(/results.json is not JSON/);
  writeFileSync(path, text);

  run.nemesisWriter().close();
  const nemesisPath = join(run.path, 'nemesis.jsonl');
  appendFileSync(nemesisPath, '{"index":1,"f":"ki');
  expect(readRun(run.path).nemesis).toEqual([]);
  appendFileSync(nemesisPath, '\n');
  expect(() => readRun(run.path)).toThrow(/nemesis.jsonl, line 2 is not JSON/);
});
