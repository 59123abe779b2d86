/**
 * A verdict for the terminal: what was found, in how much, and for a violation the operations.
 */
import type { HistoryCounts } from '../../checker/pairing.ts';
import type { InvalidVerdict, Verdict, Witness } from '../../checker/verdict.ts';
import { labelOf } from '../../checker/witness-words.ts';

export interface VerdictReport {
  readonly path: string;
  readonly model: string;
  readonly verdict: Verdict;
  readonly counts: HistoryCounts;
  /** Entries of the history, those of the nemesis included. */
  readonly lines: number;
  readonly notes: readonly string[];
  readonly seconds: number;
}

/** Some lines of text, the verdict first. */
export function describeVerdictText(report: VerdictReport): string {
  const { verdict, model, counts, seconds, lines } = report;
  const { ok, fail, info, open } = counts;
  const unknown = info + open;
  const figures =
    `${verdict.operations} operations in ${lines} entries: ${ok} ok, ${fail} failed, ` +
    `${unknown} unknown; model ${model}; ${seconds.toFixed(2)} s`;
  return [...describeOutcome(verdict), figures].join('\n');
}

function describeOutcome(verdict: Verdict): string[] {
  switch (verdict.valid) {
    case true: {
      const keys = verdict.linearizations.length;
      const where = keys === 1 ? '' : ` on ${keys} keys`;
      return [`valid: linearizable${where}; the order found was replayed against the model`];
    }
    case false:
      return describeInvalid(verdict);
    case 'unknown': {
      const others = verdict.keys.length - 1;
      const more = others > 0 ? ` (and ${others} other keys)` : '';
      return [`unknown (${verdict.reason}): ${verdict.message}${more}`];
    }
    default:
      return assertNever(verdict);
  }
}

function describeInvalid({ witness, keys }: InvalidVerdict): string[] {
  const where = witness.key === null ? '' : ` on key ${witness.key}`;
  const others =
    keys.length > 1 ? [`Not linearizable either: keys ${keys.slice(1).join(', ')}`] : [];
  return [
    `invalid: not linearizable, ${witness.kind}${where}`,
    '',
    witness.sentence,
    '',
    ...describeWitnessTable(witness),
    '',
    ...describeLongestOrder(witness),
    describeConfirmation(witness),
    ...others,
  ];
}

function describeConfirmation({ confirmedBy, operations }: Witness): string {
  const count = operations.length;
  const what = count === 1 ? 'This operation alone is' : `These ${count} operations alone are`;
  if (confirmedBy === 'brute-force') return `${what} impossible; every order of them was tried.`;
  if (confirmedBy === 'search')
    return `${what} impossible; a search through all orders found none.`;
  return `${what} what is known; no other code has confirmed it as impossible.`;
}

/** Of a long order its end is what matters. */
const stepsMax = 12;

/** The longest order with the state after each operation, and what is in the way of the rest. */
function describeLongestOrder({ longestOrder, states, remaining }: Witness): string[] {
  if (remaining.length === 0) return [];
  const steps = longestOrder.map((id, at) => `op ${id} (${states[at + 1] ?? ''})`);
  const hidden = steps.length - stepsMax;
  const shown = hidden > 0 ? [`${hidden} more`, ...steps.slice(hidden)] : steps;
  const order = steps.length === 0 ? 'none of them can come first' : shown.join(', then ');
  const obstacles = remaining.map(({ id, why }) => `  op ${id} ${why}`);
  return [`The longest order, with the state after each: ${order}. It leaves:`, ...obstacles, ''];
}

function describeWitnessTable({ operations }: Witness): string[] {
  const rows = operations.map((operation) => [
    `op ${operation.id}`,
    `process ${operation.process}`,
    operation.node ?? '',
    labelOf(operation),
    `entries ${operation.call} to ${operation.return ?? 'the end: its outcome is unknown'}`,
  ]);
  const widths = [0, 1, 2, 3].map((at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) => {
    const cells = row.map((cell, at) => cell.padEnd(widths[at] ?? 0));
    return `  ${cells.filter((_, at) => widths[at] !== 0).join('  ')}`;
  });
}

function assertNever(verdict: never): never {
  throw new Error(`unknown verdict ${JSON.stringify(verdict)}`);
}
