import { describe, expect, it } from 'vitest';
import type { CheckedRun, CheckerResult, NodeLog } from '../checker.ts';
import { logs } from './logs.ts';
import { madeRun } from './made-run.ts';

const log = (node: string, ...lines: readonly string[]): NodeLog => ({
  node,
  path: `${node}/server.log`,
  lines,
});

const quiet = ['n1', 'n2', 'n3', 'n4', 'n5'].map((node) => log(node, 'started', 'serving'));

const judge = (parts: Partial<CheckedRun>): CheckerResult =>
  logs.check(madeRun(parts)) as CheckerResult;

const judgeLine = (line: string): CheckerResult => judge({ logs: [...quiet, log('n1', line)] });

describe('the logs of the nodes', () => {
  it('are well when nothing in them says that a node broke', () => {
    const result = judge({ logs: quiet });
    expect(result.valid).toBe(true);
    expect(result.summary).toBe('no crash, panic or failed assertion in 10 lines of 5 nodes');
    expect(result.blind).toEqual(['what breaks without a word: only known texts are found']);
  });

  it('break a run with the place and the text', () => {
    const broken = log('n3', 'started', 'panic: runtime error: index out of range', 'goroutine 1');
    const result = judge({ logs: [...quiet, broken] });
    expect(result.valid).toBe(false);
    expect(result.summary).toBe(
      'n3/server.log, line 2: panic: runtime error: index out of range (Go panic)',
    );
    expect(result.details).toMatchObject({
      hitCount: 1,
      hits: [{ node: 'n3', path: 'n3/server.log', line: 2, pattern: 'Go panic' }],
    });
  });

  it('excuses a line from while a fault gave the node reason to break, and no other', () => {
    const told = 'panic: no space left on device';
    const broken = [...quiet, log('n3', told, 'panic: another')];
    const excusedLines = [{ node: 'n3', line: told }];
    expect(judge({ logs: broken, excusedLines }).summary).toContain('n3/server.log, line 2');
    const rest = judge({ logs: [...quiet, log('n3', told)], excusedLines });
    expect(rest.valid).toBe(true);
    expect(rest.blind[0]).toBe('1 line from while a fault gave the node reason to break');
    expect(judge({ logs: [...quiet, log('n2', told)], excusedLines }).valid).toBe(false);
  });

  it.each([
    'panic: assertion failed: index out of range',
    'fatal error: concurrent map writes',
    '[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x48]',
    "thread 'main' panicked at src/main.rs:2:5:",
    "thread 'tokio-runtime-worker' (4711) panicked at 'oh no', src/lib.rs:7:9",
    "server: raft.c:12: apply: Assertion `index == last + 1' failed.",
    'Assertion failed: index == last (raft.c: apply: 12)',
    'Segmentation fault (core dumped)',
    'Segmentation fault',
    'run.sh: line 3:  4711 Segmentation fault      (core dumped) ./server',
    'run.sh: line 3:  4711 Aborted                 ./server',
    'Aborted (core dumped)',
    "terminate called after throwing an instance of 'std::bad_alloc'",
    'libc++abi: terminating due to uncaught exception of type int',
    '==4711==ERROR: AddressSanitizer: heap-use-after-free on address 0x602',
    '7:M 1 Jan 2026 # === REDIS BUG REPORT START: Cut & paste starting from here ===',
    'Exception in thread "main" java.lang.NullPointerException',
    '# A fatal error has been detected by the Java Runtime Environment:',
    'Unhandled exception. System.NullReferenceException: Object reference not set',
    'Uncaught TypeError: x is not a function',
    "Uncaught 'a text'",
    'Node.js v24.11.0',
    'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
    'Fatal Python error: Segmentation fault',
    'AssertionError [ERR_ASSERTION]: index 7 is behind',
    'AssertionError: index 7 is behind',
    'AssertionError',
    'java.lang.AssertionError: index 7 is behind',
    'Caused by: java.lang.AssertionError',
    'goroutine 1 [running]:',
    'http: panic serving 127.0.0.1:4711: boom',
    'F1121 10:00:00.123456 4711 log.cc:12] Check failed: index == last (7 vs. 5)',
    '*** Check failure stack trace: ***',
    'WARNING: DATA RACE',
    'WARNING: ThreadSanitizer: data race (pid=4711)',
    'ERROR: AddressSanitizer: heap-use-after-free on address 0x602',
    '2026-11-21T10:00:00Z panic: boom',
    '2026/11/21 10:00:00 panic: boom',
    '[2026-11-21 10:00:00,123] ERROR AssertionError: index 7 is behind',
    '2026-11-21 10:00:00.123 +0000 Fatal Python error: Aborted',
  ])('are searched for the last words of any process: %s', (line) => {
    const result = judgeLine(line);
    expect(result.valid).toBe(false);
    expect(result.summary).toContain(line);
  });

  it.each([
    '{"level":"info","event":"recovered","note":"panic: is not what this is"}',
    'no panic: all is well',
    'client sent: fatal error: nothing',
    'kernel panic: seen by a client',
    'Segmentation fault handler installed',
    'Assertions are on',
    'Assertion failed checks: 0',
    'Uncaught exceptions are logged',
    'running on Node.js v24.11.0',
    'Aborted transaction 12',
    'info: Exception in thread "main" would be printed here',
    'FATAL ERROR: none',
    'Traceback (most recent call last):',
    'goroutine 12 [chan receive]:',
    'AssertionErrors are logged',
    'no AssertionError: all is well',
    'F1121 is a seat',
    '2026-11-21T10:00:00Z no panic: all is well',
    '2026-11-21 is a day; panic: none',
    'ERROR panic: is a word of the client',
  ])('are not broken by what only mentions such words: %s', (line) => {
    expect(judgeLine(line).valid).toBe(true);
  });

  it("are searched for the system's own words", () => {
    const crashPatterns = ['"level":"fatal"', '^BUG'];
    const line = '{"level":"fatal","event":"failed"}';
    const own = judge({ logs: [...quiet, log('n2', 'no BUG', line)], crashPatterns });
    expect(own.valid).toBe(false);
    expect(own.summary).toBe('n2/server.log, line 2: failed');
    expect(own.details['hits']).toEqual([
      {
        ...{ node: 'n2', path: 'n2/server.log', line: 2, pattern: '"level":"fatal"' },
        ...{ text: line, words: 'failed' },
      },
    ]);
    expect(judgeLine(line).valid).toBe(true);
  });

  it.each([
    ['{"event":"failed","error":"two leaders (a=1)","name":"E"}', 'failed: two leaders (a=1)'],
    ['{"level":60,"err":{"message":"boom","stack":"…"},"msg":"failed"}', 'failed: boom'],
    ['{"msg":"","message":"broken"}', 'broken'],
    ['{"reason":"out of range"}', 'out of range'],
    ['{"level":60}', '{"level":60}'],
    ['{"level":60', '{"level":60'],
    ['failed: "level":60', 'failed: "level":60'],
  ])('are told in words, not as JSON: %s', (line, words) => {
    const result = judge({ logs: [log('n2', line)], crashPatterns: ['.'] });
    expect(result.summary).toBe(`n2/server.log, line 1: ${words}`);
  });

  it('are not searched with a pattern that is none: that is said by its name', () => {
    expect(() => judge({ logs: quiet, crashPatterns: ['(oops'] })).toThrow('crash pattern (oops');
  });

  it('tell of the first twenty places, and count all by pattern and node', () => {
    const lines = Array.from({ length: 25 }, (_, turn) => `panic: ${turn} ${'x'.repeat(400)}`);
    const result = judge({
      logs: [...quiet, log('n4', ...lines), log('n5', 'fatal error: y', 'panic: z')],
    });
    const hits = result.details['hits'] as readonly { readonly text: string }[];
    expect(hits).toHaveLength(20);
    expect(hits.every(({ text }) => text.length === 300)).toBe(true);
    expect(result.details).toMatchObject({
      hitCount: 27,
      lineCount: 37,
      byPattern: [
        { pattern: 'Go panic', byNode: { n4: 25, n5: 1 } },
        { pattern: 'Go fatal error', byNode: { n5: 1 } },
      ],
    });
    expect(result.summary).toMatch(/ \(Go panic\); and 26 more such lines$/);
  });

  it('that are not there, or empty, are named', () => {
    const some = [...quiet.slice(0, 3), log('n4')];
    const result = judge({ logs: some });
    expect(result.summary).toBe('no crash, panic or failed assertion in 6 lines of 3 of 5 nodes');
    expect(result.blind).toContain('what n4 and n5 wrote: there is no log, or it is empty');
    const none = judge({ logs: [] });
    expect(none).toMatchObject({ valid: true });
    expect(none.summary).toBe('nothing to look at: no node has written a line');
  });

  it('are all files of a node together', () => {
    const result = judge({ logs: [...quiet, log('n1')] });
    expect(result.blind.join()).not.toContain('n1');
  });

  it('are looked at by the beginnings of their lines, which is said', () => {
    const result = judgeLine(`${'x'.repeat(20_000)}"level":"fatal"`);
    expect(result.blind).toContain(
      'the rest of 1 line: only the first 10,000 characters of a line are looked at',
    );
    const long = judge({
      logs: [log('n1', `${'x'.repeat(10_000)}fatal`)],
      crashPatterns: ['fatal'],
    });
    expect(long.valid).toBe(true);
  });
});
