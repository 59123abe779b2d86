/**
 * The hash of a sequence as a polynomial modulo a prime, in two lanes of 32 bits.
 *
 * Σ hash(i)·x^i, counted from the left: an element can be added or taken away at either end in
 * constant time, because x has an inverse. Products of 32 bits are cut in two to stay exact.
 */
import type { Lanes } from './byte-hash.ts';

interface Field {
  readonly prime: number;
  readonly x: number;
  readonly inverse: number;
}

const fieldA = createField(4_294_967_291, 2_654_435_769);
const fieldB = createField(4_294_967_279, 1_640_531_527);

export class Polynomial {
  a = 0;
  b = 0;
  /** x to the number of elements. */
  #powerA = 1;
  #powerB = 1;

  pushRight(hash: Lanes): void {
    this.a = add(fieldA, this.a, multiply(fieldA, hash.a >>> 0, this.#powerA));
    this.b = add(fieldB, this.b, multiply(fieldB, hash.b >>> 0, this.#powerB));
    this.#powerA = multiply(fieldA, this.#powerA, fieldA.x);
    this.#powerB = multiply(fieldB, this.#powerB, fieldB.x);
  }

  popRight(hash: Lanes): void {
    this.#powerA = multiply(fieldA, this.#powerA, fieldA.inverse);
    this.#powerB = multiply(fieldB, this.#powerB, fieldB.inverse);
    this.a = subtract(fieldA, this.a, multiply(fieldA, hash.a >>> 0, this.#powerA));
    this.b = subtract(fieldB, this.b, multiply(fieldB, hash.b >>> 0, this.#powerB));
  }

  pushLeft(hash: Lanes): void {
    this.a = add(fieldA, multiply(fieldA, this.a, fieldA.x), (hash.a >>> 0) % fieldA.prime);
    this.b = add(fieldB, multiply(fieldB, this.b, fieldB.x), (hash.b >>> 0) % fieldB.prime);
    this.#powerA = multiply(fieldA, this.#powerA, fieldA.x);
    this.#powerB = multiply(fieldB, this.#powerB, fieldB.x);
  }

  popLeft(hash: Lanes): void {
    const restA = subtract(fieldA, this.a, (hash.a >>> 0) % fieldA.prime);
    const restB = subtract(fieldB, this.b, (hash.b >>> 0) % fieldB.prime);
    this.a = multiply(fieldA, restA, fieldA.inverse);
    this.b = multiply(fieldB, restB, fieldB.inverse);
    this.#powerA = multiply(fieldA, this.#powerA, fieldA.inverse);
    this.#powerB = multiply(fieldB, this.#powerB, fieldB.inverse);
  }
}

/** By Fermat, x^(p-2) is the inverse of x modulo a prime p. */
function createField(prime: number, x: number): Field {
  const field = { prime, x, inverse: 0 };
  let inverse = 1;
  let square = x;
  for (let exponent = prime - 2; exponent > 0; exponent = Math.floor(exponent / 2)) {
    if (exponent % 2 === 1) inverse = multiply(field, inverse, square);
    square = multiply(field, square, square);
  }
  return { prime, x, inverse };
}

function multiply({ prime }: Pick<Field, 'prime'>, left: number, right: number): number {
  const high = Math.floor(right / 65_536);
  const low = right % 65_536;
  return (((left * high) % prime) * 65_536 + left * low) % prime;
}

function add({ prime }: Field, left: number, right: number): number {
  return (left + right) % prime;
}

function subtract({ prime }: Field, left: number, right: number): number {
  return (left - right + prime) % prime;
}
