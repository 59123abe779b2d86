/** The registry of workloads, by the names that `--workload` takes. */
import { casRegister } from './cas-register.ts';
import { register } from './register.ts';
import type { Workload } from './workload.ts';

export const workloads: readonly Workload[] = [register, casRegister];
