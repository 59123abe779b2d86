/**
 * `rafture shrink`: reduces a failing run of the simulation to a small one that fails alike.
 */
import type { CommandModule, Options } from 'yargs';
import { standardOptions } from '../console.ts';
import { exitCodes, exitCodesHelp } from './exit-codes.ts';
import { positiveInteger, SettingsError, type Typed } from './flag-values.ts';
import { Interruption } from './interruption.ts';
import { onLastResort } from './last-resort.ts';
import { ShrinkConsole } from './shrink-console.ts';
import { runShrink } from './shrink-session.ts';
import { planOptions } from './sim.ts';
import { parseSimSettings, type SimFlags } from './sim-settings.ts';
import { planOf } from './sim-task.ts';
import { UndoStack } from './undo-stack.ts';

type SeriesFlag =
  | 'seeds'
  | 'from'
  | 'jobs'
  | 'untilFound'
  | 'shard'
  | 'json'
  | 'ledger'
  | 'resume'
  | 'unknownOk'
  | 'hangLimit';
type PlanFlags = Omit<SimFlags, SeriesFlag>;

interface ShrinkFlags extends PlanFlags {
  readonly runs: Typed;
  readonly tries: Typed;
}

/** What `rafture sim` takes and one seed has no use for. */
const ofSeries: Pick<SimFlags, SeriesFlag> = {
  ...{ seeds: undefined, from: undefined, jobs: undefined, untilFound: undefined },
  ...{ shard: undefined, json: undefined, ledger: undefined, resume: false },
  ...{ unknownOk: 0, hangLimit: 180 },
};

const own = {
  seed: { describe: 'The seed that fails' },
  runs: { default: 400, describe: 'Runs that the search may take' },
  tries: { default: 3, describe: 'Seeds with which a smaller run is tried' },
  results: { type: 'string', default: 'results', describe: 'Folder for the results' },
} satisfies Record<string, Options>;

const all = { ...own, ...planOptions };

export const shrinkCommand: CommandModule<object, ShrinkFlags> = {
  command: 'shrink',
  describe: 'Reduce a failing run of the simulation to a small one that fails alike',
  builder: (yargs) =>
    yargs
      .options(all)
      .demandOption('seed', 'Name the seed that fails: --seed 7')
      .requiresArg(Object.keys(all))
      .group(Object.keys(own), 'What is shrunk')
      .group(Object.keys(planOptions), 'Of the run, as for rafture sim')
      .example(
        '$0 shrink --seed 42',
        'What rafture sim --seed 42 has shown, with less of everything',
      )
      .example('$0 shrink --seed 7 --bug stale-read', 'The smallest run that shows a planted bug')
      .epilogue(exitCodesHelp)
      .strict() as never,
  handler: async (flags) => {
    try {
      process.exitCode = await runIt(flags);
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      console.error(`rafture: ${error.message}`);
      process.exitCode = exitCodes.badArguments;
    }
  },
};

/** Rejects with SettingsError for what cannot be had. */
async function runIt({ runs, tries, ...flags }: ShrinkFlags): Promise<number> {
  const limits = {
    runsMax: positiveInteger('--runs', runs),
    tries: positiveInteger('--tries', tries),
  };
  const asked = await parseSimSettings({ ...flags, ...ofSeries });
  if (asked.kind !== 'seed') throw new SettingsError('--seed says which run is to be shrunk');
  const { choices, bug, resultsRoot } = asked.settings;
  const undo = new UndoStack();
  const abort = new AbortController();
  const interruption = new Interruption(
    () => abort.abort(),
    () => void undo.unwind().finally(() => process.exit(exitCodes.interrupted)),
  );
  const takeBack = onLastResort(() => undo.unwind());
  try {
    return await runShrink({
      ...{ plan: planOf(asked.seed, choices), bug, resultsRoot, ...limits },
      ...{ undo, signal: abort.signal, console: new ShrinkConsole(standardOptions()) },
    });
  } finally {
    for (const problem of await undo.unwind()) console.error(`rafture: ${problem}`);
    interruption.dispose();
    takeBack();
  }
}
