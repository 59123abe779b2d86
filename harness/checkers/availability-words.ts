/**
 * From the counts of the availability checker to its verdict, its figures and its sentences.
 */
import type { CheckedRun, CheckerResult, RunFault } from '../checker.ts';
import { describeCount, describeLatency, describeMany, joinWords } from '../report/figures.ts';
import type { AvailabilityTally, FaultTally, PhaseTally } from './availability.ts';
import { graceMs } from './availability-duty.ts';
import {
  type Counts,
  countOf,
  decimalsOf,
  describeBound,
  describeShare,
  noCounts,
  servedOf,
  shareOf,
  totalOf,
} from './shares.ts';

type Run = Pick<CheckedRun, 'nodes' | 'availabilityMin' | 'unexpectedExits' | 'recovery' | 'rate'>;

/** A node that was asked less than this is not held against the bound by itself. */
const nodeAskedMin = 20;

/** The first so many faults one by one; all of them count. */
const faultsShownMax = 200;

/** What a node was due to serve, and where most of it was lost. */
interface NodeService {
  readonly node: string;
  readonly counts: Counts;
  readonly share: number | null;
  readonly worst: { readonly phase: string; readonly lost: number } | null;
}

export function describeAvailability(
  run: Run,
  tally: AvailabilityTally,
): Omit<CheckerResult, 'name'> {
  const services = servicesOf(run, tally);
  const total = totalOf(services.map(({ counts }) => counts));
  const verdict = judge(run.availabilityMin, services, total);
  const { heldBack } = tally;
  const weighed =
    heldBack === 0
      ? []
      : [`${describeCount(heldBack)} of these were never asked, for their clients waited`];
  const returns = describeReturns(tally.faults);
  return {
    valid: verdict.valid,
    summary: [verdict.sentence, ...weighed, ...returns].join('; '),
    details: {
      bound: run.availabilityMin,
      due: { ...total, share: shareOf(total), heldBack },
      phases: (['before', 'during', 'after', 'healthy'] as const).map((phase) => ({
        phase,
        ...figuresOf(tally[phase]),
      })),
      nodes: services.map(({ node, counts, share, worst }) => ({ node, ...counts, share, worst })),
      faults: tally.faults.slice(0, faultsShownMax).map(detailsOf),
      faultCount: tally.faults.length,
      duties: tally.duties,
    },
    blind: describeBlind(run, tally, services),
  };
}

function servicesOf({ nodes }: Run, tally: AvailabilityTally): readonly NodeService[] {
  return nodes.map((node) => {
    const inPhases = ([tally.before, tally.during, tally.after, tally.healthy] as const).map(
      ({ due }) => due.get(node) ?? noCounts(),
    );
    const counts = totalOf(inPhases);
    return { node, counts, share: shareOf(counts), worst: worstPhase(node, tally) };
  });
}

function worstPhase(node: string, tally: AvailabilityTally): NodeService['worst'] {
  const phases: (readonly [PhaseTally, () => string])[] = [
    [tally.before, () => (tally.faults.length === 0 ? 'without any fault' : 'before any fault')],
    [tally.healthy, () => 'between faults'],
    ...tally.faults.flatMap(({ timed: { fault }, during, after }) => [
      [during, () => `during ${describeFault(fault)}`] as const,
      [after, () => `after ${describeFault(fault)}`] as const,
    ]),
  ];
  let worst: { readonly lost: number; readonly describe: () => string } | null = null;
  for (const [{ due }, describe] of phases) {
    const counts = due.get(node);
    const lost = counts === undefined ? 0 : countOf(counts) - servedOf(counts);
    if (lost > (worst?.lost ?? 0)) worst = { lost, describe };
  }
  return worst === null ? null : { phase: worst.describe(), lost: worst.lost };
}

/** `the partition halves: n4 n5 | n1 n2 n3 (from index 467 on)`. */
function describeFault({ family, description, begin }: RunFault): string {
  return `the ${family} ${description} (from index ${begin.index} on)`;
}

interface Judgement {
  readonly valid: CheckerResult['valid'];
  readonly sentence: string;
}

function judge(bound: number | null, services: readonly NodeService[], total: Counts): Judgement {
  const share = shareOf(total);
  const decimals = decimalsOf(bound ?? 0);
  if (share === null) {
    const sentence = 'nothing was asked of a node that should have served';
    if (bound === null) return { valid: true, sentence: `${sentence}; no bound was stated` };
    return { valid: 'unknown', sentence: `${sentence}: the bound was not tried` };
  }
  const whole =
    `${describeShare(share, decimals)} of ${describeMany(countOf(total), 'operation')} at nodes ` +
    'that should have served were served';
  if (bound === null) return { valid: true, sentence: `${whole}; no bound was stated` };
  const worst = services
    .filter(({ counts }) => countOf(counts) >= nodeAskedMin)
    .sort((a, b) => (a.share ?? 1) - (b.share ?? 1))[0];
  const isWorstBelow = worst !== undefined && (worst.share ?? 1) < bound;
  if (share >= bound && !isWorstBelow) {
    const least =
      worst === undefined
        ? ''
        : ` (the least at ${worst.node}, ${describeShare(worst.share ?? 1, decimals)})`;
    const sentence = `${whole}${least}, where ${describeBound(bound)} was asked for`;
    return { valid: true, sentence };
  }
  const least = describeWorst(worst, decimals);
  const sentence = `less than ${describeBound(bound)} was served: ${least}${whole}`;
  return { valid: false, sentence };
}

