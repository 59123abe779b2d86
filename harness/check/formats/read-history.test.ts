import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { operationsOf } from '../../../checker/columns.ts';
import type { Operation } from '../../../checker/history.ts';
import { HistoryFileError } from '../history-file.ts';
import { type ReadHistory, type ReadOptions, readHistory } from './read-history.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rafture-formats-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function read(text: string, options: ReadOptions = {}, name = 'history'): Promise<ReadHistory> {
  const path = join(folder, name);
  writeFileSync(path, text);
  return readHistory(path, options);
}

async function operations(text: string, options: ReadOptions = {}): Promise<Operation[]> {
  return operationsOf((await read(text, options)).columns);
}

async function errorOf(text: string, options: ReadOptions = {}): Promise<HistoryFileError> {
  const error: unknown = await read(text, options).catch((thrown: unknown) => thrown);
  if (!(error instanceof HistoryFileError)) throw new Error(`no HistoryFileError: ${error}`);
  return error;
}

/** What an operation says, shortly. */
function say({ process, f, key, value, output, return: end }: Operation): unknown[] {
  const told = end === null ? 'open' : output;
  return key === null ? [process, f, value, told] : [process, f, key, value, told];
}

const maps = [
  '{:process 0, :type :invoke, :f :write, :value 3, :time 5, :index 0}',
  '{:process :nemesis, :type :info, :f :start-partition, :value {:n1 #{"n2"}}}',
  '{:process 1, :type :invoke, :f :read, :value nil}',
  '{:process 0, :type :ok, :f :write, :value 3}',
  '{:process 1, :type :ok, :f :read, :value 3}',
  '{:process 1, :type :invoke, :f :cas, :value [3 4]}',
  '{:process 1, :type :ok, :f :cas, :value [3 4]}',
];
const said = [
  [0, 'write', 3, 3],
  [1, 'read', null, 3],
  [1, 'cas', [3, 4], { swapped: true }],
];

test.each([
  ['one map a line', maps.join('\n')],
  ['a vector', `[${maps.join('\n ')}]`],
  ['a list with comments', `; a history {:\n(${maps.join(' ; so " far }\n')}) ; the end`],
  ['all in one line', maps.join(' ')],
  ['maps that are records', maps.map((map) => `#jepsen.history.Op${map}`).join('\n')],
  ['some that are taken out', `[${maps.join('\n#_{:process 9}\n')}]`],
  ['Windows lines', maps.join('\r\n')],
])('EDN of Jepsen is read as %s', async (_, text) => {
  const history = await read(text);
  expect(operationsOf(history.columns).map(say)).toEqual(said);
  expect(history.format).toBe('edn');
  expect(history.lines).toBe(7);
  expect(history.notes).toEqual(['read as edn; --format names another one']);
});

test('an entry of EDN keeps its line, wherever a piece of the file ends', async () => {
  const many = Array.from(
    { length: 9000 },
    (_, at) => `{:process ${at}, :type :invoke, :f :write, :value "é ${at}"}`,
  );
  const history = await read(`[\n${many.join('\n\n')}]`);
  expect(operationsOf(history.columns).map(({ value }) => value)).toEqual(
    many.map((_, at) => `é ${at}`),
  );
  expect([0, 1, 8999].map((index) => history.lineOf?.(index))).toEqual([2, 4, 18_000]);
});

const cas = (type: string, more = ''): string =>
  `{:process 0 :type :${type} :f :cas :value [1 2]${more}}`;

test('a failed cas is dropped or a miss, as it was chosen; Knossos drops it', async () => {
  const text = ['{:process 1 :type :invoke :f :write :value 1}', cas('invoke'), cas('fail')].join(
    '\n',
  );
  expect((await operations(text)).map(say)).toEqual([[1, 'write', 1, 'open']]);
  expect((await read(text)).counts).toMatchObject({ fail: 1 });
  const missed = [0, 'cas', [1, 2], { swapped: false }];
  expect((await operations(text, { failedCas: 'miss' })).map(say)).toContainEqual(missed);
});

test('a failed cas that tells its result is a miss, whatever was chosen', async () => {
  const text = `{:process 1 :type :invoke :f :read :value nil} ${cas('invoke')} ${cas(
    'fail',
    ' :result {:swapped false :seen nil}',
  )}`;
  const read = (await operations(text)).map(say);
  expect(read).toContainEqual([0, 'cas', [1, 2], { swapped: false, seen: null }]);
});

test('a read of nil says nothing in EDN, which is noted, unless it was chosen', async () => {
  const text =
    '{:process 0 :type :invoke :f :read :value nil} {:process 0 :type :ok :f :read :value nil}';
  const history = await read(text);
  expect(history.columns.count).toBe(0);
  expect(history.notes.at(-1)).toContain('1 reads of nil say nothing');
  expect((await operations(text, { nilRead: 'value' })).map(say)).toEqual([
    [0, 'read', null, null],
  ]);
});

