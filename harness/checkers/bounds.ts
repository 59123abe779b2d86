/**
 * Is anything left without a bound: what waits, the log behind a snapshot, files on disk.
 *
 * Looked at when nobody has asked the nodes anything for many election timeouts: what is there then
 * stays. Only where a run has a liveness phase.
 */
import type { CheckedRun, Checker, CheckerResult, NodeEnd } from '../checker.ts';
import { describeMany } from '../report/figures.ts';

const name = 'bounds';

export const bounds: Checker = {
  name,
  description: 'what waits, the log and the files of each node are bounded at the end',
  check,
};

/**
 * A burst may be applied while a snapshot is written, and the next one waits until the log is half
 * as large as the last one was.
 */
const burst = 600;
/**
 * The identity, segments that are begun, and snapshots: those that a laggard has read stay for ten
 * seconds, and small ones come many times in that.
 */
const otherFilesMax = 40;
/** Records of the log that a KiB of a segment holds at least: of the workloads that there are. */
const recordsPerKiB = 4;
/** Beside entries and terms: what a start, a snapshot and a configuration write. */
const otherRecords = 40;
const bytesMax = 8_000_000;

function check({ liveness, samples }: CheckedRun): CheckerResult {
  if (liveness === null) {
    const summary = 'not judged: only a run on virtual time looks at what is left';
    return { name, valid: true, summary, details: {}, blind: ['what grows without end'] };
  }
  const { ends, logEntries } = liveness;
  const most = logEntries === null ? null : logEntries + burst;
  const terms = samples.reduce((highest, { term }) => Math.max(highest, term), 0);
  const filesMaxOf = (end: NodeEnd): number | null =>
    filesMaxFor(end, { terms, segmentKiB: liveness.segmentKiB });
  const problems = ends.flatMap((end) => problemsOf(end, most, filesMaxOf(end)));
  const details = { logEntriesMax: most, filesMax: ends.map(filesMaxOf), bytesMax, ends };
  const blind = ['what would grow in a longer run', 'memory that no node tells of'];
  if (problems.length > 0) {
    return { name, valid: false, summary: problems.join('; '), details, blind };
  }
  const nodes = describeMany(ends.length, 'node');
  const summary = `nothing waits at ${nodes}, and logs and files are as large as they may be`;
  return { name, valid: true, summary, details, blind };
}

/** A segment goes once a snapshot has what is in it: what the log still holds needs these. */
function filesMaxFor(
  { logEntries }: NodeEnd,
  { terms, segmentKiB }: { readonly terms: number; readonly segmentKiB: number | null },
): number | null {
  if (segmentKiB === null) return null;
  const records = logEntries + 2 * terms + otherRecords;
  return otherFilesMax + Math.ceil(records / (recordsPerKiB * segmentKiB));
}

function problemsOf(
  end: NodeEnd,
  logEntriesMax: number | null,
  filesMax: number | null,
): readonly string[] {
  const { node, waitingWrites, waitingReads, logEntries, files, bytes } = end;
  const over = (what: string, is: number | null, max: number | null): readonly string[] =>
    is === null || max === null || is <= max
      ? []
      : [`${node} ${what} ${is}, and ${max} is the bound`];
  return [
    ...over('keeps writes waiting:', waitingWrites, 0),
    ...over('keeps reads waiting:', waitingReads, 0),
    ...over('has so many entries in its log:', logEntries, logEntriesMax),
    ...over('has so many files:', files, filesMax),
    ...over('has so many bytes on its disk:', bytes, bytesMax),
  ];
}
