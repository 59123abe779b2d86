/**
 * `rafture check --follow`: the flags, the progress lines on stderr, and the report at the end.
 *
 * Verdicts are printed by `rafture check` as ever.
 */
import process from 'node:process';
import type { Options } from 'yargs';
import type { VerdictReport } from '../check/describe-verdict.ts';
import { type FollowRequest, followHistory } from '../check/follow.ts';
import type { GrowingProgress } from '../check/follow-check.ts';

export interface FollowArguments {
  readonly follow: boolean;
  readonly 'idle-limit'?: number | undefined;
}

interface FollowFlags {
  readonly follow: { readonly type: 'boolean'; readonly default: boolean } & Options;
  readonly 'idle-limit': { readonly type: 'number' } & Options;
}

export const followFlags: FollowFlags = {
  follow: {
    type: 'boolean',
    default: false,
    describe: 'Check a history.jsonl while it grows: until its first violation, its end or Ctrl-C',
  },
  'idle-limit': {
    type: 'number',
    describe: 'With --follow: the history has ended when nothing came for so many seconds',
  },
};

/** What is wrong with the flags, in words; null when nothing is. */
export function describeBadFollow(args: FollowArguments): string | null {
  const idleLimit = args['idle-limit'];
  if (idleLimit === undefined) return null;
  if (!args.follow) return '--idle-limit goes with --follow';
  return idleLimit > 0 ? null : '--idle-limit must be a number of seconds above 0';
}

export interface FollowCommand {
  /** The history's path; `-` is stdin. */
  readonly path: string;
  readonly limits: FollowRequest['limits'];
  readonly idleLimitS: number | undefined;
  /** The first Ctrl-C: no more is read, and what is there gets its verdict. */
  readonly stop: AbortSignal;
}

/** Throws HistoryFileError and ModelError. */
export async function runFollow(command: FollowCommand): Promise<VerdictReport> {
  const { path, limits, idleLimitS, stop } = command;
  const startedAt = performance.now();
  const progress = new ProgressLines();
  const { history, verdict, stoppedEarly } = await followHistory({
    // The parser of arguments makes an empty text of a lone dash.
    from: path === '-' || path === '' ? process.stdin : path,
    limits,
    stop,
    idleLimitMs: idleLimitS === undefined ? null : idleLimitS * 1000,
    onProgress: (each) => progress.show(each),
    onMissing: () => console.error(`waiting for ${path}, which is not there yet`),
  });
  const early = stoppedEarly ? ['ended at the first violation; the history may go on'] : [];
  if (stop.aborted && !stoppedEarly) early.push('ended by Ctrl-C; the history may go on');
  return {
    path,
    model: limits.model,
    verdict,
    counts: history.counts,
    lines: history.lines,
    notes: [...history.notes, ...early],
    seconds: (performance.now() - startedAt) / 1000,
  };
}

const progressMs = 1000;

/** At most a line a second, and none without news. */
class ProgressLines {
  #lastMs = Number.NEGATIVE_INFINITY;
  #last = '';

  show(progress: GrowingProgress): void {
    const nowMs = performance.now();
    if (nowMs - this.#lastMs < progressMs) return;
    const line = describeProgress(progress);
    if (progress.operations === 0 || line === this.#last) return;
    console.error(line);
    this.#last = line;
    this.#lastMs = nowMs;
  }
}

function describeProgress({
  operations,
  keys,
  lines,
  checkedTo,
  hardKeys,
}: GrowingProgress): string {
  const many = operations === 1 ? 'one operation' : `${operations} operations`;
  const onKeys = keys === 1 ? 'one key' : `${keys} keys`;
  const hard = hardKeys === 0 ? '' : `; ${hardKeys} of them too hard to check on the way`;
  return `${many} on ${onKeys}, no violation up to entry ${checkedTo} of ${lines}${hard}`;
}
