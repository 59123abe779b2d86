/** The lock workload: a lock with fencing tokens, whose holders die and pause. */
import { independent } from '../harness/generator-parts.ts';
import type { Workload } from '../harness/workload.ts';
import { createLockFinal } from './lock-final.ts';
import { createLockKey } from './lock-key.ts';
import { sizeOf } from './sizes.ts';

export const lock: Workload = {
  name: 'lock',
  description:
    'locks with fencing tokens whose holders die or pause, and a store that each protects',
  object: 'lock',
  fs: ['acquire', 'release', 'write'],
  model: 'fenced-lock',
  facts: {
    complexity: 'near-linear, whatever the outcomes: tokens tell the order',
    finds: [
      'a token that is granted twice, or after a greater one',
      'a write of a paused holder that is accepted after one with a greater token',
    ],
    cannotFind: [
      'two holders at once: a lease may end without its holder knowing, and the token is what ' +
        'makes that harmless',
      'a store that rejects what it could accept',
      'what becomes of the payload',
    ],
  },
  size: (request) =>
    sizeOf(request, {
      keyCount: request.concurrency,
      opsPerKey: 300,
      why:
        'The check is near-linear whatever the outcomes. There are as many locks as clients, so ' +
        'that most clients hold one; a lock gives way to a new one because its holders die.',
    }),
  createGenerator: (size) =>
    independent({
      ...size,
      createGenerator: (_key, firstValue) => createLockKey(firstValue),
    }),
  // A token of its own each time: the store accepts the greater one.
  createProbe: (attempt) => ({ f: 'write', value: [attempt + 1, -1 - attempt] }),
  createFinalGenerator: createLockFinal,
};
