/** How much a workload asks of one key, from what the user said and what it likes itself. */
import type { SizeRequest, WorkloadSize } from '../harness/workload.ts';

export interface SizePreference {
  readonly keyCount: number;
  readonly opsPerKey: number;
  /** null, the default: operations of unknown outcome cost its check nothing. */
  readonly unknownPerKey?: number;
  /** Why these numbers, for the report. */
  readonly why?: string | readonly string[];
}

/** What the user said goes before what the workload likes. */
export function sizeOf(request: SizeRequest, preference: SizePreference): WorkloadSize {
  const { keyCount, opsPerKey } = request;
  return {
    keyCount: keyCount ?? preference.keyCount,
    opsPerKey: opsPerKey ?? preference.opsPerKey,
    unknownPerKey: preference.unknownPerKey ?? null,
    notes: [preference.why ?? []].flat(),
  };
}

/** Operations per second of a run that goes as fast as it can; a guess, on the high side. */
const unboundRate = 5000;

/** About how many operations the run will be. */
export function expectedOps({ rate, timeLimitS, opCount }: SizeRequest): number {
  const inTime = Math.ceil((rate ?? unboundRate) * timeLimitS);
  return opCount === null ? inTime : Math.min(opCount, inTime);
}
