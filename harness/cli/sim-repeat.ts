/**
 * `rafture sim --seed N`: one seed again, and everything that a run leaves: history, evidence of
 * the faults, logs, verdict and report.
 */

import { runOnce } from './run-once.ts';
import { parseSettings } from './settings.ts';
import { flagsOfPlan } from './sim-run.ts';
import type { SeedSettings } from './sim-settings.ts';
import { planOf } from './sim-task.ts';

/** Resolves to the exit code. Rejects with SettingsError when the plan cannot be had. */
export async function repeatSeed(
  seed: number,
  { choices, bug, resultsRoot }: SeedSettings,
): Promise<number> {
  const plan = planOf(seed, choices);
  const settings = await parseSettings({
    ...flagsOfPlan(plan),
    bug: bug?.id,
    results: resultsRoot,
  });
  const { exitCode } = await runOnce(settings);
  return exitCode;
}
