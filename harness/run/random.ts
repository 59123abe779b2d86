/**
 * All randomness of a run, from one seed. [Jepsen]
 *
 * A stream is split off by name, so that one part drawing more numbers shifts no other part.
 * Integer arithmetic only: the same seed gives the same numbers on every machine.
 */

/** Uniform in [0, 1). */
export type RandomSource = () => number;

/** The stream with this name: sfc32 over a hash of the seed and the name. */
export function createRandomStream(seed: number, name: string): RandomSource {
  let [a, b, c, d] = hashSeed(`${seed}/${name}`);
  const next = (): number => {
    const sum = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 4_294_967_296;
  };
  for (let warmUp = 0; warmUp < 12; warmUp++) next();
  return next;
}

/** Four words of FNV-1a, each with an offset of its own. */
function hashSeed(text: string): [number, number, number, number] {
  const words: number[] = [];
  for (let word = 0; word < 4; word++) {
    let hash = 0x811c9dc5 ^ Math.imul(word + 1, 0x9e3779b9);
    for (let position = 0; position < text.length; position++) {
      hash = Math.imul(hash ^ text.charCodeAt(position), 0x01000193);
    }
    words.push(hash | 0);
  }
  return [words[0] ?? 0, words[1] ?? 0, words[2] ?? 0, words[3] ?? 0];
}

/** A whole number in [0, below). */
export function randomInteger(random: RandomSource, below: number): number {
  return Math.floor(random() * below);
}

/** One of the items. Throws a RangeError when there is none. */
export function randomItem<T>(random: RandomSource, items: readonly T[]): T {
  const item = items[randomInteger(random, items.length)];
  if (item === undefined) throw new RangeError('nothing to choose from');
  return item;
}

/** The items in a random order. */
export function randomShuffle<T>(random: RandomSource, items: readonly T[]): T[] {
  const shuffled = [...items];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = randomInteger(random, last + 1);
    const moved = shuffled[last] as T;
    shuffled[last] = shuffled[other] as T;
    shuffled[other] = moved;
  }
  return shuffled;
}
