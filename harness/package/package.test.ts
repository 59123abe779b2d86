/** The package as a stranger gets it: packed, installed into an empty project, and used there. */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'rafture-package-'));
const project = join(work, 'project');

/** As a shell would, with the Node that runs this test, in the project. */
function run(
  file: string,
  args: readonly string[],
  cwd = project,
): Promise<{ readonly exitCode?: number; readonly all: string }> {
  const PATH = [dirname(process.execPath), process.env['PATH']].join(delimiter);
  return execa(file, args, { cwd, env: { PATH }, reject: false, all: true });
}

beforeAll(async () => {
  // Packed from a copy: whoever looks at the checkout meanwhile must see no dist/ in it.
  const copy = join(work, 'copy');
  const folders = ['checker', 'docker', 'harness', 'server', 'workloads'];
  for (const name of [...folders, 'package.json', 'tsconfig.json', 'README.md', 'LICENSE']) {
    cpSync(join(root, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'dir');
  const packed = await run('npm', ['pack', '--pack-destination', work], copy);
  expect(packed.exitCode, packed.all).toBe(0);
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{"name":"empty","private":true,"type":"module"}');
  const quick = ['--prefer-offline', '--omit=optional', '--ignore-scripts'];
  const tarball = readdirSync(work).find((name) => name.endsWith('.tgz')) ?? 'no tarball';
  const installed = await run('npm', ['install', ...quick, join(work, tarball)]);
  expect(installed.exitCode, installed.all).toBe(0);
}, 180_000);

afterAll(() => rmSync(work, { recursive: true, force: true }));

function writeHistory(name: string, read: number): void {
  const op = (index: number, type: string, f: string, value: unknown): string =>
    JSON.stringify({ index, timeNs: index, process: 0, type, f, value });
  const lines = [
    '{"format":"rafture-history","version":1}',
    op(0, 'invoke', 'write', 1),
    op(1, 'ok', 'write', 1),
    op(2, 'invoke', 'read', null),
    op(3, 'ok', 'read', read),
  ];
  writeFileSync(join(project, name), `${lines.join('\n')}\n`);
}

test('rafture check gives verdicts and exit codes', async () => {
  writeHistory('good.jsonl', 1);
  writeHistory('bad.jsonl', 2);
  const rafture = join(project, 'node_modules/.bin/rafture');
  const good = await run(rafture, ['check', 'good.jsonl']);
  expect(good.all).toContain('valid: linearizable');
  expect(good.exitCode).toBe(0);
  const bad = await run('npx', ['rafture', 'check', 'bad.jsonl']);
  expect(bad.all).toContain('invalid: not linearizable, unwritten-value');
  expect(bad.exitCode).toBe(1);
});

const usage = `
import { columnsOf, createChecker, defineModel, pairHistory } from 'rafture/checker';

const model = defineModel({
  name: 'toggle',
  functions: ['flip', 'look'],
  init: false,
  step: (state, { f, output }) => {
    if (f === 'flip') return !state;
    return output === state ? state : undefined;
  },
});

const at = (index, type, f, value) => ({ index, timeNs: index, process: 0, type, f, value });

const verdictOf = (seen) => {
  const { columns, failed } = pairHistory([
    at(0, 'invoke', 'flip', null), at(1, 'ok', 'flip', null),
    at(2, 'invoke', 'look', null), at(3, 'ok', 'look', seen),
  ]);
  return createChecker({ columns, failed, model }).step(1_000_000);
};

console.log(verdictOf(true)?.valid, verdictOf(false)?.valid, columnsOf([]).count);
`;

test('the checker is imported by plain JavaScript, with a model of its own', async () => {
  writeFileSync(join(project, 'use.js'), usage);
  const { all, exitCode } = await run(process.execPath, ['use.js']);
  expect(all).toBe('true false 0');
  expect(exitCode).toBe(0);
});

test('the declarations know the types: a right use compiles, a wrong one does not', async () => {
  const right = `
    import {
      columnsOf, createChecker, defineModel, findModel, type Model, type Verdict,
    } from 'rafture/checker';

    const model: Model<number> = defineModel<number>({
      name: 'toggle',
      functions: ['flip', 'look'],
      init: 0,
      step: (state, { f, output }) =>
        f === 'flip' ? 1 - state : output === state ? state : undefined,
    });
    export const verdict: Verdict | null =
      createChecker({ columns: columnsOf([]), model: findModel('register') ?? model }).step(1);
  `;
  writeFileSync(join(project, 'right.ts'), right);
  writeFileSync(join(project, 'wrong.ts'), right.replace('init: 0', "init: 'nothing'"));
  const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023'];
  const tsc = join(root, 'node_modules/.bin/tsc');
  const compile = (file: string): ReturnType<typeof run> =>
    run(tsc, [...flags, '--ignoreConfig', file]);
  const good = await compile('right.ts');
  expect(good.exitCode, good.all).toBe(0);
  const bad = await compile('wrong.ts');
  expect(bad.all).toContain("Type 'string' is not assignable to type 'number'");
});

test('a run on processes and one in the simulation work from the package', async () => {
  const rafture = join(project, 'node_modules/.bin/rafture');
  for (const cluster of ['process', 'sim']) {
    const flags = ['--nemesis', 'none', '--time-limit', '1', '--check', 'online'];
    const { all, exitCode } = await run(rafture, ['test', '--cluster', cluster, ...flags]);
    expect(all).toContain('valid   linearizable');
    // Without faults a run may be too short for a verdict of valid, but it judges and reports.
    expect([0, 2], all).toContain(exitCode);
  }
}, 60_000);

test('the scripts of faults are in the package, and known by their names', async () => {
  const rafture = join(project, 'node_modules/.bin/rafture');
  const { all, exitCode } = await run(rafture, ['test', '--nemesis-file', 'every-faul']);
  expect(all).toContain('every-fault');
  expect(exitCode).toBe(254);
});

test('a workload of your own runs from the package, with its model in the same file', async () => {
  const readme = readFileSync(join(root, 'workloads/README.md'), 'utf8');
  const example = /```ts\n(\/\/ seats\.ts[\s\S]*?)```/.exec(readme)?.[1] ?? '';
  writeFileSync(join(project, 'seats.ts'), example);
  const rafture = join(project, 'node_modules/.bin/rafture');
  const flags = ['--cluster', 'sim', '--nemesis', 'none', '--time-limit', '1'];
  const { all, exitCode } = await run(rafture, ['test', '--workload', './seats.ts', ...flags]);
  expect(all).toContain('valid   linearizable');
  expect([0, 2], all).toContain(exitCode);
}, 60_000);

test('what takes the sources is refused, and says so', async () => {
  const rafture = join(project, 'node_modules/.bin/rafture');
  const bug = await run(rafture, ['test', '--bug', 'stale-read']);
  expect(bug.all).toContain('--bug edits the sources of the server');
  const docker = await run(rafture, ['test', '--cluster', 'docker']);
  expect(docker.all).toContain('use a checkout of rafture, or --cluster process');
  expect([bug.exitCode, docker.exitCode]).toEqual([254, 254]);
});
