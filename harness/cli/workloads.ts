/**
 * `rafture workloads`: what can be asked of a system, and what each workload needs of it.
 */
import process from 'node:process';
import type { CommandModule } from 'yargs';
import { workloads } from '../../workloads/index.ts';
import type { Bug } from '../bugs/bug.ts';
import { bugs } from '../bugs/index.ts';
import { systems } from '../systems/index.ts';
import { objectWords } from '../systems/object-words.ts';
import type { Workload } from '../workload.ts';
import { exitCodes } from './exit-codes.ts';
import { findWorkload } from './find-workload.ts';
import { WorkloadError } from './guard-workload.ts';
import { describeLack, missingOperations } from './settings.ts';

interface WorkloadsArguments {
  readonly workload?: string | undefined;
  readonly json: boolean;
  readonly objects: boolean;
}

export const workloadsCommand: CommandModule<object, WorkloadsArguments> = {
  command: 'workloads [workload]',
  describe: 'List what can be asked of a system, what each workload needs of it, and finds',
  builder: (yargs) =>
    yargs
      .positional('workload', { type: 'string', describe: 'Only this one: a name, or a file' })
      .option('json', { type: 'boolean', default: false, describe: 'Print it as JSON' })
      .option('objects', {
        type: 'boolean',
        default: false,
        describe: 'List what can be asked of which object, and what is answered',
      })
      .example('$0 workloads', 'All of them')
      .example('$0 workloads lock', 'One')
      .example('$0 workloads ./mine.ts', 'One of your own; tells what is wrong with it')
      .example('$0 workloads --json', 'For a program') as never,
  handler: async ({ workload, json, objects }) => {
    try {
      if (objects) {
        process.stdout.write(
          `${json ? JSON.stringify(objectWords, null, 2) : describeObjects()}\n`,
        );
        return;
      }
      const listed = workload === undefined ? workloads : [await findWorkload(workload)];
      const summaries = listed.map(summarize);
      const text = json ? JSON.stringify(summaries, null, 2) : describeAll(summaries);
      process.stdout.write(`${text}\n`);
    } catch (error) {
      if (!(error instanceof WorkloadError)) throw error;
      console.error(`rafture workloads: ${error.message}`);
      process.exitCode = exitCodes.badArguments;
    }
  },
};

/** A workload without its functions. */
interface Summary extends Pick<Workload, 'name' | 'description' | 'object' | 'fs' | 'model'> {
  readonly facts: Workload['facts'];
  readonly checkers: {
    readonly add: readonly { readonly name: string; readonly description: string }[];
    readonly remove: readonly { readonly name: string; readonly why: string }[];
  };
  /** Bugs of the reference server that it is known to find, for `rafture test --bug`. */
  readonly bugs: readonly Pick<Bug, 'id' | 'title'>[];
  /** The operations that each built-in system lacks. */
  readonly systems: readonly {
    readonly name: string;
    readonly lacks: readonly string[];
    /** The same as a sentence. */
    readonly lack: string | null;
  }[];
}

function summarize(workload: Workload): Summary {
  const { name, description, object, fs, model, facts, checkers } = workload;
  const added = (checkers?.add ?? []).map((each) => ({
    name: each.name,
    description: each.description,
  }));
  return {
    ...{ name, description, object, fs, model, facts },
    checkers: { add: added, remove: checkers?.remove ?? [] },
    bugs: bugs.filter((bug) => bug.workload === name).map(({ id, title }) => ({ id, title })),
    systems: systems.map((system) => ({
      name: system.name,
      lacks: missingOperations(workload, system),
      lack: describeLack(workload, system),
    })),
  };
}

/** Each object with its operations, as a system's clients know them. */
function describeObjects(): string {
  const blocks = Object.entries(objectWords).map(([object, operations]) => {
    const offering = systems.filter(({ objects }) => Object.hasOwn(objects, object));
    const names = offering.map(({ name }) => name).join(', ') || 'none';
    const lines = Object.entries(operations).flatMap(([f, { takes, answers }]) => [
      `  ${f.padEnd(15)} takes ${takes}`,
      `  ${''.padEnd(15)} answers ${answers}`,
    ]);
    return [`${object} (offered by ${names})`, ...lines].join('\n');
  });
  return blocks.join('\n\n');
}

function describeAll(summaries: readonly Summary[]): string {
  return summaries.map(describe).join('\n\n');
}

function describe(summary: Summary): string {
  const { name, description, object, fs, model, facts, checkers } = summary;
  const rows: readonly (readonly [string, string])[] = [
    ['needs', `${fs.join(', ')} of ${object}`],
    ['model', model],
    ['check', facts.complexity],
    ...facts.finds.map((each): readonly [string, string] => ['finds', each]),
    ...facts.cannotFind.map((each): readonly [string, string] => ['cannot find', each]),
    ...checkers.add.map((each): readonly [string, string] => [
      'checker',
      `${each.name}: ${each.description}`,
    ]),
    ...checkers.remove.map((each): readonly [string, string] => [
      'without',
      `${each.name}: ${each.why}`,
    ]),
    ...summary.bugs.map(({ id, title }): readonly [string, string] => [
      'planted bug',
      `${id}: ${title}`,
    ]),
    ...summary.systems.map((system): readonly [string, string] => [
      'system',
      system.lack ?? `${system.name} has them all`,
    ]),
  ];
  let above = '';
  const lines = rows.map(([what, text]) => {
    const label = what === above ? '' : what;
    above = what;
    return `  ${label.padEnd(12)} ${text}`;
  });
  return [`${name}: ${description}`, ...lines].join('\n');
}
