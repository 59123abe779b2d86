/** The register workload: reads and unique writes on several keys. */
import type { Workload } from '../harness/workload.ts';
import { createRegisterWorkload } from './register-workload.ts';

export const register: Workload = {
  name: 'register',
  description: 'reads and unique writes on several keys',
  fs: ['read', 'write'],
  model: 'register',
  facts: {
    complexity: 'near-linear: every written value is unique',
    finds: ['stale reads', 'lost writes', 'two histories at once'],
    cannotFind: ['what only a compare-and-set would show'],
  },
  ...createRegisterWorkload({ read: 1, write: 3, cas: 0 }),
};
