/**
 * Operations of a simulated disk that are to fail: one at a time, the n-th of its kind from now.
 *
 * A read that fails goes on failing until somebody takes the error away, as that of a bad sector
 * does; a write or a sync fails once, and the next one says that all is well.
 */
import { DiskError } from '../../server/storage/disk.ts';
import type { DiskFailure } from '../cluster.ts';
import type { RandomSource } from '../run/random.ts';
import type { FileChange } from './power-cut.ts';

export class DiskErrors {
  #next: { readonly operation: DiskFailure['operation']; left: number } | null = null;
  #failedCount = 0;
  #hasFailed = false;

  /** In the place of what was planned; null: nothing fails. */
  plan(failure: DiskFailure | null): void {
    this.#next = failure && { operation: failure.operation, left: failure.at };
  }

  /** Ever. */
  get failedCount(): number {
    return this.#failedCount;
  }

  beginLife(): void {
    this.#hasFailed = false;
  }

  /** In this life. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** The operation is carried out now. True when it fails. */
  meets(operation: DiskFailure['operation']): boolean {
    const next = this.#next;
    if (next === null || next.operation !== operation) return false;
    next.left--;
    if (next.left > 0) return false;
    if (operation !== 'read') this.#next = null;
    this.#failedCount++;
    this.#hasFailed = true;
    return true;
  }
}

/** Of a disk that nobody has given any: a failed write leaves nothing, nor does a failed sync. */
export const noChance: RandomSource = () => 0;

/** The beginning of what was to be written. */
export function partOf(change: FileChange, share: number): FileChange {
  if (change.type === 'truncate') return change;
  return { ...change, bytes: change.bytes.subarray(0, Math.floor(share * change.bytes.length)) };
}

export function ioError(file: string, what: string): DiskError {
  return new DiskError('EIO', file, `the ${what} of ${file} failed`);
}

export function noSuchFile(file: string): DiskError {
  return new DiskError('ENOENT', file, `no such file: ${file}`);
}
