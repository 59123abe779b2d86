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

export const crashPatterns: readonly LogPattern[] = [
  { name: 'Go panic', pattern: /^panic: / },
  { name: 'Go fatal error', pattern: /^fatal error: / },
  { name: 'Go signal', pattern: /^\[signal SIG[A-Z]+: / },
  { name: 'Rust panic', pattern: /^thread '[^']*'(?: \(\d+\))? panicked at / },
  { name: 'C assertion', pattern: /(?:^|: )Assertion [`'‘].*['’] failed\.?$/ },
  { name: 'C assertion', pattern: /^Assertion failed: \S/ },
  { name: 'segmentation fault', pattern: /^Segmentation fault(?: \(core dumped\))?$/ },
  // As a shell says it of what it ran: `run.sh: line 3: 4711 Aborted`.
  { name: 'segmentation fault', pattern: /: line \d+: +\d+ Segmentation fault\b/ },
  { name: 'abort', pattern: /^Aborted(?: \(core dumped\))?$/ },
  { name: 'abort', pattern: /: line \d+: +\d+ Aborted\b/ },
  {
    name: 'C++ exception',
    pattern: /^(?:terminate called |libc\+\+abi: (?:terminating|uncaught) )/,
  },
  { name: 'sanitizer', pattern: /^=+\d+=+ ?ERROR: \w+Sanitizer: / },
  { name: 'Redis crash report', pattern: /=== REDIS BUG REPORT START/ },
  { name: 'Java exception', pattern: /^Exception in thread "/ },
  { name: 'Java crash', pattern: /^# A fatal error has been detected by the Java Runtime/ },
  { name: '.NET exception', pattern: /^Unhandled exception[.:] / },
  { name: 'Node exception', pattern: /^Uncaught (?:['"]|\w*(?:Error|Exception)\b)/ },
  // The last line that Node prints under an exception that nobody caught.
  { name: 'Node exception', pattern: /^Node\.js v\d+\.\d+\.\d+$/ },
  { name: 'Node fatal error', pattern: /^FATAL ERROR: .*(?:heap|memory)/ },
];
