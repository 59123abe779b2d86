/**
 * Who held a lock when, decided exactly and without search: O(n log n).
 *
 * The tokens give the order of all operations that were answered. What may stand between two of
 * them is only what was not answered, and ends one token's time or begins the next one's:
 *
 * - An open release or take-over names its token, so it is of use in one place only; whoever can
 *   use it there does.
 * - An open acquire of the free lock may have got any token, so it is of use wherever the lock is
 *   free. The places that cannot do without take them by their deadlines, the earliest first.
 *
 * An open operation must have begun before all that comes later in the order has returned.
 */
import type { Columns } from '../columns.ts';
import type { LockRows } from './lock-rows.ts';
import { createLockSequence, type LockSequence, type SequenceConflict } from './lock-sequence.ts';
import { collectTokens, isKnown, type LockToken, type TokenConflict } from './lock-tokens.ts';
import { Placement } from './placement.ts';

export type GrantConflict =
  | TokenConflict
  | SequenceConflict
  /** The lock could not have become free, or another's, before `due` returned. */
  | {
      readonly type: 'held';
      readonly holder: LockToken;
      readonly next: LockToken;
      readonly due: number;
    }
  /** Fewer open acquires than tokens that were used and granted to nobody. */
  | { readonly type: 'nobody'; readonly needs: readonly Need[]; readonly openCount: number };

/** A token that only an open acquire of the free lock can have got. */
export interface Need {
  readonly previous: LockToken | null;
  readonly token: LockToken;
  /** Returned first of all that comes later in the order. */
  readonly due: number;
}

export type GrantOrder =
  | { readonly type: 'ordered'; readonly placed: Placement }
  | { readonly type: 'conflict'; readonly conflict: GrantConflict };

export function orderGrants(columns: Columns, rows: LockRows): GrantOrder {
  const { tokens, openAcquires, conflict } = collectTokens(columns, rows);
  if (conflict !== null) return { type: 'conflict', conflict };
  const sorted = [...tokens.values()].sort((one, other) => one.token - other.token);
  const sequence = createLockSequence(columns, rows, sorted.filter(isKnown));
  if (sequence.conflict !== null) return { type: 'conflict', conflict: sequence.conflict };
  return new Bridging({ columns, rows, sequence, sorted, openAcquires }).run();
}

interface BridgingInput {
  readonly columns: Columns;
  readonly rows: LockRows;
  readonly sequence: LockSequence;
  /** All that are named anywhere, by their size. */
  readonly sorted: readonly LockToken[];
  readonly openAcquires: readonly number[];
}

/** Between two known tokens that follow each other. */
interface Gap {
  readonly previous: LockToken | null;
  readonly next: LockToken;
  /** The open release of a token between them that began first; -1: none. */
  readonly stray: number;
  readonly due: number;
}

/** The open operations of a gap; `needsAcquire`: and then an acquire of the free lock. */
interface Bridge {
  readonly rows: readonly number[];
  readonly needsAcquire: boolean;
}

const nothing: Bridge = { rows: [], needsAcquire: false };

class Bridging {
  readonly #input: BridgingInput;
  readonly #placed: Placement;
  readonly #needs: Need[] = [];

  constructor(input: BridgingInput) {
    this.#input = input;
    this.#placed = new Placement(input.columns);
  }

  run(): GrantOrder {
    const { columns, sequence, sorted, openAcquires } = this.#input;
    let previous: LockToken | null = null;
    let stray = -1;
    for (const next of sorted) {
      if (!isKnown(next)) {
        stray = earlier(columns, stray, next.openRelease);
        continue;
      }
      const due = sequence.dueAt(next);
      const bridge = this.#cross({ previous, next, stray, due });
      if (bridge === null) {
        return { type: 'conflict', conflict: this.#held({ previous, next, stray, due }) };
      }
      for (const row of bridge.rows) this.#placed.add(row);
      if (bridge.needsAcquire) {
        const acquire = openAcquires[this.#needs.length] ?? -1;
        this.#needs.push({ previous, token: next, due });
        if (!this.#began(acquire, due)) return this.#tooFew();
        this.#placed.add(acquire);
      }
      for (const row of [next.grant, next.release]) if (row >= 0) this.#placed.add(row);
      previous = next;
      stray = -1;
    }
    return { type: 'ordered', placed: this.#placed };
  }

  /** The token's own operation is the shorter proof, where it is one. */
  #held(gap: Gap): GrantConflict {
    const { previous, next, due } = gap;
    if (previous === null) throw new Error('a lock that nobody held is free');
    const own = [next.grant, next.release, next.takeover].find((row) => row >= 0) ?? due;
    const isOwn = this.#cross({ ...gap, due: own }) === null;
    return { type: 'held', holder: previous, next, due: isOwn ? own : due };
  }

  /** null when nothing can have led from one to the other. */
  #cross({ previous, next, stray, due }: Gap): Bridge | null {
    const isGranted = next.grant >= 0;
    const isTakenOver = isGranted && !Number.isNaN(this.#input.rows.named[next.grant] ?? 0);
    if (isTakenOver) return nothing;
    if (previous === null || previous.release >= 0) return { rows: [], needsAcquire: !isGranted };
    const { openRelease, openTakeover } = previous;
    const canTakeOver = this.#began(openTakeover, due);
    if (!isGranted && canTakeOver) return { rows: [openTakeover], needsAcquire: false };
    if (this.#began(openRelease, due)) return { rows: [openRelease], needsAcquire: !isGranted };
    // Who took it over may have released it too: the token that it got is none that is known.
    const isReleased = isGranted && canTakeOver && this.#began(stray, due);
    return isReleased ? { rows: [openTakeover, stray], needsAcquire: false } : null;
  }

  #began(row: number, due: number): boolean {
    const { call, return: returned } = this.#input.columns;
    return row >= 0 && (call[row] ?? 0) < (returned[due] ?? 0);
  }

  #tooFew(): GrantOrder {
    const needs = this.#needs;
    const conflict: GrantConflict = { type: 'nobody', needs, openCount: needs.length - 1 };
    return { type: 'conflict', conflict };
  }
}

function earlier({ call }: Columns, one: number, other: number): number {
  if (one < 0 || other < 0) return Math.max(one, other);
  return (call[one] ?? 0) < (call[other] ?? 0) ? one : other;
}
