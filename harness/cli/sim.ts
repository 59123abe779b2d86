/**
 * `rafture sim`: the reference server under deterministic simulation, seed after seed.
 */
import type { CommandModule, Options } from 'yargs';
import { workloads } from '../../workloads/index.ts';
import { standardOptions } from '../console.ts';
import { scheduleNames } from '../nemesis/create-schedule.ts';
import { LedgerError } from '../seeds/seed-ledger.ts';
import { SimConsole } from '../seeds/sim-console.ts';
import { worldNumbers } from '../simulation/world.ts';
import { exitCodes } from './exit-codes.ts';
import { SettingsError } from './flag-values.ts';
import { Interruption } from './interruption.ts';
import { onLastResort } from './last-resort.ts';
import { repeatSeed } from './sim-repeat.ts';
import { runSeries } from './sim-session.ts';
import {
  parseSimSettings,
  type SeriesSettings,
  type SimFlags,
  usualSeeds,
} from './sim-settings.ts';
import { UndoStack } from './undo-stack.ts';

// Numbers have no type for yargs: what is none must reach the complaint as it was typed.
const seeds = {
  seeds: { defaultDescription: String(usualSeeds), describe: 'How many seeds' },
  from: { defaultDescription: '1', describe: 'The first of them' },
  seed: { describe: 'Repeat this one alone, with all that a run leaves, and its report' },
  jobs: { defaultDescription: 'one per processor', describe: 'Processes that run seeds' },
  'until-found': { describe: 'End when so many seeds have found something' },
  shard: { type: 'string', describe: 'A part of the seeds, such as 2/4; the parts share none' },
  'hang-limit': { default: 180, describe: 'Seconds after which a seed counts as crashed' },
  'unknown-ok': { default: 0, describe: 'Share of seeds that may be unknown without exit code 2' },
} satisfies Record<string, Options>;

const output = {
  results: { type: 'string', default: 'results', describe: 'Folder for the results' },
  json: { type: 'string', describe: 'What came of it, as sim.json has it, into this file too' },
  ledger: { type: 'string', describe: 'A line for each seed goes here; usually into the results' },
  resume: {
    type: 'boolean',
    default: false,
    describe: 'Count the seeds that --ledger has of the same code and flags; run the others',
  },
} satisfies Record<string, Options>;

export const planOptions: Record<string, Options> = {
  bug: { type: 'string', describe: 'Plant a bug in a copy of the server, or a harmless edit' },
  workload: {
    alias: 'w',
    type: 'string',
    describe: `One of ${workloads.map(({ name }) => name).join(', ')}; or a file`,
  },
  nodes: { describe: 'Number of nodes' },
  concurrency: { describe: 'Clients' },
  rate: { alias: 'r', describe: 'Operations per second of virtual time over all clients' },
  'time-limit': { describe: 'Virtual seconds of workload' },
  ops: { describe: 'End the workload after so many operations' },
  'deadline-ms': { describe: 'An operation without an answer by then is unknown' },
  nemesis: { type: 'string', describe: 'Faults, as rafture test takes them' },
  'nemesis-schedule': { type: 'string', describe: `When: ${scheduleNames.join(', ')}` },
  'nemesis-every': { describe: 'Completed operations between two faults, on average' },
  'nemesis-file': { type: 'string', describe: 'A script of faults in the place of these three' },
  world: {
    type: 'string',
    describe: `Such as drop=0.05,snapshot=20: ${Object.keys(worldNumbers).join(', ')}`,
  },
};

const all = { ...seeds, ...output, ...planOptions };

const exitCodesOfSeries = [
  'Exit codes: 0 every seed valid; 1 some invalid; 2 some unknown: they tested too little, which',
  'is no pass, and --unknown-ok 0.1 allows a tenth of them; 130 interrupted, and what there is was',
  'kept; 254 bad arguments; 255 a seed crashed, or rafture failed.',
].join('\n');

export const simCommand: CommandModule<object, SimFlags> = {
  command: 'sim',
  describe: 'Run the reference server under deterministic simulation, seed after seed',
  builder: (yargs) =>
    yargs
      .options(all)
      .requiresArg(Object.keys(all).filter((name) => name !== 'resume'))
      .group(Object.keys(seeds), 'Seeds')
      .group(Object.keys(output), 'Results')
      .group(Object.keys(planOptions), 'Of every run; what is not named each seed draws')
      .example('$0 sim --seeds 10000 --jobs 2', 'Ten thousand runs, each with faults of its own')
      .example('$0 sim --seed 42', 'One of them again, with its history, logs and report')
      .example('$0 sim --bug stale-read --until-found 1', 'How soon is it found?')
      .example('$0 sim --seeds 20000 --ledger count.jsonl --resume', 'In parts, at the same commit')
      .example('$0 sim --workload queue --nemesis partition --world drop=0.05', 'Less is drawn')
      .epilogue(exitCodesOfSeries)
      .strict() as never,
  handler: async (flags) => {
    try {
      process.exitCode = await runSim(flags);
    } catch (error) {
      if (!(error instanceof SettingsError || error instanceof LedgerError)) throw error;
      console.error(`rafture: ${error.message}`);
      process.exitCode = exitCodes.badArguments;
    }
  },
};

/** Rejects with SettingsError or LedgerError for what cannot be had. */
async function runSim(flags: SimFlags): Promise<number> {
  const asked = await parseSimSettings(flags);
  return asked.kind === 'seed' ? repeatSeed(asked.seed, asked.settings) : runMany(asked.series);
}

async function runMany(settings: SeriesSettings): Promise<number> {
  const simConsole = new SimConsole(standardOptions());
  const undo = new UndoStack();
  const abort = new AbortController();
  const interruption = new Interruption(
    () => abort.abort(),
    () => void undo.unwind().finally(() => process.exit(exitCodes.interrupted)),
  );
  const takeBack = onLastResort(() => undo.unwind());
  try {
    return await runSeries({ settings, console: simConsole, signal: abort.signal, undo });
  } finally {
    simConsole.stop();
    for (const problem of await undo.unwind()) console.error(`rafture: ${problem}`);
    interruption.dispose();
    takeBack();
  }
}
