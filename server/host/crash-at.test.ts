import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { type CrashPointName, crashPoints, noCrashPoints } from '../crash-points.ts';
import {
  createCrashPoints,
  describeCrashPoints,
  nearestCrashPoint,
  parseCrashAt,
} from './crash-at.ts';

const moduleFile = fileURLToPath(new URL('./crash-at.ts', import.meta.url));

/** Passes these points in a process that is to crash at one of them. */
function pass(at: string, names: readonly CrashPointName[]) {
  const script = `
    import { createCrashPoints, parseCrashAt } from ${JSON.stringify(moduleFile)};
    import { writeSync } from 'node:fs';
    process.on('exit', () => writeSync(1, 'exit handler\\n'));
    const at = parseCrashAt(${JSON.stringify(at)});
    const flush = () => writeSync(1, 'flushed\\n');
    const points = createCrashPoints({ node: 'n1', at, mayArm: false, flush });
    for (const name of ${JSON.stringify(names)}) {
      points.reach(name);
      writeSync(1, 'passed ' + name + '\\n');
    }`;
  return execa(process.execPath, ['--input-type=module', '--eval', script], { reject: false });
}

test('the process is killed at the n-th passage, after one line, and runs no more', async () => {
  const names = ['raft.after-reply', 'wal.after-fsync', 'wal.after-fsync', 'raft.after-reply'];
  const { signal, stdout } = await pass('wal.after-fsync#2', names as CrashPointName[]);
  expect(signal).toBe('SIGKILL');
  const lines = stdout.split('\n');
  expect(lines.slice(0, 3)).toEqual([
    'passed raft.after-reply',
    'passed wal.after-fsync',
    'flushed',
  ]);
  expect(JSON.parse(lines[3] ?? '')).toMatchObject({
    node: 'n1',
    msg: 'crash point reached',
    crashPoint: 'wal.after-fsync',
    passage: 2,
  });
  expect(lines).toHaveLength(4);
});

/** Its child is the first process of a name space of its own. */
const apart = ['unshare', '--map-root-user', '--pid', '--fork', '--kill-child'];
const [unshare = '', ...apartArguments] = apart;
const trial = await execa(unshare, [...apartArguments, 'true'], { reject: false });

test.skipIf(trial.exitCode !== 0)('so is the first process of a container', async () => {
  const script = `
    import { createCrashPoints } from ${JSON.stringify(moduleFile)};
    import { writeSync } from 'node:fs';
    process.on('exit', () => writeSync(1, 'exit handler\\n'));
    const at = { name: 'wal.after-fsync', passage: 1 };
    writeSync(1, process.pid + '\\n');
    createCrashPoints({ node: 'n1', at, flush: () => {} }).reach('wal.after-fsync');
    writeSync(1, 'still here');`;
  const node = [process.execPath, '--input-type=module', '--eval', script];
  const { stdout, stderr } = await execa(unshare, [...apartArguments, ...node], {
    ...{ reject: false, timeout: 20_000, cwd: tmpdir() },
  });
  expect(stdout.split('\n')).toEqual(['1', expect.stringContaining('crash point reached')]);
  expect(stderr).toBe('');
});

test('a point that is not passed often enough kills nobody', async () => {
  const { exitCode, stdout } = await pass('wal.after-fsync#3', [
    'wal.after-fsync',
    'raft.after-reply',
  ]);
  expect(exitCode).toBe(0);
  expect(stdout.split('\n').at(-1)).toBe('exit handler');
});

test('while a node runs, what is armed takes the place of what was, and counts anew', async () => {
  const script = `
    import { createCrashPoints } from ${JSON.stringify(moduleFile)};
    import { writeSync } from 'node:fs';
    const point = 'wal.after-fsync';
    const points = createCrashPoints({ node: 'n1', at: null, mayArm: true, flush: () => {} });
    points.reach(point);
    points.arm({ name: point, passage: 2 });
    points.reach(point);
    points.arm(null);
    points.reach(point);
    points.arm({ name: point, passage: 2 });
    points.reach(point);
    points.arm({ name: point, passage: 2 });
    points.reach(point);
    points.reach('raft.after-reply');
    writeSync(1, 'here\\n');
    points.reach(point);`;
  const { signal, stdout } = await execa(
    process.execPath,
    ['--input-type=module', '--eval', script],
    { reject: false },
  );
  expect(signal).toBe('SIGKILL');
  const [first, line = '', more] = stdout.split('\n');
  expect([first, more]).toEqual(['here', undefined]);
  expect(JSON.parse(line)).toMatchObject({ crashPoint: 'wal.after-fsync', passage: 2 });
});

test('nobody arms a point in a node that was not started so', () => {
  const at = { name: 'wal.after-fsync', passage: 2 } as const;
  const points = createCrashPoints({ node: 'n1', at, mayArm: false, flush: () => {} });
  expect(points.arm).toBeUndefined();
});

test('without a request the points cost nothing', () => {
  expect(createCrashPoints({ node: 'n1', at: null, mayArm: false, flush: () => {} })).toBe(
    noCrashPoints,
  );
});

test('a place to crash is a name, with a passage or the first one', () => {
  expect(parseCrashAt('wal.after-fsync')).toEqual({ name: 'wal.after-fsync', passage: 1 });
  expect(parseCrashAt('wal.after-fsync#12')).toEqual({ name: 'wal.after-fsync', passage: 12 });
  for (const text of ['', '#1', 'wal', 'wal.after-fsync#', 'wal.after-fsync#0', 'toString', '#']) {
    expect(parseCrashAt(text)).toBe(null);
  }
});

test('a name that is mistyped finds the one that was meant', () => {
  expect(nearestCrashPoint('wal.afterfsync')).toBe('wal.after-fsync');
  expect(nearestCrashPoint('snapshot.during-writes')).toBe('snapshot.during-write');
  expect(nearestCrashPoint('foo')).toBeNull();
});

test('the list holds each name with its meaning, one a line', () => {
  const lines = describeCrashPoints().trimEnd().split('\n');
  expect(lines.map((line) => line.split(/\s/)[0])).toEqual(Object.keys(crashPoints));
  expect(lines[0]).toMatch(/^wal\.before-append {2,}a batch of writes is complete/);
});
