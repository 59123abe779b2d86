/**
 * `rafture check`: the checker alone, on any history file.
 *
 * It starts no cluster: a verdict on stdout, complaints on stderr, an exit code; and the files that
 * were asked for.
 */
import process from 'node:process';
import type { CommandModule, Options } from 'yargs';
import { modelNames } from '../../checker/models/registry.ts';
import { HistoryError } from '../../checker/pairing.ts';
import type { UnknownVerdict } from '../../checker/verdict.ts';
import { checkOperations } from '../check/check-history.ts';
import { describeVerdictText, type VerdictReport } from '../check/describe-verdict.ts';
import {
  type HistoryFormat,
  historyFormats,
  ReadingInterrupted,
  type ReadOptions,
  readHistory,
} from '../check/formats/read-history.ts';
import { asFileError, HistoryFileError } from '../check/history-file.ts';
import { loadModel, ModelError } from '../check/load-model.ts';
import { describeBadOutput, writeOrder, writeSvg } from './check-outputs.ts';
import { exitCodeOf, exitCodes, exitCodesHelp } from './exit-codes.ts';
import { describeBadFollow, type FollowArguments, followFlags, runFollow } from './follow.ts';
import { historyPathOf, parseJsonFlag } from './history-argument.ts';
import { Interruption } from './interruption.ts';

interface CheckArguments extends FollowArguments {
  readonly history: string;
  readonly model?: string | undefined;
  readonly initial?: string | undefined;
  readonly format: 'auto' | HistoryFormat;
  readonly 'failed-cas'?: 'miss' | 'drop' | undefined;
  readonly 'nil-read'?: 'value' | 'any' | undefined;
  readonly independent?: boolean | undefined;
  readonly 'time-limit': number;
  readonly 'memory-limit': number;
  readonly json: boolean;
  readonly svg?: string | undefined;
  readonly linearization?: string | undefined;
}

const flags = {
  model: {
    type: 'string',
    describe:
      `What the system promises to be: ${modelNames.join(', ')}, or the path of a model of your ` +
      'own [default: cas-register; kv for the format porcupine]',
  },
  initial: {
    type: 'string',
    describe: 'What a register begins with, as JSON; left out, it is absent',
  },
  format: {
    choices: ['auto', ...historyFormats] as const,
    default: 'auto' as const,
    describe: 'What the history is written in; auto looks at its first bytes',
  },
  'failed-cas': {
    choices: ['miss', 'drop'] as const,
    describe:
      'A compare-and-set that failed found another value (miss), or just did not happen (drop) ' +
      '[default: miss in jepsen-log, drop in edn and intervals]',
  },
  'nil-read': {
    choices: ['value', 'any'] as const,
    describe:
      'A read of nil found no value (value), or says nothing (any) [default: any in edn, as in ' +
      'Knossos]',
  },
  independent: {
    type: 'boolean',
    describe: 'Values of edn are pairs [key value], as jepsen.independent writes them',
  },
  'time-limit': { type: 'number', default: 300, describe: 'Seconds; then the verdict is unknown' },
  'memory-limit': {
    type: 'number',
    default: 2048,
    describe: 'Megabytes for the search; then the verdict is unknown',
  },
  json: { type: 'boolean', default: false, describe: 'Print the verdict as one JSON object' },
  svg: { type: 'string', describe: 'Draw a violation into this file' },
  linearization: {
    type: 'string',
    describe: 'Write the order that makes the history valid into this file, as JSON lines',
  },
  ...followFlags,
} satisfies Record<string, Options>;

const withValue = Object.entries<Options>(flags)
  .filter(([, { type }]) => type !== 'boolean')
  .map(([name]) => name);

export const checkCommand: CommandModule<object, CheckArguments> = {
  command: 'check <history>',
  describe: 'Check a history for linearizability: ours, Jepsen, Knossos, Porcupine, intervals',
  builder: (yargs) =>
    yargs
      .positional('history', {
        type: 'string',
        demandOption: true,
        describe: 'A file, a results folder with a history.jsonl, or - for stdin',
      })
      .options(flags)
      .requiresArg(withValue)
      .example('$0 check results/latest', 'The last run')
      .example('$0 check history.edn --initial 0', 'A history of Knossos')
      .example('$0 check etcd.log --failed-cas miss', "Jepsen's own log")
      .example('$0 check ops.jsonl --model ./my-model.ts', 'A model of your own')
      .epilogue(exitCodesHelp),
  handler: async (args) => {
    process.exitCode = await runCheck(args);
  },
};

/** Checks and prints; resolves to the exit code. */
async function runCheck(args: CheckArguments): Promise<number> {
  const bad = describeBadFlags(args);
  if (bad !== null) return complain(bad, exitCodes.badArguments);
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
    if (error instanceof HistoryFileError) return complain(error.message, exitCodes.unreadable);
    if (error instanceof ModelError) return complain(error.message, exitCodes.badArguments);
    if (error instanceof ReadingInterrupted) {
      const { message } = undecided('interrupted', 0);
      console.log(`unknown (interrupted): ${message}`);
      return exitCodes.unknown;
    }
    throw error;
  } finally {
    interruption.dispose();
  }
}

