import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEDNString } from 'edn-data';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { operationsOf } from '../../../checker/columns.ts';
import type { Op, OpType } from '../../../checker/history.ts';
import { createRandom } from '../../../checker/testing/random-history.ts';
import { readHistoryFile } from '../history-file.ts';
import { exportEdn, NoSuchKeyError } from './export-edn.ts';
import { type ReadOptions, readHistory } from './read-history.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rafture-export-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const header = '{"format":"rafture-history","version":1}';

function file(ops: readonly Op[], torn = ''): string {
  const path = join(folder, 'history.jsonl');
  writeFileSync(path, `${[header, ...ops.map((op) => JSON.stringify(op))].join('\n')}\n${torn}`);
  return path;
}

async function toEdn(
  path: string,
  { key, absent = null }: { readonly key?: string; readonly absent?: unknown } = {},
): Promise<string> {
  let all = '';
  for await (const text of (await exportEdn({ path, key, absent })).text) all += text;
  return all;
}

async function backAgain(edn: string, options: ReadOptions) {
  const path = join(folder, 'history.edn');
  writeFileSync(path, edn);
  return readHistory(path, { format: 'edn', ...options });
}

/** A history as clients, a nemesis and a system could have left it; nothing makes it true. */
function randomOps(seed: number, keys: readonly (string | undefined)[]): Op[] {
  const random = createRandom(seed);
  const pick = <T>(from: readonly [T, ...T[]]): T =>
    from[Math.floor(random() * from.length)] ?? from[0];
  const values = [
    null,
    0,
    1,
    2,
    'a"b\\c\n',
    'é',
    true,
    ':k',
    [1, 'x'],
    { a: 1, 'b c': null },
  ] as const;
  const ops: Op[] = [];
  const open = new Map<number, Op>();
  let process = 0;
  for (let index = 0; index < 30; index += 1) {
    const timeNs = index * 10;
    if (random() < 0.1) {
      const value = { nodes: ['n1', 'n2'], 'a b': null };
      ops.push({ index, timeNs, process: 'nemesis', type: 'info', f: 'start partition', value });
      continue;
    }
    const [client, asked] = [...open][Math.floor(random() * 4)] ?? [];
    if (client === undefined || asked === undefined) {
      const f = pick(['read', 'write', 'cas', 'swap it']);
      const value = f === 'read' ? null : f === 'cas' ? [pick(values), 1] : pick(values);
      const key = keys[Math.floor(random() * keys.length)];
      const common = { index, timeNs, process, f, value };
      const op: Op = {
        ...common,
        type: 'invoke',
        ...(key === undefined ? {} : { key }),
        node: 'n1',
      };
      ops.push(op);
      open.set(process, op);
      process += 1;
      continue;
    }
    open.delete(client);
    const type: OpType = pick(['ok', 'ok', 'fail', 'info']);
    ops.push({ ...asked, index, timeNs, type, ...answerOf(asked, type, pick) });
    // A process that lives goes on.
    if (type !== 'info') process = Math.max(process, client + 1);
  }
  return ops;
}

function answerOf(
  { f, value }: Op,
  type: OpType,
  pick: <T>(from: readonly [T, ...T[]]) => T,
): Partial<Op> {
  if (type !== 'ok') return { error: { code: pick(['timeout', 'E 1']), message: 'why "so"' } };
  if (f === 'read') return { value: pick([null, 0, 'x']) };
  if (f === 'swap it') return { value: pick([null, 3]) };
  if (f === 'write') return { value };
  const swapped = pick([true, false]);
  return { result: pick<unknown>([{ swapped }, { swapped, seen: null }, { swapped, seen: 4 }]) };
}

test('what is exported and read again is the same history, to the last answer', async () => {
  for (let seed = 0; seed < 150; seed += 1) {
    const keys = [[undefined], ['7'], ['7', 'é "x"']][seed % 3] ?? [];
    const path = file(randomOps(seed, keys));
    const edn = await toEdn(path);
    const before = await readHistoryFile(path);
    const { columns, failed, counts } = await backAgain(edn, { independent: keys.length > 1 });
    expect(operationsOf(columns), `seed ${seed}`).toEqual(operationsOf(before.columns));
    expect(failed.count).toBe(before.failed.count);
    expect(counts).toEqual(before.counts);
  }
});

