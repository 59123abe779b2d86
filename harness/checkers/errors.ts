/**
 * What went wrong for the clients, grouped by outcome and code.
 *
 * An error is no broken promise. But an answer that the client could not read means that client and
 * system do not speak the same language, and then the history says little of the system.
 */
import type { Op } from '../../checker/history.ts';
import type { CheckedRun, Checker, CheckerResult } from '../checker.ts';
import { describeCount, describeMany } from '../report/figures.ts';

const name = 'errors';

/** The client's own word for an answer that is none to what it asked. */
const unexpectedReply = 'unexpected-reply';

/** A system that puts something new into every code must not fill the memory. */
const groupsMax = 200;
const shownMax = 5;
const wordsMax = 300;

export const errors: Checker = {
  name,
  description: 'errors by their code; every answer was one that the client understands',
  check,
};

interface ErrorGroup {
  readonly type: 'fail' | 'info';
  /** null where the client gave none. */
  readonly code: string | null;
  count: number;
  readonly byF: Map<string, number>;
  readonly byNode: Map<string, number>;
  readonly first: { readonly index: number; readonly message: string };
}

function check(run: CheckedRun): CheckerResult {
  const { groups, ungrouped } = groupErrors(run.ops);
  const inOrder = [...groups.values()].sort((a, b) => b.count - a.count);
  const misunderstood = inOrder.filter(({ code }) => code === unexpectedReply);
  const count = inOrder.reduce((total, group) => total + group.count, ungrouped);
  const details = {
    count,
    groups: inOrder.map(({ byF, byNode, ...group }) => ({
      ...group,
      byF: Object.fromEntries(byF),
      byNode: Object.fromEntries(byNode),
    })),
    ungrouped,
  };
  const blind = [
    ...(inOrder.length === 0 ? [] : ['the words of an error, but for the first of each code']),
    ...(ungrouped === 0
      ? []
      : [`codes beyond the first ${groupsMax}: ${describeMany(ungrouped, 'error')}`]),
  ];
  const [first] = misunderstood;
  if (first !== undefined) {
    const total = misunderstood.reduce((sum, group) => sum + group.count, 0);
    const summary =
      `the client did not understand ${describeMany(total, 'answer')}; ` +
      `the first, at index ${first.first.index} of the history: ${first.first.message}`;
    return { name, valid: 'unknown', summary, details, blind };
  }
  const summary =
    count === 0
      ? 'every operation succeeded'
      : `${describeMany(count, 'operation')} did not succeed: ${describeGroups(inOrder)}`;
  return { name, valid: true, summary, details, blind };
}

function groupErrors(ops: Iterable<Op>): {
  readonly groups: ReadonlyMap<string, ErrorGroup>;
  readonly ungrouped: number;
} {
  const groups = new Map<string, ErrorGroup>();
  let ungrouped = 0;
  for (const op of ops) {
    const { process, type, f, node, index, error } = op;
    if (process === 'nemesis' || (type !== 'fail' && type !== 'info')) continue;
    const code = error?.code ?? null;
    const label = `${type} ${code ?? ''}`;
    let group = groups.get(label);
    if (group === undefined) {
      if (groups.size >= groupsMax && code !== unexpectedReply) {
        ungrouped++;
        continue;
      }
      const message = (error?.message ?? 'no more was told').slice(0, wordsMax);
      group = {
        type,
        code,
        count: 0,
        byF: new Map(),
        byNode: new Map(),
        first: { index, message },
      };
      groups.set(label, group);
    }
    group.count++;
    countOne(group.byF, f);
    if (node !== undefined) countOne(group.byNode, node);
  }
  return { groups, ungrouped };
}

function countOne(counts: Map<string, number>, of: string): void {
  counts.set(of, (counts.get(of) ?? 0) + 1);
}

/** `414 MOVED (did not happen), 12 timeout (unknown)`. */
function describeGroups(groups: readonly ErrorGroup[]): string {
  const words = groups.slice(0, shownMax).map(({ type, code, count }) => {
    const meaning = type === 'fail' ? 'did not happen' : 'unknown';
    return `${describeCount(count)} ${code ?? 'without a code'} (${meaning})`;
  });
  const rest = groups.length - shownMax;
  return rest > 0 ? `${words.join(', ')} and ${describeMany(rest, 'more kind')}` : words.join(', ');
}
