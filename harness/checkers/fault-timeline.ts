/**
 * Which faults an operation has met: those in force while it was under way, and those whose healing
 * had not shown itself yet when it was asked for.
 *
 * It is walked once, together with the history, and asked about an operation when that completes.
 * A position is an index of the history; times are for figures only.
 */
import type { Op } from '../../checker/history.ts';
import type { RunFault } from '../checker.ts';

/** A fault on the way: what is known of its healing so far. */
export interface TimedFault<Fault extends Interval> {
  readonly fault: Fault;
  /** In the order of their begins, from 0. */
  readonly position: number;
  /**
   * The completion of the first operation that was asked for after the healing and succeeded; null
   * while there is none.
   */
  firstSuccess: Op | null;
}

export type Interval = Pick<RunFault, 'begin' | 'end'>;

/** What an operation has met. With nothing in either list it ran in a healthy cluster. */
export interface Met<Fault extends Interval> {
  /** In force at some time between its invocation and its completion. */
  readonly during: readonly TimedFault<Fault>[];
  /** Healed, and nothing had succeeded since when it was asked for. */
  readonly after: readonly TimedFault<Fault>[];
}

export interface FaultChange<Fault extends Interval> {
  /** The line of the nemesis. */
  readonly at: Op;
  readonly kind: 'begin' | 'end';
  readonly timed: TimedFault<Fault>;
}

export class FaultTimeline<Fault extends Interval> {
  readonly faults: readonly TimedFault<Fault>[];
  readonly #changes: readonly FaultChange<Fault>[];
  #nextChange = 0;
  readonly #inForce = new Set<TimedFault<Fault>>();
  /** In the order of their ends. */
  readonly #ended: TimedFault<Fault>[] = [];
  /** How many of `#ended`, from the first, have been followed by a success. */
  #recovered = 0;

  constructor(faults: readonly Fault[]) {
    const inOrder = [...faults].sort((a, b) => a.begin.index - b.begin.index);
    this.faults = inOrder.map((fault, position) => ({ fault, position, firstSuccess: null }));
    this.#changes = this.faults
      .flatMap((timed) => {
        const { begin, end } = timed.fault;
        const changes: FaultChange<Fault>[] = [{ at: begin, kind: 'begin', timed }];
        if (end !== null) changes.push({ at: end, kind: 'end', timed });
        return changes;
      })
      .sort((a, b) => a.at.index - b.at.index);
  }

  /** Faults that are in force now. */
  get inForce(): ReadonlySet<TimedFault<Fault>> {
    return this.#inForce;
  }

  /** Whether a fault has begun yet. */
  get isUntouched(): boolean {
    return this.#nextChange === 0;
  }

  /** Goes on to this position. */
  advance(index: number): void {
    while (this.next(index) !== null);
  }

  /** Goes on to the next change up to this position and returns it; null when there is none. */
  next(index: number): FaultChange<Fault> | null {
    const change = this.#changes[this.#nextChange];
    if (change === undefined || change.at.index > index) return null;
    this.#nextChange++;
    if (change.kind === 'begin') {
      this.#inForce.add(change.timed);
    } else {
      this.#inForce.delete(change.timed);
      this.#ended.push(change.timed);
    }
    return change;
  }

  /** An operation that was asked for at this position has succeeded. */
  succeeded(invokedAt: number, completed: Op): void {
    for (;;) {
      const timed = this.#ended[this.#recovered];
      if (timed === undefined || endOf(timed) > invokedAt) return;
      timed.firstSuccess = completed;
      this.#recovered++;
    }
  }

  /** What an operation has met that was asked for at this position and completes now. */
  met(invokedAt: number): Met<Fault> {
    const during = [...this.#inForce];
    const after: TimedFault<Fault>[] = [];
    for (let at = this.#ended.length - 1; at >= 0; at--) {
      const timed = this.#ended[at] as TimedFault<Fault>;
      if (endOf(timed) > invokedAt) during.push(timed);
      else if (timed.firstSuccess === null || timed.firstSuccess.index > invokedAt) {
        after.push(timed);
      }
      // Whoever was healed earlier was answered earlier, too.
      else break;
    }
    return { during, after };
  }
}

function endOf({ fault }: TimedFault<Interval>): number {
  return fault.end?.index ?? Number.POSITIVE_INFINITY;
}

/**
 * The faults as the lines of the nemesis tell of them: for a run that broke off before anybody
 * could say what they had done.
 */
export function intervalsOf(ops: Iterable<Op>): readonly Interval[] {
  const intervals = new Map<number, { begin: Op; end: Op | null }>();
  for (const op of ops) {
    if (op.process !== 'nemesis') continue;
    const { phase, begin } = op.value as { readonly phase?: unknown; readonly begin?: unknown };
    if (phase === 'begin') intervals.set(op.index, { begin: op, end: null });
    const interval = typeof begin === 'number' ? intervals.get(begin) : undefined;
    if (phase === 'end' && interval !== undefined) interval.end = op;
  }
  return [...intervals.values()];
}
