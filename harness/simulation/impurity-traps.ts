/**
 * Traps for whatever would make a simulation differ from its repetition.
 *
 * While a synchronous stretch of a simulation runs, real clocks, real timers and Math.random throw.
 * The linter forbids them too; this sees what hides in a dependency.
 */

/** Thrown in place of an answer that no seed decides. */
export class ImpurityError extends Error {
  override readonly name = 'ImpurityError';
}

/** Runs `work` with the traps set, and takes them away again. `work` must be synchronous. */
export function withImpurityTraps<T>(work: () => T): T {
  const places: readonly (readonly [object, string])[] = [
    [Date, 'now'],
    [Math, 'random'],
    [performance, 'now'],
    [process, 'hrtime'],
    [process, 'nextTick'],
    [globalThis, 'setTimeout'],
    [globalThis, 'setInterval'],
    [globalThis, 'setImmediate'],
    [crypto, 'getRandomValues'],
    [crypto, 'randomUUID'],
  ];
  const originals = places.map(([owner, name]) => Object.getOwnPropertyDescriptor(owner, name));
  for (const [owner, name] of places) {
    const value = (): never => {
      throw new ImpurityError(`${name} was called under virtual time`);
    };
    Object.defineProperty(owner, name, { value, configurable: true, writable: true });
  }
  try {
    return work();
  } finally {
    for (const [place, [owner, name]] of places.entries()) {
      const original = originals[place];
      if (original === undefined) Reflect.deleteProperty(owner, name);
      else Object.defineProperty(owner, name, original);
    }
  }
}
