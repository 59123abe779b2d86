/**
 * Pairing: lines of a history become operations.
 *
 * An operation is an invocation and its completion by the same process. `fail` did not happen and
 * is set apart; `info`, or no completion at all, leaves it open for ever. A history that breaks
 * these rules is refused as malformed; it never gets a verdict. [Jepsen]
 */
import type { Op, Operation } from './history.ts';

/** The history, not the system, is at fault. `index` is the line's position, 0-based. */
export class HistoryError extends Error {
  readonly index: number;

  constructor(index: number, message: string) {
    super(message);
    this.name = 'HistoryError';
    this.index = index;
  }
}

export interface PairedHistory {
  /** Sorted by invocation. */
  readonly operations: Operation[];
  /** Operations that definitely did not happen, sorted by invocation. */
  readonly failed: Operation[];
  readonly counts: HistoryCounts;
}

export interface HistoryCounts {
  readonly ok: number;
  readonly fail: number;
  readonly info: number;
  /** Invocations without any completion: the run was cut short. */
  readonly open: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Takes the lines one by one, in order; throws a HistoryError at the first impossible one. */
export class Pairing {
  readonly #open = new Map<number, Mutable<Operation>>();
  /** Processes that ended with an `info`, and that operation's id. */
  readonly #retired = new Map<number, number>();
  readonly #operations: Operation[] = [];
  readonly #failedIds = new Set<number>();
  readonly #counts = { ok: 0, fail: 0, info: 0 };
  #nextIndex = 0;

  add(op: Op): void {
    if (op.index !== this.#nextIndex) {
      throw new HistoryError(
        this.#nextIndex,
        `index ${op.index} where ${this.#nextIndex} should stand: ` +
          'lines are missing or not in order',
      );
    }
    this.#nextIndex += 1;
    if (op.process === 'nemesis') return;
    if (op.type === 'invoke') this.#invoke(op, op.process);
    else this.#complete(op, op.process);
  }

  /** What was paired. Operations without a completion stay open for ever. */
  finish(): PairedHistory {
    const failed = this.#operations.filter((operation) => this.#failedIds.has(operation.id));
    const operations = this.#operations.filter((operation) => !this.#failedIds.has(operation.id));
    return { operations, failed, counts: { ...this.#counts, open: this.#open.size } };
  }

  #invoke(op: Op, process: number): void {
    const open = this.#open.get(process);
    if (open !== undefined) {
      throw new HistoryError(
        op.index,
        `process ${process} invokes ${op.f} while its operation ${open.id} is still open`,
      );
    }
    const retired = this.#retired.get(process);
    if (retired !== undefined) {
      throw new HistoryError(
        op.index,
        `process ${process} invokes ${op.f}, but its operation ${retired} ended with info, ` +
          'which retires the process: a client that goes on takes a new process id',
      );
    }
    const operation: Mutable<Operation> = {
      id: op.index,
      process,
      f: op.f,
      key: op.key ?? null,
      value: op.value,
      output: undefined,
      call: op.index,
      return: null,
    };
    if (op.node !== undefined) operation.node = op.node;
    this.#open.set(process, operation);
    this.#operations.push(operation);
  }

  #complete(op: Op, process: number): void {
    const operation = this.#open.get(process);
    if (operation === undefined) {
      throw new HistoryError(
        op.index,
        `process ${process} completes ${op.f} (${op.type}) but has no open operation`,
      );
    }
    if (operation.f !== op.f || operation.key !== (op.key ?? null)) {
      throw new HistoryError(
        op.index,
        `process ${process} completes ${nameOf(op.f, op.key)} but its open operation ` +
          `${operation.id} is ${nameOf(operation.f, operation.key)}`,
      );
    }
    this.#open.delete(process);
    if (op.node !== undefined) operation.node = op.node;
    if (op.type === 'ok') {
      this.#counts.ok += 1;
      operation.return = op.index;
      operation.output = op.result === undefined ? op.value : op.result;
    } else if (op.type === 'fail') {
      this.#counts.fail += 1;
      this.#failedIds.add(operation.id);
    } else {
      this.#counts.info += 1;
      this.#retired.set(process, operation.id);
    }
  }
}

/** Pairs a whole history that is in memory. */
export function pairHistory(ops: Iterable<Op>): PairedHistory {
  const pairing = new Pairing();
  for (const op of ops) pairing.add(op);
  return pairing.finish();
}

function nameOf(f: string, key: string | null | undefined): string {
  return key === null || key === undefined ? f : `${f} of key ${key}`;
}
