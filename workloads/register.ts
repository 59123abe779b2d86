/** The register workload: reads and unique writes on several keys. */
import type { Workload } from '../harness/workload.ts';
import { createRegisterWorkload } from './register-workload.ts';

export const register: Workload = {
  name: 'register',
  description: 'reads and unique writes on several keys',
  fs: ['read', 'write'],
  model: 'register',
  facts: {
    complexity: 'near-linear: every written value is unique; unknown operations cost nothing',
    finds: ['stale reads', 'lost writes', 'values of a refused write', 'two histories at once'],
    cannotFind: ['what only a compare-and-set would show', 'what needs several keys at once'],
  },
  ...createRegisterWorkload({ read: 1, write: 3, cas: 0 }),
};
