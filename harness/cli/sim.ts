/**
 * `rafture sim`: the reference server under deterministic simulation, seed after seed.
 */
import { fileURLToPath } from 'node:url';
import type { CommandModule } from 'yargs';
import { workloads } from '../../workloads/index.ts';
import { type Bug, plantBug } from '../bugs/bug.ts';
import { bugs, noOpMutants } from '../bugs/index.ts';
import { argsOfPlan, drawPlan, type PlanChoices } from '../seeds/sim-plan.ts';
import { loadServerCode, ownServerCode } from '../simulation/server-code.ts';
import { exitCodes, exitCodesHelp } from './exit-codes.ts';
import { positiveInteger, refusal, SettingsError, type Typed } from './flag-values.ts';
import { runSeed } from './sim-run.ts';

interface SimFlags {
  readonly seeds: Typed;
  readonly seed: Typed;
  readonly bug: string | undefined;
  readonly workload: string | undefined;
  readonly nemesis: string | undefined;
}

export const simCommand: CommandModule<object, SimFlags> = {
  command: 'sim',
  describe: 'Run the reference server under deterministic simulation, seed after seed',
  builder: (yargs) =>
    yargs
      .options({
        seeds: { default: 100, describe: 'How many seeds' },
        seed: { default: 1, describe: 'The first of them' },
        bug: { type: 'string', describe: 'Plant a bug in a copy of the server' },
        workload: { alias: 'w', type: 'string', describe: 'Only this one; each seed draws one' },
        nemesis: { type: 'string', describe: 'Only these faults; each seed draws a part of all' },
      })
      .requiresArg(['seeds', 'seed', 'bug', 'workload', 'nemesis'])
      .example('$0 sim --seeds 1000', 'A thousand runs, each with faults of its own')
      .epilogue(exitCodesHelp)
      .strict() as never,
  handler: handleSim,
};

async function handleSim(flags: SimFlags): Promise<void> {
  try {
    process.exitCode = await runSeeds(flags);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    console.error(`rafture: ${error.message}`);
    process.exitCode = exitCodes.badArguments;
  }
}

async function runSeeds(flags: SimFlags): Promise<number> {
  const count = positiveInteger('--seeds', flags.seeds);
  const first = positiveInteger('--seed', flags.seed);
  const choices: PlanChoices = {
    ...(flags.workload === undefined ? {} : { workload: flags.workload }),
    ...(flags.nemesis === undefined ? {} : { nemesis: flags.nemesis }),
  };
  const names = workloads.map(({ name }) => name);
  const bug = flags.bug === undefined ? null : bugById(flags.bug);
  const copy = bug === null ? null : await plantBug(bug, ownRoot);
  const counts = { valid: 0, invalid: 0, unknown: 0 };
  try {
    const server = copy === null ? ownServerCode : await loadServerCode(copy.root);
    const { signal } = new AbortController();
    for (let seed = first; seed < first + count; seed++) {
      const plan = drawPlan(seed, { workloads: names }, choices);
      const result = await runSeed({ plan, server, signal });
      const word = result.valid === true ? 'valid' : result.valid ? 'unknown' : 'invalid';
      counts[word]++;
      if (result.valid === true) continue;
      console.log(`seed ${seed} ${word} ${result.traceHash}: ${result.fingerprint}`);
      for (const { oracle, valid, summary } of result.findings) {
        console.log(`  ${valid === false ? 'invalid' : 'unknown'} ${oracle}: ${summary}`);
      }
      console.log(`  npx rafture test ${argsOfPlan(plan).join(' ')}`);
      if (bug !== null && result.valid === false) break;
    }
  } finally {
    await copy?.remove();
  }
  console.log(`${counts.valid} valid, ${counts.invalid} invalid, ${counts.unknown} unknown`);
  if (counts.invalid > 0) return exitCodes.invalid;
  return counts.unknown > 0 ? exitCodes.unknown : exitCodes.valid;
}

const ownRoot = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

function bugById(id: string): Bug {
  const all = [...bugs, ...noOpMutants];
  const bug = all.find((each) => each.id === id);
  if (bug !== undefined) return bug;
  throw refusal('--bug', all.map((each) => each.id).join(', '), id);
}
