/**
 * `rafture check`: the checker alone, on any history file.
 *
 * It starts no cluster and writes no file: a verdict on stdout, complaints on stderr, an exit code.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { CommandModule, Options } from 'yargs';
import { modelNames } from '../../checker/models/registry.ts';
import { HistoryError } from '../../checker/pairing.ts';
import type { Verdict } from '../../checker/verdict.ts';
import { checkOperations } from '../check/check-history.ts';
import { describeVerdictText, type VerdictReport } from '../check/describe-verdict.ts';
import {
  asFileError,
  type HistoryFile,
  HistoryFileError,
  readHistoryFile,
} from '../check/history-file.ts';
import { exitCodeOf, exitCodes, exitCodesHelp } from './exit-codes.ts';
import { describeBadFollow, type FollowArguments, followFlags, runFollow } from './follow.ts';
import { Interruption } from './interruption.ts';

interface CheckArguments extends FollowArguments {
  readonly history: string;
  readonly model: string;
  readonly 'time-limit': number;
  readonly 'memory-limit': number;
  readonly json: boolean;
}

const flags = {
  model: {
    type: 'string',
    default: 'cas-register',
    choices: modelNames,
    describe: 'What the system promises to be',
  },
  'time-limit': { type: 'number', default: 300, describe: 'Seconds; then the verdict is unknown' },
  'memory-limit': {
    type: 'number',
    default: 2048,
    describe: 'Megabytes for the search; then the verdict is unknown',
  },
  json: { type: 'boolean', default: false, describe: 'Print the verdict as one JSON object' },
  ...followFlags,
} satisfies Record<string, Options>;

export const checkCommand: CommandModule<object, CheckArguments> = {
  command: 'check <history>',
  describe: 'Check a history.jsonl for linearizability',
  builder: (yargs) =>
    yargs
      .positional('history', {
        type: 'string',
        demandOption: true,
        describe: 'A history.jsonl, or a results folder that holds one',
      })
      .options(flags)
      .epilogue(exitCodesHelp),
  handler: async (args) => {
    process.exitCode = await runCheck(args);
  },
};

/** Checks and prints; resolves to the exit code. */
async function runCheck(args: CheckArguments): Promise<number> {
  const bad = describeBadFlags(args);
  if (bad !== null) {
    console.error(`rafture check: ${bad}`);
    return exitCodes.badArguments;
  }
  const abort = new AbortController();
  const interruption = new Interruption(
    () => abort.abort(),
    () => process.exit(exitCodes.interrupted),
  );
  try {
    const report = await check(args, abort.signal);
    for (const note of report.notes) console.error(`note: ${note}`);
    console.log(args.json ? describeJson(report) : describeVerdictText(report));
    return exitCodeOf(report.verdict.valid);
  } catch (error) {
    if (!(error instanceof HistoryFileError)) throw error;
    console.error(`rafture check: ${error.message}`);
    return exitCodes.unreadable;
  } finally {
    interruption.dispose();
  }
}

function describeBadFlags(args: CheckArguments): string | null {
  // NaN is what a word becomes where a number belongs.
  if (!(args['time-limit'] > 0)) return '--time-limit must be a number of seconds above 0';
  if (!(args['memory-limit'] > 0)) return '--memory-limit must be a number of megabytes above 0';
  return describeBadFollow(args);
}

async function check(args: CheckArguments, signal: AbortSignal): Promise<VerdictReport> {
  const path = historyPathOf(args.history);
  if (args.follow) {
    const limits = {
      model: args.model,
      timeLimitMs: args['time-limit'] * 1000,
      memoryLimitBytes: args['memory-limit'] * 1e6,
    };
    return runFollow({ path, limits, idleLimitS: args['idle-limit'], stop: signal });
  }
  const startedAt = performance.now();
  const history = await readHistoryFile(path);
  const verdict = await checkFile(path, history, { args, signal });
  const { counts, lines, notes } = history;
  const seconds = (performance.now() - startedAt) / 1000;
  return { path, model: args.model, verdict, counts, lines, notes, seconds };
}

async function checkFile(
  path: string,
  history: HistoryFile,
  { args, signal }: { readonly args: CheckArguments; readonly signal: AbortSignal },
): Promise<Verdict> {
  try {
    return await checkOperations(history, {
      model: args.model,
      timeLimitMs: args['time-limit'] * 1000,
      memoryLimitBytes: args['memory-limit'] * 1e6,
      signal,
    });
  } catch (error) {
    throw error instanceof HistoryError ? asFileError(path, error) : error;
  }
}

function historyPathOf(path: string): string {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  return isFolder ? join(path, 'history.jsonl') : path;
}

/** Without the orders of a valid verdict: they are as long as the history. */
function describeJson(report: VerdictReport): string {
  const { verdict, ...rest } = report;
  if (verdict.valid !== true) return JSON.stringify({ ...rest, verdict }, null, 2);
  const { valid, operations, linearizations } = verdict;
  const keys = linearizations.length;
  return JSON.stringify({ ...rest, verdict: { valid, operations, keys } }, null, 2);
}
