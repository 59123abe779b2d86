/**
 * The conductor: takes the schedule's actions to the nemeses, one at a time, and writes them down.
 *
 * A fault is two lines of the history: its begin, written before anything is done, and its end,
 * written after everything is undone, so that the interval is never too short. What was read back
 * goes to nemesis.jsonl under the index of the line.
 */
import type { Op } from '../../checker/history.ts';
import type { RunFault, UninjectedFault } from '../checker.ts';
import type { Evidence } from '../cluster.ts';
import {
  FaultError,
  type FaultFamily,
  type FaultPlan,
  type FaultReading,
  type Nemesis,
  type PlanContext,
  type Skip,
  undoOrder,
} from '../nemesis.ts';
import type { NemesisRecord } from '../report/run-record.ts';
import { type RandomSource, randomShuffle } from '../run/random.ts';
import type { Recorder } from '../run/recorder.ts';
import type { ScheduledAction } from './schedule.ts';

/** A family of faults as it can be had here. */
export interface ConductedFamily {
  readonly family: FaultFamily;
  /** Names of the variants that are possible here, one or more. */
  readonly variants: readonly string[];
  readonly nemesis: Nemesis;
}

export interface ConductorOptions {
  readonly families: readonly ConductedFamily[];
  readonly recorder: Recorder;
  readonly random: RandomSource;
  /** The same from its beginning, without the first so many numbers. */
  randomFrom(drawn: number): RandomSource;
  /** Asked when a fault is planned. */
  members(): readonly string[];
  /** Of those, the ones that run. */
  running(): Promise<readonly string[]>;
  findLeader(): Promise<string | null>;
  /** Who led when somebody last looked: known at once. */
  lastLeader(): string | null;
  /** Takes the evidence as it comes. */
  onEvidence(record: NemesisRecord): void;
  /** Told when a begin is over: whether the fault is in force now. */
  onBegun(id: number, inForce: boolean): void;
}

/** A fault that was begun. */
export interface ConductedFault extends RunFault {
  readonly variant: string;
  readonly trigger: string;
  /** Of the action that asked for it. */
  readonly id: number;
  /** How many random numbers had been drawn before it was planned. */
  readonly chance: number;
  /** What was planned, as the history has it. */
  readonly value: FaultPlan['value'];
  end: Op | null;
  beginEvidence: Evidence;
  endEvidence: Evidence;
  tookEffect: boolean;
  outcome: RunFault['outcome'];
  reason: string | null;
}

interface Active {
  readonly conducted: ConductedFamily;
  readonly plan: FaultPlan;
  readonly fault: ConductedFault;
  /** It could not be done; what can be said at its end makes no fault of it. */
  hasFailed: boolean;
}

export class Conductor {
  readonly #options: ConductorOptions;
  readonly #faults: ConductedFault[] = [];
  readonly #skipped: UninjectedFault[] = [];
  readonly #active = new Map<number, Active>();
  readonly #decks = new Map<string, string[]>();
  #queue: Promise<void> = Promise.resolve();
  readonly #random: RandomSource;
  #drawn = 0;
  #waiting = 0;

