/**
 * Exactly once: what was acknowledged stands in the list one time, whatever was sent how often.
 *
 * It counts, and knows no order: the last read of each key is held against what was appended. A
 * call that was sent again after its answer must have the same one.
 * What it names is plainer than a history without an order, and is found without any search.
 */
import { valueKey } from '../checker/value-key.ts';
import type { CheckedRun, Checker, CheckerResult } from '../harness/checker.ts';
import {
  type Attempts,
  countAttempt,
  describeAttempts,
  describeKeys,
  many,
  type PairedOp,
  pairOps,
  times,
} from './paired-ops.ts';

const name = 'exactly-once';
/** So many are told; the number of all is told too. */
const toldMax = 20;
const answerMax = 100;
/** The session client's mark of an answer that its repetition did not get. */
const anotherAnswer = 'another-answer';

export const exactlyOnce: Checker = {
  name,
  description:
    'in the last read of each key every acknowledged element stands once, every one of unknown ' +
    'outcome at most once, and no failed one',
  check,
};

interface ListKey {
  readonly key: string;
  readonly elements: Map<string, Attempts>;
  readonly appends: PairedOp[];
  /** The read that was invoked last. */
  read: PairedOp | null;
}

interface Offence {
  readonly kind: 'repeated' | 'lost' | 'failed' | 'unexpected' | 'answered-twice';
  readonly key: string;
  /** As JSON. */
  readonly element: string;
  /** How often it is in the list. */
  readonly count: number;
  /** Index of the invocation that appended it; null: nobody did. */
  readonly operation: number | null;
  readonly sentence: string;
}

function check(run: CheckedRun): CheckerResult {
  const keys = collect(run);
  const finalFrom = run.recovery?.beganAt ?? Number.POSITIVE_INFINITY;
  const offences = keys.flatMap((list) => [...findOffences(list), ...findOtherAnswers(list)]);
  const unread = keys.filter(({ read }) => (read?.invoked.index ?? -1) < finalFrom);
  const unreadable = keys.filter(({ read }) => read !== null && elementsOf(read) === null);
  const attempts = keys.flatMap(({ elements }) => [...elements.values()]);
  const acknowledged = attempts.filter((each) => each.acknowledged > 0).length;
  const unknown = attempts.filter((each) => each.acknowledged === 0 && each.unknown > 0).length;
  const details = {
    keys: keys.length,
    acknowledged,
    unknown,
    offences: offences.slice(0, toldMax),
    offenceCount: offences.length,
    keysWithoutFinalRead: unread.map(({ key }) => key),
    keysWithoutList: unreadable.map(({ key }) => key),
  };
  const blind = [
    ...(unknown === 0
      ? []
      : [`${many(unknown, 'element')} of unknown outcome: once or not at all, either is right`]),
    ...(unread.length === 0 ? [] : [`the end of ${describeKeys(unread)}: nobody read it`]),
    ...(unreadable.length === 0 ? [] : [`what ${describeKeys(unreadable)} held in the last read`]),
  ];
  const result = { name, details, blind };
  const [first] = offences;
  if (first !== undefined) {
    const more = offences.length === 1 ? '' : `, and ${offences.length - 1} more`;
    return { ...result, valid: false, summary: `${first.sentence}${more}` };
  }
  if (acknowledged === 0) {
    return { ...result, valid: 'unknown', summary: 'no append was acknowledged' };
  }
  if (unread.length > 0) {
    const verb = unread.length === 1 ? 'was' : 'were';
    const summary = `${unread.length} of ${many(keys.length, 'key')} ${verb} not read at the end`;
    return { ...result, valid: 'unknown', summary };
  }
  const [strange] = unreadable;
  if (strange !== undefined) {
    const where = `the last read of key ${strange.key} (op ${strange.read?.invoked.index})`;
    const answer = JSON.stringify(strange.read?.completed?.value)?.slice(0, answerMax);
    return { ...result, valid: 'unknown', summary: `${where} could not be read: it is ${answer}` };
  }
  const what = `${many(acknowledged, 'acknowledged element')} on ${many(keys.length, 'key')}`;
  const summary = `${what}, each of them once`;
  return { ...result, valid: true, summary };
}

