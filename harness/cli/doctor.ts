/**
 * `rafture doctor`: which clusters work here, and which faults each of them can inject; where it
 * cannot, the reason and the remedy.
 *
 * It makes each cluster and removes it again: what it says was tried, not looked up.
 */
import process from 'node:process';
import type { CommandModule, Options } from 'yargs';
import { examineCluster, listCandidates } from './doctor-clusters.ts';
import { examineMachine } from './doctor-machine.ts';
import { chooseFrom, type DoctorReport, describeDoctor } from './doctor-words.ts';
import { exitCodes } from './exit-codes.ts';
import { imageKinds } from './settings.ts';

interface DoctorArguments {
  readonly json: boolean;
  readonly images: string;
  readonly limit: number;
}

const flags = {
  json: { type: 'boolean', default: false, describe: 'One JSON document in place of the tables' },
  images: {
    type: 'string',
    default: 'auto',
    choices: imageKinds,
    describe: 'How docker images are made',
  },
  limit: {
    type: 'number',
    default: 8,
    describe: 'Seconds that the clusters get to come and go, all side by side',
  },
} satisfies Record<string, Options>;

const exitCodesOfDoctor = [
  'Exit codes: 0 a cluster works, one at least (the report tells which do not), 1 none works,',
  '2 not known: none came within --limit, 254 bad arguments, 255 rafture failed.',
].join('\n');

export const doctorCommand: CommandModule<object, DoctorArguments> = {
  command: 'doctor',
  describe: 'Say which clusters and which faults can be had here, and what helps where they cannot',
  builder: (yargs) =>
    yargs
      .options(flags)
      .requiresArg(['images', 'limit'])
      .example('$0 doctor --json', 'The same for a program')
      .epilogue(exitCodesOfDoctor)
      .strict() as never,
  handler: async ({ json, images, limit }) => {
    if (!(limit > 0)) {
      console.error(`rafture: --limit takes a number of seconds, not ${limit}`);
      process.exitCode = exitCodes.badArguments;
      return;
    }
    const kind = imageKinds.find((each) => each === images) ?? 'auto';
    const report = await examine(kind, limit * 1000);
    const text = json ? JSON.stringify(report, null, 2) : describeDoctor(report).join('\n');
    process.exitCode = exitCodeOfReport(report);
    // What does not come to its end must not keep us: with this process it goes, too.
    process.stdout.write(`${text}\n`, () => process.exit());
  },
};

async function examine(
  images: (typeof imageKinds)[number],
  limitMs: number,
): Promise<DoctorReport> {
  const clusters = await Promise.all(
    listCandidates(images).map((candidate) => examineCluster(candidate, limitMs)),
  );
  return { machine: examineMachine(), clusters, choices: chooseFrom(clusters) };
}

/** One cluster is enough for a run. */
function exitCodeOfReport({ clusters }: DoctorReport): number {
  if (clusters.some(({ works }) => works === true)) return exitCodes.valid;
  const isKnown = clusters.every(({ works }) => works === false);
  return isKnown ? exitCodes.invalid : exitCodes.unknown;
}
