/**
 * The tidy rules beside the arrows: banned calls, lengths, names, links, citations, stray marks.
 *
 * Each takes files and returns problems, one sentence each that begins with the path.
 */
import { posix } from 'node:path';
import { isTest, type SourceFile } from './source-files.ts';

/** What a pure folder may not hold, and what to do in its place. */
const impurities: readonly (readonly [RegExp, string])[] = [
  [/\bawait\b|\basync\b|\bPromise\b/, 'no promises: it is stepped'],
  [/\bMath\.random\b/, 'randomness comes in as an argument'],
  [/\bDate\b|\bperformance\b|\bhrtime\b/, 'no clock: time comes in as a tick or a budget'],
  [/\bsetTimeout\b|\bsetInterval\b|\bsetImmediate\b|\bqueueMicrotask\b/, 'nothing is scheduled'],
  [/(?<![.\w])process\./, 'no process'],
];

/** Outside of host/ the server's driver may not do these either; it gets a Host. */
const hostOnly: readonly (readonly [RegExp, string])[] = impurities.filter(
  ([pattern]) => !pattern.source.includes('await'),
);

export function checkBannedCalls(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap(({ path, text }) => {
    if (!path.endsWith('.ts') || isTest(path)) return [];
    const rules = rulesFor(path);
    return rules.flatMap(([pattern, instead]) => {
      const line = withoutComments(text)
        .split('\n')
        .findIndex((each) => pattern.test(each));
      return line === -1 ? [] : [`${path}:${line + 1}: ${pattern.source}: ${instead}`];
    });
  });
}

function rulesFor(path: string): readonly (readonly [RegExp, string])[] {
  if (path.startsWith('server/raft/') || path.startsWith('checker/')) return impurities;
  const touchesTheMachine = path.startsWith('server/host/') || path === 'server/main.ts';
  return path.startsWith('server/') && !touchesTheMachine ? hostOnly : [];
}

/** Comments and string contents blanked, line for line. */
function withoutComments(text: string): string {
  const blank = (match: string): string => match.replace(/[^\n]/g, ' ');
  return text
    .replace(/\/\*[\s\S]*?\*\//g, blank)
    .replace(/\/\/[^\n]*/g, blank)
    .replace(/'(?:[^'\\\n]|\\.)*'/g, blank);
}

const fileLinesMax = 400;
const lineLengthMax = 100;

export function checkLengths(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap(({ path, text }) => {
    if (!/\.(ts|js)$/.test(path)) return [];
    const lines = text.trimEnd().split('\n');
    const problems: string[] = [];
    if (lines.length > fileLinesMax && !isTest(path)) {
      problems.push(`${path}: ${lines.length} lines; ${fileLinesMax} at most`);
    }
    const long = lines.findIndex((line) => line.length > lineLengthMax);
    if (long !== -1) problems.push(`${path}:${long + 1}: longer than ${lineLengthMax} characters`);
    return problems;
  });
}

const vagueNames = /(^|\/)(utils?|types?|common|helpers?|misc)\.ts$/;

export function checkNames(files: readonly SourceFile[]): readonly string[] {
  return files
    .filter(({ path }) => vagueNames.test(path))
    .map(({ path }) => `${path}: name the file for the one thing that it exports`);
}

/** Each file opens with a comment that says what it is. */
export function checkHeaders(files: readonly SourceFile[]): readonly string[] {
  return files
    .filter(({ path }) => path.endsWith('.ts') && !isTest(path))
    .filter(({ text }) => !text.startsWith('/**'))
    .map(({ path }) => `${path}: opens without a header comment`);
}

/** In code, not in words about it. */
const typeEscapes = /\bas any\b|:\s*any\b|\bas unknown as\b/;

const strayMarks: readonly (readonly [RegExp, string])[] = [
  [/\b(?:TODO|FIXME|XXX)\b/, 'unfinished mark'],
  [/@ts-(?:ignore|expect-error|nocheck)/, 'compiler switched off'],
  [/biome-ignore\s+\S+\s*$/m, 'biome-ignore without a reason'],
  [/\b(?:describe|it|test)\.(?:only|todo|fails)\b/, 'focused or unwritten test'],
  [/(?:^|[\s"'`(=])\/(?:work|root|home)\//m, 'path of one machine'],
];

/** This file holds the patterns themselves. */
const marksExempt = /^harness\/tidy\//;

export function checkStrayMarks(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap(({ path, text }) => {
    if (!/\.(ts|js|md|json|jsonc|yaml|yml)$|^\.ci\//.test(path) || marksExempt.test(path))
      return [];
    const problems = strayMarks
      .filter(([pattern]) => pattern.test(text))
      .map(([, what]) => `${path}: ${what}`);
    const escapes = path.endsWith('.ts') && typeEscapes.test(withoutComments(text));
    return escapes ? [...problems, `${path}: escape from the type system`] : problems;
  });
}

/** The lockfile must install from whatever registry the reader uses. */
export function checkLockfile(files: readonly SourceFile[]): readonly string[] {
  return files
    .filter(({ path, text }) => path === 'package-lock.json' && text.includes('"resolved"'))
    .map(({ path }) => `${path}: names a registry's host`);
}

/** Relative links in Markdown lead to a file or a folder of the project. */
export function checkLinks(files: readonly SourceFile[]): readonly string[] {
  const paths = new Set(files.map(({ path }) => path));
  const exists = (target: string): boolean =>
    paths.has(target) || [...paths].some((path) => path.startsWith(`${target}/`));
  return files.flatMap(({ path, text }) => {
    if (!path.endsWith('.md')) return [];
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
    return links.flatMap((link) => {
      if (/^(?:https?:|mailto:|#)/.test(link)) return [];
      const target = posix.join(posix.dirname(path), link.replace(/#.*$/, ''));
      const normal = posix.normalize(target).replace(/\/$/, '');
      return exists(normal) ? [] : [`${path}: link to ${link} leads nowhere`];
    });
  });
}

/** Section numbers that the extended paper and the dissertation have. */
const sections: Readonly<Record<string, RegExp>> = {
  Raft: /^§(?:[1-9]|1[0-2]|5\.[1-6]|5\.4\.[1-3]|9\.[1-3])$/,
  Ongaro: /^§(?:[1-9]|1[0-2]|A|B)(?:\.\d{1,2}){0,3}$/,
  'Fig.': /^\d{1,2}$/,
  Lowe17: /^§\d(?:\.\d)?$/,
};
const citationPattern =
  /\[(Raft|Ongaro|Fig\.|HW90|WG93|GK97|Lowe17|HK15|LM25|Jepsen)(?: ([^\]]+))?\]/g;

/** Each citation's tag stands in the README's list of references, and its section exists. */
export function checkCitations(files: readonly SourceFile[]): readonly string[] {
  const readme = files.find(({ path }) => path === 'README.md')?.text ?? '';
  const listed = new Set(
    [...readme.matchAll(/^- \*\*\[([^\]]+)\]\*\*/gm)].map((match) => match[1]),
  );
  return files.flatMap(({ path, text }) => {
    if (!/\.(ts|md)$/.test(path) || marksExempt.test(path)) return [];
    return [...text.matchAll(citationPattern)].flatMap((match) => {
      const [whole, tag = '', place] = match;
      if (!listed.has(tag)) return [`${path}: ${whole} is not in the README's references`];
      const known = sections[tag];
      const places = place?.split(', ') ?? [];
      const isThere = known === undefined || places.every((each) => known.test(each));
      return isThere ? [] : [`${path}: ${whole}: there is no such place`];
    });
  });
}
