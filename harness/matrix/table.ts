/**
 * The matrix as Markdown: a row for each workload, two columns for each cluster: without a bug, and
 * with planted ones.
 *
 * Pure: cells and their runs in, text out.
 */
import { shorten } from '../report/html.ts';
import type { MatrixRun } from './ledger.ts';
import type { Cell } from './plan.ts';

const reasonLengthMax = 600;

/** A cell with what became of it. */
export interface FilledCell {
  readonly cell: Cell;
  readonly runs: readonly MatrixRun[];
  /** Why the command line refused it; null when it did not. */
  readonly refused: string | null;
}

/** Whether the run is one that nobody wants to see. */
export function isFailure({ bug }: Pick<Cell, 'bug'>, { outcome, found }: MatrixRun): boolean {
  return outcome !== 'valid' && (bug === null || found.length === 0);
}

/** Without a bug all of the runs are valid; with one, each that must find it has, once at least. */
export function isGood({ cell, runs }: FilledCell): boolean {
  if (runs.length < cell.runCount) return false;
  if (cell.bug === null) return runs.every((run) => run.outcome === 'valid');
  return missedBy({ cell, runs }).length === 0;
}

/** The checkers that must find the bug and never did. */
function missedBy({ cell, runs }: Pick<FilledCell, 'cell' | 'runs'>): readonly string[] {
  return cell.expect.filter((name) => !runs.some(({ found }) => found.includes(name)));
}

export function renderMatrix(filled: readonly FilledCell[]): string {
  const columns = columnsOf(filled);
  const workloads = [...new Set(filled.map(({ cell }) => cell.workload))];
  const rows = workloads.map((workload) => {
    const cells = columns.map((column) => {
      const own = filled.filter(
        ({ cell }) => cell.workload === workload && columnOf(cell) === column,
      );
      return own.length === 0 ? '–' : own.map(cellText).join('<br>');
    });
    return [workload, ...cells];
  });
  const lines = [['workload', ...columns], ['', ...columns].map(() => '---'), ...rows];
  const table = lines.map((cells) => `| ${cells.map(escapeCell).join(' | ')} |`);
  return [...table, ...failureLines(filled)].join('\n');
}

function columnOf({ cluster, bug }: Cell): string {
  return bug === null ? cluster : `${cluster}, planted bugs`;
}

/** The order in which the cells were planned, each cluster's two side by side. */
function columnsOf(filled: readonly FilledCell[]): readonly string[] {
  const clusters = [...new Set(filled.map(({ cell }) => cell.cluster))];
  const used = new Set(filled.map(({ cell }) => columnOf(cell)));
  return clusters
    .flatMap((cluster) => [cluster, `${cluster}, planted bugs`])
    .filter((column) => used.has(column));
}

function cellText(filled: FilledCell): string {
  const { cell, runs, refused } = filled;
  const bug = cell.bug === null ? '' : `${cell.bug}: `;
  if (refused !== null) return `**${bug}refused: ${refused}**`;
  const words = cell.bug === null ? cleanWords(runs) : foundWords(filled);
  const missing = cell.runCount - runs.length;
  const notRun = missing > 0 ? `, ${missing} not run` : '';
  const seconds = Math.round(runs.reduce((sum, run) => sum + run.seconds, 0));
  const text = `${bug}${words}${notRun}, ${seconds} s`;
  return isGood(filled) ? text : `**${text}**`;
}

function cleanWords(runs: readonly MatrixRun[]): string {
  const valid = runs.filter(({ outcome }) => outcome === 'valid');
  const others = runs.filter(({ outcome }) => outcome !== 'valid');
  return `${valid.length} of ${runs.length} valid${inBrackets(others.map(outcomeWords))}`;
}

function foundWords({ cell, runs }: FilledCell): string {
  const finding = runs.filter(({ found }) => found.length > 0);
  const by = finding.flatMap(({ found }) => found);
  const others = runs.filter((run) => isFailure(cell, run));
  const missed = missedBy({ cell, runs });
  const who = by.length === 0 ? '' : ` by ${countEach(by).join(', ')}`;
  const never = missed.length === 0 ? '' : `, never by ${missed.join(', ')}`;
  const rest = inBrackets(others.map(outcomeWords));
  return `${finding.length} of ${runs.length} found${who}${never}${rest}`;
}

function outcomeWords({ outcome, by }: MatrixRun): string {
  return by.length === 0 ? outcome : `${outcome} by ${by.join(' and ')}`;
}

function inBrackets(words: readonly string[]): string {
  return words.length === 0 ? '' : ` (${countEach(words).join(', ')})`;
}

/** `recovery 2`, most frequent first. */
function countEach(words: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  return sorted.map(([word, count]) => `${word} ${count}`);
}

/** Each with the line that repeats it and where its results are. */
function failureLines(filled: readonly FilledCell[]): readonly string[] {
  const lines = filled.flatMap(({ cell, runs }) =>
    runs
      .filter((run) => isFailure(cell, run))
      .flatMap((run) => [`- ${describeFailure(cell, run)}`]),
  );
  return lines.length === 0 ? [] : ['', 'What went wrong:', '', ...lines];
}

/** What, why, and how to see it again. */
export function describeFailure({ workload, cluster, bug }: Cell, run: MatrixRun): string {
  const what = `${workload} ${cluster} ${bug ?? 'clean'} seed ${run.seed}: ${run.outcome}`;
  const where = run.folder === null ? '' : `\n  ${run.folder}`;
  return `${what}: ${shorten(run.reason, reasonLengthMax)}\n  \`${run.repeat}\`${where}`;
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
