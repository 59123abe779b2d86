/**
 * What the core throws when one of its own promises is broken.
 *
 * It is on in production: a server that stops has lost its availability, one that goes on may lose
 * an acknowledged write. The message carries all the numbers, because the state is gone afterwards.
 */

export type InvariantFacts = Readonly<Record<string, number | string | boolean | null>>;

export class InvariantError extends Error {
  override readonly name = 'InvariantError';
  readonly facts: InvariantFacts;
  constructor(promise: string, facts: InvariantFacts) {
    const numbers = Object.entries(facts).map(([name, value]) => `${name}=${value}`);
    super(`${promise} (${numbers.join(' ')})`);
    this.facts = facts;
  }
}

/** Ends a `switch` over a union: the compiler proves that no variant is left. */
export function assertNever(value: never): never {
  throw new InvariantError('a variant that the core does not know', {
    value: JSON.stringify(value) ?? 'undefined',
  });
}
