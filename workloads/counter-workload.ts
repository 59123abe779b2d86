/** What the two counter workloads have in common: everything but how they add. */
import { type OpTemplate, repeat, untilOk } from '../harness/generator.ts';
import { inAnyOrder, independent, mix } from '../harness/generator-parts.ts';
import type { Workload } from '../harness/workload.ts';
import { withReaders } from './reader-threads.ts';
import { sizeOf } from './sizes.ts';

type Shared = Pick<
  Workload,
  'object' | 'size' | 'createGenerator' | 'createProbe' | 'createFinalGenerator'
>;

const read: OpTemplate = { f: 'read', value: null };
const reads = repeat(() => read);

/**
 * Every addition is of one: then only their number counts, and the check is exact in near-linear
 * time.
 */
export function createCounterWorkload(add: string): Shared {
  const addOne: OpTemplate = { f: add, value: 1 };
  return {
    object: 'counter',
    size: (request) =>
      sizeOf(request, {
        keyCount: 5,
        opsPerKey: 400,
        unknownPerKey: 8,
        why:
          'The check is near-linear whatever the outcomes. A counter gives way to a new one ' +
          'after 8 operations of unknown outcome: each may hide an addition that was lost, or ' +
          'made twice.',
      }),
    createGenerator: (size) =>
      independent({
        ...size,
        createGenerator: () => withReaders(reads, mix([4, repeat(() => addOne)], [1, reads])),
      }),
    createProbe: () => addOne,
    createFinalGenerator: ({ keys }) => inAnyOrder(keys.map((key) => untilOk({ ...read, key }))),
  };
}
