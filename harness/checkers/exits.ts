/**
 * Nodes that ended by themselves, though nobody here had asked them to.
 *
 * A node that breaks has broken its promise, even when it comes back and no client noticed. Where
 * it was killed from outside, or says that its surroundings failed, the fault may be theirs.
 */
import type { CheckedRun, Checker, CheckerResult, Validity } from '../checker.ts';
import type { UnexpectedExit } from '../cluster.ts';
import { describeCount, joinWords } from '../report/figures.ts';
import { describeLogLine } from './log-words.ts';

const name = 'exits';

const shownMax = 5;

export const exits: Checker = {
  name,
  description: 'no node ended but those that were killed or stopped on purpose',
  check,
};

/** What somebody else does to a process: the machine when its memory is full, or a person. */
const signals: Readonly<Record<string, string>> = {
  SIGKILL: 'nobody here sent that SIGKILL: the machine may have run out of memory',
  SIGTERM: 'nobody here sent that SIGTERM',
  SIGINT: 'nobody here sent that SIGINT',
  SIGHUP: 'nobody here sent that SIGHUP',
};

/** The exit codes that stand for them, and those that blame the surroundings. */
const codes: Readonly<Record<number, string>> = {
  // Of the engine and the shell: the node was never begun.
  125: 'the container could not be started',
  126: 'the command could not be run',
  127: 'the command was not found',
  129: signals['SIGHUP'] ?? '',
  130: signals['SIGINT'] ?? '',
  137: signals['SIGKILL'] ?? '',
  143: signals['SIGTERM'] ?? '',
  // Of the reference server (server/README.md).
  249: 'it took its data directory for that of another node',
  250: 'it could not listen: the port may be in use',
  251: 'it could not use its data directory',
  252: 'its disk failed',
  254: 'it did not understand its arguments',
};

/** A server that finds damage where nobody did any has done it itself. */
const ownDamage = /\b(corrupt|damage)/i;

interface JudgedExit extends UnexpectedExit {
  readonly valid: Validity;
  /** Why it may not be the node's own fault; null when it is. */
  readonly why: string | null;
}

function check(run: CheckedRun): CheckerResult {
  const { unexpectedExits, brokeOff, nodes } = run;
  if (brokeOff !== null) {
    const summary = 'the run broke off before anybody asked which nodes had ended';
    const blind = ['nodes that ended by themselves'];
    return { name, valid: 'unknown', summary, details: {}, blind };
  }
  const judged = unexpectedExits.map((exit) => judge(exit, run));
  const details = { exits: judged };
  const wide = describeWide(run);
  if (judged.length === 0) {
    const summary = `no node ended by itself, of ${describeCount(nodes.length)}`;
    const unseen = [...wide, 'nodes that ran and did nothing any more'];
    return { name, valid: true, summary, details, blind: unseen };
  }
  const own = judged.filter(({ valid }) => valid === false);
  const foreign = judged.filter(({ valid }) => valid !== false);
  const blind =
    foreign.length === 0
      ? wide
      : [...wide, `why ${[...new Set(foreign.map(({ node }) => node))].join(', ')} ended`];
  // The node's own fault first: it is what the verdict is about.
  const summary = describeExits([...own, ...foreign]);
  return { name, valid: own.length > 0 ? false : 'unknown', summary, details, blind };
}

/** Where only the system could tell whether the fault was the reason, and it does not. */
function describeWide({ anyEndExcused }: CheckedRun): readonly string[] {
  if (anyEndExcused.length === 0) return [];
  const whose = joinWords(anyEndExcused);
  return [`ends of ${whose} during faults that may end a node: the system does not word them`];
}

/**
 * The reasons come from the clusters: `it ended with SIGKILL`, `it ended with exit code 255; its
 * last line: …`, `it exited with code 137`; in the simulation, what the node threw.
 */
function judge(exit: UnexpectedExit, run: CheckedRun): JudgedExit {
  const match = /^it (?:ended with (?:(SIG\w+)|exit code (\d+))|exited with code (\d+))/.exec(
    exit.reason,
  );
  if (match === null) return { ...exit, valid: false, why: null };
  const [, signal, ...numbers] = match;
  const code = Number(numbers.find((number) => number !== undefined));
  const why = (signal === undefined ? codes[code] : signals[signal]) ?? null;
  if (code === 249 || code === 251) {
    if (ownDamage.test(exit.reason)) return { ...exit, valid: false, why: null };
    const damage = findDamage(run, exit.node);
    if (damage !== null) {
      return { ...exit, reason: `${exit.reason}; ${damage}`, valid: false, why: null };
    }
  }
  return { ...exit, valid: why === null ? false : 'unknown', why };
}

/** Not every cluster tells what a node said last; its log does. */
function findDamage({ logs }: CheckedRun, node: string): string | null {
  for (const { path, lines } of logs.filter((log) => log.node === node)) {
    let line = 0;
    for (const text of lines) {
      line++;
      if (ownDamage.test(text)) return `${path}, line ${line}: ${text}`;
    }
  }
  return null;
}

/** What a log says as JSON is told in words. */
function describeReason(reason: string): string {
  const before = /^(.*?: )(\{.*)$/.exec(reason);
  return before === null ? reason : `${before[1]}${describeLogLine(before[2] ?? '')}`;
}

function describeExits(judged: readonly JudgedExit[]): string {
  const words = judged.slice(0, shownMax).map(({ node, reason, why }) => {
    const cause = why === null ? '' : ` (${why})`;
    return `${node} ended by itself: ${describeReason(reason)}${cause}`;
  });
  const rest = judged.length - shownMax;
  return rest > 0 ? `${words.join('; ')}; and ${rest} more` : words.join('; ');
}
