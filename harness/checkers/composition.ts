/**
 * Which checkers judge a run: those that always do, with what the workload and the system change.
 *
 * Data, so that the report can show which ran, and which did not and why.
 */
import type { Checker } from '../checker.ts';
import type { CheckerChanges } from '../workload.ts';
import { availability } from './availability.ts';
import { bounds } from './bounds.ts';
import { convergence } from './convergence.ts';
import { errors } from './errors.ts';
import { exits } from './exits.ts';
import { faults } from './faults.ts';
import { logs } from './logs.ts';
import { progress } from './progress.ts';
import { raftInvariants } from './raft-invariants.ts';
import { recovery } from './recovery.ts';
import { stability } from './stability.ts';
import { stats } from './stats.ts';

/** In the order of the report; linearizability goes before them, by itself. */
export const standardCheckers: readonly Checker[] = [
  stats,
  errors,
  availability,
  faults,
  recovery,
  progress,
  stability,
  bounds,
  logs,
  exits,
  convergence,
  raftInvariants,
];

export interface Composition {
  readonly checkers: readonly Checker[];
  /** Those that were taken out, each with the reason. */
  readonly removed: readonly { readonly name: string; readonly why: string }[];
}

/** Later changes see what earlier ones left. Throws RangeError for a name that is not there. */
export function composeCheckers(
  standard: readonly Checker[],
  changes: readonly (CheckerChanges | undefined)[],
): Composition {
  let checkers = [...standard];
  const removed: { name: string; why: string }[] = [];
  for (const change of changes) {
    for (const { name, why } of change?.remove ?? []) {
      if (!checkers.some((checker) => checker.name === name)) {
        throw new RangeError(`there is no checker ${name} to remove`);
      }
      checkers = checkers.filter((checker) => checker.name !== name);
      removed.push({ name, why });
    }
    for (const checker of change?.add ?? []) {
      if (checkers.some(({ name }) => name === checker.name)) {
        throw new RangeError(`there are two checkers called ${checker.name}`);
      }
      checkers.push(checker);
    }
  }
  return { checkers, removed };
}