const at = { timeNs: 5, process: 1, key: 'k' };
const cas = { ...at, f: 'cas', value: [1, 2] };
const few: readonly Op[] = [
  { ...at, index: 0, type: 'invoke', f: 'write', value: 1 },
  { ...at, index: 1, type: 'ok', f: 'write', value: null },
  { index: 2, timeNs: 6, process: 'nemesis', type: 'info', f: 'kill', value: ['n1'] },
  { ...cas, index: 3, type: 'invoke' },
  { ...cas, index: 4, type: 'ok', value: null, result: { swapped: false, seen: null } },
  { ...at, index: 5, type: 'invoke', f: 'read', value: null },
  { ...at, index: 6, type: 'ok', f: 'read', value: null },
  { ...cas, index: 7, type: 'invoke' },
  { ...cas, index: 8, type: 'info', value: null, error: { code: 'timeout' } },
];

function linesOf(edn: string): string[] {
  return edn.split('\n').filter((line) => line.startsWith('{'));
}

test('lines are as Knossos wants them: a miss fails, completions repeat their values', async () => {
  expect(linesOf(await toEdn(file(few)))).toEqual([
    '{:index 0 :time 5 :type :invoke :process 1 :f :write :value 1 :key "k"}',
    '{:index 1 :time 5 :type :ok :process 1 :f :write :value 1 :key "k"}',
    '{:index 2 :time 6 :type :info :process :nemesis :f :kill :value ["n1"]}',
    '{:index 3 :time 5 :type :invoke :process 1 :f :cas :value [1 2] :key "k"}',
    '{:index 4 :time 5 :type :fail :process 1 :f :cas :value [1 2] :key "k" ' +
      ':result {:swapped false :seen nil}}',
    '{:index 5 :time 5 :type :invoke :process 1 :f :read :value nil :key "k"}',
    '{:index 6 :time 5 :type :ok :process 1 :f :read :value nil :key "k" :absent true}',
    '{:index 7 :time 5 :type :invoke :process 1 :f :cas :value [1 2] :key "k"}',
    '{:index 8 :time 5 :type :info :process 1 :f :cas :value [1 2] :key "k" :error [:timeout]}',
  ]);
});

test('when a late operation was due is told too', async () => {
  const late: Op = { ...at, index: 0, type: 'invoke', f: 'read', value: null, scheduledNs: 2 };
  expect(linesOf(await toEdn(file([late])))).toEqual([
    '{:index 0 :time 5 :scheduled 2 :type :invoke :process 1 :f :read :value nil :key "k"}',
  ]);
});

test('a value can stand where one is absent, so that a read of it says something', async () => {
  const edn = linesOf(await toEdn(file(few), { absent: -1 }));
  expect(edn[4]).toContain(':result {:swapped false :seen -1}');
  expect(edn[6]).toContain(':value -1 ');
  expect(edn[6]).not.toContain(':absent');
});

test('one key can be chosen, with the nemesis; a key that there is not is refused', async () => {
  const other: readonly Op[] = [
    { ...at, index: 9, process: 2, key: 'other', type: 'invoke', f: 'write', value: 1 },
  ];
  const path = file([...few, ...other]);
  const edn = linesOf(await toEdn(path, { key: 'k' }));
  expect(edn).toHaveLength(9);
  const values = edn.map((line) => parseEDNString(line, { mapAs: 'object', keywordAs: 'string' }));
  expect(values[0]).toMatchObject({ process: 1, value: 1 });
  expect(linesOf(await toEdn(path))[9]).toContain(':value ["other" 1]');
  await expect(toEdn(path, { key: 'none' })).rejects.toThrow(NoSuchKeyError);
});

test('a torn last line is left out, and that is noted', async () => {
  const path = file(few, '{"index":9,');
  const { notes } = await exportEdn({ path, key: undefined, absent: null });
  expect(notes).toEqual([expect.stringContaining('line 11 is cut off')]);
  expect(linesOf(await toEdn(path))).toHaveLength(9);
});
