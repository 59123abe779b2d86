/**
 * Finds runs below results/ and reads them back, for analyze and the report.
 *
 * It writes nothing, and it leaves history.jsonl to harness/check. A file that is broken or of a
 * later version is refused with its name; a run that crashed has no results yet, and that is fine.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { z } from 'zod';
import type { LogFile, NemesisRecord, ResultsRecord, TestRecord } from './report/run-record.ts';
import {
  formatVersion,
  nemesisFormat,
  nemesisSchema,
  resultsFormat,
  resultsSchema,
  testFormat,
  testSchema,
} from './report/run-schema.ts';
import { logFilesOf } from './store.ts';
import { errnoOf, StoreError } from './store-error.ts';

/** A run as its folder tells it. */
export interface StoredRun {
  /** Absolute. */
  readonly path: string;
  readonly historyPath: string;
  readonly test: TestRecord;
  /** null when the run ended before it was judged. */
  readonly results: ResultsRecord | null;
  /** In the order of the history. */
  readonly nemesis: readonly NemesisRecord[];
  readonly logs: readonly LogFile[];
}

/** Reads everything of a run but its history. Throws StoreError. */
export function readRun(folder: string): StoredRun {
  const path = resolve(folder);
  const testPath = join(path, 'test.json');
  const test = readJson(testPath, testFormat, testSchema);
  if (test === null) {
    throw new StoreError('not-found', `${path} holds no run: it has no test.json`);
  }
  return {
    path,
    historyPath: join(path, 'history.jsonl'),
    test,
    results: readJson(join(path, 'results.json'), resultsFormat, resultsSchema),
    nemesis: readNemesis(join(path, 'nemesis.jsonl')),
    logs: test.nodes.flatMap((node) => logFilesOf(path, node)),
  };
}

/** Folders of all runs, oldest first; those of the same moment by name. */
export function listRuns(resultsRoot: string): string[] {
  const root = resolve(resultsRoot);
  const runs = folders(root).flatMap((test) => folders(test));
  const order = new Intl.Collator('en', { numeric: true });
  return runs
    .filter((run) => /^\d{8}T\d{6}\.\d{3}Z(-\d+)?$/.test(basename(run)))
    .sort((a, b) => order.compare(basename(a), basename(b)) || order.compare(a, b));
}

/**
 * The folder that `-t` names: `-1` is the newest run, `-2` the one before, `0` the oldest; or
 * `latest`, `<test>`, `<test>/<time>`, or any path. Throws StoreError.
 */
export function resolveRun(resultsRoot: string, name: string): string {
  const runs = listRuns(resultsRoot);
  if (/^-?\d+$/.test(name)) {
    const run = runs.at(Number(name));
    if (run !== undefined) return run;
    const many = runs.length === 1 ? 'is one run' : `are ${runs.length} runs`;
    throw new StoreError('not-found', `there is no run ${name}: there ${many} in ${resultsRoot}`);
  }
  const root = resolve(resultsRoot);
  if (name === 'current') return resolveRun(root, '-1');
  const newest = newestOf(runs, name.replace(/\/$/, ''));
  if (newest !== undefined) return newest;
  for (const candidate of [join(root, name), resolve(name), dirname(resolve(name))]) {
    if (isFile(join(candidate, 'test.json'))) return candidate;
  }
  throw new StoreError(
    'not-found',
    `no run is called ${name}. Give -1 for the newest, or a folder below ${resultsRoot}.`,
  );
}

/** `latest` is the newest run that was judged; `<test>` and `<test>/latest` are those of a test. */
function newestOf(runs: readonly string[], name: string): string | undefined {
  const judged = name === 'latest' || name.endsWith('/latest');
  const test = judged ? name.slice(0, -'/latest'.length) : name;
  return runs
    .filter((run) => test === '' || basename(dirname(run)) === test)
    .filter((run) => !judged || isFile(join(run, 'results.json')))
    .at(-1);
}

function folders(parent: string): string[] {
  try {
    return readdirSync(parent, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(parent, entry.name));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw new StoreError('io', `cannot read ${parent}: ${wordsOf(error)}`, error);
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** null when there is no such file. */
function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw new StoreError('io', `cannot read ${path}: ${wordsOf(error)}`, error);
  }
}

function readJson<T>(path: string, format: string, schema: z.ZodType<T>): T | null {
  const text = readText(path);
  if (text === null) return null;
  const value = parseJson(text, path);
  checkHeader(value, format, path);
  return narrow(value, schema, path);
}

/** The last line of a crashed run may be torn; anything else that is broken is refused. */
function readNemesis(path: string): NemesisRecord[] {
  const text = readText(path);
  if (text === null) return [];
  const lines = text.split('\n');
  const torn = lines.pop() !== '';
  const [header, ...records] = lines;
  if (header === undefined) {
    if (torn) return [];
    throw new StoreError('malformed', `${path} is empty: its first line must be the header`);
  }
  checkHeader(parseJson(header, `${path}, line 1`), nemesisFormat, path);
  return records.map((line, index) => {
    const place = `${path}, line ${index + 2}`;
    return narrow(parseJson(line, place), nemesisSchema, place);
  });
}

function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new StoreError('malformed', `${place} is not JSON: ${wordsOf(error)}`, error);
  }
}

function checkHeader(value: unknown, format: string, path: string): void {
  const header = typeof value === 'object' && value !== null ? value : {};
  const found = 'format' in header ? header.format : undefined;
  const version = 'version' in header ? header.version : undefined;
  if (found !== format || typeof version !== 'number') {
    throw new StoreError('malformed', `${path} does not say that it is a ${format} with a version`);
  }
  if (version > formatVersion) {
    throw new StoreError(
      'later-version',
      `${path} is version ${version} of ${format}; this rafture reads up to ${formatVersion}. ` +
        'Use the newer rafture that wrote it.',
    );
  }
}

function narrow<T>(value: unknown, schema: z.ZodType<T>, place: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined ? '' : `${issue.path.join('.')}: ${issue.message}`;
  throw new StoreError('malformed', `${place} is not what it says: ${where}`, parsed.error);
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
