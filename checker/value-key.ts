/**
 * Equality of values: two values are the same exactly when their keys are.
 *
 * A value is whatever JSON can say. The key is its JSON text with the members of objects sorted,
 * so `1` and `"1"` differ, and an absent value (undefined) is the same as null.
 */

/** The text that stands for a value; values with equal keys are equal. */
export function valueKey(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'object') return objectKey(value);
  // No JSON text: it equals no value that a history can hold.
  if (typeof value === 'symbol') return value.toString();
  return JSON.stringify(value) ?? 'null';
}

function objectKey(value: object): string {
  if (Array.isArray(value)) return `[${value.map(valueKey).join(',')}]`;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  const texts = members.map(([name, member]) => `${JSON.stringify(name)}:${valueKey(member)}`);
  return `{${texts.join(',')}}`;
}
