/**
 * Compares the near-linear checks of locks, queues and keys with the naive one.
 *
 * Counts what it met, so that a test can tell whether it met enough of each. Throws with the
 * history in the message at the first thing that is not as promised.
 */
import { linearizeByBruteForce } from '../brute-force.ts';
import { columnsOf } from '../columns.ts';
import type { FastResult, Model } from '../model.ts';
import { createRandom } from './random-history.ts';
import { type RandomLockHistory, randomLockHistory } from './random-lock-history.ts';
import { checkFast, checkOrder } from './random-object-agreement.ts';

/** More operations than this are too many for the naive check by the thousand. */
const operationsMax = 8;

/** How often each answer and each class was given. */
export type Tally = ReadonlyMap<string, number>;

/** Histories of the seeds 0 to `count - 1`. */
export function compareLocks(model: Model, count: number): Tally {
  const tally = new Map<string, number>();
  const add = (name: string): void => {
    tally.set(name, (tally.get(name) ?? 0) + 1);
  };
  for (let seed = 0; seed < count; seed += 1) {
    const history = randomLockHistory(model.name, createRandom(seed));
    if (history.operations.length > operationsMax) continue;
    const result = checkFast(model, history.operations, history.failed);
    try {
      compareOne(model, history, result);
    } catch (error) {
      const lines = history.operations.map((operation) => JSON.stringify(operation)).join('\n');
      throw new Error(`${model.name}, seed ${seed}:\n${lines}`, { cause: error });
    }
    add(result.type);
    if (result.type === 'invalid') add(result.finding.kind);
  }
  return tally;
}

function compareOne(model: Model, { operations }: RandomLockHistory, result: FastResult): void {
  insist(
    operations.every((operation) => model.check(operation) === null),
    'right shapes',
  );
  insist(model.findBad(columnsOf(operations)) === null, 'findBad finds what check does');
  compareReplayer(model, { operations, failed: [] });
  if (result.type === 'undecided') return;
  const truth = linearizeByBruteForce(operations, model).type;
  if (result.type === 'valid') {
    insist(truth === 'found', 'valid, but the naive check finds no order');
    checkOrder(model, operations, result.order);
    return;
  }
  const { core, kind, sentence } = result.finding;
  insist(truth === 'none', `invalid, but the naive check finds an order: ${sentence}`);
  insist(/^[a-z-]+$/.test(kind) && sentence.endsWith('.'), 'a class and a sentence');
  insist(
    core.every(({ id }, at) => at === 0 || id > (core[at - 1]?.id ?? id)),
    'a sorted core',
  );
  const ids = new Set(operations.map(({ id }) => id));
  insist(
    core.every(({ id }) => ids.has(id)),
    'operations of the history',
  );
  insist(linearizeByBruteForce(core, model).type === 'none', `a core without order: ${sentence}`);
}

/** Any order at all, up to the first row that one of them refuses. */
function compareReplayer(model: Model, { operations }: RandomLockHistory): void {
  const replays = model.replayer(columnsOf(operations));
  const random = createRandom(operations.length);
  const rows = operations.map((operation, row) => ({ operation, row, rank: random() }));
  let state = model.init;
  for (const { operation, row } of rows.sort((a, b) => a.rank - b.rank)) {
    state = model.step(state, operation);
    insist(replays(row) === (state !== undefined), `replay and model differ at row ${row}`);
    if (state === undefined) return;
  }
}

function insist(condition: boolean, what: string): void {
  if (!condition) throw new Error(`not as promised: ${what}`);
}
