/** The registry of workloads, by the names that `--workload` takes. */

import type { Workload } from '../harness/workload.ts';
import { casRegister } from './cas-register.ts';
import { counter } from './counter.ts';
import { fetchAndAdd } from './fetch-and-add.ts';
import { growSet } from './grow-set.ts';
import { kv } from './kv.ts';
import { listAppend } from './list-append.ts';
import { lock } from './lock.ts';
import { queue } from './queue.ts';
import { register } from './register.ts';
import { sessions } from './sessions.ts';
import { set } from './set.ts';
import { uniqueIds } from './unique-ids.ts';

export const workloads: readonly Workload[] = [
  register,
  casRegister,
  kv,
  set,
  growSet,
  listAppend,
  queue,
  counter,
  fetchAndAdd,
  uniqueIds,
  lock,
  sessions,
];
