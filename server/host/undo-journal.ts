/**
 * What a power loss would take from a folder: for each change that is not durable yet, what was
 * there before. For tests (`--fault-disk`): who plays the power loss undoes it, the last first.
 *
 * `undo.jsonl` holds a JSON object a line, written before the change that it is about is done; a
 * last line that is not whole is none. A file is named by its inode, wherever it is by now: in the
 * data directory, or as `kept-<inode>` beside the journal when it was removed or replaced.
 */
import {
  closeSync,
  constants,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

const journalFile = 'undo.jsonl';

export function keptFile(inode: number): string {
  return `kept-${inode}`;
}

/** Contents: the file had `size` bytes, of which `old` (base64, or so many zeros) at `offset`. */
export interface ContentsUndo {
  readonly type: 'contents';
  readonly inode: number;
  readonly size: number;
  readonly offset: number;
  readonly old: string | number;
  /** How many bytes other than zeros-to-be were written: what is lost. */
  readonly bytes: number;
}

/** Names: the file `inode` was created as, removed from or renamed to `name`. */
export type NameUndo =
  | { readonly type: 'created'; readonly name: string }
  | { readonly type: 'removed'; readonly name: string; readonly inode: number }
  | {
      readonly type: 'renamed';
      readonly from: string;
      readonly name: string;
      /** Of the file that had the name before; null: there was none. */
      readonly replaced: number | null;
    };

/** Up to this number the changes of the file (or of the names: null) are durable. */
interface DurableLine {
  readonly type: 'durable';
  readonly inode: number | null;
  readonly to: number;
}

type Line = ((ContentsUndo | NameUndo) & { readonly n: number }) | DurableLine;

/** A change that is not durable. */
export interface Pending {
  readonly n: number;
  /** The files that it has kept. */
  readonly kept: readonly number[];
  /** It was carried out: a sync that begins now covers it. */
  isDone: boolean;
}

/** Durable lines are only written; from so many bytes on the journal begins anew when it can. */
const journalBytesMax = 64 * 1024;

export class UndoJournal {
  readonly #folder: string;
  readonly #fd: number;
  #bytes: number;
  #next = 1;
  /** Changes that are not durable, by file; those of names are under null. In their order. */
  readonly #pending = new Map<number | null, Pending[]>();

  /** Goes on with what an earlier process has left: it may not be durable still. */
  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.#folder = folder;
    const path = join(folder, journalFile);
    this.#fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o600);
    const text = readFileSync(path, 'utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    this.#bytes = Buffer.byteLength(whole);
    ftruncateSync(this.#fd, this.#bytes);
    for (const line of whole.split('\n')) if (line !== '') this.#load(JSON.parse(line) as Line);
  }

  contents(change: Omit<ContentsUndo, 'type'>): Pending {
    return this.#add(change.inode, { type: 'contents', ...change });
  }

  names(change: NameUndo): Pending {
    return this.#add(null, change);
  }

  /** Up to which change a sync of this file (of the directory: null) that begins now reaches. */
  reach(inode: number | null): number {
    let reached = 0;
    for (const { n, isDone } of this.#pending.get(inode) ?? []) {
      if (!isDone) break;
      reached = n;
    }
    return reached;
  }

  /** That sync has succeeded. */
  durable(inode: number | null, to: number): void {
    if (to === 0) return;
    this.#write({ type: 'durable', inode, to });
    for (const { kept } of this.#settle(inode, to)) for (const one of kept) this.#drop(one);
    if (this.#bytes > journalBytesMax && this.#pending.size === 0) {
      ftruncateSync(this.#fd, 0);
      this.#bytes = 0;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  #add(inode: number | null, change: ContentsUndo | NameUndo): Pending {
    const n = this.#next++;
    this.#write({ n, ...change });
    return this.#note(inode, { n, ...change });
  }

  #note(inode: number | null, change: (ContentsUndo | NameUndo) & { readonly n: number }): Pending {
    const pending = { n: change.n, kept: keptBy(change), isDone: false };
    const others = this.#pending.get(inode);
    if (others === undefined) this.#pending.set(inode, [pending]);
    else others.push(pending);
    return pending;
  }

  /** Returns those that are durable now. */
  #settle(inode: number | null, to: number): readonly Pending[] {
    const all = this.#pending.get(inode) ?? [];
    const rest = all.filter(({ n }) => n > to);
    if (rest.length > 0) this.#pending.set(inode, rest);
    else this.#pending.delete(inode);
    return all.filter(({ n }) => n <= to);
  }

  /** The file is gone for good; its number may be another's soon. */
  #drop(inode: number): void {
    rmSync(join(this.#folder, keptFile(inode)), { force: true });
    const last = this.#pending.get(inode)?.at(-1);
    if (last === undefined) return;
    this.#write({ type: 'durable', inode, to: last.n });
    this.#pending.delete(inode);
  }

  /**
   * The process that did it has ended, so whatever of it was done is done. What it has dropped is
   * gone: a file of that number, if there is one, is another.
   */
  #load(line: Line): void {
    if (line.type === 'durable') {
      this.#settle(line.inode, line.to);
      return;
    }
    this.#next = Math.max(this.#next, line.n + 1);
    this.#note(line.type === 'contents' ? line.inode : null, line).isDone = true;
  }

  #write(line: Line): void {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    for (let count = 0; count < bytes.length; ) count += writeSync(this.#fd, bytes, count);
    this.#bytes += bytes.length;
  }
}

function keptBy(change: ContentsUndo | NameUndo): readonly number[] {
  if (change.type === 'removed') return [change.inode];
  return change.type === 'renamed' && change.replaced !== null ? [change.replaced] : [];
}
