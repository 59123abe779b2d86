/**
 * The model: the sequential object that the system promises to be, as a pure step function.
 *
 * `step` alone judges; the general search and the confirmation of an invalid verdict go through
 * it. The optional members only make that faster or the explanation shorter; none may change an
 * answer, and tests compare each of them with `step`.
 */
import { type Columns, operationAt } from './columns.ts';
import type { Operation } from './history.ts';
import { valueKey } from './value-key.ts';
import type { UnknownReason } from './verdict.ts';

/** What a person writes; `defineModel` fills in the rest. */
export interface ModelDefinition<State = unknown> {
  readonly name: string;
  /** The names of the operations it knows, for messages. */
  readonly functions: readonly string[];
  readonly init: State;
  /**
   * The state after the operation; undefined when its answer cannot come from this state. Must
   * not change `state`. An operation that is open (`return` is null) has no answer (`output` is
   * undefined): its effect alone counts.
   */
  step(state: State, operation: Operation): State | undefined;
  /** What is wrong with the shape of an operation, in words; null when nothing is. */
  check?(operation: Operation): string | null;
  /** Two states are the same exactly when their keys are. Default: their JSON text. */
  stateKey?(state: State): string;
  /**
   * True only for what changes no state at all, in whichever state it runs. Default: false, which
   * is always right and makes the search slower.
   */
  isObserver?(operation: Operation): boolean;
  /** A state in a few words, for explanations. Default: its key. */
  describeState?(state: State): string;
  /** Which value it writes and which it saw; lets an explanation drop both sides of a value. */
  touches?(operation: Operation): Touches;
  /**
   * The first row whose shape is wrong: `check` for all rows, without a record for each.
   * Default: asks `check` about every row.
   */
  findBad?(columns: Columns): BadRow | null;
  /**
   * The same rows with those values made equal that no answer can tell apart, so that the search
   * knows fewer states. [Lowe17]
   */
  canonical?(columns: Columns): Columns;
  /**
   * A number for each row such that rows with different numbers touch objects that are
   * independent of each other; null when this history cannot be divided. [HK15]
   */
  parts?(columns: Columns): Int32Array | null;
  /**
   * Code that runs rows one after the other from the initial state, keeping the state to itself;
   * false when the row's answer is impossible. For the replay of long orders. Default: `step`.
   */
  replayer?(columns: Columns): Replayer;
  /** A near-linear algorithm; exact in what it decides. */
  fast?(input: FastInput): FastResult;
  /** A search that knows the type, tried before the general one. Yields steps it took. */
  guided?(input: FastInput, limits: SearchLimits): Generator<number, GuidedResult>;
}

type Filled = 'check' | 'stateKey' | 'isObserver' | 'describeState' | 'findBad' | 'replayer';

/** A complete model. */
export type Model<State = unknown> = ModelDefinition<State> &
  Required<Pick<ModelDefinition<State>, Filled>>;

export type Replayer = (row: number) => boolean;

export interface BadRow {
  readonly row: number;
  readonly message: string;
}

/** Keys of the values that an operation writes and sees; null for none. */
export interface Touches {
  readonly writes: string | null;
  readonly sees: string | null;
}

export interface FastInput {
  /** What to decide: the operations of one key, sorted by invocation. */
  readonly columns: Columns;
  /** Operations that definitely did not happen; they only name the class of a violation. */
  readonly failed: Columns;
  /** All operations of the key when `columns` holds only a part of them. */
  readonly context?: Columns;
}

export type FastResult =
  /** Rows in the order of their linearization points; open ones that did not happen left out. */
  | { readonly type: 'valid'; readonly order: Uint32Array }
  | { readonly type: 'invalid'; readonly finding: Finding }
  /** This algorithm cannot decide this history, for this reason; the general search can. */
  | { readonly type: 'undecided'; readonly reason: string };

export type GuidedResult =
  | FastResult
  | { readonly type: 'stopped'; readonly reason: UnknownReason; readonly position: number };

/** Operations that cannot be ordered, and what to call it. */
export interface Finding {
  /** The class, in kebab-case: `stale-read`, `lost-write`, … */
  readonly kind: string;
  /** One or two sentences with the facts. */
  readonly sentence: string;
  /** Sorted by invocation. */
  readonly core: readonly Operation[];
}

export interface SearchLimits {
  readonly stepsMax: number;
  /** Estimated bytes of what the search stores. */
  readonly bytesMax: number;
  /** Asked every so many steps; a reason ends the search. */
  shouldStop(): UnknownReason | null;
}

/** The model with every member that a person may leave out. Throws TypeError for a bad shape. */
export function defineModel<State>(definition: ModelDefinition<State>): Model<State> {
  const check = definition.check?.bind(definition) ?? ((): null => null);
  const stateKey = definition.stateKey?.bind(definition) ?? valueKey;
  const complete: Model<State> = {
    ...definition,
    check,
    stateKey,
    isObserver: definition.isObserver?.bind(definition) ?? ((): boolean => false),
    describeState: definition.describeState?.bind(definition) ?? stateKey,
    findBad:
      definition.findBad?.bind(definition) ??
      ((columns): BadRow | null =>
        definition.check === undefined ? null : findBadByCheck(columns, check)),
    replayer:
      definition.replayer?.bind(definition) ??
      ((columns): Replayer => replayByStep(columns, definition)),
  };
  return complete;
}

function findBadByCheck(
  columns: Columns,
  check: (operation: Operation) => string | null,
): BadRow | null {
  for (let row = 0; row < columns.count; row += 1) {
    const message = check(operationAt(columns, row));
    if (message !== null) return { row, message };
  }
  return null;
}

/** Runs the model itself, one record at a time. */
export function replayByStep<State>(
  columns: Columns,
  model: Pick<ModelDefinition<State>, 'init' | 'step'>,
): Replayer {
  let state = model.init;
  return (row) => {
    const next = model.step(state, operationAt(columns, row));
    if (next === undefined) return false;
    state = next;
    return true;
  };
}
