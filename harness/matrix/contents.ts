/**
 * What there is to run: the workloads, as the command line lists them, and the planted bugs.
 */
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { z } from 'zod';
import type { Bug, Finding } from '../bugs/bug.ts';
import { bugs } from '../bugs/index.ts';
import type { ResultsRecord } from '../report/run-record.ts';

const launcher = fileURLToPath(new URL('../rafture.js', import.meta.url));

const listSchema = z.array(z.object({ name: z.string() }));

/** In the order of the registry. Rejects when the command fails. */
export async function listWorkloads(): Promise<readonly string[]> {
  const { stdout } = await execa(process.execPath, [launcher, 'workloads', '--json']);
  return listSchema.parse(JSON.parse(stdout)).map(({ name }) => name);
}

export const plantedBugs: readonly Bug[] = bugs;

/** Of those that must find a bug, the checkers that did in this run. */
export function findersOf(
  { expect }: Pick<Bug, 'expect'>,
  results: ResultsRecord,
): readonly string[] {
  const found = expect.filter((finding) => matches(finding, results));
  return [...new Set(found.map(({ checker }) => checker))];
}

function matches(finding: Finding, { checkers, linearizability }: ResultsRecord): boolean {
  const result = checkers.find(({ name }) => name === finding.checker);
  if (result === undefined || result.valid !== (finding.valid ?? false)) return false;
  const { kinds, says } = finding;
  if (kinds !== undefined) {
    if (linearizability?.valid !== false) return false;
    if (!kinds.includes(linearizability.witness.kind)) return false;
  }
  return says === undefined || says.test(`${result.summary} ${JSON.stringify(result.details)}`);
}
