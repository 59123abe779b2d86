import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sweepWorkFolders } from './work-folders.ts';

let parent = '';
/** A process that has been. */
const dead = spawnSync(process.execPath, ['--version']).pid;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'rafture-sweep-'));
});

afterEach(() => {
  rmSync(parent, { recursive: true });
});

/** `ageS`: how long ago it was changed. */
function make(name: string, owner: number | null, ageS: number): void {
  const folder = join(parent, name);
  mkdirSync(join(folder, 'n1/data'), { recursive: true });
  writeFileSync(join(folder, 'n1/data/wal'), 'x');
  if (owner !== null) writeFileSync(join(folder, 'owner.pid'), String(owner));
  const time = Date.now() / 1000 - ageS;
  utimesSync(folder, time, time);
}

test('the folders of harnesses that are gone are removed, however young', async () => {
  make('rafture-run-Gone00', dead, 0);
  make('rafture-run-Lives0', process.pid, 100_000);
  await sweepWorkFolders(parent);
  expect(readdirSync(parent)).toEqual(['rafture-run-Lives0']);
});

test('a folder of nobody is removed once nobody can be about to say that it is his', async () => {
  make('rafture-run-Young0', null, 60);
  make('rafture-run-Old000', null, 3600);
  await sweepWorkFolders(parent);
  expect(readdirSync(parent)).toEqual(['rafture-run-Young0']);
});

test('what only begins alike is not touched', async () => {
  make('rafture-run-history-Other0', dead, 3600);
  await sweepWorkFolders(parent);
  expect(readdirSync(parent)).toEqual(['rafture-run-history-Other0']);
});
