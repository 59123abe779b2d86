/** The register workload: reads and unique writes on several keys. */

import type { Workload } from '../harness/workload.ts';
import { createRegisterGenerator } from './register-operations.ts';

export const register: Workload = {
  name: 'register',
  description: 'reads and unique writes on several keys',
  model: 'register',
  fs: ['read', 'write'],
  createGenerator: (options) =>
    createRegisterGenerator({ ...options, mix: { read: 1, write: 3, cas: 0 } }),
};
