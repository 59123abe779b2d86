import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rafture-cli-check-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const header = '{"format":"rafture-history","version":1}';
const pair = (index: number, op: object, seen: unknown): string[] => [
  JSON.stringify({ index, timeNs: 1, type: 'invoke', key: '7', value: null, ...op }),
  JSON.stringify({ index: index + 1, timeNs: 2, type: 'ok', key: '7', ...op, value: seen }),
];
const write = (index: number, value: number): string[] =>
  pair(index, { process: 3, node: 'n2', f: 'write', value }, value);
const read = (index: number, value: number): string[] =>
  pair(index, { process: 4, node: 'n1', f: 'read' }, value);
const valid = [header, ...write(0, 41), ...read(2, 41)];
const stale = [header, ...write(0, 41), ...write(2, 42), ...read(4, 42), ...read(6, 41)];

function file(lines: readonly string[]): string {
  const path = join(folder, 'history.jsonl');
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

// Its type is execa's own, which the compiler can infer and not spell.
function check(...args: readonly string[]) {
  const main = join(import.meta.dirname, '../main.ts');
  return execa(process.execPath, [main, 'check', ...args], { reject: false });
}

test('a valid history exits with 0, the verdict first and the counts after it', async () => {
  const { exitCode, stdout } = await check(file(valid));
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^valid: linearizable/);
  expect(stdout).toMatch(/2 operations in 4 entries: 2 ok, 0 failed, 0 unknown; model cas-reg/);
});

test('a violation exits with 1 and shows the sentence and the few operations', async () => {
  const { exitCode, stdout } = await check(file(stale), '--model', 'register');
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/^invalid: not linearizable, stale-read on key 7\n/);
  expect(stdout).toContain("process 4's read on n1 (op 6) returned 41, although process 3's write");
  expect(stdout).toContain('  op 0  process 3  n2  write 41  entries 0 to 1');
  expect(stdout).toContain(
    'These 3 operations alone are impossible; every order of them was tried.',
  );
});

test('with --json it prints one object, with the witness and without the long orders', async () => {
  const invalid = await check(file(stale), '--json');
  expect(invalid.exitCode).toBe(1);
  expect(JSON.parse(invalid.stdout)).toMatchObject({
    model: 'cas-register',
    counts: { ok: 4, fail: 0, info: 0, open: 0 },
    verdict: { valid: false, witness: { kind: 'stale-read', confirmedBy: 'brute-force' } },
  });
  const good = await check(file(valid), '--json');
  expect(JSON.parse(good.stdout)).toMatchObject({
    verdict: { valid: true, operations: 2, keys: 1 },
  });
});

test('a limit that is reached exits with 2 and says what would help', async () => {
  const { exitCode, stdout } = await check(file(stale), '--memory-limit', '0.0001');
  expect(exitCode).toBe(2);
  expect(stdout).toMatch(/^unknown \(memory\): key 7 is undecided .* allow more memory/);
});

test('a results folder stands for its history.jsonl', async () => {
  file(valid);
  expect((await check(folder)).exitCode).toBe(0);
});

test('a torn last line is noted on stderr, and the rest is checked', async () => {
  const path = join(folder, 'history.jsonl');
  writeFileSync(path, valid.join('\n').slice(0, -9));
  const { exitCode, stderr } = await check(path);
  expect(exitCode).toBe(0);
  expect(stderr).toContain('note: line 5 is cut off');
});

test.each([
  ['a history that is not there', [], 'ENOENT'],
  ['a malformed line', [header, '{"index":0}'], 'line 2: "timeNs" must be a number'],
  [
    'an operation that the model does not know',
    [header, '{"index":0,"timeNs":0,"process":0,"type":"invoke","f":"append"}'],
    'line 2: the model cas-register knows read, write, cas, not append',
  ],
])('%s exits with 253 and says what is wrong', async (_, lines, words) => {
  const path = lines.length === 0 ? join(folder, 'none') : file(lines);
  const { exitCode, stdout, stderr } = await check(path);
  expect(exitCode).toBe(253);
  expect(stderr).toContain(words);
  expect(stdout).toBe('');
});

test.each([
  ['no number of seconds', ['--time-limit', 'soon'], '--time-limit must be a number of seconds'],
  ['no memory', ['--memory-limit', '0'], '--memory-limit must be a number of megabytes'],
  ['a model that there is not', ['--model', 'queue'], 'there is no model queue; there are'],
  ['a model file that there is not', ['--model', './none.ts'], 'there is no model file ./none.ts'],
  ['a value that is no JSON', ['--initial', 'x'], '--initial must be JSON'],
  ['an initial value of a mutex', ['--model', 'mutex', '--initial', '0'], 'the model mutex has no'],
  ['a format that there is not', ['--format', 'xml'], 'Invalid values'],
  ['a folder that there is not', ['--svg', 'none/x.svg'], '--svg: there is no folder none'],
  ['an option that there is not', ['--modle', 'register'], 'Unknown argument'],
])('%s exits with 254 and says what is wrong', async (_, args, words) => {
  const { exitCode, stderr } = await check(file(valid), ...args);
  expect(exitCode).toBe(254);
  expect(stderr).toContain(words);
});

