import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { bugs } from './index.ts';
import type { ScoreRow } from './scorecard.ts';

const launcher = fileURLToPath(new URL('../rafture.js', import.meta.url));
const timeoutMs = 600_000;

/** Of each family one or two, and by oracles of all kinds; the rest is for the night. */
const some = [
  ...['vote-forgotten', 'pre-vote-counts', 'ack-before-quorum', 'apply-before-commit'],
  ...['previous-unchecked', 'follower-reads-own', 'no-first-entry', 'removal-fails-on-replay'],
  ...['lazy-log', 'torn-tail-fatal', 'applied-again', 'set-member-dropped'],
  ...['session-memory', 'laggard-silent', 'lost-read-request', 'waiter-by-index'],
];

test(
  'the harness finds these bugs in runs that the seed alone has drawn, and writes a scorecard',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rafture-bugs-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const words = ['--only', some.join(','), '--findings', '1', '--seeds', '100'];
    const args = [launcher, 'bugs', ...words, '--jobs', '2', '--results', folder];
    const ran = await execa('node', args, { reject: false });
    const record = JSON.parse(readFileSync(join(folder, 'bugs.json'), 'utf8'));
    const rows: readonly ScoreRow[] = record.rows;
    const missed = rows.filter(({ isFound }) => !isFound).map(({ id }) => id);
    expect(missed, `${ran.stdout}\n${ran.stderr}`).toEqual([]);
    expect(rows.map(({ id }) => id).sort()).toEqual([...some].sort());
    expect(new Set(rows.map(({ family }) => family)).size).toBeGreaterThan(8);
    expect(new Set(rows.flatMap(({ oracles }) => oracles)).size).toBeGreaterThan(3);
    expect(ran.exitCode).toBe(0);
    expect(readFileSync(join(folder, 'bugs.html'), 'utf8')).toContain(`${some.length} of`);
  },
  timeoutMs,
);

test('a bug that so few seeds cannot show is told as not found, with exit code 1', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rafture-bugs-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const id = 'jitter-drawn-once';
  expect(bugs.some((bug) => bug.id === id)).toBe(true);
  const args = [launcher, 'bugs', '--only', id, '--seeds', '1', '--results', folder];
  const ran = await execa('node', args, { reject: false });
  expect(ran.stdout).toContain(`not found: ${id}`);
  expect(ran.exitCode).toBe(1);
  const again = await execa('node', args, { reject: false });
  expect(again.stderr).toContain('--resume');
  expect(again.exitCode).toBe(254);
  const wrong = await execa('node', [launcher, 'bugs', '--only', 'stale-raed'], { reject: false });
  expect(wrong.stderr).toContain('stale-read');
  expect(wrong.exitCode).toBe(254);
}, 120_000);
