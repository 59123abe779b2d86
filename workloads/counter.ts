/** The counter workload: additions and reads on several counters. */
import type { Workload } from '../harness/workload.ts';
import { createCounterWorkload } from './counter-workload.ts';

export const counter: Workload = {
  name: 'counter',
  description: 'additions of one and reads on several counters',
  fs: ['add', 'read'],
  model: 'counter',
  facts: {
    complexity: 'near-linear: every addition is of one, so that only their number counts',
    finds: ['a counter that skips or goes back', 'stale reads', 'an addition made twice or lost'],
    cannotFind: [
      'which addition it was',
      'one made twice, where another of the key is lost or of unknown outcome and makes up for it',
    ],
  },
  ...createCounterWorkload('add'),
};
