import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { operationsOf } from '../../checker/columns.ts';
import { HistoryFileError, readHistoryFile } from './history-file.ts';
import { parseOp } from './parse-op.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rafture-history-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const header = '{"format":"rafture-history","version":1}';
const at7 = { process: 3, key: '7' };
const cas = { ...at7, f: 'cas', value: [40, 42] };
const lines = [
  header,
  ...[
    { index: 0, timeNs: 1200, ...at7, node: 'n2', type: 'invoke', f: 'write', value: 41 },
    { index: 1, timeNs: 8900, ...at7, node: 'n2', type: 'ok', f: 'write', value: 41 },
    { index: 2, timeNs: 9990, process: 'nemesis', type: 'info', f: 'partition', value: 'halves' },
    { index: 3, timeNs: 9995, ...cas, type: 'invoke' },
    { index: 4, timeNs: 9999, ...cas, type: 'ok', result: { swapped: false, seen: 41 } },
    { index: 5, timeNs: 10000, process: 4, type: 'invoke', f: 'read', key: '7', scheduledNs: 5 },
    {
      index: 6,
      timeNs: 10001,
      process: 4,
      type: 'info',
      f: 'read',
      key: '7',
      error: { code: 'x' },
    },
  ].map((op) => JSON.stringify(op)),
];

function file(text: string): string {
  const path = join(folder, 'history.jsonl');
  writeFileSync(path, text);
  return path;
}

async function errorOf(text: string): Promise<HistoryFileError> {
  const error: unknown = await readHistoryFile(file(text)).catch((thrown: unknown) => thrown);
  if (!(error instanceof HistoryFileError)) throw new Error(`no HistoryFileError: ${error}`);
  return error;
}

test('the lines of design.md are read and paired', async () => {
  const history = await readHistoryFile(file(`${lines.join('\n')}\n`));
  expect(history.lines).toBe(7);
  expect(history.notes).toEqual([]);
  expect(history.counts).toEqual({ ok: 2, fail: 0, info: 1, open: 0 });
  expect(operationsOf(history.columns).map(({ id, f, output }) => [id, f, output])).toEqual([
    [0, 'write', 41],
    [3, 'cas', { swapped: false, seen: 41 }],
    [5, 'read', undefined],
  ]);
});

test('an op is read as it was written; what a line does not have, the op has not', () => {
  const op = { index: 5, timeNs: 9, process: 4, type: 'invoke', f: 'read', value: null };
  const held = { ...op, node: 'n1', key: '7', scheduledNs: 3 };
  expect(parseOp(JSON.parse(JSON.stringify(held)))).toEqual(held);
  expect(Object.keys(parseOp(op))).not.toContain('scheduledNs');
});

test('a last line without its end is read when it is whole', async () => {
  const history = await readHistoryFile(file(lines.join('\n')));
  expect(history.lines).toBe(7);
  expect(history.notes).toEqual([]);
});

test('wherever a crash cuts the last line off, the rest is read and it is noted', async () => {
  const whole = lines.slice(0, 2).join('\n');
  const last = lines[2] ?? '';
  for (let length = 1; length < last.length; length += 1) {
    const history = await readHistoryFile(file(`${whole}\n${last.slice(0, length)}`));
    expect(history.notes).toEqual([expect.stringContaining('line 3 is cut off')]);
    expect(history.lines).toBe(1);
    expect(operationsOf(history.columns).map((operation) => operation.return)).toEqual([null]);
  }
});

test('a file longer than one read of the disk keeps its lines whole', async () => {
  const count = 30_000;
  const text = Array.from({ length: count }, (_, at) => {
    const type = at % 2 === 0 ? 'invoke' : 'ok';
    const op = { index: at, timeNs: at, process: 0, type, f: 'write', value: `é${at >> 1}` };
    return JSON.stringify(op);
  });
  const history = await readHistoryFile(file(`${[header, ...text].join('\n')}\n`));
  const operations = operationsOf(history.columns);
  expect(operations.length).toBe(count / 2);
  expect(operations.every(({ value }, at) => value === `é${at}`)).toBe(true);
});

