/** The list-append workload: unique elements are appended to several lists, which are read. */
import { type Generator, type OpTemplate, repeat, unfold, untilOk } from '../harness/generator.ts';
import { inAnyOrder, independent, mix } from '../harness/generator-parts.ts';
import type { Workload } from '../harness/workload.ts';
import { withReaders } from './reader-threads.ts';
import { sizeOf } from './sizes.ts';

const read: OpTemplate = { f: 'read', value: null };
const reads = repeat(() => read);

export const listAppend: Workload = {
  name: 'list-append',
  description: 'unique elements are appended to several lists, which are read as a whole',
  object: 'list',
  fs: ['append', 'read'],
  model: 'list-append',
  facts: {
    complexity: 'linear in the elements that were read; unknown operations cost nothing',
    finds: [
      'lost appends',
      'lists that fork',
      'reordered elements',
      'elements appended twice',
      'a length that is not the right one',
      'stale reads',
    ],
    cannotFind: ['what taking elements out would show', 'what needs several lists at once'],
  },
  size: (request) =>
    sizeOf(request, {
      keyCount: 5,
      opsPerKey: 200,
      why:
        'a list is given up after 200 operations, when it has about 70 elements, because every ' +
        'read answers all of them',
    }),
  createGenerator: (size) =>
    independent({
      ...size,
      createGenerator: (_key, firstValue) =>
        // An answer that equals its element is taken for an echo. No list is as long as these.
        withReaders(reads, mix([2, appends(firstValue + size.opsPerKey)], [1, reads])),
    }),
  createProbe: (attempt) => ({ f: 'append', value: -1 - attempt }),
  createFinalGenerator: ({ keys }) => inAnyOrder(keys.map((key) => untilOk({ ...read, key }))),
};

function appends(firstValue: number): Generator {
  return unfold(firstValue, {
    next: (value) => ({ op: { f: 'append', value }, state: value + 1 }),
  });
}
