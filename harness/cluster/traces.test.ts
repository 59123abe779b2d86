import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { packTraces, type TraceSettings, traceEvidence, whyNoTraces } from './traces.ts';

const settings: TraceSettings = {
  ...{ system: { name: 'x', traces: true }, trace: 'auto' },
  ...{ rate: 1000, timeLimitS: 100, opCount: null },
};

function createRun(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'rafture-traces-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [node, text] of Object.entries(files)) {
    mkdirSync(join(folder, node));
    writeFileSync(join(folder, node, 'trace.jsonl'), text);
  }
  return folder;
}

test('a run of up to 100,000 operations has traces; a longer one when they are asked for', () => {
  expect(whyNoTraces(settings, 'process')).toBe(null);
  const longer = { ...settings, timeLimitS: 100.1 };
  expect(whyNoTraces(longer, 'process')).toMatch(/may have 100100 operations, and --trace auto/);
  expect(whyNoTraces({ ...longer, trace: 'on' }, 'docker')).toBe(null);
  expect(whyNoTraces({ ...longer, opCount: 5000 }, 'docker')).toBe(null);
  const unpaced = { ...settings, rate: null };
  expect(whyNoTraces(unpaced, 'process')).toMatch(/may have any number of operations/);
  expect(whyNoTraces({ ...unpaced, opCount: 100_000 }, 'process')).toBe(null);
});

test('a simulation is watched unless it is not wanted, however long it is', () => {
  expect(whyNoTraces({ ...settings, rate: null }, 'sim')).toBe(null);
  expect(whyNoTraces({ ...settings, trace: 'off' }, 'sim')).toMatch('--trace off');
});

test('a system that writes none says so, even when they are asked for', () => {
  const system = { name: 'x', traces: false };
  const why = 'the system x writes no traces';
  expect(whyNoTraces({ ...settings, system, trace: 'on' }, 'process')).toBe(why);
});

test('what was collected is read from the files, a node without one has told nothing', () => {
  const folder = createRun({ n1: '{"event":"hash","index":1,"hash":"a"}\n' });
  const nodes = ['n1', 'n2'];
  const { traces, whyNoTraces: why } = traceEvidence({
    ...{ folder, nodes, whyNot: null, referee: null },
  });
  expect(traces.map(({ node, events }) => ({ node, events: [...events] }))).toEqual([
    { node: 'n1', events: [{ event: 'hash', index: 1, hash: 'a' }] },
    { node: 'n2', events: [] },
  ]);
  expect(why).toBe(null);
  expect(traceEvidence({ folder, nodes, whyNot: 'so', referee: null })).toEqual({
    ...{ traces: [], whyNoTraces: 'so', referee: null },
  });
  const referee = { violations: [], events: 1, committed: 1, terms: 1 };
  expect(traceEvidence({ folder, nodes, whyNot: null, referee })).toMatchObject({
    ...{ traces: [], whyNoTraces: expect.stringContaining('referee'), referee },
  });
});

test('a valid run keeps no traces, any other keeps them packed', async () => {
  for (const valid of [true, false, 'unknown'] as const) {
    const folder = createRun({ n1: 'one\n', n2: 'two\n' });
    mkdirSync(join(folder, 'n3'));
    await packTraces(folder, ['n1', 'n2', 'n3', 'n4'], valid);
    const files = ['n1', 'n2', 'n3'].map((node) => readdirSync(join(folder, node)));
    const packed = ['trace.jsonl.gz'];
    expect(files).toEqual(valid === true ? [[], [], []] : [packed, packed, []]);
    if (valid === true) continue;
    const bytes = readFileSync(join(folder, 'n2', 'trace.jsonl.gz'));
    expect(gunzipSync(bytes).toString()).toBe('two\n');
  }
});

test('traces that cannot be packed stay as they are', async () => {
  const folder = createRun({ n1: 'one\n' });
  mkdirSync(join(folder, 'n1', 'trace.jsonl.gz'));
  await expect(packTraces(folder, ['n1'], false)).rejects.toThrow(/EISDIR/);
  expect(readFileSync(join(folder, 'n1', 'trace.jsonl'), 'utf8')).toBe('one\n');
});
