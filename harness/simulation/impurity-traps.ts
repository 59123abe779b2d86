/**
 * Traps for whatever would make a simulation differ from its repetition.
 *
 * While they are set, real clocks, real timers and real randomness throw. The linter forbids them
 * too; this sees what hides in a dependency. Who sets them takes them away in the same turn of the
 * event loop, so that nothing else in the process meets them.
 */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';

/** Thrown in place of an answer that no seed decides. */
export class ImpurityError extends Error {
  override readonly name = 'ImpurityError';
}

function thrower(name: string): () => never {
  return () => {
    throw new ImpurityError(`${name} was called under virtual time`);
  };
}

/** A date that somebody has asked for is pure; what day it is today is not. */
const trappedDate: DateConstructor = new Proxy(Date, {
  construct: (target, args, newTarget) =>
    args.length === 0 ? thrower('new Date')() : Reflect.construct(target, args, newTarget),
  apply: thrower('Date'),
  get: (target, name, receiver) =>
    name === 'now' ? thrower('Date.now') : Reflect.get(target, name, receiver),
});

const timerNames = ['setTimeout', 'setInterval', 'setImmediate'] as const;

/** What the globals are while the traps are set. */
const places: readonly (readonly [owner: object, name: string, trap: unknown])[] = [
  [globalThis, 'Date', trappedDate],
  [Math, 'random', thrower('Math.random')],
  [performance, 'now', thrower('performance.now')],
  [process, 'hrtime', Object.assign(thrower('hrtime'), { bigint: thrower('hrtime.bigint') })],
  [process, 'uptime', thrower('uptime')],
  [process, 'nextTick', thrower('nextTick')],
  ...timerNames.map((name) => [globalThis, name, thrower(name)] as const),
  [globalThis.crypto, 'getRandomValues', thrower('getRandomValues')],
  [globalThis.crypto, 'randomUUID', thrower('randomUUID')],
];

let areSet = false;
let builtinsAreGuarded = false;

/**
 * Names that a module has imported from a built-in one can be changed for all of the process only,
 * and not quickly: from the first trap on they ask whether the traps are set.
 */
function guardBuiltins(): void {
  if (builtinsAreGuarded) return;
  builtinsAreGuarded = true;
  guard(crypto, ['randomBytes', 'randomFill', 'randomFillSync', 'randomInt', 'randomUUID']);
  guard(timers, timerNames);
  guard(timersPromises, timerNames);
  syncBuiltinESMExports();
}

function guard(owner: object, names: readonly string[]): void {
  for (const name of names) {
    const original: unknown = Reflect.get(owner, name);
    if (typeof original !== 'function') continue;
    const guarded = new Proxy(original, {
      apply: (target, self, args) => (areSet ? thrower(name)() : Reflect.apply(target, self, args)),
    });
    Object.defineProperty(owner, name, { value: guarded, configurable: true, writable: true });
  }
}

/** Sets the traps; returns how they are taken away. Throws RangeError when they are set. */
export function setImpurityTraps(): () => void {
  if (areSet) throw new RangeError('the traps are set already');
  guardBuiltins();
  const originals = places.map(([owner, name]) => Object.getOwnPropertyDescriptor(owner, name));
  areSet = true;
  for (const [owner, name, value] of places) {
    Object.defineProperty(owner, name, { value, configurable: true, writable: true });
  }
  return () => {
    areSet = false;
    for (const [place, [owner, name]] of places.entries()) {
      const original = originals[place];
      if (original === undefined) Reflect.deleteProperty(owner, name);
      else Object.defineProperty(owner, name, original);
    }
  };
}
