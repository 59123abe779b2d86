/**
 * The conductor: takes the schedule's actions to the nemeses, one at a time, and writes them down.
 *
 * A fault is two lines of the history: its begin, written before anything is done, and its end,
 * written after everything is undone, so that the interval is never too short. What was read back
 * goes to nemesis.jsonl under the index of the line.
 */
import type { Op } from '../../checker/history.ts';
import type { RunFault } from '../checker.ts';
import type { Nemesis } from '../nemesis.ts';
import type { NemesisRecord } from '../report/run-record.ts';
import { type RandomSource, randomShuffle } from '../run/random.ts';
import type { Recorder } from '../run/recorder.ts';
import { type KillTarget, killTargets, planKill } from './kill.ts';
import {
  type PartitionShape,
  type PlanContext,
  partitionShapes,
  planPartition,
} from './partition.ts';
import type { FaultFamily, ScheduledAction } from './schedule.ts';

export interface ConductorOptions {
  readonly nodes: readonly string[];
  readonly nemeses: Readonly<Record<FaultFamily, Nemesis>>;
  readonly recorder: Recorder;
  readonly random: RandomSource;
  /** Asked when a fault aims at the leader. */
  findLeader(): Promise<string | null>;
  /** Takes the evidence as it comes. */
  onEvidence(record: NemesisRecord): void;
}

/** A fault that was begun. */
export interface ConductedFault extends RunFault {
  readonly family: FaultFamily;
  readonly trigger: ScheduledAction['trigger'];
  end: Op | null;
  beginEvidence: Readonly<Record<string, unknown>>;
  endEvidence: Readonly<Record<string, unknown>>;
  tookEffect: boolean;
}

interface Plan {
  readonly description: string;
  readonly nodes: readonly string[];
  readonly value: Readonly<Record<string, unknown>>;
  readonly impairs: RunFault['impairs'];
}

/** The leader twice: most failures begin with one that does not know that it was replaced. */
const shapeDeck: readonly PartitionShape[] = [...partitionShapes, 'leader'];

export class Conductor {
  readonly #options: ConductorOptions;
  readonly #faults: ConductedFault[] = [];
  readonly #active = new Map<FaultFamily, ConductedFault>();
  #shapes: PartitionShape[] = [];
  #targets: KillTarget[] = [];
  #queue: Promise<void> = Promise.resolve();
  #busy = false;

  constructor(options: ConductorOptions) {
    this.#options = options;
  }

  get faults(): readonly ConductedFault[] {
    return this.#faults;
  }

  /** Descriptions of what is in force, for the console. */
  get inForce(): readonly string[] {
    return [...this.#active.values()].map((fault) => `${fault.family} ${fault.description}`);
  }

  async setup(): Promise<void> {
    for (const nemesis of Object.values(this.#options.nemeses)) await nemesis.setup();
  }

  /** While an action is being carried out, the history's progress counts for no other. */
  get busy(): boolean {
    return this.#busy;
  }

  /** Carries out an action; a failure of it comes out of `settled`. */
  take(action: ScheduledAction): void {
    this.#busy = true;
    this.#queue = this.#queue
      .then(() => (action.phase === 'begin' ? this.#begin(action) : this.#end(action.family)))
      .finally(() => {
        this.#busy = false;
      });
    // Whoever awaits `settled` sees the failure; until then it is nobody's unhandled rejection.
    this.#queue.catch(() => {});
  }

  /** Resolves when no action is under way; rejects with the first failure. */
  settled(): Promise<void> {
    return this.#queue;
  }

  /** Ends everything that is still in force. */
  async finish(): Promise<void> {
    await this.#queue;
    for (const family of [...this.#active.keys()]) await this.#end(family);
  }

  /** Undoes all effects, whatever has failed before; the history is not written any more. */
  async teardown(): Promise<void> {
    for (const nemesis of Object.values(this.#options.nemeses)) await nemesis.teardown();
  }

  async #begin(action: ScheduledAction): Promise<void> {
    const { family } = action;
    const { nemeses, recorder } = this.#options;
    if (this.#active.has(family)) return;
    const leader = await this.#options.findLeader();
    const plan = this.#plan(family, { ...this.#options, leader });
    const value = { phase: 'begin', ...plan.value, trigger: action.trigger, leader };
    const begin = recorder.record({ process: 'nemesis', type: 'info', f: family, value });
    const fault: ConductedFault = {
      family,
      description: plan.description,
      nodes: plan.nodes,
      impairs: plan.impairs,
      trigger: action.trigger,
      begin,
      end: null,
      beginEvidence: {},
      endEvidence: {},
      tookEffect: false,
    };
    this.#faults.push(fault);
    this.#active.set(family, fault);
    const { tookEffect, evidence } = await nemeses[family].invoke({ f: family, value });
    fault.beginEvidence = { ...evidence, readBackAtIndex: recorder.length };
    this.#options.onEvidence({
      index: begin.index,
      f: family,
      value,
      tookEffect,
      evidence: fault.beginEvidence,
    });
  }

  async #end(family: FaultFamily): Promise<void> {
    const fault = this.#active.get(family);
    if (fault === undefined) return;
    const { nemeses, recorder } = this.#options;
    const value = { phase: 'end', begin: fault.begin.index };
    const { tookEffect, evidence } = await nemeses[family].invoke({ f: family, value });
    const leader = await this.#options.findLeader();
    const end = recorder.record({ process: 'nemesis', type: 'info', f: family, value });
    this.#active.delete(family);
    fault.end = end;
    fault.tookEffect = tookEffect;
    fault.endEvidence = { ...evidence, leaderAfter: leader };
    this.#options.onEvidence({
      index: end.index,
      f: family,
      value,
      tookEffect,
      evidence: fault.endEvidence,
    });
  }

  /** Each shape and each target comes once before any comes again. */
  #plan(family: FaultFamily, context: PlanContext): Plan {
    const { random } = this.#options;
    if (family === 'partition') {
      if (this.#shapes.length === 0) this.#shapes = randomShuffle(random, shapeDeck);
      const plan = planPartition(this.#shapes.pop() ?? 'one', context);
      const { shape, cut } = plan;
      const nodes = [...new Set(cut.map((link) => link.from))].sort();
      const description = `${shape}: ${plan.description}`;
      return { description, nodes, value: { shape, cut }, impairs: { cut, down: [] } };
    }
    if (this.#targets.length === 0) this.#targets = randomShuffle(random, killTargets);
    const { target, nodes } = planKill(this.#targets.pop() ?? 'one', context);
    const description = `${target}: ${nodes.join(' ')}`;
    return { description, nodes, value: { target, nodes }, impairs: { cut: [], down: nodes } };
  }
}
