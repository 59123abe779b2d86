/**
 * Keeps two processes from using one data directory at once: each would overwrite the other's log.
 *
 * A file names the holder by process id and, where the system tells, by the moment of its start, so
 * that a holder which was killed does not lock its successor out, even when its id is in use again.
 */
import { closeSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DiskError } from '../storage/disk.ts';

export const lockFile = 'lock';

/** Throws DiskError when another process that runs holds the folder. */
export function lockFolder(folder: string): void {
  const path = join(folder, lockFile);
  const own = `${process.pid} ${startOf(process.pid) ?? ''}`.trim();
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if (create(path, own)) return;
    const holder = holderOf(path);
    if (holder !== null) {
      throw new DiskError('EBUSY', lockFile, `it is in use by process ${holder}`);
    }
    removeStale(path);
  }
  throw new DiskError('EBUSY', lockFile, 'other processes try to use it, too');
}

function create(path: string, content: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, 'wx', 0o600);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw new DiskError(codeOf(error), lockFile, String(error));
  }
  writeSync(fd, content);
  closeSync(fd);
  return true;
}

/** The process that holds the lock and runs, or null. */
function holderOf(path: string): number | null {
  let content: string;
  try {
    content = readFileSync(path, 'latin1');
  } catch {
    return null;
  }
  const [pidText, start] = content.split(' ');
  const pid = Number(pidText);
  // In a container a successor often has the id of the one that was killed.
  if (!Number.isSafeInteger(pid) || pid <= 0 || pid === process.pid || !runs(pid)) return null;
  const startNow = startOf(pid);
  return start !== undefined && startNow !== null && start !== startNow ? null : pid;
}

function removeStale(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw new DiskError(codeOf(error), lockFile, String(error));
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** When a process began, in the system's own unit; null where it does not tell. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold spaces; the start is the 20th field behind it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'EIO';
}
