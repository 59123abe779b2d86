/**
 * A register whose observed values are unique, read, written, and compared and set: O(n log n).
 *
 * A value that was written once and consumed by a cas never comes back, so every order is a
 * sequence of unbroken chains: a write, the reads of its value, the cas that consumed it, the
 * reads of the next value, and so on. Each chain must be orderable in itself (ranks), and the
 * chains among each other (zones). [GK97] Where an observed value has two writers it does not
 * decide. An open operation whose value nobody saw is left out: it changes nothing.
 */
import type { FastInput, FastResult } from '../model.ts';
import { type ChainSource, type Chains, forEachRank, walkChains } from './register-chains.ts';
import { createRegisterColumns, type RegisterColumns, rowKind } from './register-columns.ts';
import { describeRegisterConflict } from './register-conflict.ts';
import {
  closeOverSeenValues,
  createObservations,
  findConsumers,
  type RegisterConflict,
} from './register-observations.ts';
import { findZoneConflict, orderZones } from './zones.ts';

/** Decides; `init` is the initial value. */
export function checkUniqueRegister(input: FastInput, init: unknown): FastResult {
  const { values } = input.columns.tables;
  return decideUniqueRegister(input, createRegisterColumns(input.columns, values.idOf(init)));
}

/**
 * The same for rows that were read by somebody else, such as the appends of a key-value store,
 * which write what the value was with a piece behind it. Rows are those of the input.
 */
export function decideUniqueRegister(input: FastInput, columns: RegisterColumns): FastResult {
  const observations = createObservations(columns);
  const invalid = (conflict: RegisterConflict, chains: Chains | null = null): FastResult => ({
    type: 'invalid',
    finding: describeRegisterConflict({ input, columns, observations, chains, conflict }),
  });

  const contradiction = columns.kind.indexOf(rowKind.contradiction);
  if (contradiction >= 0) return invalid({ type: 'contradiction', row: contradiction });
  const closure = closeOverSeenValues(columns, observations);
  if (closure.type === 'unwritten') return invalid(closure);
  if (closure.type === 'ambiguous') {
    return { type: 'undecided', reason: 'a value that somebody saw was written more than once' };
  }
  const double = findConsumers(columns, observations);
  if (double !== null) return invalid(double);
  const walk = walkChains(columns, observations);
  if (walk.conflict !== null) return invalid(walk.conflict);
  const { chains } = walk;
  const zoneConflict = findZoneConflict(chains);
  if (zoneConflict !== null) return invalid({ type: 'zones', ...zoneConflict }, chains);
  if (columns.hasMiss) {
    // Whatever was refused without them stays refused; but they can refuse more.
    return { type: 'undecided', reason: 'a cas missed without telling which value it found' };
  }
  return { type: 'valid', order: emitOrder({ columns, observations, chains }) };
}

function emitOrder(source: ChainSource & { readonly chains: Chains }): Uint32Array {
  const rows: number[] = [];
  for (const block of orderZones(source.chains)) {
    forEachRank(source, source.chains.root[block] ?? -1, (rank) => {
      for (const row of rank) rows.push(row);
    });
  }
  return Uint32Array.from(rows);
}
