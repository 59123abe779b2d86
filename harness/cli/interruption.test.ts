import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';

const launcher = fileURLToPath(new URL('../rafture.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rafture-interruption-test-'));
const patience = { timeout: 30_000, interval: 50 };

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<unknown>;
}

/** A long run on processes, with its first operations recorded. */
async function startRun(name: string, ...extra: readonly string[]): Promise<Run> {
  const results = join(folder, name);
  const args = ['test', '--cluster', 'process', '--nodes', '3', '--time-limit', '300'];
  const child = spawn('node', [
    launcher,
    ...args,
    ...extra,
    '--nemesis',
    'none',
    '--results',
    results,
  ]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const ended = once(child, 'exit');
  await vi.waitFor(() => {
    const history = join(results, 'current', 'history.jsonl');
    expect(existsSync(history), output).toBe(true);
    expect(readFileSync(history, 'utf8').split('\n').length, output).toBeGreaterThan(200);
  }, patience);
  return { child, output: () => output, ended };
}

/** How many clients wait for an answer. */
function openOperations(name: string): number {
  const history = readFileSync(join(folder, name, 'current', 'history.jsonl'), 'utf8');
  const count = (type: string): number => history.split(`"type":"${type}"`).length - 1;
  return count('invoke') - count('ok') - count('fail') - count('info');
}

/** All processes below this one, itself included. */
function family(pid: number): readonly number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // It has ended meanwhile.
    }
  }
  const found = [pid];
  for (const ancestor of found) {
    for (const [each, parent] of parents) if (parent === ancestor) found.push(each);
  }
  return found;
}

const isGone = (pid: number): boolean => {
  try {
    return /^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
};

describe.skipIf(!existsSync('/proc/self/stat'))('a run that is interrupted', () => {
  it('is checked after one Ctrl-C, and leaves no process', async () => {
    const { child, output, ended } = await startRun('once');
    const processes = family(child.pid ?? 0);
    expect(processes.length).toBeGreaterThanOrEqual(4);
    child.kill('SIGINT');
    expect(await ended).toEqual([expect.any(Number), null]);
    expect(output()).toContain('stopping');
    expect(output()).toMatch(/linearizable: \d+ operations/);
    expect(existsSync(join(folder, 'once', 'latest', 'report.html'))).toBe(true);
    await vi.waitFor(() => expect(processes.filter((pid) => !isGone(pid))).toEqual([]), patience);
  }, 60_000);

  it('gives up after two, cleans up, and exits with 130', async () => {
    const { child, output, ended } = await startRun('twice', '--deadline-ms', '60000');
    const processes = family(child.pid ?? 0);
    // Frozen nodes answer nobody, so that after one Ctrl-C the run still waits for its clients.
    for (const pid of processes.slice(2)) process.kill(pid, 'SIGSTOP');
    await vi.waitFor(() => expect(openOperations('twice')).toBe(6), patience);
    child.kill('SIGINT');
    await vi.waitFor(() => expect(output()).toContain('stopping'), patience);
    child.kill('SIGINT');
    expect(await ended).toEqual([130, null]);
    expect(output()).toContain('giving up');
    await vi.waitFor(() => expect(processes.filter((pid) => !isGone(pid))).toEqual([]), patience);
  }, 60_000);

  it('leaves no process when its launcher is killed', async () => {
    const { child, ended } = await startRun('killed-launcher');
    const processes = family(child.pid ?? 0);
    child.kill('SIGKILL');
    await ended;
    await vi.waitFor(() => expect(processes.filter((pid) => !isGone(pid))).toEqual([]), patience);
  }, 60_000);

  it('leaves no process when the harness itself is killed, and what it had recorded', async () => {
    const { child, ended } = await startRun('killed');
    const processes = family(child.pid ?? 0);
    for (const pid of processes.slice(0, 2)) process.kill(pid, 'SIGKILL');
    await ended;
    await vi.waitFor(() => expect(processes.filter((pid) => !isGone(pid))).toEqual([]), patience);
    const history = readFileSync(join(folder, 'killed', 'current', 'history.jsonl'), 'utf8');
    expect(history.split('\n').length).toBeGreaterThan(200);
  }, 60_000);
});
