/**
 * Which segments there are and how far each one's entries reach: what compaction may remove.
 */
import type { WalWrite } from './wal-record.ts';

interface Span {
  readonly sequence: number;
  /** No entry in it, and none that the log held at its begin, is beyond this one. */
  maxIndex: number;
}

export class WalSpans {
  #spans: Span[] = [];

  /** A segment begins, when this is the log's last entry. */
  begin(sequence: number, lastIndex: number): void {
    this.#spans.push({ sequence, maxIndex: lastIndex });
  }

  /** The write goes to the newest segment, and the log ends with this entry afterwards. */
  note({ snapshot, entries }: WalWrite, lastIndex: number): void {
    const live = this.#spans.at(-1);
    if (live === undefined) return;
    if (snapshot !== null) {
      // All that older segments hold is void, wherever it reached.
      if (lastIndex - entries.length === snapshot.index) {
        for (const span of this.#spans) span.maxIndex = Math.min(span.maxIndex, snapshot.index);
      }
      live.maxIndex = Math.max(live.maxIndex, snapshot.index);
    }
    live.maxIndex = Math.max(live.maxIndex, entries.at(-1)?.index ?? 0);
  }

  /** The oldest one when it is wholly at or below the index; never the live one. */
  removable(index: number): number | null {
    const [oldest, next] = this.#spans;
    if (oldest === undefined || next === undefined || oldest.maxIndex > index) return null;
    return oldest.sequence;
  }

  removed(sequence: number): void {
    this.#spans = this.#spans.filter((span) => span.sequence !== sequence);
  }
}
