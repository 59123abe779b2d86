/**
 * One phase of a script at work: it waits for its begin, has its fault, waits for its end.
 *
 * A trigger that does not come within its bound is given up: the fault is not begun, or ends then,
 * and the run tells of it.
 */
import type { UninjectedFault } from '../checker.ts';
import type { FaultParameters } from '../nemesis.ts';
import type { ScheduledAction, ScheduleEvent } from './schedule.ts';
import {
  alternativesOf,
  crashPointFamily,
  describeTrigger,
  type ScriptPhase,
  type Trigger,
  triggeredNode,
} from './script.ts';
import type { Marks, ScriptMemory } from './script-memory.ts';
import { type Hit, TriggerWatch } from './script-watch.ts';

/** What all phases share. */
export interface ScriptWorld {
  readonly path: string;
  readonly memory: ScriptMemory;
  nextId(): number;
  /** Why a fault is not possible here; null when it is. */
  whyNot(family: string, variant: string | null): string | null;
}

/** Every client is blocked, and it is this one's turn to do something about it. */
export interface HurryEvent {
  readonly type: 'hurry';
  readonly phase: PhaseRun;
}

export type ScriptEvent = ScheduleEvent | HurryEvent;

type State = 'idle' | 'before' | 'asked' | 'in-force' | 'over';

export class PhaseRun {
  readonly #phase: ScriptPhase;
  readonly #world: ScriptWorld;
  readonly #armed: ScheduledAction[] = [];
  readonly #unreached: UninjectedFault[] = [];
  #state: State = 'idle';
  #marks: Marks;
  #watch: TriggerWatch | null = null;
  #action: ScheduledAction | null = null;

  constructor(phase: ScriptPhase, world: ScriptWorld, marks: Marks) {
    this.#phase = phase;
    this.#world = world;
    this.#marks = marks;
  }

  get isOver(): boolean {
    return this.#state === 'over';
  }

  /** As of the begin of its fault, for what comes after it. */
  get marks(): Marks {
    return this.#marks;
  }

  /** The id of the fault that is in force; null when none is. */
  get inForce(): number | null {
    return this.#state === 'in-force' ? (this.#action?.id ?? null) : null;
  }

  /** Waits for progress and for nothing else that could be brought forward. */
  get waitsForProgress(): boolean {
    return this.#state === 'before' && this.#watch?.comesByProgress === true;
  }

  get wantsLooks(): boolean {
    return this.#watch?.wantsLooks === true;
  }

