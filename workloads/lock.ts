/** The lock workload: a lock with fencing tokens, whose holders die and pause. */
import { independent } from '../harness/generator-parts.ts';
import type { Workload } from '../harness/workload.ts';
import { fencing } from './fencing.ts';
import { createLockFinal } from './lock-final.ts';
import { createLockKey } from './lock-key.ts';
import { sizeOf } from './sizes.ts';

export const lock: Workload = {
  name: 'lock',
  description:
    'locks with fencing tokens whose holders die or pause, and a store that each protects',
  object: 'lock',
  fs: ['acquire', 'release', 'write'],
  model: 'lock',
  checkers: { add: [fencing] },
  facts: {
    complexity: 'near-linear, whatever the outcomes: tokens tell the order',
    finds: [
      'a lock that is granted while somebody holds it, or taken over from, or released by, ' +
        'somebody who does not',
      'a token that is granted twice, or after a greater one',
      'a write of a paused holder that is accepted after one with a greater token',
      'a write that is rejected although there was none',
    ],
    cannotFind: [
      'a lock that is refused although it is free: what was refused has not happened',
      'a second holder whom an acquire or a release without an answer may explain',
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