/** `n4 served 12 of 80 that it should have served (15 %), and lost 60 of them during …; `. */
function describeWorst(service: NodeService | undefined, decimals: number): string {
  if (service === undefined) return '';
  const { node, counts, share, worst } = service;
  const where = worst === null ? '' : `, and lost ${worst.lost} ${worst.phase}`;
  return (
    `${node} served ${servedOf(counts)} of ${describeMany(countOf(counts), 'operation')} that it ` +
    `should have served (${describeShare(share ?? 1, decimals)})${where}; `
  );
}

/** The slowest first success after a healing, and the healings that nothing came after. */
function describeReturns(faults: readonly FaultTally[]): readonly string[] {
  const healed = faults.filter(({ timed }) => timed.fault.end !== null);
  const [slowest] = healed
    .filter((each) => firstSuccessNs(each) !== null && wasAllHealed(each, faults))
    .sort((a, b) => (firstSuccessNs(b) ?? 0) - (firstSuccessNs(a) ?? 0));
  // Where nobody asked any more, as in a run that was stopped, nothing could succeed.
  const never = healed.filter(
    ({ timed, after }) => timed.firstSuccess === null && countOf(after.all) > 0,
  ).length;
  return [
    ...(slowest === undefined
      ? []
      : [
          `the first success after a healing took ` +
            `${describeLatency((firstSuccessNs(slowest) ?? 0) / 1e6)} at most, after ` +
            describeFault(slowest.timed.fault),
        ]),
    ...(never === 0 ? [] : [`after ${describeMany(never, 'healing')} nothing succeeded any more`]),
  ];
}

/** Whether nothing else was broken from its end to the first success: that would explain it. */
function wasAllHealed({ timed }: FaultTally, faults: readonly FaultTally[]): boolean {
  const from = timed.fault.end?.index ?? 0;
  const to = timed.firstSuccess?.index ?? Number.POSITIVE_INFINITY;
  return faults.every(({ timed: { fault } }) => {
    return fault.begin.index > to || (fault.end !== null && fault.end.index <= from);
  });
}

function firstSuccessNs({ timed: { fault, firstSuccess } }: FaultTally): number | null {
  if (fault.end === null || firstSuccess === null) return null;
  return firstSuccess.timeNs - fault.end.timeNs;
}

function figuresOf({ all, due }: PhaseTally): Readonly<Record<string, unknown>> {
  const counted = totalOf(due.values());
  return {
    operations: countOf(all),
    ...all,
    share: shareOf(all),
    due: countOf(counted),
    dueShare: shareOf(counted),
  };
}

function detailsOf(tally: FaultTally): Readonly<Record<string, unknown>> {
  const { timed, servingGroup, during, after, back } = tally;
  const { family, description, begin, end } = timed.fault;
  const firstNs = firstSuccessNs(tally);
  return {
    family,
    description,
    begin: begin.index,
    end: end?.index ?? null,
    servingGroup,
    during: figuresOf(during),
    after: figuresOf(after),
    firstSuccessMs: firstNs === null ? null : firstNs / 1e6,
    backMs: Object.fromEntries(
      [...back].map(([node, ns]) => [node, ns === null ? null : ns / 1e6]),
    ),
  };
}

function describeBlind(
  { availabilityMin, unexpectedExits, recovery, rate }: Run,
  { duties, faults, finalCount }: AvailabilityTally,
  services: readonly NodeService[],
): readonly string[] {
  const leaderless = faults.filter(({ servingGroup }) => servingGroup.length === 0).length;
  const { redirected, unknown } = totalOf(services.map(({ counts }) => counts));
  const hardlyAsked = services.filter(({ counts }) => countOf(counts) < nodeAskedMin);
  const gone = [...new Set(unexpectedExits.map(({ node }) => node))];
  const operations = (count: number): string => describeMany(count, 'operation');
  const sentences: readonly (readonly [unless: number, sentence: string])[] = [
    [
      leaderless,
      `what is served during ${describeMany(leaderless, 'fault')} in which nobody had to: there ` +
        'was no majority that ran, was connected both ways and could not be disturbed from outside',
    ],
    [
      duties['catching-up'],
      `${operations(duties['catching-up'])} at nodes that had just started or come back: they ` +
        `have until the first success anywhere, or ${graceMs / 1000} s`,
    ],
    [duties.excused, `${operations(duties.excused)} at nodes that were down or cut off meanwhile`],
    [
      redirected,
      `what became of ${operations(redirected)} that were told to ask another node and did not: ` +
        'whoever names it has served',
    ],
    [
      rate === null ? unknown : 0,
      'operations that clients had no time to ask while they waited: an outage in which they ' +
        'hang costs fewer of them than one in which they are refused',
    ],
    [
      finalCount,
      `the final operations and the probe's, ${describeCount(finalCount)}: no schedule asks them`,
    ],
    [
      gone.length,
      `when ${joinWords(gone)} had ended by itself: it counts as one that should have served`,
    ],
    [
      availabilityMin === null ? 0 : hardlyAsked.length,
      `the share of ${joinWords(hardlyAsked.map(({ node }) => node))} alone: fewer than ` +
        `${nodeAskedMin} operations count there`,
    ],
    [
      (recovery?.problem ?? null) === null ? 0 : 1,
      'nodes that did not come back after a healing: they count as those that should have served',
    ],
  ];
  return sentences.filter(([count]) => count > 0).map(([, sentence]) => sentence);
}
