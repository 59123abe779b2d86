/** The cas-register workload: reads, unique writes and compare-and-sets on several keys. */
import type { Workload } from '../harness/workload.ts';
import { createRegisterWorkload } from './register-workload.ts';

export const casRegister: Workload = {
  name: 'cas-register',
  description: 'reads, unique writes and compare-and-sets on several keys',
  fs: ['read', 'write', 'cas'],
  model: 'cas-register',
  facts: {
    complexity:
      'near-linear: every written value is unique; unknown operations cost nothing. Where a ' +
      'system does not tell what a compare-and-set found that missed, it may take a search',
    finds: [
      'stale reads',
      'lost writes and updates',
      'a compare-and-set from a replaced value, or carried out twice',
      'values of a refused write',
      'two histories at once',
    ],
    cannotFind: ['what needs several keys at once'],
  },
  ...createRegisterWorkload({ read: 1, write: 2, cas: 2 }),
};
