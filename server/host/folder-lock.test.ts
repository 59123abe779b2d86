import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa, execaSync } from 'execa';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DiskError } from '../storage/disk.ts';
import { lockFile, lockFolder } from './folder-lock.ts';

/** A process of its own namespaces, as in a container: it is number 1 there. */
const inContainer = ['unshare', '-Urpf', '--mount-proc', '--kill-child'];
const canUnshare = execaSync('unshare', [...inContainer.slice(1), 'true'], { reject: false });
const hasContainers = canUnshare.exitCode === 0;
if (!hasContainers) console.warn('skipped: this system gives nobody namespaces of his own');

vi.setConfig({ testTimeout: 30_000 });

let folder: string;
const ends: (() => Promise<unknown>)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rafture-lock-'));
});

afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
  rmSync(folder, { recursive: true, force: true });
});

interface Starter {
  /** `held`, or the reason of the refusal. */
  readonly outcome: Promise<string>;
  /** When it and all that it used is gone. */
  kill(): Promise<unknown>;
}

const moduleUrl = JSON.stringify(new URL('folder-lock.ts', import.meta.url));

/** The garbage collector runs once it has the lock. */
const script = `
  const { lockFolder } = await import(${moduleUrl});
  try {
    lockFolder(process.argv[1]);
    gc();
    setTimeout(() => {}, 2 ** 30);
    console.log('held');
  } catch (error) {
    console.log(error.code + ' ' + error.message);
  }
`;

/** A process that takes the lock and keeps it. */
function start(before: readonly string[] = [], target = folder): Starter {
  const node = [process.execPath, '--expose-gc', '--input-type=module', '-e', script, target];
  const [file = '', ...words] = [...before, ...node];
  const child = execa(file, words, { reject: false, stdin: 'ignore', cleanup: true });
  const outcome = new Promise<string>((resolve) => {
    child.stdout.once('data', (text: Buffer | string) => resolve(text.toString().trim()));
    void child.then(({ stderr }) => resolve(stderr));
  });
  const kill = () => {
    child.kill('SIGKILL');
    return child;
  };
  ends.push(kill);
  return { outcome, kill };
}

test('one process at a time has a folder; a killed one leaves it to the next', async () => {
  const first = start();
  expect(await first.outcome).toBe('held');
  const refusal = await start().outcome;
  if (process.platform === 'linux') expect(refusal).toMatch(/^EBUSY it is in use by process \d+;/);
  else expect(refusal).toMatch(/^EBUSY it is in use by another process/);
  expect(() => lockFolder(folder)).toThrow(DiskError);
  // Another folder is another matter.
  mkdirSync(join(folder, 'other'));
  expect(await start([], join(folder, 'other')).outcome).toBe('held');
  await first.kill();
  expect(await start().outcome).toBe('held');
  expect(readdirSync(folder).sort()).toEqual([lockFile, 'other']);
});

test('of twenty that start at once exactly one has it', async () => {
  const starters = Array.from({ length: 20 }, () => start());
  const outcomes = await Promise.all(starters.map(({ outcome }) => outcome));
  expect(outcomes.filter((outcome) => outcome === 'held')).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome.startsWith('EBUSY'))).toHaveLength(19);
});

test.skipIf(!hasContainers)('it holds between containers, either way', async () => {
  const inside = start(inContainer);
  expect(await inside.outcome).toBe('held');
  expect(await start(inContainer).outcome).toMatch(
    'EBUSY it is in use by another process, perhaps',
  );
  expect(await start().outcome).toMatch('EBUSY');
  await inside.kill();
  expect(await start().outcome).toBe('held');
  expect(await start(inContainer).outcome).toMatch('EBUSY');
});

test('a Node that has no SQLite is told of, in place of a lock that does not hold', async () => {
  const outcome = await start(['env', 'NODE_OPTIONS=--no-experimental-sqlite']).outcome;
  expect(outcome).toMatch(/^ENOSYS .* has no node:sqlite for it; use Node 24 or later$/);
});

test('a folder that cannot be locked is refused with the reason', () => {
  writeFileSync(join(folder, lockFile), '4711');
  expect(() => lockFolder(folder)).toThrow('not the lock of a node; remove it when nobody uses');
  expect(() => lockFolder(join(folder, 'none'))).toThrow('it cannot be locked: ENOENT');
  rmSync(join(folder, lockFile));
  mkdirSync(join(folder, lockFile));
  expect(() => lockFolder(folder)).toThrow('it cannot be locked: unable to open');
  const long = join(folder, 'x'.repeat(250), 'x'.repeat(250));
  mkdirSync(long, { recursive: true });
  expect(() => lockFolder(long)).toThrow('may have 500 bytes');
  lockFolder(longest(folder));
});

/** A folder below whose lock has the longest path that may be. */
function longest(parent: string): string {
  const rest = 500 - join(parent, 'x', 'x', lockFile).length;
  const path = join(parent, 'x'.repeat(150), 'x'.repeat(150), 'x'.repeat(rest - 301));
  mkdirSync(path, { recursive: true });
  return path;
}