  constructor(options: ConductorOptions) {
    this.#options = options;
    this.#random = () => {
      this.#drawn++;
      return options.random();
    };
  }

  get faults(): readonly ConductedFault[] {
    return this.#faults;
  }

  get skipped(): readonly UninjectedFault[] {
    return this.#skipped;
  }

  /** Descriptions of what is in force, for the console. */
  get inForce(): readonly string[] {
    return [...this.#active.values()].map(({ fault }) => `${fault.family} ${fault.description}`);
  }

  /** While an action is being carried out, the history's progress counts for no other. */
  get busy(): boolean {
    return this.#waiting > 0;
  }

  async setup(): Promise<void> {
    for (const { nemesis } of this.#options.families) await nemesis.setup();
  }

  /** Carries out an action, after those before it; a failure of it comes out of `settled`. */
  take(action: ScheduledAction): void {
    this.#waiting++;
    this.#queue = this.#queue
      .then(() => (action.phase === 'begin' ? this.#begin(action) : this.#end(action.id)))
      .finally(() => {
        this.#waiting--;
      });
    // Whoever awaits `settled` sees the failure; until then it is nobody's unhandled rejection.
    this.#queue.catch(() => {});
  }

  /** Resolves when no action is under way; rejects with the first failure of the harness. */
  settled(): Promise<void> {
    return this.#queue;
  }

  /** Ends everything that is still in force, group after group, of each the last first. */
  async finish(): Promise<void> {
    await this.#queue;
    const placeOf = ({ conducted }: Active): number => undoOrder.indexOf(conducted.family.group);
    const last = [...this.#active].reverse();
    for (const [id] of last.sort(([, a], [, b]) => placeOf(a) - placeOf(b))) await this.#end(id);
  }

  /**
   * Undoes all effects, whatever has failed before: the network's first, for what the cluster is to
   * agree on needs it. Resolves to what could not be undone, as sentences.
   */
  async teardown(): Promise<readonly string[]> {
    const problems: string[] = [];
    for (const group of undoOrder) {
      for (const { family, nemesis } of this.#options.families) {
        if (family.group !== group) continue;
        await nemesis.teardown().catch((error: unknown) => {
          problems.push(`${family.name} could not be undone: ${describe(error)}`);
        });
      }
    }
    return problems;
  }

  async #begin(action: ScheduledAction): Promise<void> {
    const { recorder } = this.#options;
    const conducted = this.#familyOf(action.family);
    const asked = action.variant ?? this.#nextVariant(conducted);
    const leader = await this.#leaderFor(asked);
    const chance = action.chance ?? this.#drawn;
    const plan = await this.#plan(conducted, asked, { action, leader });
    if (plan === null) {
      this.#options.onBegun(action.id, false);
      return;
    }
    const { family } = action;
    const { variant } = plan;
    const value = { phase: 'begin', variant, ...plan.value, trigger: action.trigger, leader };
    const begin = recorder.record({ process: 'nemesis', type: 'info', f: family, value });
    const { description, nodes, impairs } = plan;
    const fault: ConductedFault = {
      ...{ family, variant, description, nodes, impairs, trigger: action.trigger, begin },
      ...{ id: action.id, chance, value: plan.value },
      ...{ end: null, beginEvidence: {}, endEvidence: {}, tookEffect: false },
      ...{ outcome: 'failed', reason: 'it had not begun when the run ended' },
    };
    this.#faults.push(fault);
    const active: Active = { conducted, plan, fault, hasFailed: false };
    this.#active.set(action.id, active);
    const reading = await attempt(() => conducted.nemesis.begin(plan));
    fault.beginEvidence = { ...reading.evidence, readBackAtIndex: recorder.length };
    settle(fault, reading);
    active.hasFailed = reading.failure !== null;
    const { tookEffect } = fault;
    const told = { index: begin.index, f: family, value, tookEffect };
    // Whether it had an effect is known at its end; that it could not be done, now.
    const failed = active.hasFailed ? { outcome: fault.outcome, reason: fault.reason } : {};
    this.#options.onEvidence({ ...told, ...failed, evidence: fault.beginEvidence });
    this.#options.onBegun(action.id, !conducted.family.isMomentary);
    if (conducted.family.isMomentary) await this.#end(action.id);
  }

  /** null when nothing can be done now, of which a note is taken. */
  async #plan(
    { nemesis, family }: ConductedFamily,
    variant: string,
    now: { readonly action: ScheduledAction; readonly leader: string | null },
  ): Promise<FaultPlan | null> {
    const { members, randomFrom } = this.#options;
    const { chance } = now.action;
    const random = chance === undefined ? this.#random : randomFrom(chance);
    const claimed = new Set([...this.#active.values()].flatMap(({ plan }) => plan.claims));
    const candidates = family.group === 'network' ? members() : await this.#options.running();
    const context: PlanContext = {
      nodes: members(),
      free: candidates.filter((node) => !claimed.has(node)),
      leader: now.leader,
      random,
      parameters: now.action.parameters,
    };
    const planned = planOrSkip(() => nemesis.plan(variant, context));
    if (!('skip' in planned)) return planned;
    const outcome = 'skipped';
    this.#skipped.push({ family: family.name, variant, outcome, reason: planned.skip });
    return null;
  }

  /**
   * A look takes longer than a cut: only who aims at the leader waits for one, and only processes
   * and disks are asked whether they are there.
   */
  async #leaderFor(variant: string): Promise<string | null> {
    const { findLeader, lastLeader } = this.#options;
    return /leader|follower/.test(variant) ? await findLeader() : lastLeader();
  }

  async #end(id: number): Promise<void> {
    const active = this.#active.get(id);
    if (active === undefined) return;
    const { conducted, plan, fault } = active;
    const { recorder } = this.#options;
    const value = { phase: 'end', begin: fault.begin.index };
    const reading = await attempt(() => conducted.nemesis.end(plan));
    const leader = await this.#options.findLeader();
    const end = recorder.record({ process: 'nemesis', type: 'info', f: fault.family, value });
    this.#active.delete(id);
    fault.end = end;
    fault.endEvidence = { ...reading.evidence, leaderAfter: leader };
    if (!active.hasFailed || reading.failure !== null) settle(fault, reading);
    const { tookEffect, outcome, reason, family, endEvidence: evidence } = fault;
    const told = { index: end.index, f: family, value, tookEffect, outcome, reason, evidence };
    this.#options.onEvidence(told);
  }

  #familyOf(name: string): ConductedFamily {
    const found = this.#options.families.find(({ family }) => family.name === name);
    if (found === undefined) throw new FaultError(`no faults of the family ${name} were prepared`);
    return found;
  }

  /** Each variant has its turns before any comes again. */
  #nextVariant({ family, variants }: ConductedFamily): string {
    const deck = this.#decks.get(family.name) ?? [];
    const turnsOf = (name: string): number =>
      family.variants.find((variant) => variant.name === name)?.turns ?? 1;
    const whole = variants.flatMap((name) => Array.from({ length: turnsOf(name) }, () => name));
    const shuffled = deck.length > 0 ? deck : randomShuffle(this.#random, whole);
    const [next = '', ...rest] = shuffled;
    this.#decks.set(family.name, rest);
    return next;
  }
}

interface Attempt {
  readonly tookEffect: boolean;
  readonly evidence: Evidence;
  readonly notReached?: string;
  readonly noEffect?: string;
  /** Why it could not be done. */
  readonly failure: string | null;
}

/** Members may have gone since it was found possible: too few are left for it, say. */
function planOrSkip(plan: () => FaultPlan | Skip): FaultPlan | Skip {
  try {
    return plan();
  } catch (error) {
    if (error instanceof FaultError) return { skip: error.message };
    throw error;
  }
}

/** What a fault could not do is told, and ends nothing: the history is still to be judged. */
async function attempt(act: () => Promise<FaultReading>): Promise<Attempt> {
  try {
    return { ...(await act()), failure: null };
  } catch (error) {
    const failure = describe(error);
    return { tookEffect: false, evidence: { failure }, failure };
  }
}

function settle(fault: ConductedFault, attempted: Attempt): void {
  const { tookEffect, failure, notReached, noEffect } = attempted;
  fault.tookEffect = tookEffect;
  const missed = notReached === undefined ? 'failed' : 'not-reached';
  fault.outcome = tookEffect ? 'injected' : missed;
  fault.reason = tookEffect ? null : (failure ?? notReached ?? noEffect ?? 'it had no effect');
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
