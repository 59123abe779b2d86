/**
 * The schedule of faults: which begins or ends, and at what.
 *
 * Triggers are things that happen: operations complete, every client is blocked, a node says
 * something, a node was seen in a state. Never a clock. All choices come from the seed.
 */
import type { IntrospectionSample, UninjectedFault } from '../checker.ts';
import type { FaultParameters } from '../nemesis.ts';

/** Something happened that a fault may wait for. */
export type ScheduleEvent =
  /** An operation has completed, in any way; `ok` is false when it did not succeed. */
  | { readonly type: 'completed'; readonly ok?: boolean }
  /** Many operations have completed in a row, and none succeeded. Comes once for that. */
  | { readonly type: 'starved' }
  /** Somebody else has ended all that was in force. */
  | { readonly type: 'healed' }
  /** Every client is blocked: what comes next comes now, and a healing before a fault. */
  | { readonly type: 'stalled' }
  /** A look at the nodes: those that answered. */
  | { readonly type: 'looked'; readonly samples: readonly IntrospectionSample[] }
  | { readonly type: 'log-line'; readonly node: string; readonly line: string }
  /** A node ended by itself. */
  | { readonly type: 'ended'; readonly node: string }
  /** What came of a fault that the schedule had asked for: whether it is in force now. */
  | { readonly type: 'begun'; readonly id: number; readonly inForce: boolean };

/** What to do now. */
export interface ScheduledAction {
  /** Of the fault; its end has the same. */
  readonly id: number;
  readonly phase: 'begin' | 'end';
  readonly family: string;
  /** null: the next of the family's deck. */
  readonly variant: string | null;
  readonly parameters: FaultParameters;
  /**
   * Of a fault that is to be as it once was: how many numbers of the faults' stream had been drawn
   * before it was planned. Left out: the stream goes on.
   */
  readonly chance?: number;
  /** What made it come, in words: `progress`, `stalled`, `log n1 /became leader/`. */
  readonly trigger: string;
}

export interface Schedule {
  /** Called for each event, in order. */
  take(event: ScheduleEvent): readonly ScheduledAction[];
  /** What it waits for wants looks at the nodes, often. */
  readonly wantsLooks: boolean;
  /** Nothing begins any more, and the workload has gone on for a while after the last end. */
  readonly isOver: boolean;
  /** Faults that have not begun, and why. Asked at the end. */
  readonly unreached: readonly UninjectedFault[];
}

/**
 * Notices that every client is blocked: since an operation was last answered, each thread has had
 * one that was not. Says so again when each has had another: one healing may not be enough.
 */
export class StallDetector {
  readonly #threadCount: number;
  readonly #blocked = new Set<number>();

  constructor(threadCount: number) {
    this.#threadCount = threadCount;
  }

  /** Returns true when this completion makes the stall complete. */
  completed(thread: number, answered: boolean): boolean {
    if (answered) {
      this.#blocked.clear();
      return false;
    }
    this.#blocked.add(thread);
    if (this.#blocked.size < this.#threadCount) return false;
    this.#blocked.clear();
    return true;
  }
}
