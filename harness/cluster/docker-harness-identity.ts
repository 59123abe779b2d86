/**
 * Which harness made something, and whether that harness still lives.
 *
 * A process id alone is not enough: it is given out again. Its start time, as the kernel counts it,
 * makes it one of a kind until the machine is started anew.
 */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** In the place of a harness, on what is to stay up until a person takes it down. */
export const standing = 'standing';

/** `host/pid/start`; the start is empty where the kernel does not tell it. */
export function describeHarness(): string {
  return `${hostname()}/${process.pid}/${startOf(process.pid) ?? ''}`;
}

/** `unknown` for a harness on another machine that shares the engine, and for none. */
export function harnessState(description: string): 'alive' | 'gone' | 'unknown' {
  const [host, pidText, start] = description.split('/');
  const pid = Number(pidText);
  if (host !== hostname() || !Number.isInteger(pid) || pid <= 0) return 'unknown';
  try {
    process.kill(pid, 0);
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
    // EPERM: it is there and belongs to somebody else.
    if (code !== 'EPERM') return 'gone';
  }
  return start === (startOf(pid) ?? '') ? 'alive' : 'gone';
}

function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces, so the fields are counted behind it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
