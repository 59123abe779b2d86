/**
 * `npm run nightly:faults`: every fault in every cluster, with the proof that it had an effect; and
 * for each family a harness that is killed in the middle of it, and what that has left.
 *
 * Prints a table. Exit code 0: all had an effect, or cannot be had here, and nothing was left.
 */
import { parseArgs } from 'node:util';
import { families } from '../nemesis/families.ts';
import {
  type NightlyCluster,
  type NightlyRow,
  nightlyClusters,
  runEffects,
  runKilled,
} from './fault-runs.ts';

const help = `npm run nightly:faults -- [flags]

Every fault in every cluster, with the proof that it had an effect; and for each family a harness
that is killed in the middle of it, and what that has left. Prints a line for each.

  --clusters LIST   of ${nightlyClusters.join(', ')}  (all)
  --families LIST   whose harness is killed in the middle  (all)
  --only PART       effects: what faults do; killed: what a killed harness leaves  (both)
  --seed N          (1)

Exit codes: 0 every fault that can be had here had an effect, and nothing was left; 1 not so;
130 interrupted; 254 bad arguments.`;

const exitCodes = { fine: 0, bad: 1, badArguments: 254 } as const;

interface Plan {
  readonly clusters: readonly NightlyCluster[];
  readonly families: readonly string[];
  readonly only: string;
  readonly seed: number;
}

/** null: help was asked for. Throws RangeError. */
function parsePlan(argv: readonly string[]): Plan | null {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: { help: { type: 'boolean' }, clusters: text, families: text, only: text, seed: text },
  });
  if (values.help === true) return null;
  const names = families.map(({ family }) => family.name);
  return {
    clusters: someOf('--clusters', values.clusters, nightlyClusters),
    families: someOf('--families', values.families, names),
    only: someOf('--only', values.only, ['effects', 'killed']).join(','),
    seed: toSeed(values.seed ?? '1'),
  };
}

function toSeed(text: string): number {
  const seed = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw new RangeError(`--seed takes a whole number from 0 on; not ${text || 'nothing'}`);
}

function someOf<T extends string>(
  flag: string,
  text: string | undefined,
  known: readonly T[],
): readonly T[] {
  if (text === undefined) return known;
  return text.split(',').map((name) => {
    const found = known.find((each) => each === name);
    if (found !== undefined) return found;
    throw new RangeError(`${flag} takes some of ${known.join(', ')}; not ${name}`);
  });
}

async function run(plan: Plan): Promise<number> {
  const rows: NightlyRow[] = [];
  const take = (row: NightlyRow): void => {
    rows.push(row);
    const { cluster, what, outcome, told } = row;
    console.log(`${cluster.padEnd(10)}  ${what.padEnd(38)}  ${outcome.padEnd(7)}  ${told}`);
  };
  for (const cluster of plan.clusters) {
    const own = { cluster, seed: plan.seed };
    if (plan.only.includes('effects')) for (const row of await runEffects(own)) take(row);
    // A simulation is in the harness: what is killed with it leaves nothing.
    if (!plan.only.includes('killed') || cluster === 'sim') continue;
    for (const family of plan.families) take(await runKilled(own, family));
  }
  const count = (outcome: NightlyRow['outcome']): number =>
    rows.filter((row) => row.outcome === outcome).length;
  console.log(`${count('fine')} fine, ${count('skipped')} skipped, ${count('bad')} bad`);
  return count('bad') === 0 && count('fine') > 0 ? exitCodes.fine : exitCodes.bad;
}

async function main(): Promise<number> {
  let plan: Plan | null;
  try {
    plan = parsePlan(process.argv.slice(2));
  } catch (error) {
    console.error(`nightly:faults: ${error instanceof Error ? error.message : String(error)}`);
    return exitCodes.badArguments;
  }
  if (plan !== null) return run(plan);
  console.log(help);
  return exitCodes.fine;
}

process.exitCode = await main();
