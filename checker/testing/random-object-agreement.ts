/**
 * Compares the near-linear check of a model with the naive one, history by history.
 *
 * Counts what it met, so that a test can tell whether it met enough of each. Throws with the
 * history in the message at the first thing that is not as promised.
 */
import { type BruteForceOutcome, linearizeByBruteForce } from '../brute-force.ts';
import { type Columns, columnsOf } from '../columns.ts';
import type { Operation } from '../history.ts';
import type { FastResult, Finding, Model } from '../model.ts';
import { ValueTable } from '../values.ts';
import { createRandom } from './random-history.ts';
import { randomObjectHistory } from './random-object-history.ts';

/** More operations than this are too many for the naive check by the thousand. */
const operationsMax = 8;

export interface Agreement {
  valid: number;
  invalid: number;
  undecided: number;
  /** By class. */
  readonly kinds: Map<string, number>;
}

/** What the near-linear check says about records. */
export function checkFast(
  model: Model,
  operations: readonly Operation[],
  failed: readonly Operation[] = [],
): FastResult {
  const values = new ValueTable();
  const columns = columnsOf(operations, values);
  const result = model.fast?.({ columns, failed: columnsOf(failed, values) });
  if (result === undefined) throw new Error(`${model.name} has no near-linear check`);
  return result;
}

/** Histories of the seeds 0 to `count - 1`. */
export function compareWithBruteForce(model: Model, count: number): Agreement {
  const agreement: Agreement = { valid: 0, invalid: 0, undecided: 0, kinds: new Map() };
  for (let seed = 0; seed < count; seed += 1) {
    const { operations, failed } = randomObjectHistory(model.name, createRandom(seed));
    if (operations.length > operationsMax) continue;
    const result = checkFast(model, operations, failed);
    agreement[result.type] += 1;
    try {
      compareOne(model, operations, result);
    } catch (error) {
      const history = operations.map((operation) => JSON.stringify(operation)).join('\n');
      throw new Error(`${model.name}, seed ${seed}:\n${history}`, { cause: error });
    }
    if (result.type !== 'invalid') continue;
    const { kind } = result.finding;
    agreement.kinds.set(kind, (agreement.kinds.get(kind) ?? 0) + 1);
  }
  return agreement;
}

function compareOne(model: Model, operations: readonly Operation[], result: FastResult): void {
  const columns = columnsOf(operations);
  insist(model.findBad(columns) === null, 'a drawn history has the right shape');
  compareReplayer(model, operations, columns);
  const truth: BruteForceOutcome['type'] = linearizeByBruteForce(operations, model).type;
  if (result.type === 'valid') {
    insist(truth === 'found', 'valid, but the naive check finds no order');
    checkOrder(model, operations, result.order);
  } else if (result.type === 'invalid') {
    insist(truth === 'none', 'invalid, but the naive check finds an order');
    checkFinding(model, operations, result.finding);
  }
}

/** Real time, each completed operation once, and a replay by both codes. */
export function checkOrder(
  model: Model,
  operations: readonly Operation[],
  order: Uint32Array,
): void {
  const replays = model.replayer(columnsOf(operations));
  const taken = new Set<number>();
  let state = model.init;
  let latest = -1;
  for (const row of order) {
    const operation = operations[row];
    if (operation === undefined || taken.has(row))
      throw new Error(`row ${row} is not one, or twice`);
    taken.add(row);
    latest = Math.max(latest, operation.call);
    insist((operation.return ?? latest) >= latest, `row ${row} stands behind a later one`);
    state = model.step(state, operation);
    insist(state !== undefined, `the model refuses row ${row}`);
    insist(replays(row), `the replay refuses row ${row}`);
  }
  operations.forEach((operation, row) => {
    insist(operation.return === null || taken.has(row), `row ${row} is missing`);
  });
}

function checkFinding(model: Model, operations: readonly Operation[], finding: Finding): void {
  const { core, kind, sentence } = finding;
  const ids = core.map(({ id }) => id);
  insist(/^[a-z-]+$/.test(kind) && sentence.endsWith('.'), 'a class and a sentence');
  insist(core.length > 0 && core.length <= operationsMax, 'a small core');
  insist(
    ids.every((id, at) => at === 0 || id > (ids[at - 1] ?? id)),
    'a sorted core',
  );
  insist(
    ids.every((id) => operations.some((operation) => operation.id === id)),
    'own operations',
  );
  insist(linearizeByBruteForce(core, model).type === 'none', `a core that is refused: ${sentence}`);
}

/** Any order at all, up to the first row that one of them refuses. */
function compareReplayer(model: Model, operations: readonly Operation[], columns: Columns): void {
  const replays = model.replayer(columns);
  const random = createRandom(operations.length);
  const rows = [...operations.keys()].sort(() => random() - 0.5);
  let state = model.init;
  for (const row of rows) {
    const operation = operations[row];
    if (operation === undefined) return;
    state = model.step(state, operation);
    insist(replays(row) === (state !== undefined), `replay and model differ at row ${row}`);
    if (state === undefined) return;
  }
}

function insist(condition: boolean, what: string): void {
  if (!condition) throw new Error(`not as promised: ${what}`);
}
