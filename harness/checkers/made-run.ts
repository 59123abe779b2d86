/**
 * Runs made by hand, for the tests of the checkers: operations and faults in the order in which
 * they are told, with indexes and times that fit.
 */
import type { Op, OpType } from '../../checker/history.ts';
import type { CheckedRun, RunFault } from '../checker.ts';
import { runOf } from './raft-invariants-run.ts';

/** A run in which nothing happened, but for what is said. */
export function madeRun(parts: Partial<CheckedRun> = {}): CheckedRun {
  return runOf({
    size: { keyCount: 5, opsPerKey: 500, unknownPerKey: null, notes: [] },
    nodes: ['n1', 'n2', 'n3', 'n4', 'n5'],
    recovery: { problem: null, finalOperations: 0, beganAt: Number.MAX_SAFE_INTEGER },
    ...parts,
  });
}

/** What is not said of an operation is a read at n1 that happens. */
export interface MadeOperation {
  readonly process?: number;
  readonly node?: string;
  /** Where the client was sent on to. */
  readonly answeredBy?: string;
  readonly f?: string;
  readonly key?: string;
  readonly end?: Exclude<OpType, 'invoke'>;
  readonly code?: string;
  readonly message?: string;
  readonly scheduledMs?: number;
}

type Impairs = RunFault['impairs'];

/** Writes a history line by line; each line is a millisecond later than the one before. */
export class MadeHistory {
  readonly ops: Op[] = [];
  readonly faults: { -readonly [K in keyof RunFault]: RunFault[K] }[] = [];
  readonly #open = new Map<number, MadeOperation>();
  #timeMs = 0;

  /** As much of a run as the history tells. */
  run(parts: Partial<CheckedRun> = {}): CheckedRun {
    const nemesis = [...new Set(this.faults.map(({ family }) => family))];
    const { ops, faults } = this;
    return madeRun({ ops, opCount: ops.length, faults, nemesis, ...parts });
  }

  /** Lets time pass. */
  wait(ms: number): this {
    this.#timeMs += ms;
    return this;
  }

  invoke(made: MadeOperation = {}): this {
    const { process = 0, node = 'n1', f = 'read', scheduledMs } = made;
    this.#open.set(process, made);
    const scheduledNs = scheduledMs === undefined ? {} : { scheduledNs: scheduledMs * 1e6 };
    const key = made.key === undefined ? {} : { key: made.key };
    this.#line({ process, node, type: 'invoke', f, ...key, value: null, ...scheduledNs });
    return this;
  }

  complete(process = 0): this {
    const made = this.#open.get(process) ?? {};
    const { f = 'read', end = 'ok', code, message } = made;
    const node = made.answeredBy ?? made.node ?? 'n1';
    const key = made.key === undefined ? {} : { key: made.key };
    const words = message === undefined ? {} : { message };
    const error = code === undefined ? {} : { error: { code, ...words } };
    this.#line({ process, node, type: end, f, ...key, value: null, ...error });
    return this;
  }

  /** Whole operations, one after the other. */
  times(count: number, made: MadeOperation = {}): this {
    for (let turn = 0; turn < count; turn++) this.invoke(made).complete(made.process);
    return this;
  }

  begin(family: string, impairs: Partial<Impairs>): this {
    const { cut = [], down = [] } = impairs;
    const begin = this.#nemesis(family, { phase: 'begin' });
    const nodes = [...new Set([...down, ...cut.map(({ from }) => from)])];
    this.faults.push({
      family,
      description: nodes.join(' '),
      nodes,
      tookEffect: true,
      outcome: 'injected',
      reason: null,
      begin,
      end: null,
      impairs: { cut, down },
    });
    return this;
  }

  /** The last fault of the family. */
  end(family: string): this {
    const fault = this.faults.findLast((each) => each.family === family);
    if (fault === undefined) throw new RangeError(`no ${family} has begun`);
    fault.end = this.#nemesis(family, { phase: 'end', begin: fault.begin.index });
    return this;
  }

  #nemesis(f: string, value: unknown): Op {
    return this.#line({ process: 'nemesis', type: 'info', f, value });
  }

  #line(op: Omit<Op, 'index' | 'timeNs'>): Op {
    this.#timeMs++;
    const line: Op = { index: this.ops.length, timeNs: this.#timeMs * 1e6, ...op };
    this.ops.push(line);
    return line;
  }
}

/** The links of two groups to one another. */
export function cutBetween(a: readonly string[], b: readonly string[]): Impairs['cut'] {
  return a.flatMap((one) =>
    b.flatMap((other) => [
      { from: one, to: other },
      { from: other, to: one },
    ]),
  );
}
