/** The grow-set workload: unique elements are added to several sets, which are read as a whole. */
import { type OpTemplate, repeat, unfold, untilOk } from '../harness/generator.ts';
import { inAnyOrder, independent, mix } from '../harness/generator-parts.ts';
import type { Workload } from '../harness/workload.ts';
import { withReaders } from './reader-threads.ts';
import { sizeOf } from './sizes.ts';

const read: OpTemplate = { f: 'read', value: null };
const reads = repeat(() => read);

export const growSet: Workload = {
  name: 'grow-set',
  description: 'unique elements are added to several sets, which are read as a whole',
  object: 'set',
  fs: ['add', 'read'],
  model: 'grow-set',
  facts: {
    complexity: 'linear in the elements that were read; unknown operations cost nothing',
    finds: [
      'lost elements',
      'elements that come and go',
      'stale reads',
      'elements of nobody, or of a refused add',
      'an element twice in one answer',
    ],
    cannotFind: ['what removing would show', 'an add that is carried out twice: that is no change'],
  },
  size: (request) =>
    sizeOf(request, {
      keyCount: 5,
      opsPerKey: 200,
      why:
        'a set is given up after 200 operations, when it has about 70 elements, because every ' +
        'read answers all of them',
    }),
  createGenerator: (size) =>
    independent({
      ...size,
      createGenerator: (_key, firstValue) =>
        withReaders(reads, mix([2, adds(firstValue)], [1, reads])),
    }),
  createProbe: (attempt) => ({ f: 'add', value: -1 - attempt }),
  createFinalGenerator: ({ keys }) => inAnyOrder(keys.map((key) => untilOk({ ...read, key }))),
};

function adds(firstValue: number): ReturnType<typeof repeat> {
  return unfold(firstValue, {
    next: (value) => ({ op: { f: 'add', value }, state: value + 1 }),
  });
}
