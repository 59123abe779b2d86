/**
 * `rafture test`: one run on one cluster, with a verdict and a report.
 */
import type { CommandModule, Options } from 'yargs';
import { workloads } from '../../workloads/index.ts';
import { describeBugs } from '../bugs/bug.ts';
import { bugs } from '../bugs/index.ts';
import { scheduleNames } from '../nemesis/create-schedule.ts';
import { shippedScripts } from '../nemesis/script-files.ts';
import { worldNumbers } from '../simulation/world.ts';
import { systems } from '../systems/index.ts';
import { exitCodes, exitCodesHelp } from './exit-codes.ts';
import { SettingsError } from './flag-values.ts';
import { allFamilies } from './nemesis-settings.ts';
import { runOnce } from './run-once.ts';
import {
  checkTimes,
  clusterKinds,
  imageKinds,
  networkChoices,
  parseSettings,
  type TestFlags,
  type TestSettings,
  traceChoices,
  usualTimeLimitS,
} from './settings.ts';

const names = (items: readonly { readonly name: string }[]): string =>
  items.map(({ name }) => name).join(', ');

const worldNames = Object.keys(worldNumbers).join(', ');

const bugNames = bugs.map(({ id }) => id).join(', ');

const what = {
  system: {
    type: 'string',
    default: 'reference',
    describe: `System under test: ${names(systems)}`,
  },
  workload: {
    alias: 'w',
    type: 'string',
    default: 'cas-register',
    describe: `What is asked of it: ${names(workloads)}; or a file such as ./mine.ts`,
  },
  bug: {
    type: 'string',
    describe: `Plant a bug in a copy of the server (--bug list tells of each): ${bugNames}`,
  },
} satisfies Record<string, Options>;

const where = {
  cluster: {
    type: 'string',
    default: 'auto',
    describe: `Where the nodes run: ${clusterKinds.join(', ')}`,
  },
  images: {
    type: 'string',
    default: 'auto',
    describe: `How docker images are made: ${imageKinds.join(', ')}`,
  },
  'process-network': {
    type: 'string',
    default: 'auto',
    describe: `Between the nodes of --cluster process: ${networkChoices.join(', ')}`,
  },
  world: {
    type: 'string',
    describe: `Of --cluster sim, such as drop=0.05,snapshot=20: ${worldNames}`,
  },
  nodes: { type: 'string', default: '5', describe: 'Number of nodes' },
  results: { type: 'string', default: 'results', describe: 'Folder for the results' },
} satisfies Record<string, Options>;

// Numbers have no type for yargs: what is none must reach the complaint as it was typed.
const load = {
  concurrency: { type: 'string', default: '2n', describe: 'Clients; 2n is two per node' },
  rate: {
    alias: 'r',
    default: 500,
    describe: 'Operations per second over all clients; 0: as fast as they go',
  },
  'time-limit': {
    defaultDescription: `${usualTimeLimitS}; with --nemesis-file, until its end`,
    describe: 'Seconds of workload',
  },
  ops: { describe: 'End the workload after so many operations' },
  keys: { describe: 'Keys in use at a time; the workload knows how many' },
  'ops-per-key': {
    describe: 'Operations until a key is replaced; the workload knows how many',
  },
  'deadline-ms': {
    default: 2000,
    describe: 'An operation without an answer by then is unknown',
  },
  'test-count': {
    default: 1,
    describe: 'Runs, with seeds counted up; the first that is not valid is the last',
  },
  seed: { describe: 'All choices come from it; drawn and shown when left out' },
} satisfies Record<string, Options>;

const faults = {
  nemesis: {
    type: 'string',
    defaultDescription: 'partition,kill; kill for a single node',
    describe: `Faults, such as kill or kill:leader: ${names(allFamilies)}; all, or none`,
  },
  'nemesis-schedule': {
    type: 'string',
    defaultDescription: 'random',
    describe: `When they come: ${scheduleNames.join(', ')}`,
  },
  'nemesis-file': {
    type: 'string',
    describe: `A script of faults: ${shippedScripts().join(', ')}; or a file such as ./faults.yaml`,
  },
  'require-all-faults': {
    type: 'boolean',
    default: false,
    describe: 'Unknown, when a single fault that was asked for was not injected',
  },
  'nemesis-every': {
    default: 400,
    describe: 'Completed operations between two faults, on average',
  },
  'nemesis-interval': { hidden: true, describe: 'Refused: no fault is triggered by a clock' },
  'recovery-limit': {
    default: 60,
    describe: 'Seconds that the cluster gets to come back after the last healing',
  },
} satisfies Record<string, Options>;

const judgement = {
  check: {
    type: 'string',
    default: 'after',
    describe: `When: ${checkTimes.join(', ')}; online ends the run at the first violation`,
  },
  'check-time-limit': { default: 120, describe: 'Seconds for the checker' },
  'check-memory-limit': { default: 2000, describe: 'Megabytes for the checker' },
  availability: {
    describe: 'Share from 0 to 1 of the operations that must succeed where they could',
  },
  trace: {
    type: 'string',
    default: 'auto',
    describe: `Trace events of the nodes, for the invariants: ${traceChoices.join(', ')}`,
  },
} satisfies Record<string, Options>;

const all = { ...what, ...where, ...load, ...faults, ...judgement };

export const testCommand: CommandModule<object, TestFlags> = {
  command: 'test',
  describe: 'Run a workload with faults against a cluster, and judge what happened',
  builder: (yargs) =>
    yargs
      .options(all)
      .requiresArg(Object.keys(all).filter((name) => name !== 'require-all-faults'))
      .group(Object.keys(what), 'What is tested')
      .group(Object.keys(where), 'Where')
      .group(Object.keys(load), 'Load')
      .group(Object.keys(faults), 'Faults')
      .group(Object.keys(judgement), 'Judgement')
      .example('$0 test', 'The main job: five nodes, partitions and crashes, 30 seconds')
      .example('$0 test --nemesis none --time-limit 10', 'Without faults')
      .example('$0 test --nemesis-file every-fault', 'Every kind of fault once')
      .example('$0 test -w register --bug stale-read --nemesis partition', 'Exit code 1')
      .epilogue(exitCodesHelp)
      .strict() as never,
  handler: handleTest,
};

async function handleTest(flags: TestFlags): Promise<void> {
  if (flags.bug === 'list' || flags.bug === 'help') {
    console.log(describeBugs(bugs));
    return;
  }
  try {
    await runAll(await parseSettings(flags));
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    console.error(`rafture: ${error.message}`);
    process.exitCode = exitCodes.badArguments;
  }
}

/** Rejects with SettingsError when the cluster cannot do what was asked for. */
async function runAll(settings: TestSettings): Promise<void> {
  const { testCount, seed, bug, workload } = settings;
  if (bug !== null && bug.workload !== workload.name) {
    const args = ['--bug', bug.id, '--workload', bug.workload, ...bug.args];
    console.log(`another workload shows ${bug.id} soonest: npx rafture test ${args.join(' ')}`);
  }
  for (let run = 0; run < testCount; run++) {
    if (testCount > 1) console.log(`run ${run + 1} of ${testCount}`);
    const outcome = await runOnce({ ...settings, seed: seed + run });
    process.exitCode = outcome.exitCode;
    // As in Jepsen, the first result that is not valid ends the series.
    if (outcome.exitCode !== exitCodes.valid || outcome.interrupted) return;
  }
}
