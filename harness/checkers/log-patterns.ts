/**
 * What processes of any make print when they break: the last words of languages and their runtimes.
 *
 * Each is as it stands at the place where it is printed, mostly the beginning of a line: the same
 * words inside a message of a server that is well must not match.
 */

export interface LogPattern {
  /** What it means, for the report. */
  readonly name: string;
  readonly pattern: RegExp;
}

/**
 * A moment and a level that many loggers put before each line. `[2026-11-21 10:00:00,123] ERROR `
 */
const head =
  /^\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?Z| ?[+-]\d\d:?\d\d)?\]?:?\s+/;
const levelWord = /^\[?(?:error|critical|fatal|severe|panic)\]?:?\s+/i;

/** The line without its moment, and also without its level. */
export function withoutHead(line: string): readonly string[] {
  const bare = line.replace(head, '');
  if (bare === line) return [line];
  const words = bare.replace(levelWord, '');
  return words === bare ? [bare] : [bare, words];
}

/** A traceback of Python's is none of them: its servers print one for a lost connection. */
export const crashPatterns: readonly LogPattern[] = [
  { name: 'Go panic', pattern: /^panic: / },
  { name: 'Go fatal error', pattern: /^fatal error: / },
  // Also of a panic that was caught: what was under way then was cut short.
  { name: 'Go panic', pattern: /^goroutine \d+ \[running\]:$/ },
  { name: 'Go panic', pattern: /^http: panic serving / },
  { name: 'data race', pattern: /^WARNING: DATA RACE$/ },
  { name: 'Go signal', pattern: /^\[signal SIG[A-Z]+: / },
  { name: 'Rust panic', pattern: /^thread '[^']*'(?: \(\d+\))? panicked at / },
  { name: 'C assertion', pattern: /(?:^|: )Assertion [`'‘].*['’] failed\.?$/ },
  { name: 'C assertion', pattern: /^Assertion failed: \S/ },
  {
    name: 'assertion',
    pattern: /^(?:Caused by: |Uncaught )?(?:java\.lang\.)?AssertionError(?: \[\w+\])?(?::|$)/,
  },
  { name: 'fatal line of glog', pattern: /^F\d{4}(?:\d{4})? \d\d:\d\d:\d\d\.\d+ .*\] / },
  { name: 'failed check of glog', pattern: /^\*\*\* Check failure stack trace: \*\*\*/ },
  { name: 'Python fatal error', pattern: /^Fatal Python error: / },
  { name: 'segmentation fault', pattern: /^Segmentation fault(?: \(core dumped\))?$/ },
  // As a shell says it of what it ran: `run.sh: line 3: 4711 Aborted`.
  { name: 'segmentation fault', pattern: /: line \d+: +\d+ Segmentation fault\b/ },
  { name: 'abort', pattern: /^Aborted(?: \(core dumped\))?$/ },
  { name: 'abort', pattern: /: line \d+: +\d+ Aborted\b/ },
  {
    name: 'C++ exception',
    pattern: /^(?:terminate called |libc\+\+abi: (?:terminating|uncaught) )/,
  },
  { name: 'sanitizer', pattern: /^(?:=+\d+=+ ?)?(?:ERROR|WARNING): \w+Sanitizer: / },
  { name: 'Redis crash report', pattern: /=== REDIS BUG REPORT START/ },
  { name: 'Java exception', pattern: /^Exception in thread "/ },
  { name: 'Java crash', pattern: /^# A fatal error has been detected by the Java Runtime/ },
  { name: '.NET exception', pattern: /^Unhandled exception[.:] / },
  { name: 'Node exception', pattern: /^Uncaught (?:['"]|\w*(?:Error|Exception)\b)/ },
  // The last line that Node prints under an exception that nobody caught.
  { name: 'Node exception', pattern: /^Node\.js v\d+\.\d+\.\d+$/ },
  { name: 'Node fatal error', pattern: /^FATAL ERROR: .*(?:heap|memory)/ },
];
