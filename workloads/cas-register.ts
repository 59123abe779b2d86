/** The cas-register workload: reads, unique writes and compare-and-sets on several keys. */

import type { Workload } from '../harness/workload.ts';
import { createRegisterGenerator } from './register-operations.ts';

export const casRegister: Workload = {
  name: 'cas-register',
  description: 'reads, unique writes and compare-and-sets on several keys',
  model: 'cas-register',
  fs: ['read', 'write', 'cas'],
  createGenerator: (options) =>
    createRegisterGenerator({ ...options, mix: { read: 1, write: 2, cas: 2 } }),
};
