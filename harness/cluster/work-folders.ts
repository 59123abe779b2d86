/**
 * The temporary folders of runs, and the sweep of those whose harness was killed.
 */
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const workFolderPrefix = 'rafture-run-';

/** As `mkdtemp` names them: others may begin alike. */
const workFolder = new RegExp(`^${workFolderPrefix}\\w{6}$`);

/** Its owner says who it is as soon as the folder is there. */
const ownerlessMs = 600_000;

/** Removes the folders of harnesses that are gone. Whatever cannot be removed stays. */
export async function sweepWorkFolders(parent: string = tmpdir()): Promise<void> {
  const names = await readdir(parent);
  for (const name of names.filter((each) => workFolder.test(each))) {
    await sweep(join(parent, name)).catch(() => {});
  }
}

async function sweep(folder: string): Promise<void> {
  const owner = await readFile(join(folder, 'owner.pid'), 'utf8').catch(() => null);
  const { mtimeMs } = await stat(folder);
  if (owner === null ? Date.now() - mtimeMs < ownerlessMs : isAlive(Number(owner))) return;
  // A node that is about to end may still write: the next sweep must know whose the rest is.
  for (const name of await readdir(folder)) {
    if (name !== 'owner.pid') await rm(join(folder, name), { recursive: true, force: true });
  }
  await rm(folder, { recursive: true, force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
