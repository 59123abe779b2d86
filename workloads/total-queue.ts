/**
 * Total queue: what went in comes out, once, over the whole run and its draining at the end.
 *
 * It counts, and knows no order: that is the model's. [Jepsen] A dequeue of unknown outcome may
 * have taken an element that nobody saw; as many elements of its key may be gone without anybody's
 * fault. One that was asked for after the key was found empty took none of what had gone in before.
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

const name = 'total-queue';
/** So many are told; the number of all is told too. */
const toldMax = 20;

export const totalQueue: Checker = {
  name,
  description:
    'every acknowledged element came out once, every one of unknown outcome at most once, and ' +
    'nothing else',
  check,
};

interface QueueKey {
  readonly key: string;
  readonly elements: Map<string, Attempts>;
  /** Index of the dequeue that it came out of, each time. */
  readonly out: Map<string, number[]>;
  /** Indexes of their invocations. */
  readonly unknownDequeues: number[];
  /** The last dequeue of the end that said that nothing is left; null: none did. */
  emptied: PairedOp | null;
}

interface Offence {
  readonly kind: 'lost' | 'duplicated' | 'unexpected' | 'failed';
  readonly key: string;
  /** As JSON. */
  readonly element: string;
  /** Index of the invocation that put it in; null: nobody did. */
  readonly operation: number | null;
  /** Indexes of the dequeues that it came out of. */
  readonly dequeues: readonly number[];
  readonly sentence: string;
}

interface Missing {
  readonly key: string;
  readonly elements: readonly string[];
}

function check(run: CheckedRun): CheckerResult {
  const keys = collect(run);
  const offences: Offence[] = [];
  const missing: Missing[] = [];
  for (const queue of keys) {
    offences.push(...findStrangers(queue));
    const absent = findAbsent(queue);
    if (isDrained(queue) && absent.length > excusesOf(queue)) {
      offences.push(...absent.map((element) => describeLost(queue, element)));
    } else if (absent.length > 0) {
      missing.push({ key: queue.key, elements: absent });
    }
  }
  return conclude(keys, offences, missing);
}

function collect(run: CheckedRun): readonly QueueKey[] {
  const finalFrom = run.recovery?.beganAt ?? Number.POSITIVE_INFINITY;
  const keys = new Map<string, QueueKey>();
  for (const pair of pairOps(run.ops)) {
    const { invoked, completed } = pair;
    const queue = keys.get(invoked.key ?? '') ?? emptyQueue(invoked.key ?? '');
    keys.set(queue.key, queue);
    if (invoked.f === 'enqueue') {
      countAttempt(queue.elements, valueKey(invoked.value), pair);
    } else if (invoked.f === 'dequeue') {
      if (completed === null || completed.type === 'info') {
        queue.unknownDequeues.push(invoked.index);
      }
      if (completed?.type !== 'ok') continue;
      if (completed.value === null) {
        if (invoked.index >= Math.max(finalFrom, queue.emptied?.invoked.index ?? -1)) {
          queue.emptied = pair;
        }
        continue;
      }
      const element = valueKey(completed.value);
      const dequeues = [...(queue.out.get(element) ?? []), invoked.index];
      queue.out.set(
        element,
        dequeues.sort((one, other) => one - other),
      );
    }
  }
  return [...keys.values()];
}

function emptyQueue(key: string): QueueKey {
  return { key, elements: new Map(), out: new Map(), unknownDequeues: [], emptied: null };
}

/** Whether nothing was left at the end, behind all that had been acknowledged. */
function isDrained({ elements, emptied }: QueueKey): boolean {
  if (emptied === null) return false;
  for (const { acknowledgedAt } of elements.values()) {
    if (acknowledgedAt > emptied.invoked.index) return false;
  }
  return true;
}

/** Dequeues of unknown outcome that may have taken something before the key was empty. */
function excusesOf({ unknownDequeues, emptied }: QueueKey): number {
  const until = emptied?.completed?.index ?? Number.POSITIVE_INFINITY;
  return unknownDequeues.filter((index) => index < until).length;
}

