/** The registry of workloads, by the names that `--workload` takes. */

import type { Workload } from '../harness/workload.ts';
import { casRegister } from './cas-register.ts';
import { register } from './register.ts';

export const workloads: readonly Workload[] = [register, casRegister];
