/**
 * Why a mutex history has no order, in words and in the few operations that prove it.
 *
 * Clients that release what they acquired have sessions, and two of those that overlap are the
 * whole proof. For all others operations are taken away as long as no order appears.
 */
import { type Columns, neverReturned, operationAt, selectRows } from '../columns.ts';
import { describeDistance, describeOperation } from '../describe-operation.ts';
import type { Operation } from '../history.ts';
import type { Finding } from '../model.ts';
import { type MutexConflict, reduceMutexRows } from './mutex-reduction.ts';
import { createMutexRows, mutexKind } from './mutex-rows.ts';
import { runMutex } from './mutex-run.ts';
import { findZoneConflict } from './zones.ts';

export function describeMutexConflict(conflict: MutexConflict): Finding {
  const sessions = findOverlappingSessions(conflict);
  if (sessions !== null) return describeOverlap(conflict.columns, sessions);
  const rows = reduceMutexRows(conflict);
  const core = selectRows(conflict.columns, rows);
  const kinds = createMutexRows(core);
  return describeStuck({ columns: core, kinds, run: runMutex(core, kinds) });
}

/** The rows of an acquire and of its release, -1 when there is none. */
interface Session {
  readonly acquire: number;
  readonly release: number;
}

/** Two sessions of which each must end before the other begins; null when that is not why. */
function findOverlappingSessions({ columns, kinds }: MutexConflict): [Session, Session] | null {
  const sessions = pairSessions(columns, kinds);
  if (sessions === null) return null;
  const { acquires, releases } = sessions;
  const first = acquires.map((row) => columns.return[row] ?? 0);
  const last = releases.map((row) => (row < 0 ? neverReturned : (columns.call[row] ?? 0)));
  const found = findZoneConflict({ first, last });
  if (found === null) return null;
  const sessionOf = (at: number): Session => ({
    acquire: acquires[at] ?? 0,
    release: releases[at] ?? -1,
  });
  return [sessionOf(found.outer), sessionOf(found.inner)];
}

/**
 * Each process's granted acquires with its releases; null when some process released what it had
 * not acquired, or acquired twice. An open acquire is left out: if it happened it was never
 * released, for its process is gone, so it came after everything.
 */
function pairSessions(
  columns: Columns,
  kinds: Uint8Array,
): { readonly acquires: Int32Array; readonly releases: Int32Array } | null {
  const held = new Map<number, number>();
  const acquires: number[] = [];
  const releases: number[] = [];
  for (let row = 0; row < columns.count; row += 1) {
    const process = columns.process[row] ?? 0;
    const session = held.get(process);
    if (kinds[row] === mutexKind.acquire) {
      const isOpen = columns.return[row] === neverReturned;
      if (session !== undefined && !isOpen) return null;
      held.set(process, isOpen ? -1 : acquires.length);
      if (isOpen) continue;
      acquires.push(row);
      releases.push(-1);
    } else if (kinds[row] === mutexKind.release) {
      if (session === undefined || session < 0) return null;
      const began = columns.call[row] ?? 0;
      if ((columns.return[acquires[session] ?? 0] ?? 0) > began) return null;
      releases[session] = row;
      held.delete(process);
    }
  }
  return { acquires: Int32Array.from(acquires), releases: Int32Array.from(releases) };
}

function describeOverlap(columns: Columns, [one, other]: [Session, Session]): Finding {
  const rows = [one.acquire, one.release, other.acquire, other.release].filter((row) => row >= 0);
  const told = [one, other].map((session, at) => {
    const acquire = operationAt(columns, session.acquire);
    const rival = at === 0 ? other : one;
    if (rival.release < 0) {
      return `${describeOperation(acquire)} was granted, and that of process ${
        columns.process[rival.acquire]
      } was never released`;
    }
    const release = operationAt(columns, rival.release);
    return (
      `${describeOperation(acquire)} was granted ${describeDistance(acquire, release)} before ` +
      `${describeOperation(release)} began`
    );
  });
  return {
    kind: 'double-grant',
    sentence: `Two clients held the lock at the same time: ${told.join('; and ')}.`,
    core: rows.sort((a, b) => a - b).map((row) => operationAt(columns, row)),
  };
}

/** The core itself, run once more: what it came to, and what then had to come. */
function describeStuck({ columns, kinds, run }: MutexConflict): Finding {
  const core: Operation[] = [];
  for (let row = 0; row < columns.count; row += 1) core.push(operationAt(columns, row));
  const stuck = describeOperation(operationAt(columns, run.stuck));
  const last = run.order.findLast((row) => (kinds[row] ?? 0) <= mutexKind.release);
  const before =
    last === undefined ? 'nobody had acquired it' : describeOperation(operationAt(columns, last));
  switch (kinds[run.stuck]) {
    case mutexKind.acquire:
      return {
        kind: 'double-grant',
        sentence:
          `${stuck} was granted, although the lock was held since ${before}: no release that ` +
          'could have come between is left.',
        core,
      };
    case mutexKind.release:
      return {
        kind: 'impossible-release',
        sentence:
          `${stuck} succeeded, although the lock was free (${before}): no acquire that could ` +
          'have come between is left.',
        core,
      };
    case mutexKind.sawHeld:
      return {
        kind: 'impossible-refusal',
        sentence: `${stuck} was refused, although the lock was free all the while (${before}).`,
        core,
      };
    default:
      return {
        kind: 'impossible-refusal',
        sentence: `${stuck} was refused as not held, although the lock was held since ${before}.`,
        core,
      };
  }
}
