/**
 * The naive check with a memory: tries every order, but no state twice with the same operations
 * left. For histories of up to some fifteen operations, where the naive one takes too long; the
 * two are compared where both can.
 */
import type { Operation } from '../history.ts';
import type { Model } from '../model.ts';

const operationsMax = 30;

/** Whether some order satisfies the model. */
export function isLinearizableWithMemory(operations: readonly Operation[], model: Model): boolean {
  if (operations.length > operationsMax) throw new RangeError(`over ${operationsMax} operations`);
  const completed = maskOf(operations, (operation) => operation.return !== null);
  const before = operations.map(({ call }) =>
    maskOf(operations, (other) => other.return !== null && other.return < call),
  );
  const seen = new Set<string>();
  const work: { readonly done: number; readonly state: unknown }[] = [];
  const visit = (done: number, state: unknown): void => {
    const key = `${done} ${model.stateKey(state)}`;
    if (seen.has(key)) return;
    seen.add(key);
    work.push({ done, state });
  };
  visit(0, model.init);
  for (let place = work.pop(); place !== undefined; place = work.pop()) {
    const { done, state } = place;
    if ((completed & ~done) === 0) return true;
    operations.forEach((operation, at) => {
      const isNext = (done & (1 << at)) === 0 && ((before[at] ?? 0) & ~done) === 0;
      const next = isNext ? model.step(state, operation) : undefined;
      if (next !== undefined) visit(done | (1 << at), next);
    });
  }
  return false;
}

function maskOf(
  operations: readonly Operation[],
  includes: (operation: Operation) => boolean,
): number {
  return operations.reduce((mask, operation, at) => mask | (includes(operation) ? 1 << at : 0), 0);
}
