/**
 * What the nodes wrote: texts that a process prints only when it has broken.
 *
 * A crash that heals itself costs no client an answer; here it shows. The system names its own
 * texts; those of common languages are looked for in every log.
 */
import type { CheckedRun, Checker, CheckerResult, NodeLog } from '../checker.ts';
import { describeCount, describeMany, joinWords } from '../report/figures.ts';
import { crashPatterns, type LogPattern, withoutHead } from './log-patterns.ts';
import { describeLogLine } from './log-words.ts';

const name = 'logs';

const hitsMax = 20;
const textMax = 300;
/** A pattern is held against the beginning of a line only: one may be a whole snapshot. */
const lineMax = 10_000;

export const logs: Checker = {
  name,
  description: 'no node has written what is only written when something breaks',
  check,
};

interface Hit {
  readonly node: string;
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** Its name; for one of the system's own, the regular expression. */
  readonly pattern: string;
  readonly text: string;
  /** For people. */
  readonly words: string;
}

interface Search {
  /** Of the system itself. */
  readonly ownPatterns: readonly LogPattern[];
  readonly hits: Hit[];
  /** By the pattern's name, then by node. */
  readonly counts: Map<string, Map<string, number>>;
  readonly linesByNode: Map<string, number>;
  /** By node, lines that prove nothing against it. */
  readonly excused: ReadonlyMap<string, ReadonlySet<string>>;
  excusedCount: number;
  hitCount: number;
  lineCount: number;
  cutCount: number;
}

function check(run: CheckedRun): CheckerResult {
  const search: Search = {
    ownPatterns: run.crashPatterns.map(ownPattern),
    hits: [],
    counts: new Map(),
    linesByNode: new Map(),
    excused: excusedByNode(run),
    excusedCount: 0,
    hitCount: 0,
    lineCount: 0,
    cutCount: 0,
  };
  for (const log of run.logs) searchLog(search, log);
  const { hits, hitCount, lineCount, counts } = search;
  const silent = run.nodes.filter((node) => (search.linesByNode.get(node) ?? 0) === 0);
  const byPattern = [...counts].map(([pattern, byNode]) => ({
    pattern,
    byNode: Object.fromEntries(byNode),
  }));
  const details = { hitCount, hits, byPattern, lineCount, files: run.logs.map(({ path }) => path) };
  const blind = describeBlind(search, silent);
  const [first] = hits;
  if (first !== undefined) {
    const others = hitCount === 1 ? '' : `; and ${describeMany(hitCount - 1, 'more such line')}`;
    const summary = `${first.path}, line ${first.line}: ${first.words}${others}`;
    return { name, valid: false, summary, details, blind };
  }
  if (lineCount === 0) {
    const summary = 'nothing to look at: no node has written a line';
    return { name, valid: true, summary, details, blind };
  }
  const where = `${describeMany(lineCount, 'line')} of ${describeNodes(run, silent)}`;
  const summary = `no crash, panic or failed assertion in ${where}`;
  return { name, valid: true, summary, details, blind };
}

function searchLog(search: Search, { node, path, lines }: NodeLog): void {
  let line = 0;
  for (const whole of lines) {
    line++;
    if (whole.length > lineMax) search.cutCount++;
    const text = whole.length > lineMax ? whole.slice(0, lineMax) : whole;
    const own = search.ownPatterns.find(({ pattern }) => pattern.test(text));
    const found = own ?? findKnown(text);
    if (found === undefined) continue;
    if (search.excused.get(node)?.has(whole) === true) {
      search.excusedCount++;
      continue;
    }
    search.hitCount++;
    countHit(search, found.name, node);
    if (search.hits.length >= hitsMax) continue;
    const said = describeLogLine(text).slice(0, textMax);
    const words = own === undefined ? `${said} (${found.name})` : said;
    const shown = text.slice(0, textMax);
    search.hits.push({ node, path, line, pattern: found.name, text: shown, words });
  }
  search.lineCount += line;
  search.linesByNode.set(node, (search.linesByNode.get(node) ?? 0) + line);
}

function excusedByNode({ excusedLines }: CheckedRun): ReadonlyMap<string, ReadonlySet<string>> {
  const byNode = new Map<string, Set<string>>();
  for (const { node, line } of excusedLines) {
    byNode.set(node, (byNode.get(node) ?? new Set()).add(line));
  }
  return byNode;
}

function findKnown(text: string): LogPattern | undefined {
  const beginnings = withoutHead(text);
  return crashPatterns.find(({ pattern }) => beginnings.some((each) => pattern.test(each)));
}

function countHit({ counts }: Search, pattern: string, node: string): void {
  const byNode = counts.get(pattern) ?? new Map<string, number>();
  byNode.set(node, (byNode.get(node) ?? 0) + 1);
  counts.set(pattern, byNode);
}

/** A mistake in a pattern is the system's description's, and it is named. */
function ownPattern(source: string): LogPattern {
  try {
    return { name: source, pattern: new RegExp(source) };
  } catch (error) {
    throw new RangeError(`the system's crash pattern ${source} is not a regular expression`, {
      cause: error,
    });
  }
}

function describeNodes({ nodes }: CheckedRun, silent: readonly string[]): string {
  const count = nodes.length - silent.length;
  return count === nodes.length
    ? describeMany(count, 'node')
    : `${describeCount(count)} of ${describeMany(nodes.length, 'node')}`;
}

function describeBlind(
  { cutCount, excusedCount }: Search,
  silent: readonly string[],
): readonly string[] {
  return [
    ...(silent.length === 0
      ? []
      : [`what ${joinWords(silent)} wrote: there is no log, or it is empty`]),
    ...(cutCount === 0
      ? []
      : [
          `the rest of ${describeMany(cutCount, 'line')}: only the first ` +
            `${describeCount(lineMax)} characters of a line are looked at`,
        ]),
    ...(excusedCount === 0
      ? []
      : [`${describeMany(excusedCount, 'line')} from while a fault gave the node reason to break`]),
    'what breaks without a word: only known texts are found',
  ];
}
