/**
 * Fencing: whether the run put the fencing tokens to the test at all.
 *
 * It judges no answer: that is the model's. But a run in which no holder was ever replaced, or no
 * write accepted, fits any lock, and a pass would say nothing of this one.
 */
import type { CheckedRun, Checker, CheckerResult } from '../harness/checker.ts';
import { many, type PairedOp, pairOps } from './paired-ops.ts';

const name = 'fencing';

export const fencing: Checker = {
  name,
  description:
    'the tokens were needed: holders were taken over, or wrote with an old token, and the store ' +
    'accepted writes',
  check,
};

interface FencingCounts {
  grants: number;
  takeovers: number;
  /** Those of the end: by then nobody is left to be fenced off. */
  finalTakeovers: number;
  accepted: number;
  rejected: number;
  /** Answered writes whose token was older than one that somebody had already got. */
  late: number;
}

function check(run: CheckedRun): CheckerResult {
  const counts = count(run);
  const { takeovers, finalTakeovers, accepted, rejected, late } = counts;
  const summary = describe(counts);
  const blind: string[] = [];
  if (rejected === 0) blind.push('whether a write of an old token is rejected: none had to be');
  if (takeovers === 0) blind.push('a take-over while others were at work: there was none');
  const result = { name, details: { ...counts }, blind };
  const unknown = (why: string): CheckerResult => {
    return { ...result, valid: 'unknown', summary: `${why} (${summary})` };
  };
  if (accepted === 0) return unknown('no write was accepted, so the store protected nothing');
  if (takeovers === 0 && late === 0) {
    const atEnd = finalTakeovers === 0 ? '' : ' before the end';
    const why = `no holder was taken over${atEnd} and no write came with an old token`;
    return unknown(`${why}, so no token was needed`);
  }
  return { ...result, valid: true, summary };
}

function describe({ grants, takeovers, finalTakeovers, ...writes }: FencingCounts): string {
  const { accepted, rejected, late } = writes;
  const all = takeovers + finalTakeovers;
  return (
    `${many(grants, 'grant')}, ${many(all, 'take-over')} among them; ` +
    `${many(accepted, 'write')} accepted and ${rejected} rejected, ${late} with an old token`
  );
}

function count(run: CheckedRun): FencingCounts {
  const finalFrom = run.recovery?.beganAt ?? Number.POSITIVE_INFINITY;
  const grants = newestGrants(run);
  const counts: FencingCounts = {
    grants: 0,
    takeovers: 0,
    finalTakeovers: 0,
    accepted: 0,
    rejected: 0,
    late: 0,
  };
  for (const { invoked, completed } of pairOps(run.ops)) {
    if (completed?.type !== 'ok') continue;
    if (invoked.f === 'acquire') {
      counts.grants++;
      if (invoked.value === null) continue;
      if (invoked.index < finalFrom) counts.takeovers++;
      else counts.finalTakeovers++;
    } else if (invoked.f === 'write') {
      if (completed.result === false) counts.rejected++;
      else counts.accepted++;
      if (isLate({ invoked, completed }, grants.get(invoked.key ?? '') ?? [])) counts.late++;
    }
  }
  return counts;
}

interface Grant {
  /** Where its answer stands in the history. */
  readonly index: number;
  readonly token: number;
}

/** By key, in the order of the history: each grant of a token greater than all before. */
function newestGrants(run: CheckedRun): ReadonlyMap<string, readonly Grant[]> {
  const grants = new Map<string, Grant[]>();
  for (const { type, f, key = '', index, result } of run.ops) {
    if (type !== 'ok' || f !== 'acquire' || typeof result !== 'number') continue;
    const ofKey = grants.get(key) ?? [];
    grants.set(key, ofKey);
    if (result > (ofKey.at(-1)?.token ?? Number.NEGATIVE_INFINITY)) {
      ofKey.push({ index, token: result });
    }
  }
  return grants;
}

function isLate({ invoked }: PairedOp, grants: readonly Grant[]): boolean {
  const token = Array.isArray(invoked.value) ? Number(invoked.value[0]) : Number.NaN;
  const newer = grants.find((grant) => grant.token > token);
  return newer !== undefined && newer.index < invoked.index;
}
