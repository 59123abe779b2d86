/**
 * A power loss on a fault disk: undoes what a process had written and not made durable.
 *
 * The server wrote the journal (`--fault-disk`): a JSON object a line, each before its change was
 * done. Contents are known by inode, wherever the file is now; names are undone the last first. Of
 * the last changes some may never have been done: undoing them changes nothing.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

export const journalFile = 'undo.jsonl';
const keptPrefix = 'kept-';

/** What was not durable. */
export interface LostWrites {
  /** Writes and truncations; bytes of those that were not mere zeros. */
  readonly changesLost: number;
  readonly bytesLost: number;
  /** Creations, removals and renames. */
  readonly namesLost: number;
  /** Files that are not as they were. */
  readonly files: readonly string[];
}

interface Contents {
  readonly inode: number;
  readonly size: number;
  readonly offset: number;
  /** Base64, or so many zeros. */
  readonly old: string | number;
  readonly bytes: number;
}

type Names =
  | { readonly type: 'created'; readonly name: string }
  | { readonly type: 'removed'; readonly name: string; readonly inode: number }
  | {
      readonly type: 'renamed';
      readonly from: string;
      readonly name: string;
      readonly replaced: number | null;
    };

type Line =
  | (Contents & { readonly type: 'contents'; readonly n: number })
  | (Names & { readonly n: number })
  | { readonly type: 'durable'; readonly inode: number | null; readonly to: number };

/** Its process must have ended. Afterwards the journal is empty. */
export function undoJournal(dataDirectory: string, folder: string): LostWrites {
  const pending = readPending(folder).reverse();
  const paths = pathsByInode(dataDirectory, folder);
  const contents = pending.filter((line) => line.type === 'contents');
  const names = pending.filter((line) => line.type !== 'contents');
  const files = new Set<string>();
  let [changesLost, bytesLost] = [0, 0];
  for (const change of contents) {
    const path = paths.get(change.inode);
    if (path === undefined) continue;
    undoContents(path, change);
    files.add(path.slice(path.lastIndexOf('/') + 1));
    changesLost++;
    bytesLost += change.bytes;
  }
  for (const change of names) {
    undoName(change, dataDirectory, folder);
    files.add(change.name);
  }
  emptyJournal(folder);
  return { changesLost, bytesLost, namesLost: names.length, files: [...files].sort() };
}

/** From now on everything that stands in the files counts as durable. */
export function emptyJournal(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    if (name.startsWith(keptPrefix) || name === journalFile) rmSync(join(folder, name));
  }
}

/** In the order in which they were made. */
function readPending(folder: string): Exclude<Line, { type: 'durable' }>[] {
  const path = join(folder, journalFile);
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  let pending: Exclude<Line, { type: 'durable' }>[] = [];
  for (const text of lines.filter((each) => each !== '')) {
    const line = JSON.parse(text) as Line;
    if (line.type !== 'durable') pending.push(line);
    else pending = pending.filter((each) => each.n > line.to || fileOf(each) !== line.inode);
  }
  return pending;
}

function fileOf(line: Exclude<Line, { type: 'durable' }>): number | null {
  return line.type === 'contents' ? line.inode : null;
}

function pathsByInode(dataDirectory: string, folder: string): ReadonlyMap<number, string> {
  const kept = readdirOrNone(folder).filter((name) => name.startsWith(keptPrefix));
  const paths = [
    ...kept.map((name) => join(folder, name)),
    ...readdirOrNone(dataDirectory).map((name) => join(dataDirectory, name)),
  ];
  return new Map(paths.map((path) => [statSync(path).ino, path]));
}

function readdirOrNone(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function undoContents(path: string, { size, offset, old }: Contents): void {
  const fd = openSync(path, 'r+');
  try {
    const bytes = typeof old === 'number' ? Buffer.alloc(old) : Buffer.from(old, 'base64');
    for (let count = 0; count < bytes.length; ) {
      count += writeSync(fd, bytes, count, bytes.length - count, offset + count);
    }
    if (fstatSync(fd).size !== size) ftruncateSync(fd, size);
  } finally {
    closeSync(fd);
  }
}

function undoName(change: Names, dataDirectory: string, folder: string): void {
  const path = join(dataDirectory, change.name);
  switch (change.type) {
    case 'created':
      rmSync(path, { force: true });
      return;
    case 'removed':
      putBack(folder, change.inode, path);
      return;
    case 'renamed': {
      const from = join(dataDirectory, change.from);
      if (!existsSync(from) && existsSync(path)) renameSync(path, from);
      if (change.replaced !== null) putBack(folder, change.replaced, path);
    }
  }
}

function putBack(folder: string, inode: number, path: string): void {
  const kept = join(folder, `${keptPrefix}${inode}`);
  if (!existsSync(path) && existsSync(kept)) renameSync(kept, path);
}
