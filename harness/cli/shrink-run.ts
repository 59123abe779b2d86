/**
 * Candidates of a shrinking, run for real: each is a seed of the simulation with its faults in a
 * file, as `rafture test` would read it. Whether one fails alike is decided here.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fingerprintOf, type SeedFinding, type SeedResult } from '../seeds/seed-result.ts';
import type { Candidate, RecordedFault } from '../seeds/shrink.ts';
import { renderScript } from '../seeds/shrink-faults.ts';
import { ScheduleRecording } from '../seeds/shrink-recording.ts';
import type { SimPlan } from '../seeds/sim-plan.ts';
import type { ServerCode } from '../simulation/server-code.ts';
import { SettingsError } from './flag-values.ts';
import { runSeed } from './sim-run.ts';

export interface CandidateRunsOptions {
  readonly server: ServerCode;
  readonly signal: AbortSignal;
  /** For the scripts of the candidates. */
  readonly folder: string;
}

/** A run as it was, its faults as they can be told again, and the size of its workload. */
export interface RecordedRun {
  readonly result: SeedResult;
  readonly faults: readonly RecordedFault[];
  readonly keys: number | null;
  readonly opsPerKey: number | null;
}

export class CandidateRuns {
  readonly #options: CandidateRunsOptions;
  readonly #results = new Map<string, SeedResult>();

  constructor(options: CandidateRunsOptions) {
    this.#options = options;
  }

  /**
   * Whether the oracle of the first failure calls it invalid too, in the same words but for
   * numbers, names and values. Other oracles may as well: one bug is often seen by several. That a
   * history is not linearizable is told by the operations that happen to show it, so there the
   * oracle is enough. What cannot be run at all fails in no way.
   */
  async failsAlike(candidate: Candidate, kind: string): Promise<boolean> {
    try {
      const { result } = await this.record(candidate);
      const { findings } = result;
      const isAlike = findings.some((each) => each.valid === false && kindOf(each) === kind);
      if (isAlike) this.#results.set(JSON.stringify(candidate), result);
      return isAlike;
    } catch (error) {
      if (error instanceof SettingsError) return false;
      throw error;
    }
  }

  /** Of one that was seen to fail alike. */
  resultOf(candidate: Candidate): SeedResult | null {
    return this.#results.get(JSON.stringify(candidate)) ?? null;
  }

  /** Rejects with SettingsError when it cannot be run. */
  async record(candidate: Candidate): Promise<RecordedRun> {
    const { server, signal } = this.#options;
    const recording = new ScheduleRecording();
    let faults: readonly RecordedFault[] = [];
    let size: Pick<RecordedRun, 'keys' | 'opsPerKey'> = { keys: null, opsPerKey: null };
    const plan = this.#planOf(candidate);
    const result = await runSeed({
      ...{ plan, server, signal },
      witness: {
        watch: (schedule) => recording.watch(schedule),
        hear: (outcome, settings) => {
          faults = recording.faults(outcome.faults);
          size = { keys: settings.size.keyCount, opsPerKey: settings.size.opsPerKey };
        },
      },
    });
    return { result, faults, ...size };
  }

  #planOf(candidate: Candidate): SimPlan {
    const path = join(this.#options.folder, 'candidate.yaml');
    const { faults } = candidate;
    if (faults !== null && faults.length > 0) {
      writeFileSync(path, renderScript(faults, { header: [], description: 'a candidate' }));
    }
    return planWithFaults(candidate, path);
  }
}

/** Equal for two failures that are alike. */
export function kindOf(finding: SeedFinding): string {
  const { oracle } = finding;
  return oracle === 'linearizable' ? oracle : (fingerprintOf([finding]) ?? oracle);
}

/** The plan with the file of its faults, or without any where there are none. */
export function planWithFaults({ plan, faults }: Candidate, path: string): SimPlan {
  if (faults === null) return plan;
  if (faults.length > 0) return { ...plan, nemesisFile: path };
  return { ...plan, nemesisFile: null, nemesis: 'none', nemesisSchedule: 'random' };
}
