/**
 * Names for violations of objects that hold one value, where values repeat.
 *
 * Judges by the facts among the few operations of a core: first match wins, and each sentence is
 * true whatever else the history holds, because a core keeps all that its answers may rest on
 * (witness-dependencies.ts). What repeated values do not prove is not claimed.
 */
import { type Columns, operationAt } from './columns.ts';
import {
  describeDistance,
  describeMutation,
  describeOperation,
  describeValue,
} from './describe-operation.ts';
import type { Operation } from './history.ts';
import type { Finding, Model } from './model.ts';
import { valueKey } from './value-key.ts';
import { asOpen } from './witness-dependencies.ts';
import { casPairOf } from './witness-words.ts';

export interface Surroundings {
  readonly model: Model;
  /** All operations of the key, and those that definitely did not happen. */
  readonly columns: Columns;
  readonly failed: Columns;
}

type Named = Pick<Finding, 'kind' | 'sentence'>;

interface Part {
  readonly operation: Operation;
  readonly end: number;
  readonly isObserver: boolean;
  readonly writes: string | null;
  readonly sees: string | null;
}

interface Scene extends Surroundings {
  readonly parts: readonly Part[];
  readonly initial: string;
}

/** null when the facts have no name, or the model does not say what operations see. */
export function classifyCore(core: readonly Operation[], around: Surroundings): Named | null {
  const { model } = around;
  if (model.touches === undefined) return null;
  const parts = core.map((operation) => partOf(operation, model));
  const scene: Scene = { ...around, parts, initial: model.stateKey(model.init) };
  const seers = parts.filter(({ sees, end }) => sees !== null && end !== Infinity);
  for (const rule of [nameMissingWriter, nameFuture, nameStale, nameBackwards]) {
    for (const seer of seers) {
      const named = rule(seer, scene);
      if (named !== null) return named;
    }
  }
  return nameLostUpdate(scene) ?? nameImpossibleMiss(scene);
}

function partOf(operation: Operation, model: Model): Part {
  const { writes = null, sees = null } = model.touches?.(operation) ?? {};
  const end = operation.return ?? Infinity;
  return { operation, end, isObserver: model.isObserver(operation), writes, sees };
}

function nameMissingWriter(seer: Part, scene: Scene): Named | null {
  if (seer.sees === scene.initial || writersOf(seer, scene).length > 0) return null;
  const { failed, model } = scene;
  for (let row = 0; row < failed.count; row += 1) {
    const operation = operationAt(failed, row);
    if (model.touches?.(asOpen(operation)).writes !== seer.sees) continue;
    return {
      kind: 'failed-write-read',
      sentence: `${sight(seer)}, the value of ${describeMutation(operation)}, which failed.`,
    };
  }
  const isWritten = rowsSatisfy(scene, (part) => part.writes === seer.sees);
  if (isWritten) return null;
  return { kind: 'unwritten-value', sentence: `${sight(seer)}, a value that nobody ever wrote.` };
}

function nameFuture(seer: Part, scene: Scene): Named | null {
  const writers = writersOf(seer, scene);
  const [first] = writers;
  if (seer.sees === scene.initial || first === undefined) return null;
  if (writers.some(({ operation }) => operation.call <= seer.end)) return null;
  const distance = describeDistance(seer.operation, first.operation);
  return {
    kind: 'future-read',
    sentence:
      `${sight(seer)}, but the first to write it, ${describeMutation(first.operation)}, ` +
      `began ${distance} after that had completed.`,
  };
}

/** A completed write of another value, and no write of the seen one that could come after it. */
function nameStale(seer: Part, scene: Scene): Named | null {
  const newer = scene.parts
    .filter((part) => part.writes !== null && part.writes !== seer.sees && !part.isObserver)
    .filter((part) => part.end < seer.operation.call && isOverBefore(part, seer, scene))
    .sort((a, b) => a.end - b.end)[0];
  if (newer === undefined) return null;
  const distance = describeDistance(newer.operation, seer.operation);
  const isRead = seer.isObserver;
  const wasSeen = rowsSatisfy(scene, ({ sees, end }) => sees === newer.writes && end !== Infinity);
  const age = describeAge(seer, scene);
  if (isRead && !wasSeen) {
    return {
      kind: 'lost-write',
      sentence:
        `${describeMutation(newer.operation)} was acknowledged, but nobody ever saw its value: ` +
        `${sight(seer)}, although it began ${distance} later. ${age}`,
    };
  }
  return {
    kind: isRead ? 'stale-read' : 'stale-cas',
    sentence:
      `${sight(seer)}, although ${describeMutation(newer.operation)} had completed ${distance} ` +
      `before that began. ${age}`,
  };
}

