/**
 * Keeps two processes from using one data directory at once: each would overwrite the other's log.
 *
 * The kernel holds the lock, on an empty file: so it is seen from every container on the machine,
 * two starters cannot both get it, and it is gone when its holder is, however that one ended, but
 * not before the last write that was under way there.
 */
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { DiskError } from '../storage/disk.ts';

export const lockFile = 'lock';

/** Given up by the garbage collector, a database would be closed and its lock released. */
const held: DatabaseSync[] = [];

/** SQLite takes no longer ones. */
const pathBytesMax = 500;
/** Where in a file SQLite locks it for who may write: its "reserved byte". */
const reservedByte = 0x4000_0001;

const busy = 5;
const notADatabase = 26;

/** Until this process ends. Throws DiskError when another one holds the folder. */
export function lockFolder(folder: string): void {
  const path = join(resolve(folder), lockFile);
  if (Buffer.byteLength(path) > pathBytesMax) {
    const text = `the path of the data directory may have ${pathBytesMax} bytes, not more`;
    throw new DiskError('ENAMETOOLONG', lockFile, text);
  }
  let database: DatabaseSync | null = null;
  try {
    accessSync(folder, constants.R_OK | constants.W_OK);
    database = openDatabase(path);
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE');
    held.push(database);
  } catch (error) {
    database?.close();
    throw refusal(path, error);
  }
}

/**
 * Node has no call for such locks of its own. SQLite, which is part of it, takes one while a
 * transaction is open that may write; nothing is ever written.
 */
function openDatabase(path: string): DatabaseSync {
  // Not imported: an older Node would end with a stack in place of a reason.
  const sqlite = process.getBuiltinModule('node:sqlite') as NodeSqlite | undefined;
  if (sqlite !== undefined) return new sqlite.DatabaseSync(path);
  const text = `Node ${process.versions.node} has no node:sqlite for it; use Node 24 or later`;
  throw new DiskError('ENOSYS', lockFile, text);
}

type NodeSqlite = typeof import('node:sqlite');

function refusal(path: string, error: unknown): DiskError {
  switch (sqliteCodeOf(error)) {
    case busy: {
      const text = `it is in use by ${holderOf(path)}; stop that one first`;
      return new DiskError('EBUSY', lockFile, text);
    }
    case notADatabase: {
      const text = 'the file is not the lock of a node; remove it when nobody uses the directory';
      return new DiskError('EBUSY', lockFile, text);
    }
    default: {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'EIO';
      const text = error instanceof Error ? error.message : String(error);
      return new DiskError(code, lockFile, `it cannot be locked: ${text}`);
    }
  }
}

/** 0 when the trouble is not SQLite's. */
function sqliteCodeOf(error: unknown): number {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
}

/** For a person. The system does not tell of processes of other containers. */
function holderOf(path: string): string {
  try {
    const { ino } = statSync(path);
    const place = ` (\\d+) [0-9a-f]+:[0-9a-f]+:${ino} ${reservedByte} ${reservedByte}$`;
    const pid = new RegExp(place, 'm').exec(readFileSync('/proc/locks', 'latin1'))?.[1];
    if (pid !== undefined) return `process ${pid}`;
  } catch {
    // There is no such list here.
  }
  return 'another process, perhaps in another container';
}
