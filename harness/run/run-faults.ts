/**
 * The faults of one run: what happens goes to the schedule, and what it wants to the conductor.
 *
 * Everything that a nemesis works with is put together here.
 */
import type { Op } from '../../checker/history.ts';
import type { ExcusedLine, IntrospectionSample, UninjectedFault } from '../checker.ts';
import { Excuses } from '../cluster/excuses.ts';
import type { UnexpectedExit } from '../cluster.ts';
import { type ConductedFamily, type ConductedFault, Conductor } from '../nemesis/conductor.ts';
import { DesiredNetwork } from '../nemesis/desired-network.ts';
import { findFamily } from '../nemesis/families.ts';
import { type Schedule, type ScheduleEvent, StallDetector } from '../nemesis/schedule.ts';
import type { NemesisTools } from '../nemesis/tools.ts';
import { FaultError } from '../nemesis.ts';
import type { NemesisRecord } from '../report/run-record.ts';
import { excuseOf } from '../systems/excused-ends.ts';
import type { EndCause } from '../systems/system.ts';
import { createRandomStream, type RandomSource } from './random.ts';
import type { Recorder } from './recorder.ts';

/** A family that was asked for, and the variants of it that can be had here. */
export interface AskedFamily {
  readonly name: string;
  readonly variants: readonly string[];
}

const excusedMax = 10_000;

export interface RunFaultsOptions extends Pick<NemesisTools, 'cluster' | 'system' | 'timers'> {
  readonly seed: number;
  readonly concurrency: number;
  readonly nemesis: readonly AskedFamily[];
  createSchedule(random: RandomSource): Schedule;
  readonly recorder: Recorder;
  /** Asks every node now. */
  observe(): Promise<readonly IntrospectionSample[]>;
  findLeader(): Promise<string | null>;
  lastLeader(): string | null;
  readonly onEvidence: (record: NemesisRecord) => void;
  /** The machinery failed: the run cannot go on. */
  readonly onFailure: (error: unknown) => void;
}

export class RunFaults {
  readonly #options: RunFaultsOptions;
  readonly #conductor: Conductor;
  readonly #schedule: Schedule;
  readonly #stalls: StallDetector;
  /** So many operations without a success, and whoever waits for the cluster waits no longer. */
  readonly #starvedAfter: number;
  readonly #network: DesiredNetwork;
  readonly #members: Set<string>;
  #excused: ExcusedLine[] = [];
  readonly #blamed: UnexpectedExit[] = [];
  /** Of nodes that may end by themselves now. */
  readonly #excuses = new Map<string, Excuses>();
  /** Nodes of which a fault had to excuse any end, whatever its reason. */
  readonly #anyEndExcused = new Set<string>();
  /** In which life a node was last seen to have ended by itself. */
  readonly #ended = new Map<string, number>();
  #stopListening: () => void = () => {};
  /** Operations in a row that did not succeed. */
  #hungry = 0;
  #isOver = false;
  #hasTold = false;

