/**
 * Does a majority get on while nothing changes, whatever is broken meanwhile beside it: it has a
 * leader, keeps it, and serves. [Ongaro §9.6]
 *
 * It is asked of a group that can agree by itself and that nobody else can disturb
 * (availability-group.ts), once links and nodes have not changed for ten of the longest election
 * timeouts, for ten more at least. Only where times are exact, in a world that is quiet enough.
 */
import type { CheckedRun, Checker, CheckerResult } from '../checker.ts';
import { describeCount, describeMany } from '../report/figures.ts';
import type { StabilityEvidence } from '../stability-evidence.ts';
import { operationsOf, outcomeOf } from './operations.ts';
import { leadershipIn, type Window, windowsOf } from './stability-windows.ts';

const name = 'stability';

export const stability: Checker = {
  name,
  description:
    'while links and nodes stay as they are, a majority has a leader, keeps it and serves',
  check,
};

/** The share of a time in which a leader is known, at least. */
const ledShareMin = 0.5;
/** One more term may come, and another one in each such number of election timeouts. */
const timeoutsPerTerm = 10;
/** The share of operations that had to succeed and did, at least; fewer of them tell nothing. */
const servedShareMin = 0.5;
const operationsMin = 10;

const windowsShownMax = 50;

interface Judged extends Window {
  readonly ledShare: number;
  readonly terms: number;
  readonly termsMax: number;
  readonly due: number;
  readonly served: number;
}

function check(run: CheckedRun): CheckerResult {
  const evidence = run.referee?.stability;
  const notJudged = (why: string): CheckerResult => {
    const summary = `not judged: ${why}`;
    return { name, valid: true, summary, details: {}, blind: ['whether anybody led, and served'] };
  };
  if (evidence === undefined) return notJudged('time is not virtual, or nobody watched');
  if (evidence.restless !== null) return notJudged(evidence.restless);
  const judged = judgeAll(run, evidence);
  if (judged.length === 0) return notJudged('something changed all the time, or nobody was due');
  const problems = judged.flatMap(problemsOf);
  const watchedUs = judged.reduce((sum, { fromUs, toUs }) => sum + toUs - fromUs, 0);
  const times = describeMany(judged.length, 'time');
  const watched = `${times} without a change, ${inSeconds(watchedUs)} in all`;
  const summary =
    problems.length === 0
      ? `a majority had a leader, kept it and served in ${watched}`
      : `${problems.slice(0, 3).join('; ')} (${watched})`;
  return {
    ...{ name, valid: problems.length === 0, summary, blind: blindSpots(judged) },
    details: {
      electionTimeoutMs: evidence.electionTimeoutUs / 1000,
      windows: judged.slice(0, windowsShownMax).map(detailsOf),
      windowCount: judged.length,
    },
  };
}

function judgeAll(run: CheckedRun, evidence: StabilityEvidence): readonly Judged[] {
  const { standings, electionTimeoutUs } = evidence;
  const windows = windowsOf(run, evidence);
  const counts = windows.map(() => ({ due: 0, served: 0 }));
  if (windows.length > 0) count(run, windows, counts);
  return windows.map((window, position) => {
    const lengthUs = window.toUs - window.fromUs;
    const { ledUs, terms } = leadershipIn(window, { standings, nodeCount: run.nodes.length });
    return {
      ...{ ...window, terms, ledShare: ledUs / lengthUs },
      termsMax: Math.max(1, Math.floor(lengthUs / electionTimeoutUs / timeoutsPerTerm)),
      ...(counts[position] ?? { due: 0, served: 0 }),
    };
  });
}

/** Operations that were asked and ended within a time, at nodes that had to serve in it. */
function count(
  run: CheckedRun,
  windows: readonly Window[],
  counts: readonly { due: number; served: number }[],
): void {
  for (const { invoked, completed } of operationsOf(run.ops)) {
    const { node } = invoked;
    if (node === undefined || completed === null) continue;
    const position = windows.findIndex(
      ({ fromUs, toUs, asked }) =>
        invoked.timeNs >= fromUs * 1000 &&
        completed.timeNs < toUs * 1000 &&
        asked.has(node) &&
        asked.has(completed.node ?? node),
    );
    const counted = counts[position];
    if (counted === undefined) continue;
    const outcome = outcomeOf(completed);
    counted.due++;
    if (outcome !== 'failed' && outcome !== 'unknown') counted.served++;
  }
}

function problemsOf(judged: Judged): readonly string[] {
  const { beganUs, fromUs, toUs, group, ledShare, terms, termsMax, due, served } = judged;
  const nodes = [...group].join(' ');
  const span = `from ${inSeconds(beganUs)} to ${inSeconds(toUs)}`;
  const where = `${nodes} were connected and let be ${span}`;
  const from = `from ${inSeconds(fromUs)} on`;
  const problems = [
    ...(ledShare < ledShareMin
      ? [`${from} had a leader for ${Math.round(100 * ledShare)} % of the time`]
      : []),
    ...(terms > termsMax ? [`${from} went through ${terms} terms`] : []),
    ...(due >= operationsMin && served / due < servedShareMin
      ? [`${from} served ${served} of ${describeCount(due)} operations`]
      : []),
  ];
  return problems.length === 0 ? [] : [`${where}, and ${problems.join(', ')}`];
}

function detailsOf({ group, asked, beganUs, fromUs, toUs, ...figures }: Judged): object {
  const times = { beganMs: beganUs / 1000, fromMs: fromUs / 1000, toMs: toUs / 1000 };
  return { ...times, group: [...group], asked: [...asked], ...figures };
}

function blindSpots(judged: readonly Judged[]): readonly string[] {
  const silent = judged.filter(({ due }) => due < operationsMin).length;
  return [
    'times with less than 20 election timeouts between two changes',
    'times in which links are slow or lossy, after members have changed or a disk worked badly',
    ...(silent > 0 ? [`service in ${describeMany(silent, 'time')}: too little was asked`] : []),
  ];
}

function inSeconds(us: number): string {
  return `${(us / 1e6).toFixed(2)} s`;
}
