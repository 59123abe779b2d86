/**
 * The temporary folders of runs, and the sweep of those whose harness was killed.
 */
import { readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const workFolderPrefix = 'rafture-run-';

/** Removes the folders of harnesses that are gone. Whatever cannot be removed stays. */
export async function sweepWorkFolders(): Promise<void> {
  const names = await readdir(tmpdir());
  for (const name of names.filter((each) => each.startsWith(workFolderPrefix))) {
    const folder = join(tmpdir(), name);
    const owner = await readFile(join(folder, 'owner.pid'), 'utf8').catch(() => null);
    if (owner === null || isAlive(Number(owner))) continue;
    await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