/** Somebody saw another value, and then this one was seen with nobody to bring it back. */
function nameBackwards(seer: Part, scene: Scene): Named | null {
  const before = scene.parts.find(
    (part) =>
      part.sees !== null &&
      part.sees !== seer.sees &&
      (part.isObserver || part.writes !== seer.sees) &&
      part.end < seer.operation.call &&
      isOverBefore(part, seer, scene),
  );
  if (before === undefined) return null;
  const distance = describeDistance(before.operation, seer.operation);
  return {
    kind: seer.isObserver ? 'non-monotonic-read' : 'stale-cas',
    sentence:
      `${sight(seer)}, although ${sight(before)} and had completed ${distance} before that ` +
      `began. ${describeAge(seer, scene)}`,
  };
}

/** More compare-and-sets took a value away than it was ever written. */
function nameLostUpdate(scene: Scene): Named | null {
  const takers = new Map<string, Part[]>();
  for (const part of scene.parts) {
    if (part.sees === null || part.writes === null || part.writes === part.sees) continue;
    if (part.end === Infinity) continue;
    takers.set(part.sees, [...(takers.get(part.sees) ?? []), part]);
  }
  for (const [value, parts] of takers) {
    const [first, second] = parts;
    if (first === undefined || second === undefined) continue;
    let written = value === scene.initial ? 1 : 0;
    rowsSatisfy(scene, ({ writes }) => {
      if (writes === value) written += 1;
      return written >= parts.length;
    });
    if (written >= parts.length) continue;
    const times = written === 1 ? 'only once' : `only ${written} times`;
    return {
      kind: 'lost-update',
      sentence:
        `${parts.length} compare-and-sets replaced ${describeKey(value)}, which was there ` +
        `${times}, among them ${describeMutation(first.operation)} and ` +
        `${describeMutation(second.operation)}: one of them overwrote the other unseen.`,
    };
  }
  return null;
}

/** A compare-and-set that missed while its value certainly stood there. */
function nameImpossibleMiss({ parts }: Scene): Named | null {
  for (const miss of parts) {
    const pair = casPairOf(miss.operation);
    const isMiss = pair !== null && miss.isObserver && miss.sees === null && miss.end !== Infinity;
    if (!isMiss) continue;
    const expected = valueKey(pair[0]);
    const sure = parts.find(
      (part) =>
        (part.writes === expected || (part.isObserver && part.sees === expected)) &&
        part.end < miss.operation.call &&
        parts.every(
          (other) =>
            other === part ||
            other.isObserver ||
            other.writes === expected ||
            other.end < part.operation.call ||
            other.operation.call > miss.end,
        ),
    );
    if (sure === undefined) continue;
    const distance = describeDistance(sure.operation, miss.operation);
    return {
      kind: 'impossible-cas',
      sentence:
        `${describeMutation(miss.operation)} did not swap, although ` +
        `${describeMutationOrSight(sure)} had completed ${distance} before it began and nothing ` +
        `can have replaced ${describeKey(expected)} meanwhile.`,
    };
  }
  return null;
}

/** Whether each write of what was seen is over before that one begins, or begins too late. */
function isOverBefore(between: Part, seer: Part, scene: Scene): boolean {
  return writersOf(seer, scene).every(
    ({ end, operation }) => end < between.operation.call || operation.call > seer.end,
  );
}

/** Sorted by invocation. */
function writersOf(seer: Part, { parts }: Scene): readonly Part[] {
  return parts.filter((part) => part !== seer && part.writes === seer.sees);
}

function describeAge(seer: Part, scene: Scene): string {
  const value = describeKey(seer.sees ?? 'null');
  const isInitial = seer.sees === scene.initial;
  const earlier = writersOf(seer, scene).filter(({ end }) => end < seer.operation.call);
  const last = earlier.reduce<Part | null>((a, b) => (a !== null && a.end > b.end ? a : b), null);
  if (last !== null) {
    return (
      `${describeMutation(last.operation)} is older, and by then whatever wrote ${value} had ` +
      'been overwritten.'
    );
  }
  if (!isInitial) return `By then ${value} had been overwritten.`;
  return `${value} is the initial value, and nobody can have brought it back.`;
}

function sight({ operation, sees }: Part): string {
  const verb = operation.f === 'read' ? 'returned' : 'found';
  return `${describeOperation(operation)} ${verb} ${describeKey(sees ?? 'null')}`;
}

function describeMutationOrSight(part: Part): string {
  return part.isObserver
    ? `${describeOperation(part.operation)}`
    : describeMutation(part.operation);
}

/** A model of somebody's own may have keys that are no JSON. */
function describeKey(key: string): string {
  try {
    return describeValue(JSON.parse(key));
  } catch {
    return describeValue(key);
  }
}

/** Whether one of all operations of the key is like that; a record at a time. */
function rowsSatisfy({ columns, model }: Scene, test: (part: Part) => boolean): boolean {
  for (let row = 0; row < columns.count; row += 1) {
    if (test(partOf(operationAt(columns, row), model))) return true;
  }
  return false;
}
