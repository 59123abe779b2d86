/**
 * Was the system there: what was served before, during and after each fault, how long the first
 * success took after each healing, and how each node did while it should have served.
 *
 * Only with a bound, `--availability`, is this a promise that can be broken. It counts operations
 * at nodes that were on duty (availability-duty.ts), by the node that the client talked to last:
 * the invocation names the client's own node, from which it may have been sent on.
 *
 * A client that hangs asks less than one that is refused, and an outage would cost the less the
 * worse it is. So what was not served counts as often as `--rate` wanted its client to ask
 * meanwhile.
 */
import type { Op } from '../../checker/history.ts';
import type { CheckedRun, Checker, CheckerResult, RunFault } from '../checker.ts';
import { type Duty, DutyRoster } from './availability-duty.ts';
import { describeAvailability } from './availability-words.ts';
import { FaultTimeline, type Met, type TimedFault } from './fault-timeline.ts';
import { type CountedOperation, type Outcome, operationsOf, outcomeOf } from './operations.ts';
import { type Counts, noCounts } from './shares.ts';

const name = 'availability';

export const availability: Checker = {
  name,
  description: 'what was served in each phase, and by each node that should have served',
  check,
};

/** The operations of a phase. */
export interface PhaseTally {
  readonly all: Counts;
  /** Those that count, by node. */
  readonly due: Map<string, Counts>;
}

export interface FaultTally {
  readonly timed: TimedFault<RunFault>;
  /** Who had to serve once it had begun, with what else was in force. */
  readonly servingGroup: readonly string[];
  readonly during: PhaseTally;
  /** From its end to the first success after it. */
  readonly after: PhaseTally;
  /** Nodes that its end brought back: nanoseconds to the first answer; null for none. */
  readonly back: Map<string, number | null>;
}

export interface AvailabilityTally {
  /** Each operation counts in one of these. */
  readonly before: PhaseTally;
  readonly during: PhaseTally;
  readonly after: PhaseTally;
  readonly healthy: PhaseTally;
  /** An operation counts in each fault that it met. */
  readonly faults: readonly FaultTally[];
  readonly duties: Record<Duty, number>;
  /** Of those on duty, what was never asked because clients waited there. */
  heldBack: number;
  /** After the workload; they count nowhere. */
  finalCount: number;
}

function check(run: CheckedRun): CheckerResult {
  if (run.brokeOff === null) return { name, ...describeAvailability(run, tallyOf(run)) };
  const summary = 'the run broke off before anybody could say what its faults had done';
  const blind = ['the availability'];
  return { name, valid: 'unknown', summary, details: {}, blind };
}

function tallyOf(run: CheckedRun): AvailabilityTally {
  const walk = new AvailabilityWalk(run);
  for (const operation of operationsOf(run.ops)) walk.take(operation);
  return walk.tally;
}

interface Returning {
  readonly fault: FaultTally;
  readonly since: Op;
}

/** Once along the history, in the order of the completions. */
class AvailabilityWalk {
  readonly #finalFrom: number;
  readonly #timeline: FaultTimeline<RunFault>;
  readonly #roster: DutyRoster;
  readonly #faults: FaultTally[] = [];
  /** Nodes that a healing brought back and that have not answered yet. */
  readonly #returning = new Map<string, Returning>();
  /** Threads whose client has been seen to go where it was sent. */
  readonly #floating = new Set<number>();
  readonly #concurrency: number;
  /** How often the schedule wants each client to ask; null: there is none. */
  readonly #everyNs: number | null;
  readonly #tally: AvailabilityTally;

