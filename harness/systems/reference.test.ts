import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { crashPatterns } from '../checkers/log-patterns.ts';
import { allotPorts } from '../cluster/free-ports.ts';
import { reference } from './reference.ts';

const sourceRoot = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

const matches = (line: string): readonly string[] =>
  reference.crashPatterns.filter((pattern) => new RegExp(pattern).test(line));

/** The checker of logs looks for both. */
const isCrash = (line: string): boolean =>
  matches(line).length > 0 || crashPatterns.some(({ pattern }) => pattern.test(line));

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rafture-reference-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What it writes, on both streams, without a core file. */
function wordsOf(args: readonly string[], folder: string): readonly string[] {
  const { stdout, stderr } = spawnSync(
    'sh',
    ['-c', 'ulimit -c 0; exec "$@"', 'sh', process.execPath, ...args],
    { cwd: folder, encoding: 'utf8', timeout: 30_000, killSignal: 'SIGTERM' },
  );
  return `${stdout}\n${stderr}`.split('\n');
}

describe('the patterns of a crash', { timeout: 30_000 }, () => {
  const level = (n: number, rest: string): string => `{"level":${n},"time":1,"node":"n1",${rest}}`;
  const broken: readonly string[] = [
    level(60, '"error":"x (a=1)","name":"InvariantError","msg":"failed"'),
    level(60, '"error":"x","stack":"TypeError: x","msg":"failed"'),
    '{"timeMs":1,"level":"fatal","node":"n1","event":"failed","error":"x","name":"RangeError"}',
    'rafture-server: InvariantError: a committed entry is never removed (index=1)',
    'rafture-server: Error: x',
    'rafture-server: cannot use the data directory /d: 000001.wal is corrupt at byte 7: x; restore',
    'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
    '# Fatal error in , line 0',
    '# Fatal JavaScript invalid size error 169220804',
    '----- Native stack trace -----',
  ];

  const ordinary: readonly string[] = [
    level(30, '"term":3,"votedFor":"n2","lastLogIndex":7,"tornBytes":12,"msg":"recovered"'),
    level(30, '"why":"SIGTERM","msg":"stopping"'),
    level(30, '"msg":"stopped"'),
    level(30, '"from":"n2","why":"Error: read ECONNRESET","msg":"peer lost"'),
    level(40, '"error":"failed","msg":"snapshot-not-removed"'),
    level(50, '"error":"listen EADDRINUSE","msg":"peer listener"'),
    level(60, '"crashPoint":"vote-stored","passage":3,"msg":"crash point reached"'),
    level(60, '"error":"EIO: i/o error, write","name":"DiskError","msg":"failed"'),
    '{"timeMs":1,"level":"info","node":"n1","event":"simulation.crash"}',
    '{"timeMs":1,"level":"fatal","node":"n1","event":"failed","error":"x","name":"DiskError"}',
    'rafture-server: cannot listen on 127.0.0.1:80 (--listen-client): listen EACCES',
    'rafture-server: the disk failed at x of /d: ENOSPC: no space left; mend it or make room',
    'rafture-server: the data directory /d is refused: it belongs to n2',
    'rafture-server: cannot use the data directory /d: EACCES: permission denied, open',
    '(node:12) ExperimentalWarning: Type Stripping is an experimental feature',
    '',
  ];

  test('match what a broken node writes', () => {
    for (const line of broken) expect(matches(line), line).not.toEqual([]);
  });

  test('match nothing that a node writes which is well, killed, stopped or without a disk', () => {
    for (const line of ordinary) expect(isCrash(line), line).toBe(false);
  });

  test('are all needed', () => {
    for (const pattern of reference.crashPatterns) {
      const alone = broken.filter((line) => matches(line).join() === pattern);
      expect(alone, pattern).not.toEqual([]);
    }
  });

  const lastWords: Readonly<Record<string, readonly string[]>> = {
    'an error that nobody catches': ['-e', 'throw new TypeError("x")'],
    'a rejected promise': ['-e', 'Promise.reject(new Error("x"))'],
    'a promise rejected with no error': ['-e', 'Promise.reject(5)'],
    'a module that is missing': ['./missing.ts'],
    'an abort': ['-e', 'process.abort()'],
    'a heap that is full': [
      ...['--max-old-space-size=16', '-e'],
      'const all = []; for (;;) all.push(new Array(10_000).fill(Math.random()))',
    ],
  };
  for (const [what, args] of Object.entries(lastWords)) {
    test(`match what Node writes about ${what}`, () => {
      const found = wordsOf(args, temporaryFolder()).filter(isCrash);
      expect(found).not.toEqual([]);
    });
  }
});

test('a node that crashes where it was told to is whole, one with a damaged log not', async () => {
  const folder = temporaryFolder();
  const [clientPort = 0, peerPort = 0] = await allotPorts(2);
  const command = reference.command(
    {
      ...{ clusterId: 'c', node: 'n1', listenHost: '127.0.0.1', clientPort, peerPort },
      ...{ dataDirectory: folder, traceFile: null, joins: false, faultDiskFolder: null, peers: [] },
      clientAddresses: [{ node: 'n1', address: `127.0.0.1:${clientPort}` }],
    },
    sourceRoot,
  );
  // Alone in its cluster it elects itself.
  const crashed = wordsOf([...command, '--crash-at', 'raft.before-apply'], folder);
  expect(crashed.join('\n')).toContain('crash point reached');
  expect(crashed.filter(isCrash)).toEqual([]);
  const log = openSync(join(folder, 'wal-00000001'), 'r+');
  writeSync(log, 'damage', 20);
  closeSync(log);
  expect(wordsOf(command, folder).filter(isCrash)).toHaveLength(1);
}, 60_000);
