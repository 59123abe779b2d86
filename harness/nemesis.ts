/**
 * The nemesis: a family of faults, how one of them is planned, done and undone, and what it proves.
 *
 * Each fault is an interval: a begin and an end in the history, each with what was read back. A
 * nemesis may have several faults in force; what it needs of one is in that fault's plan.
 */
import type { RunFault } from './checker.ts';
import type { Ability, Evidence } from './cluster.ts';
import type { RandomSource } from './run/random.ts';

/** What must be there for a fault: something of the cluster's, or of the system's operator. */
export type Need = Ability | `operator:${OperatorSkill}`;

/** What an operator can ask of a system (systems/system.ts). */
export type OperatorSkill = 'transfer' | 'members' | 'snapshot' | 'crash-points';

/** What is known when a fault is planned. */
export interface PlanContext {
  /** Members of the cluster. */
  readonly nodes: readonly string[];
  /** Members that run, and whose process and disk no fault in force has laid claim to. */
  readonly free: readonly string[];
  /** Who leads, as far as anybody knows. */
  readonly leader: string | null;
  readonly random: RandomSource;
  /** What the script says beside the variant: numbers and texts by name. */
  readonly parameters: FaultParameters;
}

export type FaultParameters = Readonly<Record<string, unknown>>;

/** What will be done. It survives JSON but for what a nemesis keeps for itself. */
export interface FaultPlan {
  readonly variant: string;
  /** For people: `n1 | n2 n3`. */
  readonly description: string;
  /** Nodes that it touches. */
  readonly nodes: readonly string[];
  /** Nodes whose process or disk it uses: no other fault may meanwhile. */
  readonly claims: readonly string[];
  /** For the history, beside phase and trigger. */
  readonly value: Readonly<Record<string, unknown>>;
  readonly impairs: RunFault['impairs'];
}

/** Nothing can be done now, and why. */
export interface Skip {
  readonly skip: string;
}

/** What was read back after a begin or an end. */
export interface FaultReading {
  /** As far as can be said now; what the last reading says counts. */
  readonly tookEffect: boolean;
  readonly evidence: Evidence;
  /** Why it never came to it, where what it waited for inside a node did not happen. */
  readonly notReached?: string;
  /** Why it took no effect, where more is known than that it did not. */
  readonly noEffect?: string;
}

/**
 * One family. `begin` and `end` reject when the fault could not be done or undone: the fault is
 * `failed` then, and what it left is undone by `teardown`.
 */
export interface Nemesis<Plan extends FaultPlan = FaultPlan> {
  /** Before the first fault. */
  setup(): Promise<void>;
  /** Pure, but for the random numbers that it draws. Throws FaultError for bad parameters. */
  plan(variant: string, context: PlanContext): Plan | Skip;
  begin(plan: Plan): Promise<FaultReading>;
  end(plan: Plan): Promise<FaultReading>;
  /** Undoes whatever is still in force, whatever has failed before. */
  teardown(): Promise<void>;
}

export class FaultError extends Error {
  override readonly name = 'FaultError';
}

export type FaultGroup = 'network' | 'process' | 'power' | 'disk' | 'cluster';

/** In which order several are undone: what the cluster is to agree on needs all the others. */
export const undoOrder: readonly FaultGroup[] = ['network', 'process', 'power', 'disk', 'cluster'];

/** A kind of fault within a family: a shape, a target, a kind of harm. */
export interface FaultVariant {
  readonly name: string;
  /** One sentence. */
  readonly description: string;
  readonly needs: readonly Need[];
  /** Fewer nodes than that, and it cannot be. */
  readonly nodesMin: number;
  /** How often the seed takes it before all have been taken; default once. */
  readonly turns?: number;
}

/** What is known of a family without a cluster: for `--nemesis`, `doctor` and the README. */
export interface FaultFamily {
  /** As `--nemesis` has it. */
  readonly name: string;
  readonly group: FaultGroup;
  readonly description: string;
  /** The seed takes each once, or as often as it says, before any again. */
  readonly variants: readonly FaultVariant[];
  /** Names of parameters that a script may give, with what they mean and their default. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Over as soon as it is done: its end follows at once. */
  readonly isMomentary: boolean;
  /** What it leaves as evidence, one sentence. */
  readonly evidence: string;
}
