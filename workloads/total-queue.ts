/**
 * Total queue: what went in comes out, once, over the whole run and its draining at the end.
 *
 * It counts, and knows no order: that is the model's. [Jepsen] A dequeue of unknown outcome may
 * have taken an element that nobody saw; as many elements of its key may be gone without anybody's
 * fault.
 */
import { valueKey } from '../checker/value-key.ts';
import type { CheckedRun, Checker, CheckerResult } from '../harness/checker.ts';
import { type Attempts, countAttempt, describeAttempts, pairOps, times } from './paired-ops.ts';

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
  unknownDequeues: number;
  /** Whether a dequeue of the end said that nothing is left. */
  isDrained: boolean;
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
    if (queue.isDrained && absent.length > queue.unknownDequeues) {
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
      if (completed === null || completed.type === 'info') queue.unknownDequeues++;
      if (completed?.type !== 'ok') continue;
      if (completed.value === null) {
        if (invoked.index >= finalFrom) queue.isDrained = true;
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
  return { key, elements: new Map(), out: new Map(), unknownDequeues: 0, isDrained: false };
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

function describeLost({ key, elements, out, unknownDequeues }: QueueKey, element: string): Offence {
  const attempts = elements.get(element);
  const who = attempts === undefined ? '' : `, ${describeAttempts(attempts)}`;
  const excuse =
    unknownDequeues === 0
      ? 'no dequeue of unknown outcome can have taken it'
      : `more are missing than its ${unknownDequeues} dequeues of unknown outcome can have taken`;
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
  const undrained = keys.filter(({ isDrained }) => !isDrained).map(({ key }) => key);
  const attempts = keys.flatMap(({ elements }) => [...elements.values()]);
  const acknowledged = attempts.filter((each) => each.acknowledged > 0).length;
  const missingCount = missing.reduce((sum, { elements }) => sum + elements.length, 0);
  const unknownDequeues = keys.reduce((sum, each) => sum + each.unknownDequeues, 0);
  const details = {
    keys: keys.length,
    acknowledged,
    unknownEnqueues: attempts.filter((each) => each.acknowledged === 0 && each.unknown > 0).length,
    unknownDequeues,
    offences: offences.slice(0, toldMax),
    offenceCount: offences.length,
    missing: missing.slice(0, toldMax),
    missingCount,
    keysNotDrained: undrained,
  };
  const blind = [
    ...(unknownDequeues === 0
      ? []
      : [
          `${unknownDequeues} dequeues of unknown outcome: each may have taken an element that ` +
            `nobody saw; ${missingCount} acknowledged elements did not come out`,
        ]),
    ...(undrained.length === 0 ? [] : [`what is left in keys ${undrained.join(', ')}`]),
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
    const summary = `${undrained.length} of ${keys.length} keys were not drained at the end`;
    return { ...result, valid: 'unknown', summary };
  }
  const rest =
    missingCount === 0
      ? ''
      : `; but for ${missingCount}, which ${unknownDequeues} dequeues without an answer may have ` +
        'taken';
  const what = `${acknowledged} acknowledged elements on ${keys.length} keys came out once`;
  const summary = `${what}${rest}`;
  return { ...result, valid: true, summary };
}
