/**
 * One client session: which answers it remembers, and its place among the others.
 *
 * Answers share memory with the values that they tell; nobody changes the bytes of either.
 */
import { beginLanes, hashBytes, type Lanes, mixWith } from './byte-hash.ts';
import type { Reply } from './command.ts';
import { type Frozen, tags } from './frozen.ts';
import { MsgpackWriter } from './msgpack-writer.ts';
import { replyBytesOf, writeReply } from './reply-codec.ts';

interface Remembered {
  readonly reply: Reply;
  readonly a: number;
  readonly b: number;
}

const lanes: Lanes = { a: 0, b: 0 };
const writer = new MsgpackWriter();
const twoTo32 = 0x1_0000_0000;

export class Session {
  readonly id: number;
  lastUsedIndex: number;
  epoch: number;
  readonly share: Lanes = { a: 0, b: 0 };
  /** Neighbours by last use. */
  newer: Session = this;
  older: Session = this;
  readonly #replies = new Map<number, Remembered>();
  #acknowledgedBelow = 0;
  #replyBytes = 0;
  #sumA = 0;
  #sumB = 0;

  constructor(id: number, lastUsedIndex: number, epoch: number) {
    this.id = id;
    this.lastUsedIndex = lastUsedIndex;
    this.epoch = epoch;
  }

  get acknowledgedBelow(): number {
    return this.#acknowledgedBelow;
  }

  get replyCount(): number {
    return this.#replies.size;
  }

  get replyBytes(): number {
    return this.#replyBytes;
  }

  replyOf(sequence: number): Reply | undefined {
    return this.#replies.get(sequence)?.reply;
  }

  /** How many bytes it takes to remember. */
  remember(sequence: number, reply: Reply): number {
    writer.reset();
    writeReply(writer, reply);
    hashBytes(lanes, writer.written());
    mixWith(lanes, sequence | 0, Math.floor(sequence / twoTo32));
    this.#replies.set(sequence, { reply, a: lanes.a, b: lanes.b });
    this.#sumA = (this.#sumA + lanes.a) | 0;
    this.#sumB = (this.#sumB + lanes.b) | 0;
    const bytes = replyBytesOf(reply);
    this.#replyBytes += bytes;
    return bytes;
  }

  /** Forgets the answers below; how many bytes that frees. An older message changes nothing. */
  acknowledge(below: number): number {
    if (below <= this.#acknowledgedBelow) return 0;
    this.#acknowledgedBelow = below;
    let freed = 0;
    for (const [sequence, { reply, a, b }] of this.#replies) {
      if (sequence >= below) continue;
      this.#replies.delete(sequence);
      this.#sumA = (this.#sumA - a) | 0;
      this.#sumB = (this.#sumB - b) | 0;
      freed += replyBytesOf(reply);
    }
    this.#replyBytes -= freed;
    return freed;
  }

  digest(into: Lanes): void {
    beginLanes(into);
    mixWith(into, this.#sumA, this.#sumB);
    mixWith(into, this.#replies.size, 0);
    for (const number of [this.id, this.lastUsedIndex, this.#acknowledgedBelow]) {
      mixWith(into, number | 0, Math.floor(number / twoTo32));
    }
  }

  linkAfter(older: Session): void {
    this.older = older;
    this.newer = older.newer;
    older.newer.older = this;
    older.newer = this;
  }

  unlink(): void {
    this.older.newer = this.newer;
    this.newer.older = this.older;
    this.older = this;
    this.newer = this;
  }

  freeze(): Frozen {
    const { id, lastUsedIndex } = this;
    const acknowledgedBelow = this.#acknowledgedBelow;
    // Bounded by the limit of a session.
    const replies = [...this.#replies];
    let place = -1;
    return {
      writeNext(into: MsgpackWriter): boolean {
        const entry = replies[place];
        if (entry === undefined) {
          into.uint(tags.session);
          for (const number of [id, lastUsedIndex, acknowledgedBelow, replies.length]) {
            into.uint(number);
          }
        } else {
          into.uint(entry[0]);
          writeReply(into, entry[1].reply);
        }
        place += 1;
        return place < replies.length;
      },
    };
  }
}
