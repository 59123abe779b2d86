/** The unique-ids workload: ids from several generators, none of which may give one twice. */
import { repeat, untilOk } from '../harness/generator.ts';
import { inAnyOrder, independent } from '../harness/generator-parts.ts';
import type { Workload } from '../harness/workload.ts';
import { sizeOf } from './sizes.ts';

const generate = { f: 'generate', value: null };

export const uniqueIds: Workload = {
  name: 'unique-ids',
  description: 'ids from several generators, each of which must never give one twice',
  object: 'ids',
  fs: ['generate'],
  model: 'unique-ids',
  facts: {
    complexity: 'linear, whatever the outcomes',
    finds: ['an id that is given twice, however far apart'],
    cannotFind: [
      'ids that are skipped, or out of order: they may be',
      'an id given twice, when one of the two answers was lost',
      'the same id from two keys: each key is a generator of its own',
    ],
  },
  size: (request) =>
    sizeOf(request, {
      keyCount: 3,
      opsPerKey: 5000,
      why:
        'The check is linear whatever the outcomes, so there are few generators and each is ' +
        'asked for long: an id may be given again long after it was.',
    }),
  createGenerator: (size) =>
    independent({ ...size, createGenerator: () => repeat(() => generate) }),
  createProbe: () => generate,
  // One more of each: after all the restarts it must still be a new one.
  createFinalGenerator: ({ keys }) => inAnyOrder(keys.map((key) => untilOk({ ...generate, key }))),
};
