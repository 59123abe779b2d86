/**
 * Who must serve at each moment of a run, and which operations may be held against a node.
 *
 * A node is on duty while it is in the serving group (availability-group.ts). One that has just
 * come into it, at the start of the run or by a healing, needs time to catch up: its duty begins
 * with the first success anywhere, or after ten seconds without one. Who leaves it is excused from
 * what it would have answered soon, but not from what it had left unanswered for a second.
 */
import type { Op } from '../../checker/history.ts';
import type { RunFault } from '../checker.ts';
import { servingGroup } from './availability-group.ts';

export const graceMs = 10_000;

/** Whoever has waited so long at a node on duty was not served, whatever became of the node. */
const patienceMs = 1000;

/** Operations do not last longer than so many faults, one after the other. */
const pastDutiesMax = 50;

/** A line of the history; before the first one, -1. */
export type Moment = Pick<Op, 'index' | 'timeNs'>;

interface Member {
  readonly admitted: Moment;
  /** From which position on it must serve; null while it catches up. */
  dutyFrom: number | null;
}

interface PastDuty {
  readonly from: number;
  readonly until: Moment;
}

/**
 * - `due`: the node was on duty from the invocation to the completion, or for as long as anybody
 *   waits.
 * - `catching-up`: it was in the group, and nothing had succeeded yet.
 * - `excused`: it was not in the group, at least for a time.
 */
export type Duty = 'due' | 'catching-up' | 'excused';

export interface TimeOnDuty {
  readonly duty: Duty;
  /** From the invocation on, while the node was on duty. */
  readonly waitedNs: number;
}

export class DutyRoster {
  readonly #nodes: readonly string[];
  readonly #members = new Map<string, Member>();
  /** The last ones of each node. */
  readonly #past = new Map<string, PastDuty[]>();
  #catchingUp = 0;

  /** All nodes run and are connected from this moment on. */
  constructor(nodes: readonly string[], start: Moment) {
    this.#nodes = nodes;
    this.change([], start);
  }

  /** Nodes of the serving group, those that catch up included. */
  get group(): readonly string[] {
    return this.#nodes.filter((node) => this.#members.has(node));
  }

  /** From this line on these faults are in force; returns who came into the serving group. */
  change(faults: readonly Pick<RunFault, 'impairs'>[], at: Moment): readonly string[] {
    const impairments = faults.map(({ impairs }) => impairs);
    const group = servingGroup(this.#nodes, impairments);
    for (const [node, { dutyFrom }] of this.#members) {
      if (group.has(node)) continue;
      this.#members.delete(node);
      if (dutyFrom !== null) this.#remember(node, { from: dutyFrom, until: at });
    }
    const admitted = [...group].filter((node) => !this.#members.has(node));
    for (const node of admitted) this.#members.set(node, { admitted: at, dutyFrom: null });
    this.#catchingUp = [...this.#members.values()].filter(isCatchingUp).length;
    return admitted;
  }

  /** Something has completed: those who have had their time are on duty from now on. */
  passed({ index, timeNs }: Moment): void {
    this.#begin(index, ({ admitted }) => timeNs - admitted.timeNs >= graceMs * 1e6);
  }

  /** What was asked for at this position has succeeded. */
  succeeded(invokedAt: number, { index }: Moment): void {
    this.#begin(index, ({ admitted }) => admitted.index < invokedAt);
  }

  /** Of an operation at this node that completes now. */
  timeOnDuty(node: string, invoked: Moment, completed: Moment): TimeOnDuty {
    const member = this.#members.get(node);
    if (member === undefined || member.admitted.index > invoked.index) {
      const past = this.#past
        .get(node)
        ?.find(({ from, until }) => from <= invoked.index && invoked.index < until.index);
      const waitedNs = past === undefined ? 0 : past.until.timeNs - invoked.timeNs;
      return { duty: waitedNs >= patienceMs * 1e6 ? 'due' : 'excused', waitedNs };
    }
    const isDue = member.dutyFrom !== null && member.dutyFrom <= invoked.index;
    const waitedNs = isDue ? completed.timeNs - invoked.timeNs : 0;
    return { duty: isDue ? 'due' : 'catching-up', waitedNs };
  }

  #remember(node: string, duty: PastDuty): void {
    const duties = this.#past.get(node) ?? [];
    this.#past.set(node, [...duties, duty].slice(-pastDutiesMax));
  }

  #begin(index: number, isReady: (member: Member) => boolean): void {
    if (this.#catchingUp === 0) return;
    for (const member of this.#members.values()) {
      if (!isCatchingUp(member) || !isReady(member)) continue;
      member.dutyFrom = index;
      this.#catchingUp--;
    }
  }
}

function isCatchingUp({ dutyFrom }: Member): boolean {
  return dutyFrom === null;
}
