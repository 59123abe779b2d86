/**
 * The entry of the package, which it names rafture/checker: the one place where names are
 * gathered. Nothing in the project imports it; it owns no code.
 */
export { linearizeByBruteForce } from './brute-force.ts';
export { type Columns, columnsOf, operationAt, operationsOf } from './columns.ts';
export type { CasResult, Op, OpError, Operation, OpType } from './history.ts';
export {
  type CheckerOptions,
  createChecker,
  type LinearizabilityChecker,
} from './linearizable.ts';
export { defineModel, type Model, type ModelDefinition } from './model.ts';
export { findModel, findModelWithInitial, modelNames } from './models/registry.ts';
export {
  HistoryBuilder,
  HistoryError,
  type PairedHistory,
  pairHistory,
} from './pairing.ts';
export { replayOrder } from './replay.ts';
export { ValueTable } from './values.ts';
export type {
  InvalidVerdict,
  Obstacle,
  UnknownReason,
  UnknownVerdict,
  ValidVerdict,
  Verdict,
  Witness,
} from './verdict.ts';
export { renderWitnessSvg } from './witness-svg.ts';