  constructor(options: RunFaultsOptions) {
    this.#options = options;
    const { cluster, seed, recorder, onEvidence, findLeader, lastLeader } = options;
    this.#network = new DesiredNetwork(cluster.network);
    this.#members = new Set(cluster.nodes);
    this.#stalls = new StallDetector(options.concurrency);
    this.#starvedAfter = 2 * options.concurrency + 10;
    this.#schedule = options.createSchedule(createRandomStream(seed, 'schedule'));
    this.#conductor = new Conductor({
      families: this.#createFamilies(),
      recorder,
      random: createRandomStream(seed, 'nemesis'),
      randomFrom: (drawn) => {
        const random = createRandomStream(seed, 'nemesis');
        for (let skipped = 0; skipped < drawn; skipped++) random();
        return random;
      },
      members: () => [...this.#members],
      running: () => this.#running(),
      findLeader,
      lastLeader,
      onEvidence,
      onBegun: (id, inForce) => this.#take({ type: 'begun', id, inForce }),
    });
  }

  get faults(): readonly ConductedFault[] {
    return this.#conductor.faults;
  }

  get uninjected(): readonly UninjectedFault[] {
    return [...this.#conductor.skipped, ...this.#schedule.unreached];
  }

  /** What nodes wrote while a fault gave them reason to break. */
  get excusedLines(): readonly ExcusedLine[] {
    return this.#excused;
  }

  /** Nodes of which a fault had to excuse any end: the system does not say how it ends. */
  get anyEndExcused(): readonly string[] {
    return [...this.#anyEndExcused].sort();
  }

  /** Nodes that ended by themselves while a fault excused it, wrongly. */
  get blamedExits(): readonly UnexpectedExit[] {
    return this.#blamed;
  }

  /** For the console. */
  get inForce(): readonly string[] {
    return this.#conductor.inForce;
  }

  /** Whether the schedule waits for states of the nodes, so that they are to be looked at often. */
  get wantsLooks(): boolean {
    return this.#schedule.wantsLooks;
  }

  /** Whether the schedule has nothing more to do, and nothing is in force. */
  get areOver(): boolean {
    return this.#schedule.isOver && !this.#conductor.busy && this.inForce.length === 0;
  }

  async setup(): Promise<void> {
    await this.#conductor.setup();
    this.#stopListening = this.#options.cluster.onLogLine((node, line) => {
      if (this.#excused.length < excusedMax && this.#excuses.get(node)?.cover(line) === true) {
        this.#excused.push({ node, line });
      }
      this.#take({ type: 'log-line', node, line });
    });
  }

  /** An operation of this thread has completed. */
  completed(op: Op, thread: number): void {
    this.#noteHunger(op.type === 'ok');
    const stalled = this.#stalls.completed(thread, op.type !== 'info');
    // A restart that takes its time must not be followed by a burst of faults without effect.
    if (this.#conductor.busy) return;
    this.#take({ type: 'completed', ok: op.type === 'ok' });
    if (stalled && !this.#conductor.busy) this.#take({ type: 'stalled' });
  }

  /** Told even while a fault is being carried out: it may wait for what cannot come. */
  #noteHunger(succeeded: boolean): void {
    this.#hungry = succeeded ? 0 : this.#hungry + 1;
    if (this.#hungry !== this.#starvedAfter) return;
    this.#take({ type: 'starved' });
  }

  get #isStarved(): boolean {
    return this.#hungry >= this.#starvedAfter;
  }

  looked(samples: readonly IntrospectionSample[]): void {
    this.#take({ type: 'looked', samples });
    if (this.#isOver || !this.#schedule.wantsLooks) return;
    const silent = this.members.filter((node) => !samples.some((sample) => sample.node === node));
    for (const node of silent) this.#noticeEnd(node).catch(this.#options.onFailure);
  }

  /** Told once in a life. A node that a fault has killed did not end by itself. */
  async #noticeEnd(node: string): Promise<void> {
    const { cluster } = this.#options;
    const life = cluster.lives(node);
    const isKilled =
      (this.#excuses.get(node)?.isEmpty ?? true) &&
      !cluster.unexpectedExits().some((exit) => exit.node === node);
    if (isKilled || this.#ended.get(node) === life) return;
    if ((await cluster.nodeState(node)) !== 'stopped') return;
    if (this.#ended.get(node) === life || cluster.lives(node) !== life) return;
    this.#ended.set(node, life);
    this.#take({ type: 'ended', node });
  }

  /** Who is a member of the cluster now. */
  get members(): readonly string[] {
    return [...this.#members].sort();
  }

  /**
   * No fault begins any more; those in force are undone, and told in the history. Resolves to what
   * could not be undone, as sentences; rejects with the machinery's failure.
   */
  async finish(): Promise<readonly string[]> {
    this.#isOver = true;
    await this.#conductor.settled();
    await this.#conductor.finish();
    // What could not be ended in order is undone by force; the recovery starts what is down.
    await this.#network.clear();
    const problems = await this.#conductor.teardown();
    this.#hasTold = true;
    return problems;
  }

  /** Undoes everything, whatever has failed before; the history is not written any more. */
  async undo(): Promise<void> {
    this.#isOver = true;
    this.#stopListening();
    // A run that came to its end has told them already, and is judged.
    const problems = this.#hasTold ? [] : await this.#conductor.teardown();
    if (problems.length > 0) throw new FaultError(problems.join('; '));
  }

  #take(event: ScheduleEvent): void {
    if (this.#isOver) return;
    const actions = this.#schedule.take(event);
    for (const action of actions) this.#conductor.take(action);
    if (actions.length > 0) this.#conductor.settled().catch(this.#options.onFailure);
  }

  #createFamilies(): readonly ConductedFamily[] {
    const { cluster, system, timers, observe, nemesis } = this.#options;
    const members = {
      list: () => [...this.#members],
      add: (node: string) => {
        this.#members.add(node);
      },
      remove: (node: string) => {
        this.#members.delete(node);
      },
    };
    const tools: NemesisTools = {
      ...{ system, timers, observe, members, network: this.#network },
      isStarved: () => this.#isStarved && !this.#isOver,
      blame: (exit) => this.#blame(exit),
      ...{ cluster, mayEnd: (node, cause) => this.#mayEnd(node, cause) },
    };
    return nemesis.map(({ name, variants }) => {
      const found = findFamily(name);
      if (found === null) throw new FaultError(`there is no family of faults ${name}`);
      return { family: found.family, variants, nemesis: found.create(tools) };
    });
  }

  #blame(exit: UnexpectedExit): void {
    this.#blamed.push(exit);
    // Nor are its last words excused.
    this.#excused = this.#excused.filter(({ node }) => node !== exit.node);
  }

  /** A system that does not say how such an end looks has every end excused, and that is told. */
  #mayEnd(node: string, cause: EndCause): () => void {
    const { cluster, system } = this.#options;
    const own = excuseOf(system, cause);
    if (own === null) this.#anyEndExcused.add(node);
    const excuse = own ?? (() => true);
    const excuses = this.#excuses.get(node) ?? new Excuses();
    this.#excuses.set(node, excuses);
    const takeBack = [cluster.mayEnd(node, excuse), excuses.add(excuse)];
    return () => {
      for (const each of takeBack) each();
    };
  }

  async #running(): Promise<readonly string[]> {
    const { cluster } = this.#options;
    const members = [...this.#members];
    const states = await Promise.all(members.map((node) => cluster.nodeState(node)));
    return members.filter((_, position) => states[position] === 'running');
  }
}
