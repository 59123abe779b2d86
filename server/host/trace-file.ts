/**
 * Trace events as JSON lines, in a file or on standard output.
 *
 * The lines of one turn of the event loop are written together. A trace that can not be written
 * ends with one warning, and the node goes on: what was written until then is whole, and a checker
 * sees a server that fell silent. What waits is bounded. A SIGKILL loses the lines of its turn, and
 * may leave half a line, which the next life does not write on.
 */
import { closeSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import type { Log, Timers } from '../host.ts';
import type { NodeId } from '../raft/entry.ts';
import type { Trace, TraceEvent } from '../trace.ts';

export interface TraceFileOptions {
  readonly node: NodeId;
  /** A path, to which is appended; or `-` for standard output. */
  readonly target: string;
  readonly timers: Timers;
  readonly log: Log;
}

/** What waits for a reader that is slow. */
const waitingBytesMax = 16 * 1024 * 1024;
const retryMs = 10;

export class TraceFile implements Trace {
  readonly #options: TraceFileOptions;
  #fd: number | null;
  #lines: string[] = [];
  /** What was given to the system and not taken yet. */
  #rest: Buffer = Buffer.alloc(0);
  #scheduled = false;

  /** Throws the system's error when the file can not be opened. */
  constructor(options: TraceFileOptions) {
    this.#options = options;
    const { target } = options;
    if (target !== '-' && endsInHalfALine(target)) this.#rest = Buffer.from('\n');
    this.#fd = target === '-' ? 1 : openSync(target, 'a', 0o644);
  }

  event(event: TraceEvent): void {
    if (this.#fd === null) return;
    this.#lines.push(`${JSON.stringify({ node: this.#options.node, ...event })}\n`);
    this.#schedule(0);
  }

  /** Now, as far as the system takes it. */
  flush(): void {
    if (this.#fd === null) return;
    const added = Buffer.from(this.#lines.join(''));
    this.#lines = [];
    this.#rest = this.#rest.length === 0 ? added : Buffer.concat([this.#rest, added]);
    try {
      while (this.#rest.length > 0) {
        this.#rest = this.#rest.subarray(writeSync(this.#fd, this.#rest));
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  close(): void {
    this.flush();
    if (this.#fd !== null && this.#fd !== 1) closeSync(this.#fd);
    this.#fd = null;
  }

  #failed(error: unknown): void {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'EIO';
    if (code === 'EAGAIN' && this.#rest.length <= waitingBytesMax) {
      this.#schedule(retryMs);
      return;
    }
    this.#fd = null;
    this.#rest = Buffer.alloc(0);
    const { log, target } = this.#options;
    log.event('warn', 'the trace ends here', { target, error: code });
  }

  #schedule(delayMs: number): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#options.timers.after(delayMs, () => {
      this.#scheduled = false;
      this.flush();
    });
  }
}

function endsInHalfALine(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() !== true || stat.size === 0) return false;
  const fd = openSync(path, 'r');
  try {
    const last = Buffer.alloc(1);
    return readSync(fd, last, 0, 1, stat.size - 1) === 1 && last.toString() !== '\n';
  } finally {
    closeSync(fd);
  }
}
