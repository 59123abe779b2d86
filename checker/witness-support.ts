/**
 * Who made possible what the operations of a core saw, where the model does not say what an
 * operation sees. Such a core was judged with everything that writes beside it, as operations that
 * may happen or not; shown without any of them it would be impossible for a made-up reason.
 *
 * Finds out by orders: those that are used when all of the core but the stuck operation is put in
 * order, and those that would be used for each operation alone. They are real operations, and
 * with them the core has no order either, for it had none when each of them was free to happen.
 */
import { columnsOf } from './columns.ts';
import type { Operation } from './history.ts';
import type { Model } from './model.ts';
import { Search } from './search/search.ts';
import { asOpen } from './witness-dependencies.ts';

export interface SupportInput {
  readonly core: readonly Operation[];
  /** What was left out, as operations that may happen or not. */
  readonly helpers: readonly Operation[];
  readonly model: Model;
}

const searchStepsMax = 100_000;
const searchBytesMax = 64 << 20;
/** More than that is no picture any more. */
const supportMax = 64;

/** Ids of the helpers that belong to the picture. */
export function findSupport({ core, helpers, model }: SupportInput): ReadonlySet<number> {
  const support = new Set<number>();
  if (helpers.length === 0) return support;
  const isHelper = new Set(helpers.map(({ id }) => id));
  const add = (operations: readonly Operation[]): void => {
    const all = [...operations, ...helpers].sort((a, b) => a.call - b.call);
    const used = orderOf(all, model).filter((id) => isHelper.has(id));
    if (support.size + used.length > supportMax) return;
    for (const id of used) support.add(id);
  };
  for (const stuck of lastFirst(core)) {
    const rest = core.filter((operation) => operation !== stuck);
    const opened = model.isObserver(stuck) ? rest : [...rest, asOpen(stuck)];
    const before = support.size;
    add(opened);
    // One operation whose absence makes the others possible is enough.
    if (support.size > before) break;
  }
  for (const operation of core) add([operation]);
  return support;
}

/** The last to return first: who comes last is most often the one that does not fit. */
function lastFirst(core: readonly Operation[]): readonly Operation[] {
  const end = (operation: Operation): number => operation.return ?? Number.POSITIVE_INFINITY;
  return core.filter(({ return: at }) => at !== null).sort((a, b) => end(b) - end(a));
}

/** Ids in an order that was found; none when there is none, or it takes too long. */
function orderOf(operations: readonly Operation[], model: Model): number[] {
  const search = new Search(columnsOf(operations), model, {
    stepsMax: searchStepsMax,
    bytesMax: searchBytesMax,
    shouldStop: () => null,
  });
  const outcome = search.run(searchStepsMax + 1);
  if (outcome?.type !== 'found') return [];
  return [...outcome.order].flatMap((row) => operations[row]?.id ?? []);
}
