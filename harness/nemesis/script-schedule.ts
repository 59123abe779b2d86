/**
 * The schedule of a script: its steps one after the other, parallel ones beside one another.
 *
 * It is over when its last phase is; then nothing more happens until the run ends.
 */
import type { UninjectedFault } from '../checker.ts';
import type { Schedule, ScheduledAction, ScheduleEvent } from './schedule.ts';
import type { ParallelStep, Script, ScriptStep } from './script.ts';
import { type Marks, ScriptMemory } from './script-memory.ts';
import { PhaseRun, type ScriptEvent, type ScriptWorld } from './script-phase.ts';

/** How long the workload goes on after the last fault, where the run ends with the script. */
const tailOperations = 200;

/** A part of the script at work. */
interface Run {
  readonly isOver: boolean;
  readonly marks: Marks;
  /** The phases that have their turn. */
  readonly current: readonly PhaseRun[];
  readonly unreached: readonly UninjectedFault[];
  start(): readonly ScheduledAction[];
  take(event: ScriptEvent): readonly ScheduledAction[];
}

export class ScriptSchedule implements Schedule {
  readonly #memory = new ScriptMemory();
  readonly #whole: SequenceRun;
  readonly #hurries: boolean;
  #nextId = 0;
  #isStarted = false;
  #completedSince = 0;

  /** `whyNot`: why a fault is not possible here; null when it is. */
  constructor({ path, steps, hurries }: Script, whyNot: ScriptWorld['whyNot'] = () => null) {
    this.#hurries = hurries;
    const world = { path, memory: this.#memory, nextId: () => this.#nextId++, whyNot };
    this.#whole = new SequenceRun(steps, world, this.#memory.marks());
  }

  get wantsLooks(): boolean {
    return this.#whole.current.some((phase) => phase.wantsLooks);
  }

  get isOver(): boolean {
    return this.#isStarted && this.#whole.isOver && this.#completedSince >= tailOperations;
  }

  get unreached(): readonly UninjectedFault[] {
    return this.#whole.unreached;
  }

  /** Nothing begins before the workload: the first operation that completes begins the script. */
  take(event: ScheduleEvent): readonly ScheduledAction[] {
    if (event.type === 'looked') this.#memory.note(event.samples);
    const first = this.#start(event);
    if (!this.#isStarted) return [];
    if (event.type === 'completed' && this.#whole.isOver) this.#completedSince++;
    const actions = this.#whole.take(event);
    const isStuck = event.type === 'stalled' || event.type === 'starved';
    const isStalled = this.#hurries && isStuck && actions.length === 0;
    const hurried = isStalled ? this.#hurry() : [];
    return [...first, ...actions, ...hurried];
  }

  #start({ type }: ScheduleEvent): readonly ScheduledAction[] {
    if (this.#isStarted || (type !== 'completed' && type !== 'stalled')) return [];
    this.#isStarted = true;
    return this.#whole.start();
  }

  /** A healing before a fault: the oldest ends, or what waits for progress alone begins. */
  #hurry(): readonly ScheduledAction[] {
    const { current } = this.#whole;
    const ages = current.map((phase) => ({ phase, id: phase.inForce }));
    const inForce = ages.flatMap(({ phase, id }) => (id === null ? [] : [{ phase, id }]));
    const [oldest] = inForce.sort((a, b) => a.id - b.id);
    const phase = oldest?.phase ?? current.find((each) => each.waitsForProgress);
    return phase === undefined ? [] : this.#whole.take({ type: 'hurry', phase });
  }
}

/** One step after the other. */
class SequenceRun implements Run {
  readonly #steps: readonly ScriptStep[];
  readonly #world: ScriptWorld;
  readonly #runs: Run[] = [];
  #marks: Marks;

  constructor(steps: readonly ScriptStep[], world: ScriptWorld, marks: Marks) {
    this.#steps = steps;
    this.#world = world;
    this.#marks = marks;
  }

  get isOver(): boolean {
    return this.#runs.length === this.#steps.length && this.#runs.at(-1)?.isOver !== false;
  }

  get marks(): Marks {
    return this.#marks;
  }

  get current(): readonly PhaseRun[] {
    return this.#runs.at(-1)?.current ?? [];
  }

  get unreached(): readonly UninjectedFault[] {
    const later = this.#steps.slice(this.#runs.length).map((step) => this.#runOf(step));
    return [...this.#runs, ...later].flatMap((run) => run.unreached);
  }

  start(): readonly ScheduledAction[] {
    return this.#goOn();
  }

  take(event: ScriptEvent): readonly ScheduledAction[] {
    const actions = this.#runs.at(-1)?.take(event) ?? [];
    return [...actions, ...this.#goOn()];
  }

  /** Starts the next step, and the one after it when that is over at once. */
  #goOn(): readonly ScheduledAction[] {
    const actions: ScheduledAction[] = [];
    for (;;) {
      const last = this.#runs.at(-1);
      if (last !== undefined && !last.isOver) return actions;
      if (last !== undefined) this.#marks = last.marks;
      const step = this.#steps[this.#runs.length];
      if (step === undefined) return actions;
      const run = this.#runOf(step);
      this.#runs.push(run);
      actions.push(...run.start());
    }
  }

  #runOf(step: ScriptStep): Run {
    return step.type === 'phase'
      ? new SinglePhase(step, this.#world, this.#marks)
      : new ParallelRun(step, this.#world, this.#marks);
  }
}

/** A phase as a part of the script. */
class SinglePhase extends PhaseRun implements Run {
  get current(): readonly PhaseRun[] {
    return this.isOver ? [] : [this];
  }
}

function isLater(a: Marks, b: Marks): boolean {
  const [later, earlier] = [a.term ?? -1, b.term ?? -1];
  return later === earlier ? a.leaderTerm > b.leaderTerm : later > earlier;
}

/** Branches beside one another. */
class ParallelRun implements Run {
  readonly #branches: readonly SequenceRun[];
  readonly #marks: Marks;

  constructor({ branches }: ParallelStep, world: ScriptWorld, marks: Marks) {
    this.#marks = marks;
    this.#branches = branches.map((steps) => new SequenceRun(steps, world, marks));
  }

  get isOver(): boolean {
    return this.#branches.every((branch) => branch.isOver);
  }

  /** Of the fault that began last. */
  get marks(): Marks {
    const [first, ...others] = this.#branches.map((branch) => branch.marks);
    return others.reduce((a, b) => (isLater(b, a) ? b : a), first ?? this.#marks);
  }

  get current(): readonly PhaseRun[] {
    return this.#branches.flatMap((branch) => branch.current);
  }

  get unreached(): readonly UninjectedFault[] {
    return this.#branches.flatMap((branch) => branch.unreached);
  }

  start(): readonly ScheduledAction[] {
    return this.#branches.flatMap((branch) => branch.start());
  }

  take(event: ScriptEvent): readonly ScheduledAction[] {
    return this.#branches.flatMap((branch) => branch.take(event));
  }
}
