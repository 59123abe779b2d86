/**
 * Two values of a register of which each must have come before the other: class and sentence.
 *
 * `outer` is the value that was seen first; its last observer began after `inner` had certainly
 * replaced it, and `inner` began after `outer` was certainly there.
 */
import {
  describeDistance,
  describeMutation,
  describeOperation,
  describeValue,
} from '../describe-operation.ts';
import type { Operation } from '../history.ts';
import { registerEffect } from '../models/register-effect.ts';

export interface ZoneFacts {
  /** The first of `outer` to return; null when it is the initial value. */
  readonly outerFirst: Operation | null;
  /** The last of `outer` to be invoked. */
  readonly outerLast: Operation;
  readonly innerFirst: Operation;
  readonly innerLast: Operation;
  readonly outerRows: readonly Operation[];
  readonly innerRows: readonly Operation[];
  /** How many newer values there were before the last of `outer` began. */
  readonly newerCount: number;
  /** All operations of the key. */
  readonly history: readonly Operation[];
}

export interface ZoneDescription {
  readonly kind: string;
  readonly sentence: string;
}

/** Names the violation; the first class that fits. */
export function describeZoneConflict(facts: ZoneFacts): ZoneDescription {
  const alternation = findAlternation(facts.outerRows, facts.innerRows);
  if (alternation !== null) return describeSplitBrain(alternation);
  const { outerLast, innerFirst } = facts;
  if (registerEffect(outerLast).type !== 'read') return describeStaleCas(facts);
  const last = `${describeOperation(outerLast)} returned ${describeSeen(outerLast)}`;
  const distance = describeDistance(innerFirst, outerLast);
  if (registerEffect(innerFirst).type === 'read') {
    return {
      kind: 'non-monotonic-read',
      sentence:
        `${last}, although ${describeOperation(innerFirst)} had already seen the newer ` +
        `${describeSeen(innerFirst)} and completed ${distance} before that read began. ` +
        describeAge(facts),
    };
  }
  if (!wasSeen(innerFirst, facts.history)) {
    return {
      kind: 'lost-write',
      sentence:
        `${describeMutation(innerFirst)} was acknowledged, but nobody ever saw its value: ` +
        `${describeOperation(outerLast)}, which began ${distance} later, still returned ` +
        `${describeSeen(outerLast)}. ${describeAge(facts)}`,
    };
  }
  const behind = facts.newerCount > 1 ? `, stale by ${facts.newerCount} values` : '';
  return {
    kind: 'stale-read',
    sentence:
      `${last}${behind}, although ${describeMutation(innerFirst)} had completed ${distance} ` +
      `before that read began. ${describeAge(facts)}`,
  };
}

/** The value that an observer returned, as text. */
export function describeSeen(operation: Operation): string {
  const { output, value } = operation;
  if (operation.f !== 'cas') return describeValue(output);
  const isMiss = typeof output === 'object' && output !== null && 'seen' in output;
  if (isMiss && registerEffect(operation).type === 'read') return describeValue(output.seen);
  return describeValue(Array.isArray(value) ? value[0] : null);
}

/** Why the value that was seen last is the older one. */
function describeAge({ outerFirst, innerLast, outerLast }: ZoneFacts): string {
  const seen = describeSeen(outerLast);
  if (outerFirst === null) return `${seen} is the initial value.`;
  const verb = registerEffect(outerFirst).type === 'read' ? 'seen by' : 'put there by';
  const first = verb === 'seen by' ? describeOperation(outerFirst) : describeMutation(outerFirst);
  return (
    `It is the older value: it was ${verb} ${first}, which completed ` +
    `${describeDistance(outerFirst, innerLast)} before ${describeOperation(innerLast)} began.`
  );
}

function describeStaleCas(facts: ZoneFacts): ZoneDescription {
  const { outerLast, innerFirst } = facts;
  const newer =
    registerEffect(innerFirst).type === 'read'
      ? `${describeOperation(innerFirst)} had already seen the newer ${describeSeen(innerFirst)}`
      : `${describeMutation(innerFirst)} had already replaced that value`;
  return {
    kind: 'stale-cas',
    sentence:
      `${describeMutation(outerLast)} succeeded, although ${newer} and completed ` +
      `${describeDistance(innerFirst, outerLast)} before that cas began. ${describeAge(facts)}`,
  };
}

function wasSeen(mutation: Operation, history: readonly Operation[]): boolean {
  const effect = registerEffect(mutation);
  if (effect.type !== 'write' && effect.type !== 'cas') return true;
  return history.some((operation) => {
    if (operation.return === null) return false;
    const other = registerEffect(operation);
    if (other.type === 'read') return other.seen === effect.written;
    return other.type === 'cas' && other.expected === effect.written;
  });
}

type Alternation = readonly [Operation, Operation, Operation, Operation];

/** One value, then the other, then the one again, then the other, each wholly after the last. */
function findAlternation(
  outer: readonly Operation[],
  inner: readonly Operation[],
): Alternation | null {
  const one = earliestAfter(outer, -1);
  const two = one && earliestAfter(inner, one.return ?? 0);
  const three = two && earliestAfter(outer, two.return ?? 0);
  const four = three && earliestAfter(inner, three.return ?? 0);
  return one && two && three && four ? [one, two, three, four] : null;
}

/** The first to return of those that were invoked after the position. */
function earliestAfter(rows: readonly Operation[], position: number): Operation | null {
  let best: Operation | null = null;
  for (const row of rows) {
    if (row.return === null || row.call <= position) continue;
    if (best === null || row.return < (best.return ?? 0)) best = row;
  }
  return best;
}

function describeSplitBrain([one, two, three, four]: Alternation): ZoneDescription {
  return {
    kind: 'split-brain',
    sentence:
      'Two values were current at the same time: one after the other, with no overlap, ' +
      `${describeOperation(one)} and ${describeOperation(three)} agree on one value, and between ` +
      `and after them ${describeOperation(two)} and ${describeOperation(four)} on another.`,
  };
}
