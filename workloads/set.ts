/**
 * The set workload: elements are looked for, and each is added and removed at most once.
 *
 * There are no whole reads: beside removes they would tie all elements together, and the check
 * would no longer be one of each element by itself.
 */
import { type Generator, type OpTemplate, unfold, untilOk } from '../harness/generator.ts';
import { inAnyOrder, independent } from '../harness/generator-parts.ts';
import type { FinalContext, Workload, WorkloadSize } from '../harness/workload.ts';
import { isReader } from './reader-threads.ts';
import { expectedOps, sizeOf } from './sizes.ts';

/** Elements that a key gets in its life, about. */
const elementsPerKey = 40;
/** Elements in a run for which the operations at the end should be enough, about. */
const elementsMax = 8000;

export const set: Workload = {
  name: 'set',
  description: 'unique elements are added to several sets, removed and looked for',
  object: 'set',
  fs: ['add', 'remove', 'contains'],
  model: 'set',
  facts: {
    complexity:
      'near-linear: every element is added and removed at most once, and judged by itself',
    finds: [
      'lost elements',
      'removed elements that come back',
      'an add or a remove that was carried out twice',
      'stale answers',
      'elements of nobody, or of a refused add',
    ],
    cannotFind: ['what only a read of the whole set would show'],
  },
  size: (request) => {
    const opsPerKey = Math.max(
      200,
      Math.ceil((expectedOps(request) * elementsPerKey) / elementsMax),
    );
    return sizeOf(request, {
      keyCount: 5,
      opsPerKey,
      why: [
        `a set gets about ${elementsPerKey} elements in ${opsPerKey} operations, because each is ` +
          `looked for at the end: that makes at most about ${elementsMax} operations there`,
        'every element is added once and removed at most once: the check is near-linear at any ' +
          'number of operations, and of unknown ones',
      ],
    });
  },
  createGenerator: (size) =>
    independent({
      ...size,
      createGenerator: (_key, firstValue) => createSetKey(size, firstValue),
    }),
  createProbe: (attempt) => ({ f: 'add', value: -1 - attempt }),
  createFinalGenerator,
};

interface SetKey {
  readonly nextElement: number;
  /** Those that were added, and that nobody was asked to remove. */
  readonly present: readonly number[];
}

function createSetKey({ opsPerKey }: WorkloadSize, firstElement: number): Generator {
  // Half of the threads only look.
  const addShare = Math.min(0.5, (2 * elementsPerKey) / opsPerKey);
  const start: SetKey = { nextElement: firstElement, present: [] };
  return unfold(start, {
    next: (state, { random, thread }) => {
      const { nextElement, present } = state;
      const choice = isReader(thread) ? 1 : random();
      if (choice < addShare) {
        const op = { f: 'add', value: nextElement };
        return { op, state: { ...state, nextElement: nextElement + 1 } };
      }
      if (choice < addShare * 1.6 && present.length > 0) {
        const at = Math.floor(random() * present.length);
        const op = { f: 'remove', value: present[at] };
        return { op, state: { ...state, present: present.toSpliced(at, 1) } };
      }
      const value = elementToLookFor(firstElement, nextElement, random);
      return { op: { f: 'contains', value }, state };
    },
    learn: (state, { type, f, value }) => {
      const isAdded = type === 'ok' && f === 'add' && typeof value === 'number';
      return isAdded ? { ...state, present: [...state.present, value] } : state;
    },
  });
}

/** One of the last few as often as any, for most happens to those; now and then the one to come. */
function elementToLookFor(first: number, next: number, random: () => number): number {
  const from = random() < 0.5 ? first : Math.max(first, next - 5);
  return from + Math.floor(random() * (next - from + 1));
}

/** Looks for every element that anybody was asked to add. */
function createFinalGenerator({ ops }: FinalContext): Generator {
  const lookups: OpTemplate[] = [];
  for (const { type, f, key, value } of ops) {
    if (type !== 'invoke' || f !== 'add' || key === undefined) continue;
    lookups.push({ f: 'contains', key, value });
  }
  return inAnyOrder(lookups.map((lookup) => untilOk(lookup)));
}
