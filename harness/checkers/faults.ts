/**
 * Were there faults: what was asked for must have had an effect that was read back.
 *
 * A run that asked for faults and got none has tested nothing of what it was for: it is unknown.
 * What single faults failed at is told; it is the harness's or the machine's, never the system's.
 */
import type { CheckedRun, Checker, CheckerResult } from '../checker.ts';

const name = 'faults';
/** So many are told in the summary; all of them in the details. */
const toldMax = 4;

export const faults: Checker = {
  name,
  description: 'the faults that were asked for have had an effect',
  check,
};

function check(run: CheckedRun): CheckerResult {
  const { nemesis: asked, brokeOff } = run;
  const effective = run.faults.filter((fault) => fault.tookEffect);
  const missing = missingFaults(run);
  const details = {
    asked,
    begun: run.faults.length,
    tookEffect: effective.length,
    outcomes: outcomesOf(run),
    notInjected: missing,
  };
  const blind = [
    ...(brokeOff === null ? [] : ['faults that were under way when the run broke off']),
    ...(effective.length === 0 ? [] : ['what a fault did beyond what was read back of it']),
  ];
  if (asked.length === 0) {
    const summary = 'no faults: --nemesis none was asked for';
    return { name, valid: true, summary, details, blind: ['behaviour under faults'] };
  }
  const vacuous = describeVacuous(run);
  if (vacuous !== null) return { name, valid: 'unknown', summary: vacuous, details, blind };
  if (run.requireAllFaults && missing.length > 0) {
    const summary = `--require-all-faults: not injected were ${describeMissing(missing)}`;
    return { name, valid: 'unknown', summary, details, blind };
  }
  const families = [...new Set(effective.map(({ family }) => family))];
  const inOrder = asked.filter((family) => families.includes(family));
  const counts = inOrder.map(
    (family) => `${effective.filter((fault) => fault.family === family).length} ${family}`,
  );
  const rest = missing.length === 0 ? '' : `; not injected: ${describeMissing(missing)}`;
  return { name, valid: true, summary: `took effect: ${counts.join(', ')}${rest}`, details, blind };
}

/** Faults of one kind that came to nothing, for one reason. */
interface MissingFaults {
  readonly what: string;
  readonly outcome: 'failed' | 'skipped' | 'not-reached';
  readonly reason: string;
  readonly count: number;
}

function missingFaults({ faults: begun, uninjected }: CheckedRun): readonly MissingFaults[] {
  const single = [
    ...begun
      .filter(({ tookEffect }) => !tookEffect)
      .map(({ family, outcome, reason }) => ({
        what: family,
        outcome: outcome === 'injected' ? 'failed' : outcome,
        reason: reason ?? 'it had no effect',
      })),
    ...uninjected.map(({ family, variant, outcome, reason }) => ({
      ...{ what: variant === null ? family : `${family}:${variant}`, outcome, reason },
    })),
  ];
  const groups = new Map<string, MissingFaults>();
  for (const each of single) {
    const key = JSON.stringify(each);
    groups.set(key, { ...each, count: (groups.get(key)?.count ?? 0) + 1 });
  }
  return [...groups.values()];
}

function outcomesOf(run: CheckedRun): Readonly<Record<string, number>> {
  const counts: Record<string, number> = { injected: 0, failed: 0, skipped: 0, 'not-reached': 0 };
  for (const { outcome } of [...run.faults, ...run.uninjected]) {
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

function describeMissing(missing: readonly MissingFaults[]): string {
  const told = missing.slice(0, toldMax).map(({ what, outcome, reason, count }) => {
    const times = count === 1 ? '' : ` ${count} times`;
    return `${what} ${outcome}${times} (${reason})`;
  });
  const others = missing.length - told.length;
  return [...told, ...(others === 0 ? [] : [`${others} more`])].join(', ');
}

/**
 * null when it was not. A family that was named must have had an effect; where chance or a script
 * chose among many, any of them will do.
 */
function describeVacuous(run: CheckedRun): string | null {
  const { nemesis: asked, eachFamilyCounts } = run;
  const idle = asked.filter(
    (family) => !run.faults.some((fault) => fault.family === family && fault.tookEffect),
  );
  if (eachFamilyCounts ? idle.length === 0 : idle.length < asked.length) return null;
  const why = idle.map((family) => `${family}: ${whyIdle(run, family)}`);
  return `vacuous: faults were asked for and did not happen (${why.join('; ')})`;
}

function whyIdle(run: CheckedRun, family: string): string {
  const begun = run.faults.filter((fault) => fault.family === family);
  const reasons = begun.map(({ reason }) => reason ?? 'it had no effect');
  if (begun.length > 0) {
    return `none that was begun took effect (${[...new Set(reasons)].join(', ')})`;
  }
  const uninjected = run.uninjected.filter((each) => each.family === family);
  const skips = uninjected.flatMap(({ outcome, reason }) =>
    outcome === 'skipped' ? [reason] : [],
  );
  if (skips.length > 0) return `skipped, ${[...new Set(skips)].join(', ')}`;
  // A script says at which line it waited, and for what: more time may be of no use.
  const waits = uninjected.map(({ reason }) => reason).filter((reason) => /:\d+: /.test(reason));
  if (waits.length > 0) return `not reached, ${[...new Set(waits)].join(', ')}`;
  if (uninjected.length > 0) return describeNotReached(run);
  return 'none was begun';
}

/** Faults come one after the other: one that lasts leaves the others no turn. */
function describeNotReached(run: CheckedRun): string {
  const lasting = run.faults.find(({ end }) => end === null || end.index > lastInvocation(run));
  if (lasting !== undefined) {
    const { family, description, begin } = lasting;
    const fault = `the ${family} ${description} (from index ${begin.index} on)`;
    return `no turn came, for ${fault} lasted to the end of the workload; give it more time`;
  }
  return 'its turn did not come; give it more time, or fewer operations between two faults';
}

/** Index of the last one before the final operations. */
function lastInvocation({ ops, recovery }: CheckedRun): number {
  const finalFrom = recovery?.beganAt ?? Number.POSITIVE_INFINITY;
  let last = -1;
  for (const { index, process, type } of ops) {
    if (index >= finalFrom) break;
    if (process !== 'nemesis' && type === 'invoke') last = index;
  }
  return last;
}
