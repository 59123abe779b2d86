/**
 * A script of faults as it was understood: what begins when, and ends when.
 *
 * script-parse.ts makes it from a file, script-schedule.ts carries it out. Nothing in it is a time.
 */
import type { FaultParameters } from '../nemesis.ts';

export interface Script {
  /** As it was asked for: for the console, and in the words of each trigger. */
  readonly path: string;
  readonly steps: readonly ScriptStep[];
  /** Whether what is waited for is brought forward when every client is blocked. */
  readonly hurries: boolean;
}

export type ScriptStep = ScriptPhase | ParallelStep;

/** One fault, from the trigger that begins it to the one that ends it. */
export interface ScriptPhase {
  readonly type: 'phase';
  /** Where it stands in the file. */
  readonly line: number;
  readonly family: string;
  /** null: the next of the family's deck. */
  readonly variant: string | null;
  readonly parameters: FaultParameters;
  /** As in ScheduledAction; null: the stream goes on. */
  readonly chance: number | null;
  readonly begin: Trigger;
  /** null when the fault is over as soon as it is done. */
  readonly end: Trigger | null;
  /** A trigger that has not come after so many completed operations never comes. */
  readonly notReachedAfter: number;
}

/** Branches beside one another: their faults overlap. It is over when all of them are. */
export interface ParallelStep {
  readonly type: 'parallel';
  readonly branches: readonly (readonly ScriptStep[])[];
}

/** null where any node will do. */
type Whose = string | null;

export type Trigger =
  /** Completed operations since the step before. */
  | { readonly type: 'after'; readonly operations: number }
  /** A later term has a leader than when the fault before began. */
  | { readonly type: 'leader-elected'; readonly node: Whose }
  /** A node is in a later term than any was when the fault before began. */
  | { readonly type: 'term-changed' }
  /** So many entries are committed that the node has not applied. */
  | { readonly type: 'lag'; readonly node: Whose; readonly entries: number }
  /** A node was sent a snapshot and has installed it since the fault before began. */
  | { readonly type: 'snapshot-installed'; readonly node: Whose }
  /** A node's log begins behind this index. */
  | { readonly type: 'log-starts-after'; readonly node: Whose; readonly index: number }
  /** A node's log ends before the leader's begins. */
  | { readonly type: 'needs-snapshot'; readonly node: Whose }
  | { readonly type: 'line'; readonly node: Whose; readonly pattern: RegExp }
  | { readonly type: 'node-ended'; readonly node: Whose }
  /** Armed when it is waited for; it has come when the node has ended. */
  | {
      readonly type: 'crash-point';
      readonly node: Whose;
      readonly name: string;
      readonly passage: number;
    }
  | { readonly type: 'stalled' }
  | { readonly type: 'any'; readonly triggers: readonly Trigger[] };

/** The family that arms crash points, for triggers that are one. */
export const crashPointFamily = 'crash-point';

/** Stands for the node that the trigger is about: `nodes: triggered`. */
export const triggeredNode = 'triggered';

/** For people: `lag n3 500`. */
export function describeTrigger(trigger: Trigger): string {
  switch (trigger.type) {
    case 'after':
      return `after ${trigger.operations} operations`;
    case 'lag':
      return words('lag', trigger.node, `${trigger.entries} entries`);
    case 'log-starts-after':
      return words('log-starts-after', trigger.node, `index ${trigger.index}`);
    case 'line':
      return words('line', trigger.node, `${trigger.pattern}`);
    case 'crash-point':
      return words('crash-point', trigger.node, `${trigger.name} passage ${trigger.passage}`);
    case 'any':
      return `any of ${trigger.triggers.map(describeTrigger).join(', ')}`;
    case 'term-changed':
    case 'stalled':
      return trigger.type;
    default:
      return words(trigger.type, trigger.node);
  }
}

function words(...parts: readonly (string | null)[]): string {
  return parts.filter((part) => part !== null).join(' ');
}

/** It and all its alternatives. */
export function alternativesOf(trigger: Trigger): readonly Trigger[] {
  return trigger.type === 'any' ? trigger.triggers.flatMap(alternativesOf) : [trigger];
}

/** Every phase, in the order of the file. */
export function phasesOf(steps: readonly ScriptStep[]): readonly ScriptPhase[] {
  return steps.flatMap((step) =>
    step.type === 'phase' ? [step] : step.branches.flatMap((branch) => phasesOf(branch)),
  );
}
