import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { DiskError, type Done } from '../storage/disk.ts';
import { FileDisk } from './file-disk.ts';
import { lockFile } from './folder-lock.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rafture-disk-'));
  folders.push(folder);
  return folder;
}

function finished(start: (done: Done) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error === null ? resolve() : reject(error)));
  });
}

test('appends keep their order, and the size counts those under way', async () => {
  const folder = createFolder();
  const disk = new FileDisk(folder);
  await Promise.all(
    ['one ', 'two ', 'three'].map((text) =>
      finished((done) => disk.append('log', Buffer.from(text), done)),
    ),
  );
  await finished((done) => disk.sync('log', done));
  expect(readFileSync(join(folder, 'log'), 'utf8')).toBe('one two three');
  expect(disk.size('log')).toBe(13);
  expect(Buffer.from(disk.readSync('log', 4, 100)).toString()).toBe('two three');
  disk.close();
});

test('small writes, which are done at once, and large ones land where they belong', async () => {
  const folder = createFolder();
  const disk = new FileDisk(folder);
  const pieces = [3, 200_000, 5, 131_072, 131_073, 1].map((size, place) =>
    Buffer.alloc(size, 97 + place),
  );
  await Promise.all(pieces.map((piece) => finished((done) => disk.append('log', piece, done))));
  expect(readFileSync(join(folder, 'log')).equals(Buffer.concat(pieces))).toBe(true);
  await finished((done) => disk.writeAt('log', 1, Buffer.from('!'), done));
  expect(readFileSync(join(folder, 'log'), 'latin1').slice(0, 4)).toBe('a!ab');
  disk.close();
});

test('a write that fails at once is told later, as any other', async () => {
  const folder = createFolder();
  // Everything that is written to it fails with ENOSPC.
  symlinkSync('/dev/full', join(folder, 'full'));
  const disk = new FileDisk(folder);
  let returned = false;
  const failing = finished((done) => {
    disk.writeAt('full', 0, Buffer.from('x'), (error) => {
      expect(returned).toBe(true);
      done(error);
    });
    returned = true;
  });
  await expect(failing).rejects.toMatchObject({ code: 'ENOSPC', file: 'full' });
  disk.close();
});

test('each sync of a file is told with its duration', async () => {
  const durations: number[] = [];
  const disk = new FileDisk(createFolder(), (durationMs) => durations.push(durationMs));
  await finished((done) => disk.append('log', Buffer.from('x'), done));
  await finished((done) => disk.sync('log', done));
  await finished((done) => disk.syncDirectory(done));
  expect(durations).toHaveLength(1);
  expect(durations[0]).toBeGreaterThan(0);
  disk.close();
});

test('after a truncation an append goes to the new end', async () => {
  const folder = createFolder();
  writeFileSync(join(folder, 'log'), 'keep and cut');
  const disk = new FileDisk(folder);
  await finished((done) => disk.truncate('log', 4, done));
  await finished((done) => disk.append('log', Buffer.from('!'), done));
  await finished((done) => disk.writeAt('log', 0, Buffer.from('K'), done));
  expect(readFileSync(join(folder, 'log'), 'utf8')).toBe('Keep!');
  disk.close();
});

test('renamed and removed files are what a list shows afterwards, and never the lock', async () => {
  const folder = createFolder();
  const disk = new FileDisk(folder);
  for (const file of ['b', 'a', 'c']) {
    await finished((done) => disk.append(file, Buffer.from(file), done));
  }
  await finished((done) => disk.rename('a', 'b', done));
  await finished((done) => disk.remove('c', done));
  await finished((done) => disk.syncDirectory(done));
  writeFileSync(join(folder, lockFile), '');
  expect(disk.list()).toEqual(['b']);
  expect(Buffer.from(disk.readSync('b', 0, 9)).toString()).toBe('a');
  disk.close();
});

test('trouble with a file is a DiskError, and never comes before the call returns', async () => {
  const disk = new FileDisk(createFolder());
  let returned = false;
  const failing = finished((done) => {
    disk.append('no/such/folder', Buffer.from('x'), (error) => {
      expect(returned).toBe(true);
      done(error);
    });
    returned = true;
  });
  await expect(failing).rejects.toMatchObject({ name: 'DiskError', code: 'ENOENT' });
  expect(() => disk.size('missing')).toThrow(DiskError);
  disk.close();
});

test('a folder is made with its parents, and one that can not be is refused', () => {
  const folder = join(createFolder(), 'a', 'b');
  new FileDisk(folder).close();
  expect(existsSync(folder)).toBe(true);
  expect(() => new FileDisk('/proc/nobody/can')).toThrow(DiskError);
  const file = join(folder, 'file');
  writeFileSync(file, '');
  expect(() => new FileDisk(file)).toThrow('ENOTDIR');
});