  constructor(run: CheckedRun) {
    this.#concurrency = run.concurrency;
    this.#everyNs = run.rate === null ? null : (run.concurrency / run.rate) * 1e9;
    this.#finalFrom = run.recovery?.beganAt ?? Number.POSITIVE_INFINITY;
    this.#timeline = new FaultTimeline(run.faults);
    this.#roster = new DutyRoster(run.nodes, { index: -1, timeNs: 0 });
    this.#tally = {
      before: newPhase(),
      during: newPhase(),
      after: newPhase(),
      healthy: newPhase(),
      faults: this.#faults,
      duties: { due: 0, 'catching-up': 0, excused: 0 },
      heldBack: 0,
      finalCount: 0,
    };
  }

  get tally(): AvailabilityTally {
    return this.#tally;
  }

  take({ invoked, completed }: CountedOperation): void {
    // What was under way when the history ended has no end that could be counted.
    if (completed === null) return;
    this.#goOn(completed.index);
    this.#roster.passed(completed);
    const node = completed.node ?? invoked.node ?? '';
    const outcome = this.#outcomeOf(invoked, completed);
    if (invoked.index >= this.#finalFrom) this.#tally.finalCount++;
    else this.#count({ node, outcome, invoked, completed });
    if (outcome === 'ok') {
      this.#timeline.succeeded(invoked.index, completed);
      this.#roster.succeeded(invoked.index, completed);
    }
    if (outcome === 'ok' || outcome === 'answered' || outcome === 'redirected') {
      this.#noteAnswer(node, invoked.index, completed);
    }
  }

  /** A client that goes where it is sent, and got nowhere, has not been served. */
  #outcomeOf(invoked: Op, completed: Op): Outcome {
    const thread = Number(completed.process) % this.#concurrency;
    if (completed.node !== undefined && completed.node !== invoked.node) this.#floating.add(thread);
    const outcome = outcomeOf(completed);
    return outcome === 'redirected' && this.#floating.has(thread) ? 'failed' : outcome;
  }

  /** To the faults that are in force at this position. */
  #goOn(index: number): void {
    for (;;) {
      const change = this.#timeline.next(index);
      if (change === null) return;
      const { at, kind, timed } = change;
      const inForce = [...this.#timeline.inForce].map(({ fault }) => fault);
      const admitted = this.#roster.change(inForce, at);
      const group = this.#roster.group;
      for (const node of this.#returning.keys()) {
        if (!group.includes(node)) this.#returning.delete(node);
      }
      if (kind === 'begin') this.#faults.push(newFault(timed, group));
      const fault = this.#faults[timed.position];
      if (kind === 'begin' || fault === undefined) continue;
      for (const node of admitted) {
        fault.back.set(node, null);
        this.#returning.set(node, { fault, since: at });
      }
    }
  }

  #count(operation: Ended): void {
    const { node, outcome, invoked, completed } = operation;
    const isServed = outcome !== 'failed' && outcome !== 'unknown';
    const { duty, waitedNs } = this.#roster.timeOnDuty(node, invoked, completed);
    this.#tally.duties[duty]++;
    const isDue = duty === 'due';
    const times = isServed ? 1 : this.#timesOf(waitedNs);
    if (isDue) this.#tally.heldBack += times - 1;
    const met = this.#timeline.met(invoked.index);
    for (const phase of this.#phasesOf(met))
      countIn(phase, { node, outcome, times: isDue ? times : 0 });
  }

  /** How many operations the schedule wanted of a client that waited so long. */
  #timesOf(waitedNs: number): number {
    return this.#everyNs === null ? 1 : Math.max(1, Math.round(waitedNs / this.#everyNs));
  }

  #phasesOf({ during, after }: Met<RunFault>): readonly PhaseTally[] {
    const { before, healthy } = this.#tally;
    const ofFaults = [
      ...during.map(({ position }) => this.#faults[position]?.during),
      ...after.map(({ position }) => this.#faults[position]?.after),
    ].filter((phase) => phase !== undefined);
    if (during.length > 0) return [this.#tally.during, ...ofFaults];
    if (after.length > 0) return [this.#tally.after, ...ofFaults];
    return [this.#timeline.isUntouched ? before : healthy];
  }

  /** A redirect is an answer: a node that sends clients to its leader is back. */
  #noteAnswer(node: string, invokedAt: number, { timeNs }: Op): void {
    const returning = this.#returning.get(node);
    if (returning === undefined || returning.since.index > invokedAt) return;
    returning.fault.back.set(node, timeNs - returning.since.timeNs);
    this.#returning.delete(node);
  }
}

interface Ended {
  /** That the client talked to last. */
  readonly node: string;
  readonly outcome: Outcome;
  readonly invoked: Op;
  readonly completed: Op;
}

interface Weighed extends Pick<Ended, 'node' | 'outcome'> {
  /** As how many it counts where it was due; 0: it was not. */
  readonly times: number;
}

function countIn({ all, due }: PhaseTally, { node, outcome, times }: Weighed): void {
  all[outcome]++;
  if (times === 0) return;
  const counts = due.get(node) ?? noCounts();
  counts[outcome] += times;
  due.set(node, counts);
}

function newPhase(): PhaseTally {
  return { all: noCounts(), due: new Map() };
}

function newFault(timed: TimedFault<RunFault>, servingGroup: readonly string[]): FaultTally {
  return { timed, servingGroup, during: newPhase(), after: newPhase(), back: new Map() };
}