function collect(run: CheckedRun): readonly ListKey[] {
  const keys = new Map<string, ListKey>();
  for (const pair of pairOps(run.ops)) {
    const { invoked, completed } = pair;
    const key = invoked.key ?? '';
    const list = keys.get(key) ?? emptyList(key);
    keys.set(key, list);
    if (invoked.f === 'append') {
      countAttempt(list.elements, valueKey(invoked.value), pair);
      list.appends.push(pair);
    } else if (invoked.f === 'read' && completed?.type === 'ok') {
      if (invoked.index > (list.read?.invoked.index ?? -1)) list.read = pair;
    }
  }
  return [...keys.values()];
}

function emptyList(key: string): ListKey {
  return { key, elements: new Map(), appends: [], read: null };
}

/** null for an answer that is no list: it says nothing of what is missing. */
function elementsOf({ completed }: PairedOp): readonly unknown[] | null {
  return Array.isArray(completed?.value) ? completed.value : null;
}

function findOffences({ key, elements, appends, read }: ListKey): readonly Offence[] {
  const values = read === null ? null : elementsOf(read);
  if (read === null || values === null) return [];
  const counts = new Map<string, number>();
  const { invoked } = read;
  for (const value of values) {
    const element = valueKey(value);
    counts.set(element, (counts.get(element) ?? 0) + 1);
  }
  const where = `in the last read of key ${key} (op ${invoked.index})`;
  const offences: Offence[] = [];
  for (const [element, count] of counts) {
    const attempts = elements.get(element);
    const offence = { key, element, count, operation: attempts?.invoked.index ?? null };
    if (attempts === undefined) {
      const sentence = `${element} stands ${where}, and nobody appended it`;
      offences.push({ ...offence, kind: 'unexpected', sentence });
      continue;
    }
    const may = attempts.acknowledged + attempts.unknown;
    if (count <= may) continue;
    const kind = may === 0 ? 'failed' : 'repeated';
    const sentence = `${element}, ${describeAttempts(attempts)} stands ${times(count)} ${where}`;
    offences.push({ ...offence, kind, sentence });
  }
  for (const [element, must] of acknowledgedBefore(appends, invoked.index)) {
    const count = counts.get(element) ?? 0;
    const attempts = elements.get(element);
    if (count >= must || attempts === undefined) continue;
    const operation = attempts.invoked.index;
    const sentence = `${element}, ${describeAttempts(attempts)} is missing ${where}`;
    offences.push({ key, element, count, operation, kind: 'lost', sentence });
  }
  return offences;
}

/** Calls that the client sent again after their answer, and that were answered otherwise then. */
function findOtherAnswers({ key, appends }: ListKey): readonly Offence[] {
  return appends.flatMap(({ invoked, completed }) => {
    if (completed?.type !== 'ok' || completed.error?.code !== anotherAnswer) return [];
    const { process, node, index, value } = invoked;
    const where = node === undefined ? '' : ` on ${node}`;
    const element = valueKey(value);
    const sentence =
      `process ${process}'s append of ${element} to key ${key}${where} (op ${index}) was ` +
      `not answered once and for all: sequence ${completed.error.message ?? 'number'}`;
    return [
      { kind: 'answered-twice' as const, key, element, count: 1, operation: index, sentence },
    ];
  });
}

/** How often each element was acknowledged before a position of the history. */
function acknowledgedBefore(
  appends: readonly PairedOp[],
  position: number,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { invoked, completed } of appends) {
    if (completed?.type !== 'ok' || completed.index > position) continue;
    const element = valueKey(invoked.value);
    counts.set(element, (counts.get(element) ?? 0) + 1);
  }
  return counts;
}
