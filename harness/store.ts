/**
 * results/ on disk: one folder per run, written while it runs and read back afterwards.
 *
 * A line of the history is handed to the operating system before append() returns, so that a
 * SIGKILL of the harness loses nothing that was recorded. This file judges and draws nothing.
 */
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { historyFormat, historyVersion, type Op } from '../checker/history.ts';
import type {
  LogFile,
  NemesisRecord,
  ResultsRecord,
  StoredVerdict,
  TestRecord,
} from './report/run-record.ts';

/** Names and versions of the JSON files, as each of them states. */
const testFormat = 'rafture-test';
const resultsFormat = 'rafture-results';
const nemesisFormat = 'rafture-nemesis';
const formatVersion = 1;

/**
 * What went wrong: `disk-full` and `not-writable` end a run, `not-found`, `malformed` and
 * `later-version` a reading of one.
 */
export type StoreErrorCode =
  | 'disk-full'
  | 'not-writable'
  | 'io'
  | 'not-found'
  | 'malformed'
  | 'later-version';

/** Results that cannot be written or read; the message says what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** Where a run goes. */
export interface RunFolderOptions {
  readonly resultsRoot: string;
  readonly system: string;
  readonly workload: string;
  readonly startedAt: Date;
}

/** Appends one JSON line at a time; each has left the process when append() returns. */
export interface LineWriter<T> {
  /** Throws StoreError; after that the file takes nothing more. */
  append(record: T): void;
  /** Safe to call twice. */
  close(): void;
}

/** The folder of one run. */
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
  /** Log files below the nodes' folders (where Cluster.collectLogs(path) puts them). */
  logFiles(nodes: readonly string[]): LogFile[];
}
