/** Hashing of integers by multiply and shift: for tables whose keys are compared exactly. */

export function hashWord(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}

/** Of the first `count` words from `start` on. */
export function hashWords(words: Int32Array, start: number, count: number): number {
  let hash = 0x9e3779b9 | 0;
  for (let at = start; at < start + count; at += 1) hash = hashWord(hash, words[at] ?? 0);
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
