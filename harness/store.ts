/**
 * results/ on disk: the folder of one run, written while it runs.
 *
 * A line of the history is handed to the operating system before append() returns, so that a
 * SIGKILL of the harness loses nothing that was recorded. This file judges and draws nothing;
 * store-reader.ts finds runs and reads them back.
 */
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { historyFormat, historyVersion, type Op } from '../checker/history.ts';
import type { LogFile, NemesisRecord, ResultsRecord, TestRecord } from './report/run-record.ts';
import { formatVersion, nemesisFormat, resultsFormat, testFormat } from './report/run-schema.ts';
import { errnoOf, whileWriting } from './store-error.ts';

/** Where a run goes. */
export interface RunFolderOptions {
  readonly resultsRoot: string;
  readonly system: string;
  readonly workload: string;
  readonly startedAt: Date;
}

/** Appends one JSON line at a time; each has left this process when append() returns. */
export interface LineWriter<T> {
  /** Throws StoreError; after that the file takes nothing more. */
  append(record: T): void;
  /** Safe to call twice. */
  close(): void;
}

/** The folder of one run. Everything here throws StoreError when it cannot be written. */
export interface RunFolder {
  /** Absolute. */
  readonly path: string;
  readonly historyPath: string;
  readonly reportPath: string;
  /** Opens history.jsonl and writes its header. Once per run. */
  historyWriter(): LineWriter<Op>;
  /** Opens nemesis.jsonl and writes its header. Once per run. */
  nemesisWriter(): LineWriter<NemesisRecord>;
  writeTest(test: TestRecord): void;
  /** Writes results.json and points the `latest` links here. */
  writeResults(results: ResultsRecord): void;
  writeReport(html: string): void;
  /** space-time.html, of a simulation. */
  writeSpaceTime(html: string): void;
  /** The nodes' log files, where Cluster.collectLogs(path) put them. */
  logFiles(nodes: readonly string[]): LogFile[];
}

/** Makes `<resultsRoot>/<system>-<workload>/<time>/`, a new one always, and links `current`. */
export function createRunFolder(options: RunFolderOptions): RunFolder {
  const root = resolve(options.resultsRoot);
  const name = `${safeName(options.system)}-${safeName(options.workload)}`;
  const path = whileWriting(root, () => makeUnique(join(root, name), options.startedAt));
  link(join(root, 'current'), path);
  const historyPath = join(path, 'history.jsonl');
  const reportPath = join(path, 'report.html');
  return {
    path,
    historyPath,
    reportPath,
    historyWriter: () =>
      openLines<Op>(historyPath, { format: historyFormat, version: historyVersion }),
    nemesisWriter: () =>
      openLines(join(path, 'nemesis.jsonl'), { format: nemesisFormat, version: formatVersion }),
    writeTest: (test) => {
      const record = { format: testFormat, version: formatVersion, ...test };
      writeWhole(join(path, 'test.json'), `${JSON.stringify(record, null, 2)}\n`);
    },
    writeResults: (results) => {
      const record = { format: resultsFormat, version: formatVersion, ...withoutOrders(results) };
      writeWhole(join(path, 'results.json'), `${JSON.stringify(record, null, 2)}\n`);
      link(join(root, name, 'latest'), path);
      link(join(root, 'latest'), path);
    },
    writeReport: (html) => writeWhole(reportPath, html),
    writeSpaceTime: (html) => writeWhole(join(path, 'space-time.html'), html),
    logFiles: (nodes) => nodes.flatMap((node) => logFilesOf(path, node)),
  };
}

/** The files below a node's folder of a run, by path; none when there is no such folder. */
export function logFilesOf(runPath: string, node: string): LogFile[] {
  let entries: string[];
  try {
    entries = readdirSync(join(runPath, node), { recursive: true, encoding: 'utf8' });
  } catch {
    return [];
  }
  return entries.sort().flatMap((entry) => {
    const stat = statSync(join(runPath, node, entry), { throwIfNoEntry: false });
    if (stat === undefined || !stat.isFile()) return [];
    return [{ node, path: [node, ...entry.split(sep)].join('/'), bytes: stat.size }];
  });
}

/** Basic date and time of ISO 8601 in UTC: `20261121T084512.123Z`. Sorts as time does. */
export function runTime(date: Date): string {
  return date.toISOString().replaceAll(/[-:]/g, '');
}

/** Two runs that begin in the same millisecond get `<time>` and `<time>-2`. */
function makeUnique(parent: string, startedAt: Date): string {
  mkdirSync(parent, { recursive: true });
  const time = runTime(startedAt);
  for (let attempt = 1; ; attempt++) {
    const path = join(parent, attempt === 1 ? time : `${time}-${attempt}`);
    try {
      mkdirSync(path);
      return path;
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
  }
}

/** A system's name may be a path to a file; a folder's name must not leave its parent. */
function safeName(name: string): string {
  const safe = name.replaceAll(/[^A-Za-z0-9._-]+/g, '_').replace(/^[._]+/, '');
  return safe === '' ? 'unnamed' : safe;
}

/**
 * One write call per line: measured at about two microseconds, which is cheap enough to have no
 * buffer that a SIGKILL could empty.
 */
function openLines<T>(path: string, header: object): LineWriter<T> {
  // 'ax': an existing history is never added to, nor overwritten.
  let fd: number | null = whileWriting(path, () => openSync(path, 'ax'));
  const close = (): void => {
    if (fd !== null) closeSync(fd);
    fd = null;
  };
  const append = (record: object | T): void => {
    const line = Buffer.from(`${JSON.stringify(record)}\n`);
    const open = fd;
    if (open === null) throw new Error(`${path} is closed: nothing may be recorded any more`);
    try {
      whileWriting(path, () => writeAll(open, line));
    } catch (error) {
      // The torn line must stay the last one, so that a reader can tell where the record ends.
      close();
      throw error;
    }
  };
  append(header);
  return { append, close };
}

/** A nearly full disk takes part of a line; the rest then fails with a reason. */
function writeAll(fd: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) written += writeSync(fd, bytes, written);
}

/** Whole or not at all: a reader never sees half a file. */
function writeWhole(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.part`;
  try {
    whileWriting(path, () => {
      writeFileSync(temporary, text);
      renameSync(temporary, path);
    });
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Orders of linearization may be as long as the history, and the checker can make them again. */
function withoutOrders(results: ResultsRecord): ResultsRecord {
  const verdict = results.linearizability;
  if (verdict === null || !('linearizations' in verdict)) return results;
  const { linearizations: _, ...linearizability } = verdict;
  return { ...results, linearizability };
}

/**
 * Replaces a link in one step. Links are for people's fingers: some file systems have none, and a
 * run must not fail for that, nor does anything here follow them.
 */
function link(from: string, to: string): void {
  const temporary = `${from}.${process.pid}.part`;
  try {
    symlinkSync(relative(dirname(from), to), temporary, 'dir');
    renameSync(temporary, from);
  } catch {
    rmSync(temporary, { force: true });
  }
}
