/**
 * Hashes of 64 bits in two lanes of 32, for comparing states of nodes with each other.
 *
 * Fast in plain JavaScript and of good dispersion; made against accidents, not against somebody who
 * looks for collisions. Lanes are signed 32-bit integers, which the engine keeps unboxed.
 */

export interface Lanes {
  a: number;
  b: number;
}

const multiplierA = 0xcc9e2d51 | 0;
const multiplierB = 0x9e3779b1 | 0;

/** For the beginning of what has been absorbed so far. */
export function beginLanes(lanes: Lanes): void {
  lanes.a = 0x243f6a88;
  lanes.b = 0x13198a2e;
}

/** Two words. For given lanes every pair of words gives other lanes. */
function absorb(lanes: Lanes, first: number, second: number): void {
  const mixedFirst = Math.imul(rotate(Math.imul(first, multiplierA), 15), multiplierB);
  const mixedSecond = Math.imul(rotate(Math.imul(second, multiplierB), 17), multiplierA);
  const a = (Math.imul(rotate(lanes.a ^ mixedFirst, 13) + lanes.b, 5) + 0x561ccd1b) | 0;
  lanes.b = (Math.imul(rotate(lanes.b ^ mixedSecond, 15) + a, 5) + 0x0bcaa747) | 0;
  lanes.a = a;
}

const blockBytes = 8;

/** How many of so many bytes `absorbBlocks` takes. */
export function wholeBlocks(length: number): number {
  return length - (length % blockBytes);
}

/** All whole blocks from there on. An append goes on where it ended. */
export function absorbBlocks(lanes: Lanes, bytes: Uint8Array, from: number): void {
  const end = wholeBlocks(bytes.length);
  for (let place = from; place < end; place += blockBytes) {
    absorb(lanes, wordAt(bytes, place), wordAt(bytes, place + 4));
  }
}

/** What is left behind the last whole block, and the length; then the lanes are well mixed. */
export function finishLanes(lanes: Lanes, bytes: Uint8Array): void {
  const end = wholeBlocks(bytes.length);
  let first = 0;
  let second = 0;
  for (let place = bytes.length - 1; place >= end; place -= 1) {
    const byte = bytes[place] ?? 0;
    if (place - end < 4) first = (first << 8) | byte;
    else second = (second << 8) | byte;
  }
  absorb(lanes, first, second);
  mixWith(lanes, bytes.length, 0);
}

/** Absorbs two words and lets each bit of all touch each bit of both lanes. */
export function mixWith(lanes: Lanes, first: number, second: number): void {
  absorb(lanes, first, second);
  const a = avalanche((lanes.a + lanes.b) | 0);
  lanes.b = avalanche((lanes.b + a) | 0);
  lanes.a = (a + lanes.b) | 0;
}

export function hashBytes(lanes: Lanes, bytes: Uint8Array): void {
  beginLanes(lanes);
  absorbBlocks(lanes, bytes, 0);
  finishLanes(lanes, bytes);
}

/** Of a string of one byte for each character. */
export function hashLatin1(lanes: Lanes, text: string): void {
  let a = 0x243f6a88;
  let b = 0x13198a2e;
  for (let place = 0; place < text.length; place += 1) {
    const code = text.charCodeAt(place);
    a = Math.imul(a ^ code, multiplierA);
    b = Math.imul(rotate(b, 5) ^ code, multiplierB);
  }
  lanes.a = a;
  lanes.b = b;
  mixWith(lanes, text.length, 0);
}

function wordAt(bytes: Uint8Array, place: number): number {
  return (
    (bytes[place] ?? 0) |
    ((bytes[place + 1] ?? 0) << 8) |
    ((bytes[place + 2] ?? 0) << 16) |
    ((bytes[place + 3] ?? 0) << 24)
  );
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function avalanche(word: number): number {
  let mixed = word ^ (word >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
