/** How much a workload asks of one key, from what the user said and what it likes itself. */
import type { SizeRequest, WorkloadSize } from '../harness/workload.ts';

export interface SizePreference {
  readonly keyCount: number;
  readonly opsPerKey: number;
  /** null, the default: operations of unknown outcome cost its check nothing. */
  readonly unknownPerKey?: number;
  /** Why not more, for the report. */
  readonly why?: string;
}

/** What the user said goes before what the workload likes. */
export function sizeOf(request: SizeRequest, preference: SizePreference): WorkloadSize {
  const { keyCount, opsPerKey } = request;
  const notes = preference.why === undefined ? [] : [preference.why];
  return {
    keyCount: keyCount ?? preference.keyCount,
    opsPerKey: opsPerKey ?? preference.opsPerKey,
    unknownPerKey: preference.unknownPerKey ?? null,
    notes,
  };
}
