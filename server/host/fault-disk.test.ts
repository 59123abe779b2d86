import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Disk, Done } from '../storage/disk.ts';
import { openFaultDisk } from './fault-disk.ts';
import { FileDisk } from './file-disk.ts';

interface Rig {
  readonly disk: Disk;
  readonly data: string;
  readonly faults: string;
}

function createRig(): Rig {
  const root = mkdtempSync(join(tmpdir(), 'rafture-fault-disk-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const [data, faults] = [join(root, 'data'), join(root, 'faults')];
  return { data, faults, disk: openFaultDisk(new FileDisk(data), data, faults) };
}

/** As whoever makes it fail does. */
function control({ faults }: Rig, controls: Readonly<Record<string, unknown>>): void {
  writeFileSync(join(faults, 'control.new'), JSON.stringify(controls));
  renameSync(join(faults, 'control.new'), join(faults, 'control.json'));
}

function met({ faults }: Rig): unknown {
  return JSON.parse(readFileSync(join(faults, 'met.json'), 'utf8'));
}

/** What it came to; it must not come before the call has returned. */
function finished(start: (done: Done) => void): Promise<string> {
  return new Promise((resolve) => {
    let returned = false;
    start((error) => {
      expect(returned).toBe(true);
      resolve(error === null ? 'done' : `${error.name} ${error.code}`);
    });
    returned = true;
  });
}

const bytes = Buffer.from('bytes');

test('what is written is in the real files at once, and is read as on any disk', async () => {
  const { disk, data } = createRig();
  expect(await finished((done) => disk.append('log', bytes, done))).toBe('done');
  expect(await finished((done) => disk.writeAt('log', 1, Buffer.from('Y'), done))).toBe('done');
  expect(readFileSync(join(data, 'log'), 'utf8')).toBe('bYtes');
  expect(await finished((done) => disk.truncate('log', 2, done))).toBe('done');
  expect(await finished((done) => disk.append('log', bytes, done))).toBe('done');
  expect([disk.list(), disk.size('log')]).toEqual([['log'], 7]);
  expect(Buffer.from(disk.readSync('log', 0, 99)).toString()).toBe('bYbytes');
  expect(await finished((done) => disk.rename('log', 'other', done))).toBe('done');
  expect(await finished((done) => disk.sync('other', done))).toBe('done');
  expect(await finished((done) => disk.remove('other', done))).toBe('done');
  expect(await finished((done) => disk.syncDirectory(done))).toBe('done');
  expect(disk.list()).toEqual([]);
});

test('removed and replaced files are kept until the directory is synced', async () => {
  const { disk, faults } = createRig();
  for (const file of ['a', 'b', 'c']) await finished((done) => disk.append(file, bytes, done));
  await finished((done) => disk.rename('a', 'b', done));
  await finished((done) => disk.remove('c', done));
  const keptCount = () => readdirSync(faults).filter((name) => name.startsWith('kept-')).length;
  expect(keptCount()).toBe(2);
  await finished((done) => disk.syncDirectory(done));
  expect(keptCount()).toBe(0);
});

test('a sync covers what was done when it was asked for, and not what was under way', async () => {
  const { disk, faults } = createRig();
  await finished((done) => disk.append('log', bytes, done));
  await finished((done) => disk.sync('log', done));
  // So large that it is written while this goes on.
  const writing = finished((done) => disk.append('log', Buffer.alloc(500_000, 1), done));
  await finished((done) => disk.sync('log', done));
  expect(await writing).toBe('done');
  const lines = readFileSync(join(faults, 'undo.jsonl'), 'utf8').trimEnd().split('\n');
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ type: 'contents', bytes: 500_000 });
  await finished((done) => disk.sync('log', done));
  const after = readFileSync(join(faults, 'undo.jsonl'), 'utf8').trimEnd().split('\n');
  expect(JSON.parse(after.at(-1) ?? '')).toMatchObject({ type: 'durable' });
});

test('the journal does not grow for ever', async () => {
  const { disk, faults } = createRig();
  await finished((done) => disk.syncDirectory(done));
  for (let count = 0; count < 1500; count += 1) {
    await finished((done) => disk.writeAt('log', 0, bytes, done));
    await finished((done) => disk.sync('log', done));
    if (count === 0) await finished((done) => disk.syncDirectory(done));
  }
  expect(readFileSync(join(faults, 'undo.jsonl')).length).toBeLessThan(100_000);
});

test('full, it refuses every write and nothing else, until it is not', async () => {
  const rig = createRig();
  const { disk } = rig;
  await finished((done) => disk.append('log', bytes, done));
  control(rig, { full: true });
  for (const write of [
    (done: Done) => disk.append('log', bytes, done),
    (done: Done) => disk.writeAt('log', 0, bytes, done),
    (done: Done) => disk.append('new', bytes, done),
  ]) {
    expect(await finished(write)).toBe('DiskError ENOSPC');
  }
  expect(disk.list()).toEqual(['log']);
  expect(await finished((done) => disk.sync('log', done))).toBe('done');
  expect(met(rig)).toMatchObject({ full: true, refusedWrites: 3 });
  control(rig, { full: false });
  expect(await finished((done) => disk.append('log', bytes, done))).toBe('done');
  expect(met(rig)).toMatchObject({ full: false, refusedWrites: 3 });
});

test('its syncs fail, or wait for their turn, as it was told', async () => {
  const rig = createRig();
  const { disk } = rig;
  await finished((done) => disk.append('log', bytes, done));
  control(rig, { failSyncs: true });
  expect(await finished((done) => disk.sync('log', done))).toBe('DiskError EIO');
  control(rig, { syncsPerS: 50 });
  const begunMs = performance.now();
  const syncs = [1, 2, 3].map(() => finished((done) => disk.sync('log', done)));
  expect(await Promise.all(syncs)).toEqual(['done', 'done', 'done']);
  expect(performance.now() - begunMs).toBeGreaterThan(39);
  expect(met(rig)).toMatchObject({ failedSyncs: 1, delayedSyncs: 2 });
});

test('trouble of the real disk is told; a folder that cannot be used is refused', async () => {
  const { disk, data } = createRig();
  expect(await finished((done) => disk.sync('missing', done))).toBe('DiskError ENOENT');
  expect(await finished((done) => disk.remove('missing', done))).toBe('DiskError ENOENT');
  expect(() => openFaultDisk(new FileDisk(data), data, '/proc/self')).toThrow(/^E[A-Z]+: /);
});
