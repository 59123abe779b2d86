/**
 * One measured run against a system in memory. The loop, the recorder, the history and its file are
 * those of a real one.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Generator } from '../generator.ts';
import { statsOf } from '../report/stats.ts';
import { RunLoop } from '../run/loop.ts';
import { createRandomStream } from '../run/random.ts';
import { createRealTimers } from '../run/real-timers.ts';
import { Recorder } from '../run/recorder.ts';
import { RunHistory } from '../run/run-history.ts';
import { createRunFolder, type RunFolder } from '../store.ts';
import { createLoad, type LoadPlan } from './harness-generator.ts';
import { type Answering, createMemoryClients } from './harness-memory-system.ts';
import { quantile } from './server-statistics.ts';

export interface RunRequest extends LoadPlan {
  readonly answering: Answering;
  /** Where the history is written, and removed again. */
  readonly folder: string;
}

export interface RunFigures {
  readonly operations: number;
  readonly perSecond: number;
  /** Processor time of the process for an operation, garbage collection included. */
  readonly processorUs: number;
  /** Resident memory at most: of the run, and after reading the history back for its figures. */
  readonly peakMegabytes: number;
  readonly peakAfterMegabytes: number;
  /** Of reading back, for a line. */
  readonly readBackUs: number;
  readonly historyMegabytes: number;
  /** How long after it was due an operation was invoked; null without a rate. */
  readonly latenessMs: { readonly p50: number; readonly p99: number; readonly max: number } | null;
}

export async function measureRun(request: RunRequest): Promise<RunFigures> {
  const resultsRoot = mkdtempSync(join(request.folder, 'rafture-bench-harness-'));
  try {
    const startedAt = new Date();
    const folder = createRunFolder({ resultsRoot, system: 'memory', workload: 'w', startedAt });
    return await measureIn(folder, request);
  } finally {
    rmSync(resultsRoot, { recursive: true, force: true });
  }
}

async function measureIn(folder: RunFolder, request: RunRequest): Promise<RunFigures> {
  const { clients, seed, rate } = request;
  const history = new RunHistory(folder.historyPath);
  const file = folder.historyWriter();
  const timers = createRealTimers();
  const latenessMs: number[] = [];
  const load = await createLoad(request);
  const createClient = createMemoryClients(request.answering);
  const loop = new RunLoop({
    generator: rate === null ? load : watched(load, (ns) => latenessMs.push(ns / 1e6)),
    threads: Array.from({ length: clients }, (_, at) => ({ node: `n${at % 3}`, createClient })),
    recorder: new Recorder(timers, [(op) => file.append(op), (op) => history.append(op)]),
    timers,
    random: createRandomStream(seed, 'workload'),
    deadlineMs: 1000,
    onCompletion: () => {},
    shouldStop: () => false,
  });
  const before = process.cpuUsage();
  const startNs = timers.nowNs();
  await loop.run();
  const seconds = (timers.nowNs() - startNs) / 1e9;
  const { user, system } = process.cpuUsage(before);
  file.close();
  const peakMegabytes = peakNow();
  const operations = history.length / 2;
  const readBackUs = readBack(history);
  return {
    operations,
    perSecond: operations / seconds,
    processorUs: (user + system) / operations,
    peakMegabytes,
    peakAfterMegabytes: peakNow(),
    readBackUs,
    historyMegabytes: statSync(folder.historyPath).size / 1e6,
    latenessMs: rate === null ? null : describeLateness(latenessMs),
  };
}

/** The same generator; it is told how late each operation is given that has a time. */
function watched(inner: Generator, onOp: (latenessNs: number) => void): Generator {
  return {
    op: (context) => {
      const next = inner.op(context);
      if (next.type === 'done') return next;
      const dueNs = next.type === 'op' ? next.scheduledNs : undefined;
      if (dueNs !== undefined) onOp(context.timeNs - dueNs);
      return { ...next, generator: watched(next.generator, onOp) };
    },
    update: (event) => watched(inner.update(event), onOp),
  };
}

function readBack(history: RunHistory): number {
  const startMs = performance.now();
  const { ok } = statsOf(history);
  const us = ((performance.now() - startMs) * 1000) / history.length;
  if (ok !== history.length / 2) throw new Error(`${ok} ok in ${history.length} lines`);
  return us;
}

function describeLateness(latenessMs: readonly number[]): RunFigures['latenessMs'] {
  const at = (q: number): number => quantile(latenessMs, q);
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

/** Of the whole process since its start, Node included. */
function peakNow(): number {
  return process.resourceUsage().maxRSS / 1024;
}
