/** The fetch-and-add workload: additions that tell the value before them, and reads. */
import type { Workload } from '../harness/workload.ts';
import { createCounterWorkload } from './counter-workload.ts';

export const fetchAndAdd: Workload = {
  name: 'fetch-and-add',
  description: 'additions of one that answer the value before them, and reads, on several counters',
  fs: ['fetch-and-add', 'read'],
  model: 'fetch-and-add',
  facts: {
    complexity: 'near-linear: every answer tells its place in the order',
    finds: [
      'two additions from one value',
      'a counter that skips or goes back',
      'stale reads and answers',
    ],
    cannotFind: ['an addition made twice, where one of unknown outcome explains the gap'],
  },
  ...createCounterWorkload('fetch-and-add'),
};
