import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { describeBadFollow } from './follow.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rafture-follow-cli-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const op = (index: number, type: string, f: string, value: unknown): string =>
  `${JSON.stringify({ index, timeNs: index, process: 0, type, f, value })}\n`;
const header = '{"format":"rafture-history","version":1}\n';
const write = op(0, 'invoke', 'write', 1) + op(1, 'ok', 'write', 1);
const read = (value: number): string => op(2, 'invoke', 'read', null) + op(3, 'ok', 'read', value);

interface Following {
  readonly process: ReturnType<typeof spawn>;
  /** Resolves when stderr has said so. */
  said(words: string): Promise<void>;
  ended(): Promise<{ readonly code: unknown; readonly stdout: string }>;
}

function follow(history: string): Following {
  const child = spawn(process.execPath, [main, 'check', '--follow', history]);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    stderr += String(chunk);
  });
  const closed = once(child, 'close');
  return {
    process: child,
    said: async (words) => {
      while (!stderr.includes(words)) await once(child.stderr, 'data');
    },
    ended: async () => ({ code: (await closed)[0], stdout }),
  };
}

test('a violation ends it with exit code 1, while its input is still open', async () => {
  const following = follow('-');
  following.process.stdin?.write(header + write + read(2));
  const { code, stdout } = await following.ended();
  expect(stdout).toContain('invalid: not linearizable, unwritten-value');
  expect(code).toBe(1);
}, 20_000);

test('the end of its input gives the verdict', async () => {
  const following = follow('-');
  following.process.stdin?.end(header + write + read(1));
  const { code, stdout } = await following.ended();
  expect(stdout).toContain('valid: linearizable');
  expect(code).toBe(0);
}, 20_000);

test('it waits for the file, says how far it got, and Ctrl-C gives the verdict', async () => {
  const path = join(folder, 'history.jsonl');
  const following = follow(path);
  await following.said('which is not there yet');
  writeFileSync(path, header + write);
  await following.said('one operation on one key, no violation up to entry 2 of 2');
  appendFileSync(path, read(1));
  await following.said('2 operations on one key');
  following.process.kill('SIGINT');
  const { code, stdout } = await following.ended();
  expect(stdout).toContain('valid: linearizable');
  expect(code).toBe(0);
}, 20_000);

test('an idle limit that makes no sense is refused', () => {
  expect(describeBadFollow({ follow: false, 'idle-limit': 3 })).toContain('goes with --follow');
  expect(describeBadFollow({ follow: true, 'idle-limit': Number.NaN })).toContain('above 0');
  expect(describeBadFollow({ follow: true })).toBe(null);
});
