/**
 * Storms and calms: another schedule's faults for a while, then all of them end and the cluster is
 * let be until operations succeed again; then the next storm.
 *
 * Without calms, faults that overlap may keep a majority down from the first operation to the last,
 * and a run in which nothing ever succeeded has tested nothing. It is the way back that shows most:
 * what was left behind by a storm is met by elections, snapshots and clients.
 */
import type { UninjectedFault } from '../checker.ts';
import { type FaultGroup, undoOrder } from '../nemesis.ts';
import { type RandomSource, randomInteger } from '../run/random.ts';
import type { Schedule, ScheduledAction, ScheduleEvent } from './schedule.ts';

/** From one number to another, both included. */
export type Range = readonly [from: number, to: number];

export interface StormOptions {
  readonly random: RandomSource;
  groupOf(family: string): FaultGroup | null;
  /** Operations that complete in a storm. */
  readonly stormOperations: Range;
  /** Operations that succeed in a calm. */
  readonly calmSuccesses: Range;
}

/** A calm in which nothing succeeds ends all the same, after so many times as many operations. */
const patience = 8;

export class StormSchedule implements Schedule {
  readonly #inner: Schedule;
  readonly #options: StormOptions;
  /** What is in force, or was asked for. */
  readonly #active = new Map<number, ScheduledAction>();
  readonly #deferred: ScheduledAction[] = [];
  #isCalm = false;
  /** Operations, or successes, until it is over. */
  #left: number;
  /** Of a calm: operations until it is over, whatever came of them. */
  #bound = 0;

  constructor(inner: Schedule, options: StormOptions) {
    this.#inner = inner;
    this.#options = options;
    this.#left = this.#draw(options.stormOperations);
  }

  get wantsLooks(): boolean {
    return this.#inner.wantsLooks;
  }

  get isOver(): boolean {
    return this.#inner.isOver;
  }

  get unreached(): readonly UninjectedFault[] {
    return this.#inner.unreached;
  }

  take(event: ScheduleEvent): readonly ScheduledAction[] {
    if (event.type === 'begun' && !event.inForce) this.#active.delete(event.id);
    if (event.type === 'starved') return this.#isCalm ? [] : this.#calm('starved');
    if (this.#isCalm) return this.#takeCalmly(event);
    const actions = this.#inner.take(event);
    for (const action of actions) this.#note(action);
    if (event.type !== 'completed') return actions;
    this.#left--;
    return this.#left > 0 ? actions : [...actions, ...this.#calm('calm')];
  }

  #takeCalmly(event: ScheduleEvent): readonly ScheduledAction[] {
    if (event.type === 'completed') return this.#wait(event.ok ?? true);
    if (event.type === 'begun') this.#defer(this.#inner.take(event));
    return [];
  }

  /** What would begin now begins with the next storm; what would end has ended. */
  #defer(actions: readonly ScheduledAction[]): void {
    this.#deferred.push(...actions.filter(({ phase }) => phase === 'begin'));
  }

  #note(action: ScheduledAction): void {
    if (action.phase === 'begin') this.#active.set(action.id, action);
    else this.#active.delete(action.id);
  }

  #placeOf({ family }: ScheduledAction): number {
    const group = this.#options.groupOf(family);
    return group === null ? undoOrder.length : undoOrder.indexOf(group);
  }

  /** Everything ends, group after group, of each the last first. */
  #calm(trigger: string): readonly ScheduledAction[] {
    this.#isCalm = true;
    this.#left = this.#draw(this.#options.calmSuccesses);
    this.#bound = patience * this.#left;
    const ends = [...this.#active.values()].reverse();
    this.#active.clear();
    this.#defer(this.#inner.take({ type: 'healed' }));
    return ends
      .sort((a, b) => this.#placeOf(a) - this.#placeOf(b))
      .map((action) => ({ ...action, phase: 'end', trigger }));
  }

  #wait(ok: boolean): readonly ScheduledAction[] {
    if (ok) this.#left--;
    this.#bound--;
    if (this.#left > 0 && this.#bound > 0) return [];
    this.#isCalm = false;
    this.#left = this.#draw(this.#options.stormOperations);
    const deferred = this.#deferred.splice(0);
    for (const action of deferred) this.#note(action);
    return deferred;
  }

  #draw([from, to]: Range): number {
    return from + randomInteger(this.#options.random, to - from + 1);
  }
}
