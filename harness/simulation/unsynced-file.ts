/**
 * A file whose latest changes are not durable yet.
 *
 * It holds what a reader sees, what a power loss cannot take, and the changes in between, in the
 * order in which they were issued. What of them survives a crash is for the seed to say.
 */
import { type RandomSource, randomInteger } from '../run/random.ts';
import { GrowingBytes } from './growing-bytes.ts';
import { applyChange, type FileChange, type PowerCut, remainsOf } from './power-cut.ts';

/** What a crash has taken. */
export interface LostChanges {
  readonly changes: number;
  readonly bytes: number;
}

export class UnsyncedFile {
  readonly #visible = new GrowingBytes();
  readonly #durable = new GrowingBytes();
  /** Issued and not durable; the first `#appliedCount` of them are visible. */
  #changes: FileChange[] = [];
  #appliedCount = 0;
  /** With all that was issued. */
  #issuedSize = 0;
  /** How many changes have been made durable, ever: positions of changes count from there. */
  #durableCount = 0;
  /** Until then the device is busy with this file: its changes keep their order. */
  busyUntilUs = 0;
  /** When it was last written. */
  changedAtUs = 0;

  /** A file of these bytes, all of them durable. */
  static holding(bytes: Uint8Array, changedAtUs: number): UnsyncedFile {
    const file = new UnsyncedFile();
    file.#visible.writeAt(0, bytes);
    file.#durable.writeAt(0, bytes);
    file.#issuedSize = bytes.length;
    file.changedAtUs = changedAtUs;
    return file;
  }

  get size(): number {
    return this.#visible.length;
  }

  /** A copy: what a caller does to it reaches no file. */
  read(offset: number, length: number): Uint8Array {
    return this.#visible.slice(offset, length);
  }

  /** From now on a crash may leave this change behind, though no reader sees it yet. */
  issue(change: FileChange): void {
    // Where an append falls is known now; what a failed sync drops does not move it.
    const placed: FileChange =
      change.type === 'append' ? { ...change, type: 'write', offset: this.#issuedSize } : change;
    this.#changes.push(placed);
    this.#issuedSize =
      placed.type === 'truncate'
        ? placed.length
        : Math.max(this.#issuedSize, placed.offset + placed.bytes.length);
  }

  /** The oldest change that is not visible becomes visible. */
  applyNext(): void {
    const change = this.#changes[this.#appliedCount++];
    if (change === undefined) throw new RangeError('no change of this file is outstanding');
    applyChange(this.#visible, change);
  }

  /** Names what has been done so far, for `makeDurable`. */
  get appliedPosition(): number {
    return this.#durableCount + this.#appliedCount;
  }

  /** What had been done at that position can no longer be lost. */
  makeDurable(position: number): void {
    const count = position - this.#durableCount;
    if (count <= 0) return;
    for (const change of this.#changes.slice(0, count)) applyChange(this.#durable, change);
    this.#changes = this.#changes.slice(count);
    this.#appliedCount -= count;
    this.#durableCount += count;
  }

  /**
   * The power is gone. A prefix of the changes that were not durable survives, none and all
   * included; the first one that does not may be torn, so that a part of its bytes is there.
   * With a `cut` it is what that leaves. Returns what is gone, a torn one included.
   */
  crash(random: RandomSource, cut: PowerCut | null = null): LostChanges {
    const lost = cut === null ? this.#keepPrefix(random) : this.#keepRemains(cut);
    const bytes = lost.reduce((sum, each) => sum + ('bytes' in each ? each.bytes.length : 0), 0);
    this.#durableCount += this.#changes.length;
    this.#changes = [];
    this.#appliedCount = 0;
    this.#visible.replaceWith(this.#durable);
    this.#issuedSize = this.#durable.length;
    this.busyUntilUs = 0;
    return { changes: lost.length, bytes };
  }

  #keepPrefix(random: RandomSource): readonly FileChange[] {
    const fate = random();
    const share = random();
    const tear = random();
    let kept = 0;
    if (fate >= 2 / 3) kept = this.#changes.length;
    else if (fate >= 1 / 3) kept = Math.floor(share * (this.#changes.length + 1));
    for (const change of this.#changes.slice(0, kept)) applyChange(this.#durable, change);
    const torn = this.#changes[kept];
    if (fate >= 1 / 3 && torn !== undefined && torn.type !== 'truncate') {
      const bytes = torn.bytes.subarray(
        0,
        randomInteger(() => tear, torn.bytes.length + 1),
      );
      applyChange(this.#durable, { ...torn, bytes });
    }
    return this.#changes.slice(kept);
  }

  #keepRemains(cut: PowerCut): readonly FileChange[] {
    if (this.#changes.length === 0) return [];
    const { content, lost } = remainsOf(this.#durable, this.#changes, cut);
    this.#durable.replaceWith(content);
    return lost;
  }

  /**
   * What had been done at that position will never be durable, but for some of its sectors, though
   * a later sync succeeds: the system counts it as written. Readers still see it, as on ext4 and
   * XFS, or see at once what is on the disk, as on btrfs.
   */
  failSync(position: number, random: RandomSource): void {
    const count = position - this.#durableCount;
    if (count <= 0) return;
    const dropped = this.#changes.slice(0, count);
    const isForgotten = random() < 0.5;
    const cut: PowerCut = { tears: true, reorders: true, random };
    this.#durable.replaceWith(remainsOf(this.#durable, dropped, cut).content);
    this.#changes = this.#changes.slice(count);
    this.#appliedCount -= count;
    this.#durableCount += count;
    if (!isForgotten) return;
    this.#visible.replaceWith(this.#durable);
    for (const change of this.#changes.slice(0, this.#appliedCount)) {
      applyChange(this.#visible, change);
    }
  }

  /** The process is gone but not the power: what it had issued reaches the file. */
  settle(): void {
    while (this.#appliedCount < this.#changes.length) this.applyNext();
  }
}
