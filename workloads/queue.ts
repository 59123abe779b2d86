/** The queue workload: unique elements into and out of several queues, drained at the end. */
import { inAnyOrder, independent } from '../harness/generator-parts.ts';
import type { Workload } from '../harness/workload.ts';
import { createDrain, createQueueKey } from './queue-key.ts';
import { expectedOps, sizeOf } from './sizes.ts';
import { totalQueue } from './total-queue.ts';

/** Each is drained by one client, one element after the other. */
const keysMax = 500;

export const queue: Workload = {
  name: 'queue',
  description: 'unique elements into and out of several queues, which are drained at the end',
  object: 'queue',
  fs: ['enqueue', 'dequeue'],
  model: 'fifo-queue',
  facts: {
    complexity: 'near-linear; a search where a dequeue of unknown outcome meets an empty answer',
    finds: [
      'an element that is handed out twice, lost, or out of order',
      'an empty answer from a queue that is not',
      'an element of an enqueue that was refused',
    ],
    cannotFind: ['an element lost where a dequeue without an answer may have taken it'],
  },
  checkers: { add: [totalQueue] },
  size: (request) =>
    sizeOf(request, {
      keyCount: 5,
      opsPerKey: Math.max(200, Math.ceil(expectedOps(request) / keysMax)),
      why: [
        'Every element goes in once, so the check is near-linear; a queue gives way to a new ' +
          'one, because every dequeue of unknown outcome is an excuse for one lost element of it.',
        `In a long run it does so later: at most about ${keysMax} are to be drained at the end.`,
      ],
    }),
  createGenerator: (size) =>
    independent({
      ...size,
      createGenerator: (_key, firstValue) => createQueueKey(firstValue),
    }),
  createProbe: (attempt) => ({ f: 'enqueue', value: -1 - attempt }),
  createFinalGenerator: ({ keys }) => inAnyOrder(keys.map(createDrain)),
};