  /** What would not have come if the run ended now. */
  get unreached(): readonly UninjectedFault[] {
    const { begin, end } = this.#phase;
    switch (this.#state) {
      case 'idle':
        return [this.#notReached('the run ended before its turn')];
      case 'before':
        return [this.#notReached(`the run ended while it waited for ${describeTrigger(begin)}`)];
      case 'in-force':
        if (end === null || this.#watch?.comesByProgress === true) return this.#unreached;
        return [this.#notReached(`it began, and the run ended before ${describeTrigger(end)}`)];
      default:
        return this.#unreached;
    }
  }

  /** It is its turn now. What is not possible here is not waited for. */
  start(): readonly ScheduledAction[] {
    const why = this.#whyNot();
    if (why !== null) {
      this.#unreached.push({ ...this.#notReached(why), outcome: 'skipped' });
      return this.#finish();
    }
    this.#state = 'before';
    return this.#wait(this.#phase.begin);
  }

  take(event: ScriptEvent): readonly ScheduledAction[] {
    if (event.type === 'hurry') return event.phase === this ? this.#hurry() : [];
    if (event.type === 'begun') return this.#begun(event.id, event.inForce);
    if (event.type === 'healed') return this.#action === null ? [] : this.#finish();
    const hit = this.#watch?.take(event) ?? null;
    if (hit !== null) return this.#come(hit);
    return this.#isBeyondBound() ? this.#giveUp(this.#boundWords()) : [];
  }

  #whyNot(): string | null {
    const { family, variant, begin } = this.#phase;
    const why = this.#world.whyNot(family, variant);
    const isArmed = alternativesOf(begin).every(({ type }) => type === 'crash-point');
    return why ?? (isArmed ? this.#world.whyNot(crashPointFamily, null) : null);
  }

  /** Begins to watch; what is so already counts at once. */
  #wait(trigger: Trigger): readonly ScheduledAction[] {
    const { memory } = this.#world;
    this.#watch = new TriggerWatch({ trigger, memory, marks: this.#marks });
    const armed = alternativesOf(trigger).flatMap((each) => this.#arm(each));
    const hit = this.#watch.already();
    return hit === null ? armed : [...armed, ...this.#come(hit)];
  }

  /** A crash point is a fault of its own, which ends when the phase does. */
  #arm(trigger: Trigger): readonly ScheduledAction[] {
    if (trigger.type !== 'crash-point') return [];
    if (this.#world.whyNot(crashPointFamily, null) !== null) return [];
    const { name: point, passage, node } = trigger;
    const action: ScheduledAction = {
      ...{ id: this.#world.nextId(), phase: 'begin', family: crashPointFamily, variant: null },
      parameters: { point, passage, ...(node === null ? {} : { nodes: [node] }) },
      trigger: this.#words(`arms ${describeTrigger(trigger)}`),
    };
    this.#armed.push(action);
    return [action];
  }

  #come(hit: Hit): readonly ScheduledAction[] {
    return this.#state === 'before' ? this.#begin(hit) : this.#end(hit.words);
  }

  #begin(hit: Hit): readonly ScheduledAction[] {
    const { family, variant, parameters, chance } = this.#phase;
    this.#watch = null;
    this.#state = 'asked';
    this.#marks = this.#world.memory.marks();
    this.#action = {
      ...{ id: this.#world.nextId(), phase: 'begin', family, variant },
      parameters: resolveNodes(parameters, hit.node),
      ...(chance === null ? {} : { chance }),
      trigger: this.#words(hit.words),
    };
    return [this.#action];
  }

  #begun(id: number, inForce: boolean): readonly ScheduledAction[] {
    if (this.#state !== 'asked' || this.#action?.id !== id) return [];
    if (!inForce || this.#phase.end === null) return this.#finish();
    this.#state = 'in-force';
    return this.#wait(this.#phase.end);
  }

  #end(words: string): readonly ScheduledAction[] {
    const { family, variant } = this.#phase;
    const id = this.#action?.id ?? -1;
    const trigger = this.#words(words);
    const shared = { family, variant, parameters: this.#action?.parameters ?? {}, trigger };
    return [{ id, phase: 'end', ...shared }, ...this.#finish()];
  }

  /** The crash points that were armed for it are taken back, or what they ended is started. */
  #finish(): readonly ScheduledAction[] {
    this.#state = 'over';
    this.#watch = null;
    const armed = this.#armed.splice(0);
    return armed.map((action) => ({ ...action, phase: 'end', trigger: this.#words('it is over') }));
  }

  #isBeyondBound(): boolean {
    if (this.#watch === null || this.#watch.comesByProgress) return false;
    return this.#watch.completed >= this.#phase.notReachedAfter;
  }

  #boundWords(): string {
    return `in ${this.#phase.notReachedAfter} operations`;
  }

  /** Its trigger will not come. */
  #giveUp(words: string): readonly ScheduledAction[] {
    const { begin, end } = this.#phase;
    if (this.#state === 'before' || end === null) {
      this.#unreached.push(this.#notReached(`${describeTrigger(begin)} did not come ${words}`));
      return this.#finish();
    }
    const missed = `${describeTrigger(end)} did not come ${words}`;
    this.#unreached.push(this.#notReached(`it began, but for its end ${missed}`));
    return this.#end(`not-reached: ${missed}`);
  }

  /** Every client is blocked: what is in force ends, what waits for progress begins. */
  #hurry(): readonly ScheduledAction[] {
    if (this.#watch?.comesByProgress === true) return this.#come({ words: 'stalled', node: null });
    return this.#state === 'in-force' ? this.#giveUp('before every client was blocked') : [];
  }

  #notReached(reason: string): UninjectedFault {
    const { family, variant, line } = this.#phase;
    const place = `${this.#world.path}:${line}`;
    return { family, variant, outcome: 'not-reached', reason: `${place}: ${reason}` };
  }

  #words(words: string): string {
    return `${this.#world.path}:${this.#phase.line} ${words}`;
  }
}

/** `nodes: triggered` is the node that the trigger was about; where there is none, any may be. */
function resolveNodes(parameters: FaultParameters, node: string | null): FaultParameters {
  const { nodes: given, ...others } = parameters;
  if (given === undefined) return parameters;
  const named: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (!named.includes(triggeredNode)) return parameters;
  const nodes = named.map((name) => (name === triggeredNode ? node : name));
  const known = nodes.filter((name) => name !== null);
  return known.length === 0 ? others : { ...others, nodes: known };
}
