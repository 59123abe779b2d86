/**
 * A register with unique values and with misses: cas that answered only that the value was not
 * the expected one. Decided exactly, first without a search, then with one that knows the type.
 *
 * It goes on where unique-register.ts has found an order without them. Misses change nothing, so
 * what that one refuses stays refused; but they can refuse more.
 */
import type { FastInput, FastResult, GuidedResult, SearchLimits } from '../model.ts';
import type { RegisterColumns } from './register-columns.ts';
import { describeMissConflict } from './register-miss-conflict.ts';
import { emitGaps, layOutGaps, placeMisses } from './register-miss-order.ts';
import { searchMisses } from './register-miss-search.ts';
import { prepareMisses } from './register-miss-setup.ts';
import type { Observations } from './register-observations.ts';
import { orderZones } from './zones.ts';

export interface MissInput {
  readonly input: FastInput;
  readonly columns: RegisterColumns;
  readonly observations: Observations;
  /** Whether those rows are impossible on their own. */
  isImpossible(rows: readonly number[]): boolean;
}

/** Puts each miss into the first order of the chains; undecided when one has no place there. */
export function placeMissesAtOnce({
  columns,
  observations,
}: Pick<MissInput, 'columns' | 'observations'>): FastResult {
  const setup = prepareMisses(columns, observations);
  const order = orderZones(setup.chains);
  const root = setup.chains.root;
  const gaps = layOutGaps(setup, order, {
    rootOf: (block) => root[block] ?? -1,
    appendedTo: () => -1,
  });
  const { stuck } = placeMisses(setup, gaps);
  if (stuck.length === 0) return { type: 'valid', order: emitGaps(setup, gaps) };
  return { type: 'undecided', reason: 'a cas missed without telling which value it found' };
}

/** The same with a search. */
export function* guideMisses(
  { input, columns, observations, isImpossible }: MissInput,
  limits: SearchLimits,
): Generator<number, GuidedResult> {
  const setup = prepareMisses(columns, observations);
  const outcome = yield* searchMisses(setup, limits);
  switch (outcome.type) {
    case 'placed':
      return { type: 'valid', order: outcome.order };
    case 'impossible': {
      const { demands } = outcome;
      return {
        type: 'invalid',
        finding: describeMissConflict({ input, setup, demands, isImpossible }),
      };
    }
    case 'stopped': {
      const event = setup.events[outcome.position] ?? 0;
      const position = event < 0 ? columns.return[-1 - event] : columns.call[event];
      return { ...outcome, position: position ?? 0 };
    }
    default:
      return outcome;
  }
}
