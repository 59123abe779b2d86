/**
 * Does a healthy majority get on: after the safety phase it elects a leader and serves within a
 * bound, whatever the others do; then every member catches up, answers, and terms settle.
 *
 * Only where time is virtual: there a bound is exact, and exceeding it is the system's doing. On
 * real machines `recovery` tells what did not come back, and blames nobody.
 */
import type { CheckedRun, Checker, CheckerResult, RunLiveness } from '../checker.ts';
import { joinWords } from '../report/figures.ts';

const name = 'progress';

export const progress: Checker = {
  name,
  description: 'after the faults a healthy majority serves within a bound, and no node is stuck',
  check,
};

/** Election timeouts until something has happened, at most; and the least that is waited. */
const servedTimeouts = 30;
const leastMs = 12_000;
/** Terms that may come while a majority is well; lost messages cost some. */
const quietTermsMax = 8;

function check({ recovery, liveness, brokeOff }: CheckedRun): CheckerResult {
  if (liveness === null || recovery === null) {
    const why = brokeOff === null ? 'time is not virtual' : 'the run broke off';
    const summary = `not judged: ${why}; recovery tells what did not come back`;
    return { name, valid: true, summary, details: {}, blind: ['bounds of time'] };
  }
  const { core, electionTimeoutMs, termsAtEnd, isQuiet } = liveness;
  const termsMax = isQuiet ? quietTermsMax : Number.POSITIVE_INFINITY;
  const boundMs = Math.max(leastMs, servedTimeouts * electionTimeoutMs);
  const { servedAfterMs = null, caughtUpAfterMs = null } = recovery;
  const problems = [
    ...coreProblems(core, { boundMs, termsMax }),
    ...(recovery.problem === null ? [] : [recovery.problem]),
    ...lateness('after the last healing no change was acknowledged', servedAfterMs, boundMs),
    ...lateness('not every node had caught up', caughtUpAfterMs, 2 * boundMs),
    ...(termsAtEnd > termsMax ? [`${termsAtEnd} terms came while all was well`] : []),
    ...stuck(liveness),
  ];
  const details = { boundMs, electionTimeoutMs, core, servedAfterMs, caughtUpAfterMs, termsAtEnd };
  const blind = ['what becomes of the cluster later'];
  const [first] = problems;
  if (first !== undefined)
    return { name, valid: false, summary: problems.join('; '), details, blind };
  const disturbed =
    core === null ? '' : `${inSeconds(core.servedAfterMs)} with ${core.description}, and within `;
  const summary =
    `a change was acknowledged within ${disturbed}${inSeconds(servedAfterMs)} with all well; ` +
    `every node had it after ${inSeconds(caughtUpAfterMs)}`;
  return { name, valid: true, summary, details, blind };
}

function coreProblems(
  core: RunLiveness['core'],
  { boundMs, termsMax }: { readonly boundMs: number; readonly termsMax: number },
): readonly string[] {
  if (core === null) return [];
  const { description, servedAfterMs, longestGapMs, terms } = core;
  const at = `a healthy majority, with ${description},`;
  return [
    ...lateness(`${at} acknowledged no change`, servedAfterMs, boundMs),
    ...(servedAfterMs === null
      ? []
      : lateness(`${at} came to acknowledge none`, longestGapMs, boundMs)),
    ...(terms > termsMax ? [`${at} went through ${terms} terms`] : []),
  ];
}

function lateness(what: string, afterMs: number | null, boundMs: number): readonly string[] {
  if (afterMs === null) return [`${what} at all`];
  return afterMs > boundMs
    ? [`${what} for ${inSeconds(afterMs)}, and ${inSeconds(boundMs)} is the bound`]
    : [];
}

/** What stays with a node though nobody asks it anything. */
function stuck({ silent, ends }: RunLiveness): readonly string[] {
  const told = (what: string, is: (end: RunLiveness['ends'][number]) => boolean): string[] => {
    const nodes = ends.filter(is).map(({ node }) => node);
    return nodes.length === 0 ? [] : [`${joinWords(nodes)} ${what}`];
  };
  return [
    ...(silent.length === 0 ? [] : [`${joinWords(silent)} did not answer a read at the end`]),
    ...told('still hands leadership over', ({ transferringTo }) => transferringTo !== null),
  ];
}

function inSeconds(ms: number | null): string {
  return ms === null ? 'never' : `${(ms / 1000).toFixed(1)} s`;
}
