/**
 * The recorder: gives each op its place in the history and hands it on.
 *
 * The order of the history is the order of the calls here, in this one process. It judges nothing.
 */
import type { Op } from '../../checker/history.ts';
import type { HarnessTimers } from './timers.ts';

/** An op that has no place yet. */
export type UnplacedOp = Omit<Op, 'index' | 'timeNs'>;

/** Takes each op at once; what it writes must survive a SIGKILL of this process. */
export type OpSink = (op: Op) => void;

export class Recorder {
  readonly #timers: HarnessTimers;
  readonly #sinks: readonly OpSink[];
  #nextIndex = 0;

  constructor(timers: HarnessTimers, sinks: readonly OpSink[]) {
    this.#timers = timers;
    this.#sinks = sinks;
  }

  /** How many ops there are: the index of the next one. */
  get length(): number {
    return this.#nextIndex;
  }

  record(unplaced: UnplacedOp): Op {
    const { process, node, type, f, key, value, scheduledNs, result, error } = unplaced;
    const op: Op = {
      index: this.#nextIndex++,
      timeNs: this.#timers.nowNs(),
      process,
      ...(node === undefined ? {} : { node }),
      type,
      f,
      ...(key === undefined ? {} : { key }),
      value: value ?? null,
      ...(scheduledNs === undefined ? {} : { scheduledNs }),
      ...(result === undefined ? {} : { result }),
      ...(error === undefined ? {} : { error }),
    };
    for (const sink of this.#sinks) sink(op);
    return op;
  }
}
