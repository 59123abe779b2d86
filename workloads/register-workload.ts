/** What the two register workloads have in common. */
import { untilOk } from '../harness/generator.ts';
import { inAnyOrder, independent } from '../harness/generator-parts.ts';
import type { Workload } from '../harness/workload.ts';
import { createRegisterKey, type RegisterMix } from './register-key.ts';
import { sizeOf } from './sizes.ts';

type Shared = Pick<
  Workload,
  'object' | 'size' | 'createGenerator' | 'createProbe' | 'createFinalGenerator'
>;

export function createRegisterWorkload(mix: RegisterMix): Shared {
  return {
    object: 'register',
    size: (request) =>
      sizeOf(request, {
        keyCount: 5,
        opsPerKey: 500,
        why:
          'a key is given up after 500 operations, so that a violation has few around it; the ' +
          'check is near-linear at any number, because every value is written once',
      }),
    createGenerator: (size) =>
      independent({
        ...size,
        createGenerator: (_key, firstValue) => createRegisterKey(mix, firstValue),
      }),
    createProbe: (attempt) => ({ f: 'write', value: -1 - attempt }),
    createFinalGenerator: ({ keys }) =>
      inAnyOrder(keys.map((key) => untilOk({ f: 'read', key, value: null }))),
  };
}