const edn = `[{:process 0 :type :invoke :f :read :value nil}
{:process 0 :type :ok :f :read :value 0}
{:process 0 :type :invoke :f :cas :value [1 2]}
{:process 0 :type :fail :f :cas :value [1 2]}]`;

test('a history of Knossos is read as such, and its start can be chosen', async () => {
  const path = join(folder, 'knossos');
  writeFileSync(path, edn);
  const { exitCode, stderr } = await check(path, '--initial', '0');
  expect(exitCode).toBe(0);
  expect(stderr).toBe('note: read as edn; --format names another one');
  expect((await check(path)).exitCode).toBe(1);
  expect((await check(path, '--initial', '1')).stdout).toContain('unwritten-value');
});

test('what a failed cas means is chosen, not guessed', async () => {
  const path = join(folder, 'failed-cas');
  writeFileSync(path, edn.replaceAll('[1 2]', '[0 2]'));
  expect((await check(path, '--initial', '0')).exitCode).toBe(0);
  expect((await check(path, '--initial', '0', '--failed-cas', 'miss')).exitCode).toBe(1);
});

test('a malformed line of another format exits with 253 and names the line', async () => {
  const path = join(folder, 'malformed');
  writeFileSync(path, `${edn.slice(0, -1)}\n{:process}]`);
  const { exitCode, stdout, stderr } = await check(path);
  expect(exitCode).toBe(253);
  expect(stderr).toContain(`${path}, line 5: not EDN: a map has a name without a value`);
  expect(stdout).toBe('');
});

test('an operation that the model does not know names the line of its own file', async () => {
  const path = join(folder, 'intervals');
  writeFileSync(
    path,
    '{"process":0,"f":"read","output":1,"call":9,"return":10}\n\n' +
      '{"process":0,"f":"pop","call":1,"return":2}',
  );
  const { exitCode, stderr } = await check(path);
  expect(exitCode).toBe(253);
  expect(stderr).toContain('line 3: the model cas-register knows read, write, cas, not pop');
});

test('a dash reads the history from standard input', async () => {
  const main = join(import.meta.dirname, '../main.ts');
  const input = `${stale.join('\n')}\n`;
  const { exitCode, stdout } = await execa(process.execPath, [main, 'check', '-'], {
    input,
    reject: false,
  });
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/^invalid: not linearizable, stale-read on key 7/);
});

test('a model of your own judges, given as a file', async () => {
  const path = join(folder, 'model.ts');
  writeFileSync(
    path,
    `export const model = {
      name: 'latest', functions: ['write', 'read'], init: null as unknown,
      step: (state: unknown, { f, value, output }: Record<string, unknown>) =>
        f === 'write' ? value : output === state ? state : undefined,
    };`,
  );
  expect((await check(file(valid), '--model', path)).exitCode).toBe(0);
  const { exitCode, stdout } = await check(file(stale), '--model', path);
  expect(exitCode).toBe(1);
  expect(stdout).toContain('not linearizable');
});

test('a violation is drawn and an order is written when asked for', async () => {
  const svg = join(folder, 'violation.svg');
  const order = join(folder, 'order.jsonl');
  const invalid = await check(file(stale), '--svg', svg, '--linearization', order);
  expect(invalid.exitCode).toBe(1);
  expect(readFileSync(svg, 'utf8')).toMatch(/^<svg [\s\S]*stale-read[\s\S]*<\/svg>\s*$/);
  expect(invalid.stderr).toContain('order.jsonl was not written');
  const good = await check(file(valid), '--svg', svg, '--linearization', order);
  expect(good.stderr).toContain('violation.svg was not written: there is no violation');
  const lines = readFileSync(order, 'utf8').trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { id: 0, key: '7', process: 3, f: 'write', value: 41, output: 41 },
    { id: 2, key: '7', process: 4, f: 'read', value: null, output: 41 },
  ]);
});

test('an exported history gets the same verdict', async () => {
  const main = join(import.meta.dirname, '../main.ts');
  const out = join(folder, 'out.edn');
  const command = [main, 'export', file(stale), '--out', out];
  expect((await execa(process.execPath, command)).stdout).toBe('');
  const { exitCode, stdout } = await check(out);
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/^invalid: not linearizable, stale-read on key 7/);
});

