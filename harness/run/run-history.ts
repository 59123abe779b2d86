/**
 * The history of a run for those who read it while it grows and afterwards.
 *
 * A short one is kept in memory. A long one is read back from its file, a piece at a time, so that
 * a run of millions of operations fits in little memory; nobody has to wait for it, so that the
 * simulation can read it too. Each iteration begins at the first op and ends with what is there.
 */
import type { Op } from '../../checker/history.ts';
import { parseOp } from '../check/parse-op.ts';
import { fileLines } from './file-lines.ts';

/** About 25 MB of them; beyond that an iteration costs some two microseconds an op. */
const keptMax = 100_000;

export class RunHistory implements Iterable<Op> {
  readonly #path: string | null;
  readonly #keptMax: number;
  /** null when there are too many of them. */
  #kept: Op[] | null = [];
  #length = 0;

  /** Without the path of a history.jsonl every op stays in memory. */
  constructor(path: string | null = null, opsInMemoryMax: number = keptMax) {
    this.#path = path;
    this.#keptMax = opsInMemoryMax;
  }

  get length(): number {
    return this.#length;
  }

  /** The line of the op must have been written to the file before. */
  append(op: Op): void {
    this.#length++;
    this.#kept?.push(op);
    // An iteration that is under way holds on to the array.
    if (this.#path !== null && this.#length > this.#keptMax) this.#kept = null;
  }

  /** Throws when the file no longer holds what was written. */
  [Symbol.iterator](): Iterator<Op> {
    if (this.#kept !== null) return firstOf(this.#kept, this.#length);
    return readFirst(this.#path ?? '', this.#length);
  }
}

function* firstOf(ops: readonly Op[], length: number): Generator<Op> {
  for (let at = 0; at < length; at++) yield ops[at] as Op;
}

/** What the file has grown by meanwhile, perhaps half a line, is not looked at. */
function* readFirst(path: string, length: number): Generator<Op> {
  let line = 0;
  for (const text of fileLines(path)) {
    // The first line is the header.
    if (line > 0) yield parseOp(JSON.parse(text));
    if (line === length) return;
    line++;
  }
  throw new Error(`${path} has only ${Math.max(0, line - 1)} of ${length} lines of the history`);
}