test.each([
  ['no file', null, 'unreadable', null, 'ENOENT'],
  ['an empty file', '', 'malformed', 1, 'it has no header'],
  ['another first line', `${lines[1]}\n`, 'malformed', 1, 'the first line must be'],
  ['a header that is cut off', header.slice(0, 20), 'malformed', 1, 'not JSON'],
  [
    'a later version',
    '{"format":"rafture-history","version":2}\nwhatever it says',
    'later-version',
    1,
    'is version 2 of rafture-history; this rafture reads up to version 1',
  ],
  ['a broken line in the middle', `${header}\n{"index"\n${lines[1]}\n`, 'malformed', 2, 'not JSON'],
  ['an empty line', `${header}\n\n`, 'malformed', 2, 'an empty line'],
  ['a line that is no op', `${header}\n[1]\n`, 'malformed', 2, 'one JSON object'],
  [
    'a type that there is not',
    `${header}\n${lines[1]?.replace('invoke', 'begin')}\n`,
    'malformed',
    2,
    '"type" must be one of invoke, ok, fail, info, but is "begin"',
  ],
  [
    'a number that JavaScript has rounded',
    `${header}\n${lines[1]?.replace('41', '9007199254740993')}\n`,
    'malformed',
    2,
    'write it as a text',
  ],
  [
    'a rounded number deep in an answer',
    `${header}\n${lines[1]?.replace('41', '{"a":[1,1e17]}')}\n`,
    'malformed',
    2,
    'too large to be told from its neighbours',
  ],
  [
    'a completion of nothing',
    `${header}\n${lines[2]?.replace('"index":1', '"index":0')}\n`,
    'malformed',
    2,
    'process 3 completes write (ok) but has no open operation',
  ],
  [
    'a line that is missing',
    `${header}\n${lines[1]}\n${lines[4]}\n`,
    'malformed',
    3,
    'index 3 where 1 should stand',
  ],
])('%s is refused, with the line and the reason', async (_, text, code, line, words) => {
  const error =
    text === null
      ? await readHistoryFile(join(folder, 'none')).catch((thrown: unknown) => thrown)
      : await errorOf(text);
  expect(error).toMatchObject({ code, line });
  expect(String(error)).toContain(words);
});

const schemaText = readFileSync(join(import.meta.dirname, 'history-schema.json'), 'utf8');
const schema = z.fromJSONSchema(JSON.parse(schemaText));

test('the JSON schema accepts the header and every line that is read', () => {
  for (const line of lines) {
    expect(schema.safeParse(JSON.parse(line)).success, line).toBe(true);
  }
});

test.each([
  ['an index below 0', '"index":0', '"index":-1'],
  ['an index that is not whole', '"index":0', '"index":0.5'],
  ['an index that is missing', '"index":0,', ''],
  ['a time that is no number', '"timeNs":1200', '"timeNs":"1200"'],
  ['a process that is a name', '"process":3', '"process":"three"'],
  ['a type that there is not', '"invoke"', '"begin"'],
  ['an operation without a name', '"write"', '""'],
  ['a key that is a number', '"key":"7"', '"key":7'],
  ['a node that is a number', '"node":"n2"', '"node":2'],
  ['a scheduled time that is no number', '"value":41', '"value":41,"scheduledNs":"1"'],
  ['an error without a code', '"value":41', '"value":41,"error":{"message":"no"}'],
  ['an error that is only words', '"value":41', '"value":41,"error":"no"'],
])('the JSON schema and the reader both refuse %s', (_, right, wrong) => {
  const line: unknown = JSON.parse(lines[1]?.replace(right, wrong) ?? '');
  expect(schema.safeParse(line).success).toBe(false);
  expect(() => parseOp(line)).toThrow();
});