test('an export goes to standard output when no file is named', async () => {
  const main = join(import.meta.dirname, '../main.ts');
  file(valid);
  const { stdout } = await execa(process.execPath, [main, 'export', folder, '--key', '7']);
  expect(stdout).toContain('{:index 3 :time 2 :type :ok :process 4 :f :read :value 41 :key "7"');
});

test.each([
  ['a key that there is not', [header], ['--key', '9'], 254, 'there is no key 9'],
  ['a value that is no JSON', [header], ['--absent', 'x'], 254, '--absent must be JSON'],
  ['a malformed line', [header, '{}'], [], 253, 'line 2: "index" must be'],
])('%s is refused by export', async (_, lines, args, code, words) => {
  const main = join(import.meta.dirname, '../main.ts');
  const command = [main, 'export', file(lines), ...args];
  const { exitCode, stderr } = await execa(process.execPath, command, { reject: false });
  expect(stderr).toContain(words);
  expect(exitCode).toBe(code);
});

test('Ctrl-C ends the check with what is known, which is unknown', async () => {
  const path = join(folder, 'pipe');
  // Named apart from the call: the tool for dead code takes it for a package's command.
  const makePipe = 'mkfifo';
  execFileSync(makePipe, [path]);
  const checking = check(path);
  const pipe = createWriteStream(path);
  // More than a pipe holds: when it is gone, the command is up and reads.
  const nemesis = Array.from({ length: 5000 }, (_, index) =>
    JSON.stringify({ index, timeNs: 0, process: 'nemesis', type: 'info', f: 'none' }),
  );
  if (!pipe.write(`${[header, ...nemesis].join('\n')}\n`)) await once(pipe, 'drain');
  checking.kill('SIGINT');
  pipe.end(`${[...write(5000, 1), ...read(5002, 1)].join('\n')}\n`);
  const { exitCode, stdout } = await checking;
  expect(stdout).toMatch(/^unknown \(interrupted\)/);
  expect(exitCode).toBe(2);
});

test('a history in which nothing completed is unknown, and so no pass', async () => {
  const empty = await check(file([header]));
  expect([empty.exitCode, empty.stdout.split('\n')[0]]).toEqual([
    2,
    'unknown (vacuous): no operation completed, so nothing was checked',
  ]);
  const open = await check(file([header, write(0, 41)[0] ?? '']));
  expect(open.exitCode).toBe(2);
});

test.each([
  ['1e400', 'holds about Infinity'],
  ['-1e400', 'holds about -Infinity'],
  ['9007199254740993', 'too large to be told from its neighbours'],
])('the value %s, which JavaScript would mix up with others, is refused', async (text, words) => {
  const lines = write(0, 41).map((line) => line.replaceAll('41', text));
  const { exitCode, stderr } = await check(file([header, ...lines]));
  expect([exitCode, stderr.includes('line 2'), stderr.includes(words)]).toEqual([253, true, true]);
});

test('bytes that are no UTF-8 are refused, for different ones would become one text', async () => {
  const path = join(folder, 'history.jsonl');
  const [first = '', second = ''] = write(0, 41);
  const bytes = Buffer.from(`${header}\n${first.replace('41', '"ÿ"')}\n${second}\n`, 'latin1');
  writeFileSync(path, bytes);
  const { exitCode, stderr } = await check(path);
  expect([exitCode, stderr.trim()]).toEqual([253, `rafture check: ${path}, line 2: not UTF-8`]);
  const edn = join(folder, 'history.edn');
  writeFileSync(edn, Buffer.from('{:process 0 :type :invoke :f :read :value "ÿ"}\n', 'latin1'));
  expect((await check(edn)).exitCode).toBe(253);
});

test('the model of one’s own that checker/README.md shows works as it stands there', async () => {
  const readme = readFileSync(join(import.meta.dirname, '../../checker/README.md'), 'utf8');
  const shown = /```ts\n(\/\/ stack\.ts[^`]*)```/.exec(readme)?.[1] ?? '';
  const path = join(folder, 'stack.ts');
  writeFileSync(path, shown);
  const push = (index: number, value: number): string[] =>
    pair(index, { process: 3, f: 'push', value }, value);
  const pop = (index: number, value: number): string[] =>
    pair(index, { process: 4, f: 'pop' }, value);
  const right = await check(
    file([header, ...push(0, 1), ...push(2, 2), ...pop(4, 2)]),
    '--model',
    path,
  );
  expect(right.exitCode).toBe(0);
  const wrong = await check(
    file([header, ...push(0, 1), ...push(2, 2), ...pop(4, 1)]),
    '--model',
    path,
  );
  expect(wrong.exitCode).toBe(1);
});