test('a process goes on after info under a new number', async () => {
  const text = ['invoke', 'info', 'invoke', 'ok'].map((type) => cas(type)).join('\n');
  const [first, second] = await operations(text, { independent: false });
  expect([first?.process, second?.process]).toEqual([0, 1_000_000]);
  expect([first?.return, second?.return]).toEqual([null, 3]);
});

const pairs = [
  '{:process 0 :type :invoke :f :write :value [7 1]}',
  '{:process 0 :type :ok :f :write :value [7 1]}',
  '{:process 0 :type :invoke :f :read :value ["x" nil]}',
  '{:process 0 :type :ok :f :read :value ["x" 2]}',
  '{:process 0 :type :invoke :f :cas :value ["x" [2 3]]}',
  '{:process 0 :type :info :f :cas :value :timed-out}',
].join('\n');

test('pairs of jepsen.independent are keys and values when that was said', async () => {
  expect((await operations(pairs, { independent: true })).map(say)).toEqual([
    [0, 'write', '7', 1, 1],
    [0, 'read', 'x', null, 2],
    [0, 'cas', 'x', [2, 3], 'open'],
  ]);
});

test('where every value is a pair, it is asked and not guessed what they are', async () => {
  expect(await errorOf(pairs)).toMatchObject({ line: 1, code: 'malformed' });
  expect(String(await errorOf(pairs))).toContain('--independent');
  expect(await operations(pairs, { independent: false })).toHaveLength(3);
});

test('values of EDN keep what tells them apart', async () => {
  const values = [
    ['"a\\nb\\u0041"', 'a\nbA'],
    [':done', ':done'],
    ['\\x', 'x'],
    ['[1 (2 "é")]', [1, [2, 'é']]],
    ['#{3 1 2}', [1, 2, 3]],
    ['{:a 1, "b" {:c nil}}', { a: 1, b: { c: null } }],
    ['7N', 7],
    ['-1.5', -1.5],
    ['true', true],
    ['#inst "2026-01-01T00:00:00Z"', '2026-01-01T00:00:00.000Z'],
  ] as const;
  const text = values
    .map(([edn], at) => `{:process ${at} :type :invoke :f :write :value ${edn}}`)
    .join('\n');
  expect((await operations(text)).map(({ value }) => value)).toEqual(values.map(([, is]) => is));
});

const first = '{:process 0 :type :invoke :f :write :value 1}';
test.each([
  [
    'a file that ends inside of a map',
    `[${first}\n{:process 1`,
    2,
    '"}" is missing for what began in line 2',
  ],
  ['a vector that is open', `[${first}\n`, 2, '"]" is missing for what began in line 1'],
  [
    'brackets that do not match',
    `${first}\n{:process 1 :value [1}]`,
    2,
    '"}" stands where "]" should come',
  ],
  ['something behind the end', `[${first}]\n]`, 2, '"]" stands behind the end'],
  [
    'a word',
    `${first}\nfoo`,
    2,
    'an operation must be a map, {:process 0, :type :invoke, …}, but here is "f"',
  ],
  ['a vector where a map belongs', `[${first}\n[1]]`, 2, 'but here is "["'],
  ['a set', `${first}\n#{1}`, 2, 'an operation must be a map'],
  ['a name without a value', `${first}\n{:process 1 :type}`, 2, 'a map has a name without a value'],
  ['the same deeper', `${first}\n{:process 1 :value {:a}}`, 2, 'a map has a name without a value'],
  ['a name twice', `${first}\n{:process 1 :process 2}`, 2, ':process stands twice'],
  ['a bad escape', `${first}\n{:process "\\q"}`, 2, 'not EDN'],
  ['no type', `${first}\n{:process 1 :f :read}`, 2, ':type must be one of'],
  ['another type', `${first}\n{:process 1 :type :begin :f :read}`, 2, 'but is :begin'],
  ['no f', `${first}\n{:process 1 :type :ok}`, 2, ':f, the name of an operation'],
  ['no process', `${first}\n{:type :ok :f :read}`, 2, ':process must be a whole number'],
  ['a process below 0', `${first}\n{:process -1 :type :ok :f :read}`, 2, 'but it is -1'],
  ['a bare word as a value', `\n${first.replace('1}', 'x}')}`, 2, 'the bare word x'],
  ['a number that is rounded', first.replace('1}', '9007199254740993}'), 1, 'too large'],
  ['two open operations', `${first}\n\n${first}`, 3, 'process 0 invokes write while'],
  ['a completion of nothing', first.replace('invoke', 'ok'), 1, 'has no open operation'],
])('in EDN, %s is refused with its line', async (_, text, line, words) => {
  const error = await errorOf(text, { format: 'edn' });
  expect(error.message).toContain(words);
  expect(error).toMatchObject({ code: 'malformed', line });
});

