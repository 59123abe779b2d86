/**
 * A register whose observed values are unique, read, written, and compared and set: O(n log n).
 *
 * A value that was written once and consumed by a cas never comes back, so every order is a
 * sequence of unbroken chains: a write, the reads of its value, the cas that consumed it, the
 * reads of the next value, and so on. Each chain must be orderable in itself (ranks), and the
 * chains among each other (zones). [GK97] Where an observed value has two writers it does not
 * decide. An open operation whose value nobody saw is left out: it changes nothing.
 */
import { selectRows } from '../columns.ts';
import type { FastInput, FastResult, GuidedResult, SearchLimits } from '../model.ts';
import { type Chains, emitChains, walkChains } from './register-chains.ts';
import { createRegisterColumns, type RegisterColumns, rowKind } from './register-columns.ts';
import { describeRegisterConflict } from './register-conflict.ts';
import { searchMisses } from './register-miss-search.ts';
import { prepareMisses } from './register-miss-setup.ts';
import { guideMisses, placeMissesAtOnce } from './register-misses.ts';
import {
  closeOverSeenValues,
  createObservations,
  findConsumers,
  type RegisterConflict,
} from './register-observations.ts';
import { findOverwritten } from './register-overwritten.ts';
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
function decideUniqueRegister(input: FastInput, columns: RegisterColumns): FastResult {
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
    const overwritten = findOverwritten(columns);
    if (overwritten !== null) return invalid({ type: 'overwritten', ...overwritten });
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
    return placeMissesAtOnce({ columns, observations });
  }
  const order = emitChains({ columns, observations }, chains, orderZones(chains));
  return { type: 'valid', order };
}

/**
 * Goes on with a search where a cas that missed without telling what it found has no place in the
 * first order; undecided where values are not unique.
 */
export function* guideUniqueRegister(
  input: FastInput,
  init: unknown,
  limits: SearchLimits,
): Generator<number, GuidedResult> {
  const columns = createRegisterColumns(input.columns, input.columns.tables.values.idOf(init));
  if (!columns.hasMiss) return { type: 'undecided', reason: 'nothing was missed' };
  const observations = createObservations(columns);
  if (closeOverSeenValues(columns, observations).type !== 'closed') return decideAgain(input, init);
  if (findConsumers(columns, observations) !== null) return decideAgain(input, init);
  const { chains, conflict } = walkChains(columns, observations);
  if (conflict !== null || findZoneConflict(chains) !== null) return decideAgain(input, init);
  const isImpossible = (rows: readonly number[]): boolean => {
    const few = { columns: selectRows(input.columns, rows), failed: input.failed };
    return isRefused(few, init);
  };
  return yield* guideMisses({ input, columns, observations, isImpossible }, limits);
}

/** It was decided without a search, or cannot be. */
function decideAgain(input: FastInput, init: unknown): FastResult {
  return checkUniqueRegister(input, init);
}

const trialStepsMax = 20_000;

/** For the few operations of a core. */
function isRefused(input: FastInput, init: unknown): boolean {
  const columns = createRegisterColumns(input.columns, input.columns.tables.values.idOf(init));
  const fast = decideUniqueRegister(input, columns);
  if (fast.type !== 'undecided') return fast.type === 'invalid';
  const observations = createObservations(columns);
  if (closeOverSeenValues(columns, observations).type !== 'closed') return false;
  findConsumers(columns, observations);
  const search = searchMisses(prepareMisses(columns, observations), {
    stepsMax: trialStepsMax,
    bytesMax: Number.POSITIVE_INFINITY,
    shouldStop: () => null,
  });
  for (;;) {
    const next = search.next();
    if (next.done === true) return next.value.type === 'impossible';
  }
}