function complain(message: string, exitCode: number): number {
  console.error(`rafture check: ${message}`);
  return exitCode;
}

function describeBadFlags(args: CheckArguments): string | null {
  // NaN is what a word becomes where a number belongs.
  if (!(args['time-limit'] > 0)) return '--time-limit must be a number of seconds above 0';
  if (!(args['memory-limit'] > 0)) return '--memory-limit must be a number of megabytes above 0';
  if (args.initial !== undefined && parseJsonFlag(args.initial) === undefined) {
    return '--initial must be JSON, such as 0, null or \'"a text"\'';
  }
  if (args.follow && args.format !== 'auto' && args.format !== 'jsonl') {
    return `--follow reads history.jsonl alone, not ${args.format}`;
  }
  if (args.follow && args.linearization !== undefined) {
    return '--linearization and --follow do not go together: check the history when it is whole';
  }
  return (
    describeBadOutput('--svg', args.svg) ??
    describeBadOutput('--linearization', args.linearization) ??
    describeBadFollow(args)
  );
}

interface Limits {
  readonly model: string;
  readonly initial?: unknown;
  readonly timeLimitMs: number;
  readonly memoryLimitBytes: number;
}

function limitsOf(args: CheckArguments, model: string): Limits {
  const { initial } = args;
  return {
    model,
    ...(initial === undefined ? {} : { initial: parseJsonFlag(initial) }),
    timeLimitMs: args['time-limit'] * 1000,
    memoryLimitBytes: args['memory-limit'] * 1e6,
  };
}

async function check(args: CheckArguments, signal: AbortSignal): Promise<VerdictReport> {
  const path = historyPathOf(args.history);
  const named = limitsOf(args, args.model ?? 'cas-register');
  // A history may be long: a model that there is not is told before.
  await loadModel(named.model, args.model === undefined ? undefined : named.initial);
  if (!args.follow) return checkFile(args, path, signal);
  const report = await runFollow({
    path,
    limits: named,
    idleLimitS: args['idle-limit'],
    stop: signal,
  });
  const notes = args.svg === undefined ? [] : writeSvg(args.svg, report.verdict);
  return { ...report, notes: [...report.notes, ...notes] };
}

async function checkFile(
  args: CheckArguments,
  path: string,
  signal: AbortSignal,
): Promise<VerdictReport> {
  const startedAt = performance.now();
  const history = await readHistory(path, { ...readOptionsOf(args), signal });
  const { columns, counts, lines, notes, format } = history;
  const model = args.model ?? (format === 'porcupine' ? 'kv' : 'cas-register');
  try {
    const found = await checkOperations(history, { ...limitsOf(args, model), signal });
    // Without any answer every history is linearizable, and none was tested.
    const isVacuous = found.valid === true && counts.ok === 0;
    const verdict = isVacuous ? undecided('vacuous', columns.count) : found;
    const seconds = (performance.now() - startedAt) / 1000;
    const { svg, linearization } = args;
    const more = [
      ...(svg === undefined ? [] : writeSvg(svg, verdict)),
      ...(linearization === undefined ? [] : writeOrder(linearization, verdict, columns)),
    ];
    return { path, model, verdict, counts, lines, notes: [...notes, ...more], seconds };
  } catch (error) {
    const name = path === '-' ? 'standard input' : path;
    throw error instanceof HistoryError ? asFileError(name, error, history) : error;
  }
}

const undecidedMessages = {
  vacuous: 'no operation completed, so nothing was checked',
  interrupted: 'the history was not read to its end, and nothing was checked',
} as const;

function undecided(reason: keyof typeof undecidedMessages, operations: number): UnknownVerdict {
  const message = undecidedMessages[reason];
  return { valid: 'unknown', operations, reason, key: null, keys: [], position: 0, message };
}

function readOptionsOf(args: CheckArguments): ReadOptions {
  const { format, independent, 'failed-cas': failedCas, 'nil-read': nilRead } = args;
  return {
    ...(format === 'auto' ? {} : { format }),
    ...(failedCas === undefined ? {} : { failedCas }),
    ...(nilRead === undefined ? {} : { nilRead }),
    ...(independent === undefined ? {} : { independent }),
  };
}

/** Without the orders of a valid verdict: they are as long as the history. */
function describeJson(report: VerdictReport): string {
  const { verdict, ...rest } = report;
  if (verdict.valid !== true) return JSON.stringify({ ...rest, verdict }, null, 2);
  const { valid, operations, linearizations } = verdict;
  const keys = linearizations.length;
  return JSON.stringify({ ...rest, verdict: { valid, operations, keys } }, null, 2);
}
