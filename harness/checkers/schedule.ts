/**
 * How well the schedule of `--rate` was kept: what came late, and what never came at all.
 *
 * When every client hangs until the time is up, what falls due meanwhile leaves no line in the
 * history, and counts nowhere: a stall at the end would cost a system nothing.
 */
import type { Op } from '../../checker/history.ts';
import type { CheckedRun } from '../checker.ts';
import { describeCount, describeDuration, describeMany } from '../report/figures.ts';

type Run = Pick<CheckedRun, 'rate' | 'concurrency' | 'recovery' | 'timeLimitS' | 'opLimit'>;

/** Less than this behind the schedule is how timers are. */
const lateNs = 10e6;

/** A workload that was still at work so shortly before its time was up was ended by that. */
const endingNs = 200e6;

export interface ScheduleLag {
  readonly lateCount: number;
  readonly maxNs: number;
  /** From when the last operation was due to the end of the time, with more due in between. */
  readonly endNs: number;
}

/** Looks at the workload's lines as they pass. */
export class ScheduleWatch {
  readonly #run: Run;
  #lateCount = 0;
  #maxNs = 0;
  #asked = 0;
  #underWay = 0;
  #beganNs = 0;
  #lastDueNs = 0;
  #lastLagNs = 0;
  /** Of the last line. */
  #endedNs = 0;
  /** Whether every client has been at work since the last invocation. */
  #isAllBusy = false;
  /** Of the first completion after the last invocation: a client was free again. */
  #freeNs = Number.POSITIVE_INFINITY;

  constructor(run: Run) {
    this.#run = run;
  }

  *pass(ops: Iterable<Op>): Iterable<Op> {
    const finalFrom = this.#run.recovery?.beganAt ?? Number.POSITIVE_INFINITY;
    for (const op of ops) {
      if (op.process !== 'nemesis' && op.index < finalFrom) this.#note(op);
      yield op;
    }
  }

  get lag(): ScheduleLag {
    const { timeLimitS, opLimit } = this.#run;
    const limitNs = this.#beganNs + timeLimitS * 1e9;
    const wantedMore = this.#asked > 0 && (opLimit === null || this.#asked < opLimit);
    // Whoever was free before the end and asked nothing was not asked to.
    const isStalled = this.#isAllBusy && this.#freeNs >= limitNs;
    const isBehind = this.#lastLagNs > lateNs && this.#endedNs >= limitNs - endingNs;
    const wasHeldUp = wantedMore && (isStalled || isBehind);
    const endNs = wasHeldUp ? Math.max(0, limitNs - this.#lastDueNs) : 0;
    return { lateCount: this.#lateCount, maxNs: this.#maxNs, endNs };
  }

  #note({ type, timeNs, scheduledNs }: Op): void {
    this.#endedNs = timeNs;
    if (type !== 'invoke') {
      this.#underWay--;
      this.#freeNs = Math.min(this.#freeNs, timeNs);
      return;
    }
    if (this.#asked === 0) this.#beganNs = timeNs;
    this.#asked++;
    this.#underWay++;
    this.#lastDueNs = scheduledNs ?? timeNs;
    this.#isAllBusy = this.#underWay >= this.#run.concurrency;
    this.#freeNs = Number.POSITIVE_INFINITY;
    const lagNs = Math.max(0, timeNs - this.#lastDueNs);
    this.#lastLagNs = lagNs;
    this.#maxNs = Math.max(this.#maxNs, lagNs);
    if (lagNs > lateNs) this.#lateCount++;
  }
}

interface Schedule {
  readonly sentences: readonly string[];
  readonly blind: readonly string[];
  readonly details: Readonly<Record<string, number | null>>;
}

export function describeSchedule({ rate }: Run, lag: ScheduleLag): Schedule {
  if (rate === null) return { sentences: [], blind: [], details: { rate } };
  const { lateCount, maxNs, endNs } = lag;
  const neverAskedFor = Math.floor((endNs / 1e9) * rate);
  const schedule = `the schedule of ${describeCount(rate)}/s`;
  const late = `${describeMany(lateCount, 'operation')} came behind ${schedule}`;
  const held =
    `about ${describeMany(neverAskedFor, 'operation')} of ${schedule} never came: what was due ` +
    `in the last ${describeDuration(endNs)} found no client free`;
  const never = describeCount(neverAskedFor);
  const blind = `what the schedule wanted at the end and no client did: ${never} or so`;
  return {
    sentences: [
      ...(lateCount === 0 ? [] : [`${late}, by ${describeDuration(maxNs)} at most`]),
      ...(neverAskedFor === 0 ? [] : [held]),
    ],
    blind: neverAskedFor === 0 ? [] : [blind],
    details: { rate, lateCount, maxLagNs: maxNs, neverAskedFor },
  };
}
