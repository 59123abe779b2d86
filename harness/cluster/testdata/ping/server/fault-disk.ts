/**
 * The server's part of a disk of its own that a cluster can make fail: what stands in files is
 * appended to only, so that an undo is a size.
 *
 * The shapes are those of the reference server's `--fault-disk` (server/host/undo-journal.ts).
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

interface Controls {
  readonly full?: boolean;
  readonly syncsPerS?: number | null;
}

export class FaultDisk {
  readonly #folder: string;
  #next = 1;
  #nextSyncMs = 0;

  constructor(folder: string) {
    this.#folder = folder;
    if (!existsSync(this.#journal)) return;
    this.#next = readFileSync(this.#journal, 'utf8').split('\n').length;
  }

  /** Before bytes are appended to a file of this size. Throws ENOSPC. */
  beforeAppend(file: { readonly ino: number; readonly size: number }, bytes: number): void {
    if (this.#controls().full === true) {
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    }
    const { ino: inode, size } = file;
    const undo = { type: 'contents', inode, size, offset: size, old: 0, bytes };
    this.#tell({ n: this.#next++, ...undo });
  }

  /** A sync waits for its turn. */
  async beforeSync(): Promise<void> {
    const { syncsPerS = null } = this.#controls();
    if (syncsPerS === null) return;
    const nowMs = performance.now();
    const turnMs = Math.max(nowMs, this.#nextSyncMs);
    this.#nextSyncMs = turnMs + 1000 / syncsPerS;
    await sleep(turnMs - nowMs);
  }

  afterSync(inode: number): void {
    this.#tell({ type: 'durable', inode, to: this.#next - 1 });
  }

  get #journal(): string {
    return join(this.#folder, 'undo.jsonl');
  }

  #tell(line: object): void {
    appendFileSync(this.#journal, `${JSON.stringify(line)}\n`);
  }

  #controls(): Controls {
    const path = join(this.#folder, 'control.json');
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Controls) : {};
  }
}
