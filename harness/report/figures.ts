/**
 * Figures and values in the words of the report and the console.
 *
 * Pure text: nothing here knows of markup, and what it returns must still be escaped.
 */

const integers = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** `12,345`. */
export function describeCount(count: number): string {
  return integers.format(count);
}

/** `1 write`, `2 writes`. */
export function describeMany(count: number, one: string, many: string = `${one}s`): string {
  return `${describeCount(count)} ${count === 1 ? one : many}`;
}

/** `0.42 ms`, `12.3 ms`, `4.20 s`. */
export function describeLatency(milliseconds: number): string {
  if (!Number.isFinite(milliseconds)) return '–';
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(2)} s`;
  return `${milliseconds.toPrecision(milliseconds >= 100 ? 3 : 2)} ms`;
}

/** `12.3 s`, `2 min 5 s`. */
export function describeDuration(nanoseconds: number): string {
  const seconds = nanoseconds / 1e9;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(2) : seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** `12.345 s`: a moment of the run. */
export function describeMoment(nanoseconds: number): string {
  return `${(nanoseconds / 1e9).toFixed(3)} s`;
}

/** `12.3 kB`. */
export function describeBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1000).toFixed(1)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** A value of the history: text as it is, null as `absent`, the rest as JSON. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return 'absent';
  if (typeof value === 'string') return value === '' ? '""' : value;
  return JSON.stringify(value) ?? String(value);
}

/** `a`, `a and b`, `a, b and c`. */
export function joinWords(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