/** What came out and should not have, or not so often. */
function findStrangers({ key, elements, out }: QueueKey): readonly Offence[] {
  const offences: Offence[] = [];
  for (const [element, dequeues] of out) {
    const attempts = elements.get(element);
    const offence = { key, element, dequeues, operation: attempts?.invoked.index ?? null };
    const how = `came out of key ${key} ${times(dequeues.length)} (op ${dequeues.join(', ')})`;
    if (attempts === undefined) {
      const sentence = `${element} ${how}, and nobody had put it in`;
      offences.push({ ...offence, kind: 'unexpected', sentence });
      continue;
    }
    const may = attempts.acknowledged + attempts.unknown;
    if (dequeues.length <= may) continue;
    const kind = may === 0 ? 'failed' : 'duplicated';
    const sentence = `${element}, ${describeAttempts(attempts)} ${how}`;
    offences.push({ ...offence, kind, sentence });
  }
  return offences;
}

/** Acknowledged elements that did not come out, each as often as it is missing. */
function findAbsent({ elements, out }: QueueKey): readonly string[] {
  const absent: string[] = [];
  for (const [element, { acknowledged }] of elements) {
    const seen = out.get(element)?.length ?? 0;
    for (let count = seen; count < acknowledged; count++) absent.push(element);
  }
  return absent;
}

function describeLost(queue: QueueKey, element: string): Offence {
  const { key, elements, out } = queue;
  const excuses = excusesOf(queue);
  const attempts = elements.get(element);
  const who = attempts === undefined ? '' : `, ${describeAttempts(attempts)}`;
  const excuse =
    excuses === 0
      ? 'no dequeue of unknown outcome can have taken it'
      : `more are missing than its ${many(excuses, 'dequeue')} of unknown outcome can have taken`;
  return {
    kind: 'lost',
    key,
    element,
    operation: attempts?.invoked.index ?? null,
    dequeues: out.get(element) ?? [],
    sentence: `${element}${who} never came out of key ${key}; ${excuse}`,
  };
}

function conclude(
  keys: readonly QueueKey[],
  offences: readonly Offence[],
  missing: readonly Missing[],
): CheckerResult {
  const undrained = keys.filter((queue) => !isDrained(queue));
  const attempts = keys.flatMap(({ elements }) => [...elements.values()]);
  const acknowledged = attempts.filter((each) => each.acknowledged > 0).length;
  const missingCount = missing.reduce((sum, { elements }) => sum + elements.length, 0);
  const unknownDequeues = keys.reduce((sum, each) => sum + each.unknownDequeues.length, 0);
  const details = {
    keys: keys.length,
    acknowledged,
    unknownEnqueues: attempts.filter((each) => each.acknowledged === 0 && each.unknown > 0).length,
    unknownDequeues,
    offences: offences.slice(0, toldMax),
    offenceCount: offences.length,
    missing: missing.slice(0, toldMax),
    missingCount,
    keysNotDrained: undrained.map(({ key }) => key),
  };
  const absent = missingCount === 0 ? '' : `; ${missingCount} acknowledged did not come out`;
  const blind = [
    ...(unknownDequeues === 0
      ? []
      : [
          `${many(unknownDequeues, 'dequeue')} of unknown outcome: each may have taken an ` +
            `element that nobody saw${absent}`,
        ]),
    ...(undrained.length === 0 ? [] : [`what is left in ${describeKeys(undrained)}`]),
  ];
  const result = { name, details, blind };
  const [first] = offences;
  if (first !== undefined) {
    const more = offences.length === 1 ? '' : `, and ${offences.length - 1} more`;
    return { ...result, valid: false, summary: `${first.sentence}${more}` };
  }
  if (acknowledged === 0) {
    return { ...result, valid: 'unknown', summary: 'no enqueue was acknowledged' };
  }
  if (undrained.length > 0) {
    const verb = undrained.length === 1 ? 'was' : 'were';
    const which = `${undrained.length} of ${many(keys.length, 'key')}`;
    const summary = `${which} ${verb} not drained at the end`;
    return { ...result, valid: 'unknown', summary };
  }
  const what = `${many(acknowledged, 'acknowledged element')} on ${many(keys.length, 'key')}`;
  if (missingCount === 0) return { ...result, valid: true, summary: `${what} came out once` };
  const summary =
    `${acknowledged - missingCount} of ${what} came out once; ${missingCount} did not, ` +
    `which ${many(unknownDequeues, 'dequeue')} without an answer may have taken`;
  return { ...result, valid: true, summary };
}
