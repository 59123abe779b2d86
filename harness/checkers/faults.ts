/**
 * Were there faults: each family that was asked for must have had an effect that was read back.
 *
 * A run that asked for faults and got none has tested nothing of what it was for: it is unknown.
 */
import type { CheckedRun, Checker, CheckerResult } from '../checker.ts';

const name = 'faults';

export const faults: Checker = {
  name,
  description: 'each family of faults that was asked for has had an effect',
  check,
};

function check(run: CheckedRun): CheckerResult {
  const { nemesis: asked, uninjected, brokeOff } = run;
  const notReached = uninjected.map(({ family }) => family);
  const effective = run.faults.filter((fault) => fault.tookEffect);
  const details = {
    asked,
    begun: run.faults.length,
    tookEffect: effective.length,
    notReached,
  };
  const blind = [
    ...(brokeOff === null ? [] : ['faults that were under way when the run broke off']),
    ...(effective.length === 0 ? [] : ['what a fault did beyond what was read back of it']),
  ];
  if (asked.length === 0) {
    const summary = 'no faults: --nemesis none was asked for';
    return { name, valid: true, summary, details, blind: ['behaviour under faults'] };
  }
  const vacuous = asked.filter((family) => !effective.some((fault) => fault.family === family));
  if (vacuous.length > 0) {
    const why = vacuous.map((family) =>
      notReached.includes(family)
        ? `${family}: ${describeNotReached(run)}`
        : `${family}: none that was begun took effect`,
    );
    const what = 'vacuous: faults were asked for and did not happen';
    return { name, valid: 'unknown', summary: `${what} (${why.join('; ')})`, details, blind };
  }
  const counts = asked.map(
    (family) => `${effective.filter((fault) => fault.family === family).length} ${family}`,
  );
  const idle = run.faults.length - effective.length;
  const rest = idle === 0 ? '' : `, ${idle} without effect`;
  return { name, valid: true, summary: `took effect: ${counts.join(', ')}${rest}`, details, blind };
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
