/**
 * The composition root of the command line: the commands, their registry and their exit codes.
 */
import process from 'node:process';
import yargs from 'yargs';
import { bugsCommand } from './cli/bugs.ts';
import { checkCommand } from './cli/check.ts';
import { clusterCommand } from './cli/cluster.ts';
import { doctorCommand } from './cli/doctor.ts';
import { exitCodes, exitCodesHelp } from './cli/exit-codes.ts';
import { exportCommand } from './cli/export.ts';
import { installLastResort } from './cli/last-resort.ts';
import { shrinkCommand } from './cli/shrink.ts';
import { simCommand } from './cli/sim.ts';
import { testCommand } from './cli/test.ts';
import { workloadsCommand } from './cli/workloads.ts';

installLastResort();

const parser = yargs(process.argv.slice(2))
  .scriptName('rafture')
  .usage('$0 <command> [options]')
  .command(testCommand)
  .command(simCommand)
  .command(shrinkCommand)
  .command(bugsCommand)
  .command(workloadsCommand)
  .command(checkCommand)
  .command(exportCommand)
  .command(clusterCommand)
  .command(doctorCommand)
  .demandCommand(1, 'Name a command, such as: rafture test')
  .recommendCommands()
  .strict()
  .updateStrings({ 'Not enough arguments following: %s': '--%s needs a value' })
  .check(checkGivenOnce, true)
  .wrap(Math.min(100, process.stdout.columns || 100))
  .epilogue(exitCodesHelp)
  .fail((message, error) => {
    // A handler's error is no bad argument: it goes on to whoever awaits the parser.
    if (error instanceof Error && error.name !== 'YError') throw error;
    console.error(`rafture: ${message}\nrafture --help lists what there is.`);
    process.exit(exitCodes.badArguments);
  });

/** What is given twice comes as a list, and no flag here takes one. True, or a complaint. */
function checkGivenOnce(flags: Readonly<Record<string, unknown>>): true | string {
  const twice = Object.keys(flags).filter((name) => name !== '_' && Array.isArray(flags[name]));
  if (twice.length === 0) return true;
  // Each is there under its short name too, and in camel case.
  const name = twice.find((each) => each.length > 1 && each === each.toLowerCase()) ?? twice[0];
  return `--${name} was given twice`;
}

try {
  await parser.parseAsync();
} catch (error) {
  console.error(`rafture: ${error instanceof Error ? error.message : String(error)}`);
  if (process.env['RAFTURE_DEBUG'] === '1') console.error(error);
  process.exitCode = exitCodes.crashed;
}
