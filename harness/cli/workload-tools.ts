/**
 * What a workload from outside is handed, so that its file needs to import nothing but types.
 *
 * Where rafture is started by npx, or is installed somewhere else, a file cannot import it by name;
 * and no file should have to know where it is.
 */

import { withReaders } from '../../workloads/reader-threads.ts';
import { sizeOf } from '../../workloads/sizes.ts';
import {
  backOff,
  limit,
  nothing,
  phases,
  rate,
  repeat,
  stagger,
  timeLimit,
  unfold,
  untilOk,
} from '../generator.ts';
import { inAnyOrder, independent, mix, onThreads, reserve } from '../generator-parts.ts';
import type { Workload } from '../workload.ts';

/** The combinators of generators, and what the workloads here have in common. */
export interface WorkloadTools {
  readonly nothing: typeof nothing;
  readonly unfold: typeof unfold;
  readonly repeat: typeof repeat;
  readonly limit: typeof limit;
  readonly timeLimit: typeof timeLimit;
  readonly rate: typeof rate;
  readonly stagger: typeof stagger;
  readonly phases: typeof phases;
  readonly backOff: typeof backOff;
  readonly untilOk: typeof untilOk;
  readonly mix: typeof mix;
  readonly onThreads: typeof onThreads;
  readonly reserve: typeof reserve;
  readonly independent: typeof independent;
  readonly inAnyOrder: typeof inAnyOrder;
  readonly withReaders: typeof withReaders;
  readonly sizeOf: typeof sizeOf;
}

/** What a file may export in place of a workload. */
export type CreateWorkload = (tools: WorkloadTools) => Workload;

export const workloadTools: WorkloadTools = {
  nothing,
  unfold,
  repeat,
  limit,
  timeLimit,
  rate,
  stagger,
  phases,
  backOff,
  untilOk,
  mix,
  onThreads,
  reserve,
  independent,
  inAnyOrder,
  withReaders,
  sizeOf,
};
