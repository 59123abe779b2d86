/**
 * Messages that came once and may come again: from an earlier term, an earlier replication, an
 * earlier life of either end.
 *
 * For each link and each type of message it keeps a few, each that ever came with the same chance
 * (a reservoir), so that an old one is as likely as a new one, and a rare type as a common one.
 */
import { type RandomSource, randomInteger, randomItem } from '../run/random.ts';

/** Of each type, on each link. */
const keptMax = 8;

interface Kept<T> {
  readonly messages: T[];
  seenCount: number;
}

export class Replays<T> {
  readonly #share: number;
  readonly #randomStream: (name: string) => RandomSource;
  readonly #links = new Map<
    string,
    { readonly random: RandomSource; readonly kept: Map<string, Kept<T>> }
  >();

  /** `share`: of the messages that are sent, how many bring an old one along; in [0, 1). */
  constructor(share: number, randomStream: (name: string) => RandomSource) {
    this.#share = share;
    this.#randomStream = randomStream;
  }

  /** It has arrived. */
  record(link: string, type: string, message: T): void {
    if (this.#share === 0) return;
    const { random, kept } = this.#linkOf(link);
    const ofType = kept.get(type) ?? { messages: [], seenCount: 0 };
    kept.set(type, ofType);
    const place = randomInteger(random, ++ofType.seenCount);
    if (ofType.messages.length < keptMax) ofType.messages.push(message);
    else if (place < keptMax) ofType.messages[place] = message;
  }

  /** Something is sent on the link: what comes again with it, mostly nothing; and its chance. */
  draw(link: string): { readonly message: T; readonly random: RandomSource } | null {
    if (this.#share === 0) return null;
    const { random, kept } = this.#linkOf(link);
    if (random() >= this.#share || kept.size === 0) return null;
    const { messages } = randomItem(random, [...kept.values()]);
    return { message: randomItem(random, messages), random };
  }

  #linkOf(link: string) {
    const known = this.#links.get(link);
    if (known !== undefined) return known;
    const created = { random: this.#randomStream(`replay/${link}`), kept: new Map() };
    this.#links.set(link, created);
    return created;
  }
}