const log = [
  'INFO  jepsen.util - 0\t:invoke\t:read\tnil',
  'INFO  jepsen.util - 1\t:invoke\t:cas\t[0 3]',
  'INFO  jepsen.util - :nemesis\t:info\t:start\tnil',
  'INFO  jepsen.util - 0\t:ok\t:read\tnil',
  'INFO  jepsen.util - 1\t:fail\t:cas\t[0 3]',
  'INFO  jepsen.util - 0\t:invoke\t:read\tnil',
  'INFO  jepsen.util - 0\t:fail\t:read\t:timed-out',
  'INFO  jepsen.util - 1\t:invoke :write  -2',
  'INFO  jepsen.util - 1\t:info\t:write\t:timed-out',
];

test("in Jepsen's log a failed cas is a miss, and a read of nil found nothing", async () => {
  const history = await read(log.join('\n'));
  expect(history.format).toBe('jepsen-log');
  expect(operationsOf(history.columns).map(say)).toEqual([
    [0, 'read', null, null],
    [1, 'cas', [0, 3], { swapped: false }],
    [1, 'write', -2, 'open'],
  ]);
  const dropped = await operations(log.join('\n'), { failedCas: 'drop', nilRead: 'any' });
  expect(dropped.map(say)).toEqual([[1, 'write', -2, 'open']]);
});

test("lines of other loggers in Jepsen's log are left out, which is noted", async () => {
  const others = [
    '2026-01-01 10:00:00,000{GMT}\tINFO\t[main] jepsen.core - Running test',
    '\tat java.lang.Thread.run',
    '',
  ];
  const newer = log.map((line) => line.replace('util - ', 'util '));
  const history = await read([...others, ...newer].join('\n'));
  expect(history.columns.count).toBe(3);
  expect(history.notes).toContain('2 lines of the log are no operations and were left out');
});

test.each([
  ['a line that is cut off', 'INFO  jepsen.util - 0\t:inv', 'must be followed by a process'],
  ['a line of something else', 'hello', 'no line of a log of Jepsen'],
  ['a value that is open', 'INFO  jepsen.util - 5 :invoke :cas [1', 'stands where "]" should'],
  ['a value too many a bracket', 'INFO  jepsen.util - 5 :invoke :write 1]', 'stands where'],
  ['no value', 'INFO  jepsen.util - 5 :invoke :write', 'the value is missing'],
  ['a completion of nothing', 'INFO  jepsen.util - 5 :ok :write 1', 'has no open operation'],
])("in Jepsen's log, %s is refused with its line", async (_, line, words) => {
  const error = await errorOf([log[0], line, log[1]].join('\n'));
  expect(error.message).toContain(words);
  expect(error).toMatchObject({ code: 'malformed', line: 2 });
});

const kv = (process: number, type: string, f: string, value: string): string =>
  `{:process ${process}, :type :${type}, :f :${f}, :key "k", :value ${value}}`;

test("in Porcupine's format the empty text is an absent value", async () => {
  const text = [
    ...[kv(0, 'invoke', 'get', 'nil'), kv(0, 'ok', 'get', '""')],
    ...[kv(0, 'invoke', 'append', '"x"'), kv(1, 'invoke', 'append', '""')],
    ...[kv(0, 'ok', 'append', '"x"'), kv(1, 'ok', 'append', '""')],
    ...[kv(0, 'invoke', 'get', 'nil'), kv(0, 'ok', 'get', '"x"')],
  ].join('\n');
  const history = await read(text);
  expect(history.format).toBe('porcupine');
  expect(operationsOf(history.columns).map(({ f, output }) => [f, output])).toEqual([
    ['get', null],
    ['append', 'x'],
    ['get', 'x'],
  ]);
});

test.each([
  ['another operation', kv(0, 'invoke', 'read', 'nil'), ':f must be one of get, put, append'],
  ['no key', '{:process 0, :type :invoke, :f :get, :value nil}', ':key is missing'],
  ['a number', kv(0, 'invoke', 'put', '3'), ':value must be a text'],
  ['a completion of nothing', kv(5, 'ok', 'put', '"x"'), 'has no open operation'],
])("in Porcupine's format, %s is refused with its line", async (_, line, words) => {
  const text = `${kv(1, 'invoke', 'get', 'nil')}\n${line}`;
  const error = await errorOf(text, { format: 'porcupine' });
  expect(error.message).toContain(words);
  expect(error).toMatchObject({ code: 'malformed', line: 2 });
});
