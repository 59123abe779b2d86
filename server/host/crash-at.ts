/**
 * Crashes on request: `--crash-at name#n`, or RAFT.CRASH-AT where `--allow-crash-points` was given,
 * kills the process at the n-th passage of a crash point, and only there.
 *
 * The kill is SIGKILL: nothing runs after it, no buffer is flushed, no connection closed in order.
 * One line says before that it was this and no other crash.
 */
import { closeSync, writeSync } from 'node:fs';
import {
  type CrashAt,
  type CrashPoints,
  crashPoints,
  isCrashPointName,
  noCrashPoints,
} from '../crash-points.ts';

const names: readonly string[] = Object.keys(crashPoints);

/** Null when there is no such crash point. */
export function parseCrashAt(text: string): CrashAt | null {
  const [, name = '', count] = /^([^#]*)(?:#([1-9][0-9]{0,8}))?$/.exec(text) ?? [];
  return isCrashPointName(name) ? { name, passage: Number(count ?? 1) } : null;
}

/** The crash point whose name is spelled most like this; null when none is like it. */
export function nearestCrashPoint(name: string): string | null {
  const distances = names.map((known) => ({ known, distance: editDistance(name, known) }));
  const best = distances.reduce((one, next) => (next.distance < one.distance ? next : one));
  return best.distance <= best.known.length / 2 ? best.known : null;
}

/** One a line, with what has and has not happened there. */
export function describeCrashPoints(): string {
  const width = Math.max(...names.map((name) => name.length));
  return Object.entries(crashPoints)
    .map(([name, meaning]) => `${name.padEnd(width)}  ${meaning}\n`)
    .join('');
}

export interface CrashOptions {
  readonly node: string;
  readonly at: CrashAt | null;
  /** Whether clients may ask for a crash while the node runs (`RAFT.CRASH-AT`). */
  readonly mayArm: boolean;
  /** Called right before: what has been said so far is to be written. */
  readonly flush: () => void;
}

export function createCrashPoints({ node, at, mayArm, flush }: CrashOptions): CrashPoints {
  if (at === null && !mayArm) return noCrashPoints;
  let armed = at;
  let passed = 0;
  const arm = (next: CrashAt | null): void => {
    armed = next;
    passed = 0;
  };
  return {
    ...(mayArm ? { arm } : {}),
    reach: (name) => {
      if (name !== armed?.name) return;
      passed += 1;
      if (passed !== armed.passage) return;
      flush();
      // As the lines of json-log.ts, but whatever the level and without a buffer.
      const line = { level: 60, time: Date.now(), node, crashPoint: name, passage: passed };
      writeLine(`${JSON.stringify({ ...line, msg: 'crash point reached' })}\n`);
      process.kill(process.pid, 'SIGKILL');
      // It takes effect before the call returns, but for the first process of a container: no
      // signal of its own ends that one. This does, and has its last words where nobody hears them.
      closeSync(2);
      process.abort();
    },
  };
}

/** Who does not read its output does not keep the node from its crash. */
function writeLine(line: string): void {
  try {
    writeSync(1, line);
  } catch {
    // A pipe that is closed or full.
  }
}

/** How many letters to add, remove or change. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let line = 1; line <= from.length; line += 1) {
    const next = [line];
    for (let column = 1; column <= to.length; column += 1) {
      const changed = from[line - 1] === to[column - 1] ? 0 : 1;
      next.push(
        Math.min(
          (row[column - 1] ?? 0) + changed,
          (row[column] ?? 0) + 1,
          (next[column - 1] ?? 0) + 1,
        ),
      );
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
