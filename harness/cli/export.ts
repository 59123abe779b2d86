/**
 * `rafture export`: a history of ours in a form that other checkers read, so that nobody has to
 * believe this one.
 */
import { createWriteStream } from 'node:fs';
import process from 'node:process';
import { pipeline } from 'node:stream/promises';
import type { CommandModule, Options } from 'yargs';
import { exportEdn, NoSuchKeyError } from '../check/formats/export-edn.ts';
import { HistoryFileError } from '../check/history-file.ts';
import { exitCodes } from './exit-codes.ts';
import { historyPathOf, parseJsonFlag } from './history-argument.ts';

interface ExportArguments {
  readonly history: string;
  readonly to: string;
  readonly out?: string | undefined;
  readonly key?: string | undefined;
  readonly absent?: string | undefined;
}

const flags = {
  to: { type: 'string', default: 'edn', choices: ['edn'], describe: 'The form to write' },
  out: { type: 'string', describe: 'Write to this file instead of stdout' },
  key: { type: 'string', describe: 'Only this key: Knossos checks one object at a time' },
  absent: {
    type: 'string',
    describe:
      'JSON to write where a value is absent. Left out, it is nil, and Knossos takes a read of ' +
      'nil for any value; with -1, and a model that begins with -1, it looks closely',
  },
} satisfies Record<string, Options>;

export const exportCommand: CommandModule<object, ExportArguments> = {
  command: 'export <history>',
  describe: 'Write a history.jsonl as EDN, as Jepsen and Knossos have it',
  builder: (yargs) =>
    yargs
      .positional('history', {
        type: 'string',
        demandOption: true,
        describe: 'A history.jsonl, or a results folder that holds one',
      })
      .options(flags)
      .requiresArg(Object.keys(flags))
      .example('$0 export results/latest --key 7 --out key-7.edn', 'One key, for Knossos')
      .epilogue(
        'Several keys become pairs [key value] of jepsen.independent; `rafture check` reads them ' +
          'back with --independent.',
      ),
  handler: async (args) => {
    process.exitCode = await runExport(args);
  },
};

/** Resolves to the exit code. */
async function runExport({ history, out, key, absent }: ExportArguments): Promise<number> {
  const written = parseJsonFlag(absent ?? 'null');
  if (written === undefined) {
    return complain('--absent must be JSON, such as -1 or \'"none"\'', exitCodes.badArguments);
  }
  try {
    const path = historyPathOf(history);
    const { notes, text } = await exportEdn({ path, key, absent: written });
    for (const note of notes) console.error(`note: ${note}`);
    if (out === undefined) await pipeline(text, process.stdout, { end: false });
    else await pipeline(text, createWriteStream(out));
    return exitCodes.valid;
  } catch (error) {
    if (error instanceof HistoryFileError) return complain(error.message, exitCodes.unreadable);
    if (error instanceof NoSuchKeyError) return complain(error.message, exitCodes.badArguments);
    throw error;
  }
}

function complain(message: string, exitCode: number): number {
  console.error(`rafture export: ${message}`);
  return exitCode;
}
