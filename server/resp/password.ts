/**
 * The one password of a node, as Redis's `requirepass`: the user is `default`.
 */

const defaultUser = Buffer.from('default');

/** How long it takes tells the length of what was given, and nothing of the password. */
function equalsInConstantTime(given: Uint8Array, secret: Uint8Array): boolean {
  let difference = given.length ^ secret.length;
  for (let position = 0; position < given.length; position += 1) {
    const expected = secret[position % Math.max(1, secret.length)] ?? 0;
    difference |= (given[position] ?? 0) ^ expected;
  }
  return difference === 0;
}

export class Password {
  readonly #secret: Uint8Array | null;

  /** Null: every password is the right one, as in Redis without one. */
  constructor(secret: string | null) {
    this.#secret = secret === null ? null : Buffer.from(secret);
  }

  get isRequired(): boolean {
    return this.#secret !== null;
  }

  accepts(user: Uint8Array, given: Uint8Array): boolean {
    if (!equalsInConstantTime(user, defaultUser)) return false;
    return this.#secret === null || equalsInConstantTime(given, this.#secret);
  }
}
