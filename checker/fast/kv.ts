/**
 * One key of a key-value store, decided as a register with unique values: O(n log n) and the
 * length of the values seen.
 *
 * Where it is not certain which operation made a value that somebody saw, it does not decide.
 */
import type { FastInput, FastResult, Finding } from '../model.ts';
import { reduceKv } from './kv-chains.ts';
import { describeKvConflict, describeTwice } from './kv-conflict.ts';
import { KvRows } from './kv-writers.ts';
import { type Chains, forEachRank, walkChains } from './register-chains.ts';
import {
  closeOverSeenValues,
  createObservations,
  findConsumers,
  type RegisterConflict,
} from './register-observations.ts';
import { findZoneConflict, orderZones } from './zones.ts';

export function decideKv(input: FastInput): FastResult {
  const rows = new KvRows(input.columns);
  const reduction = reduceKv(rows);
  const refuse = (finding: Finding): FastResult => ({ type: 'invalid', finding });
  if (reduction.type === 'undecided') return reduction;
  if (reduction.type === 'twice') return refuse(describeTwice(input, reduction));
  const { register, values } = reduction;
  const observations = createObservations(register);
  const invalid = (conflict: RegisterConflict, chains: Chains | null = null): FastResult =>
    refuse(describeKvConflict({ input, rows, register, values, observations, chains, conflict }));

  const closure = closeOverSeenValues(register, observations);
  if (closure.type === 'unwritten') return invalid(closure);
  if (closure.type === 'ambiguous') {
    return { type: 'undecided', reason: 'a value that somebody saw was written more than once' };
  }
  const double = findConsumers(register, observations);
  if (double !== null) return invalid(double);
  const walk = walkChains(register, observations);
  if (walk.conflict !== null) return invalid(walk.conflict);
  const { chains } = walk;
  const zones = findZoneConflict(chains);
  if (zones !== null) return invalid({ type: 'zones', ...zones }, chains);
  const order: number[] = [];
  for (const block of orderZones(chains)) {
    forEachRank({ columns: register, observations }, chains.root[block] ?? -1, (rank) => {
      for (const row of rank) order.push(row);
    });
  }
  return { type: 'valid', order: Uint32Array.from(order) };
}
