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

export interface ZoneConflictInput {
  /** The operations of each value or chain of values, the writer first. */
  readonly outer: readonly Operation[];
  readonly inner: readonly Operation[];
  /** Whether `outer` begins with the initial value, which nobody wrote. */
  readonly isOuterInitial: boolean;
  /** How many newer values there were between a return and an invocation. */
  countNewer(first: number, last: number): number;
  /** Whether anybody saw what this one wrote. */
  wasSeen(mutation: Operation): boolean;
}

export interface ZoneDescription {
  readonly kind: string;
  readonly sentence: string;
  /** The operations that contradict one another. */
  readonly named: readonly Operation[];
}

/**
 * The contradiction: `outerFirst` returned before `innerLast` was invoked, so `outer` came first;
 * `innerFirst` returned before `outerLast` was invoked, so `inner` did.
 */
interface Facts {
  /** null for the initial value. */
  readonly outerFirst: Operation | null;
  readonly outerLast: Operation;
  readonly innerFirst: Operation;
  readonly innerLast: Operation;
  readonly newerCount: number;
  /** Whether anybody saw what the first of the inner ones wrote. */
  readonly wasInnerSeen: boolean;
}

/** Names the violation; the first class that fits. */
export function describeZoneConflict(input: ZoneConflictInput): ZoneDescription {
  const alternation = findAlternation(input);
  if (alternation !== null) return describeSplitBrain(alternation);
  const facts = chooseFacts(input);
  const { outerFirst, outerLast, innerFirst, innerLast } = facts;
  const named = [outerLast, innerFirst, innerLast, ...(outerFirst === null ? [] : [outerFirst])];
  return { ...describeFacts(facts), named };
}

/**
 * Of all operations that show the contradiction those that read best: the writers where they
 * will do, since they are needed anyway, and the earliest observer that came too late.
 */
function chooseFacts(input: ZoneConflictInput): Facts {
  const { outer, inner, isOuterInitial } = input;
  const latestOuter = latestCall(outer);
  const innerFirst = writerIf(inner, (writer) => returnOf(writer) < latestOuter.call);
  const outerReturn = isOuterInitial ? -1 : returnOf(earliestReturn(outer));
  const innerLast = isAfter(innerFirst, outerReturn)
    ? innerFirst
    : (inner.find((operation) => isAfter(operation, outerReturn)) ?? latestCall(inner));
  const outerFirst = isOuterInitial
    ? null
    : writerIf(outer, (writer) => returnOf(writer) < innerLast.call);
  const late = outer.filter((operation) => operation.call > returnOf(innerFirst));
  const outerLast = late.reduce((a, b) => (b.call < a.call ? b : a), latestOuter);
  const newerCount = input.countNewer(outerReturn, outerLast.call);
  const wasInnerSeen = input.wasSeen(innerFirst);
  return { outerFirst, outerLast, innerFirst, innerLast, newerCount, wasInnerSeen };
}

/** The writer if it will do, else whoever returned first. */
function writerIf(
  operations: readonly Operation[],
  test: (writer: Operation) => boolean,
): Operation {
  const [writer] = operations;
  return writer !== undefined && test(writer) ? writer : earliestReturn(operations);
}

function isAfter(operation: Operation, position: number): boolean {
  return operation.call > position;
}

function returnOf(operation: Operation): number {
  return operation.return ?? Number.POSITIVE_INFINITY;
}

function earliestReturn(operations: readonly Operation[]): Operation {
  return operations.reduce((a, b) => (returnOf(b) < returnOf(a) ? b : a));
}

function latestCall(operations: readonly Operation[]): Operation {
  return operations.reduce((a, b) => (b.call > a.call ? b : a));
}

function describeFacts(facts: Facts): Omit<ZoneDescription, 'named'> {
  const { outerLast, innerFirst, newerCount } = facts;
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
  if (!facts.wasInnerSeen) {
    return {
      kind: 'lost-write',
      sentence:
        `${describeMutation(innerFirst)} was acknowledged, but nobody ever saw its value: ` +
        `${describeOperation(outerLast)}, which began ${distance} later, still returned ` +
        `${describeSeen(outerLast)}. ${describeAge(facts)}`,
    };
  }
  const behind = newerCount > 1 ? `, stale by ${newerCount} values` : '';
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

/** The value that the operation left in the register, as text. */
function describeLeft(operation: Operation): string {
  const { f, value } = operation;
  if (registerEffect(operation).type === 'read') return describeSeen(operation);
  return describeValue(f === 'cas' && Array.isArray(value) ? value[1] : value);
}

/** Why the value that was seen last is the older one. */
function describeAge({ outerFirst, innerLast, outerLast }: Facts): string {
  const seen = describeSeen(outerLast);
  if (outerFirst === null) return `${seen} is the initial value.`;
  const first = describeLeft(outerFirst);
  const link = first === seen ? '' : `, linked with ${first} by compare-and-set`;
  return (
    `${seen} is the older value${link}: ${describeEither(outerFirst)} completed ` +
    `${describeDistance(outerFirst, innerLast)} before ${describeEither(innerLast)} began.`
  );
}

function describeEither(operation: Operation): string {
  const isRead = registerEffect(operation).type === 'read';
  return isRead ? describeOperation(operation) : describeMutation(operation);
}

function describeStaleCas(facts: Facts): Omit<ZoneDescription, 'named'> {
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

type Alternation = readonly [Operation, Operation, Operation, Operation];

/**
 * Observers of one value, then the other, then the one again, then the other, each wholly after
 * the one before, and all after both values began: not one late answer, but two sides at once.
 */
function findAlternation(input: ZoneConflictInput): Alternation | null {
  const { outer, inner, isOuterInitial } = input;
  const begun = Math.max(inner[0]?.call ?? 0, isOuterInitial ? -1 : (outer[0]?.call ?? 0));
  const outerObservers = isOuterInitial ? outer : outer.slice(1);
  const innerObservers = inner.slice(1);
  return (
    alternate(outerObservers, innerObservers, begun) ??
    alternate(innerObservers, outerObservers, begun)
  );
}

function alternate(
  some: readonly Operation[],
  others: readonly Operation[],
  begun: number,
): Alternation | null {
  const one = earliestAfter(some, begun);
  const two = one && earliestAfter(others, returnOf(one));
  const three = two && earliestAfter(some, returnOf(two));
  const four = three && earliestAfter(others, returnOf(three));
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

function describeSplitBrain(alternation: Alternation): ZoneDescription {
  const [one, two, three, four] = alternation;
  return {
    kind: 'split-brain',
    sentence:
      'Two values were current at the same time. One after the other, with no overlap: ' +
      `${describeEither(one)}, ${describeEither(two)}, ${describeEither(three)}, ` +
      `${describeEither(four)}; the first and the third rest on one value or what came of it ` +
      'by cas alone, the second and the fourth on another.',
    named: alternation,
  };
}
