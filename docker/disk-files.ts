/**
 * The files of a node's disk: listed, compared, harmed, kept and put back, for the disk agent.
 *
 * Folders are given as absolute paths, files relative to them. Links are left alone: no server
 * under test keeps its data behind one.
 */
import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Damage, DiskFile, Evidence } from '../harness/cluster.ts';
import type { KernelCalls } from './kernel-calls.ts';
import { copySparsely, readPieces } from './sparse-files.ts';

/** All files below the folder; the one that was written last has age 0. */
export function listFiles(folder: string): readonly DiskFile[] {
  return filePaths(folder)
    .map((path) => ({ path, stat: lstatSync(join(folder, path)) }))
    .sort((a, b) => b.stat.mtimeMs - a.stat.mtimeMs || (a.path < b.path ? -1 : 1))
    .map(({ path, stat }, age) => {
      const contentBytes = contentBytesOf(join(folder, path), stat.size);
      return { path, bytes: stat.size, contentBytes, age };
    });
}

const nothing: Buffer = Buffer.alloc(0);
const windowBytes = 1 << 20;
const zeros = Buffer.alloc(windowBytes);

/** Up to the last byte that is not zero; read from the end, where the room for more is. */
function contentBytesOf(path: string, bytes: number): number {
  const file = openSync(path, 'r');
  try {
    for (let end = bytes; end > 0; end -= windowBytes) {
      const begin = Math.max(0, end - windowBytes);
      const window = Buffer.alloc(end - begin);
      readSync(file, window, 0, window.length, begin);
      if (window.equals(zeros.subarray(0, window.length))) continue;
      return begin + window.findLastIndex((byte) => byte !== 0) + 1;
    }
    return 0;
  } finally {
    closeSync(file);
  }
}

function filePaths(folder: string, below = ''): readonly string[] {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const path = join(below, entry.name);
    if (entry.isDirectory()) return filePaths(folder, path);
    return entry.isFile() ? [path] : [];
  });
}

/** What a file holds, as whoever reads it now sees it. */
export interface Content {
  readonly bytes: number;
  /** Up to where it has been written; the rest is room for more. */
  readonly written: Buffer;
}

export type Contents = ReadonlyMap<string, Content>;

export async function readContents(kernel: KernelCalls, folder: string): Promise<Contents> {
  const contents = new Map<string, Content>();
  for (const path of filePaths(folder)) {
    const { size } = lstatSync(join(folder, path));
    const written: Buffer[] = [];
    let end = 0;
    for await (const { start, bytes } of readPieces(kernel, join(folder, path))) {
      written.push(Buffer.alloc(start - end), bytes);
      end = start + bytes.length;
    }
    contents.set(path, { bytes: size, written: Buffer.concat(written) });
  }
  return contents;
}

export interface FileLoss {
  readonly path: string;
  readonly bytesBefore: number;
  /** null: the file is not there any more. */
  readonly bytesAfter: number | null;
  /** Bytes that are missing, or are others than they were. */
  readonly lostBytes: number;
}

/** Every file that there was before, and those that there are only now. */
export function compareContents(before: Contents, after: Contents): readonly FileLoss[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths.map((path) => {
    const [was, is] = [before.get(path), after.get(path)];
    const lostBytes = countLost(was?.written ?? nothing, is?.written ?? nothing);
    return { path, bytesBefore: was?.bytes ?? 0, bytesAfter: is?.bytes ?? null, lostBytes };
  });
}

/** Zeros that are not there any more, and that are read as zeros, are not lost. */
function countLost(before: Buffer, after: Buffer): number {
  const common = Math.min(before.length, after.length);
  let lost = 0;
  if (!before.subarray(0, common).equals(after.subarray(0, common))) {
    for (let at = 0; at < common; at++) if (before[at] !== after[at]) lost++;
  }
  for (let at = common; at < before.length; at++) if (before[at] !== 0) lost++;
  return lost;
}

/** Says what it has done. Throws where there is no such file, or no such place in it. */
export function damageFiles(folder: string, damage: Damage): Evidence {
  if (damage.type === 'wipe') {
    const files = listFiles(folder);
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
    return { wiped: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
  }
  const path = join(folder, damage.path);
  const bytesBefore = lstatSync(path).size;
  const change = changeFile(path, damage, bytesBefore);
  return { path: damage.path, bytesBefore, bytesAfter: lstatSync(path).size, ...change };
}

function changeFile(
  path: string,
  damage: Exclude<Damage, { readonly type: 'wipe' }>,
  bytes: number,
): Evidence {
  switch (damage.type) {
    case 'append':
      return writeBehind(path, damage.bytes, damage.offset ?? bytes);
    case 'truncate':
      if (damage.keepBytes >= bytes) throw new Error(`${damage.path} has but ${bytes} bytes`);
      truncateSync(path, damage.keepBytes);
      return { cutBytes: bytes - damage.keepBytes };
    case 'flip':
      return flipBit(path, damage.offset, damage.bit);
    default:
      throw new Error(`no such harm: ${JSON.stringify(damage)}`);
  }
}

/** Zeros may be between what is there and what is written. */
function writeBehind(path: string, bytes: Uint8Array, offset: number): Evidence {
  const file = openSync(path, 'r+');
  try {
    writeSync(file, bytes, 0, bytes.length, offset);
    return { offset, writtenBytes: bytes.length };
  } finally {
    closeSync(file);
  }
}

/** The byte is read again from the file: what counts is what is there afterwards. */
function flipBit(path: string, offset: number, bit: number): Evidence {
  const file = openSync(path, 'r+');
  try {
    const before = byteAt(file, offset);
    writeSync(file, Buffer.from([before ^ (1 << bit)]), 0, 1, offset);
    return { offset, bit, byteBefore: before, byteAfter: byteAt(file, offset) };
  } finally {
    closeSync(file);
  }
}

function byteAt(file: number, offset: number): number {
  const byte = Buffer.alloc(1);
  if (readSync(file, byte, 0, 1, offset) !== 1) throw new Error(`there is no byte ${offset}`);
  return byte[0] ?? 0;
}

/** The second folder becomes as the first, with owners, modes and times. */
export async function copyFolder(kernel: KernelCalls, from: string, to: string): Promise<void> {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(to)) rmSync(join(to, name), { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await copyFolder(kernel, source, target);
    else if (entry.isFile()) await copySparsely(kernel, source, target);
    else continue;
    const { uid, gid, mode, atime, mtime } = lstatSync(source);
    chownSync(target, uid, gid);
    chmodSync(target, mode);
    utimesSync(target, atime, mtime);
  }
}

/** Everything below the folder, names included, is on the disk. */
export function syncFolder(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) syncFolder(path);
    else if (entry.isFile()) syncPath(path);
  }
  syncPath(folder);
}

function syncPath(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
