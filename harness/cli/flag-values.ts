/**
 * The values of flags, narrowed. What cannot be used is refused with what the flag takes.
 */

/** What was typed: a number where it is one. */
export type Typed = number | string;

/** A flag's value cannot be used; the message says which and what to write instead. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

export function oneOf<T extends string>(flag: string, names: readonly T[], name: string): T {
  const found = names.find((each) => each === name);
  if (found !== undefined) return found;
  throw refusal(flag, names.join(', '), name);
}

export function positive(flag: string, value: Typed, words = 'a number above 0'): number {
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
  throw refusal(flag, words, value);
}

export function positiveInteger(flag: string, value: Typed): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
  throw refusal(flag, 'a whole number above 0', value);
}

/** It repeats what was typed, so that a typing error is seen. */
export function refusal(flag: string, expected: string, typed: Typed): SettingsError {
  const text = String(typed);
  const shown = text === text.trim() ? text || 'nothing' : JSON.stringify(text);
  return new SettingsError(`${flag} takes ${expected}; not ${shown}`);
}
