/**
 * Traces of a run: whether the nodes write them, where they are afterwards, what stays of them.
 *
 * They are about two kilobytes an operation. So a run that may have many has none unless asked, and
 * what a valid run has left is thrown away.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { CheckedRun, RefereeReport, Validity } from '../checker.ts';
import { traceEvents } from '../checkers/raft-invariants-lines.ts';
import type { Cluster } from '../cluster.ts';
import { fileLines } from '../run/file-lines.ts';
import { errnoOf } from '../store-error.ts';
import type { System } from '../systems/system.ts';

/** In a node's folder of the run. */
export const traceFileName = 'trace.jsonl';

/** Operations that a run may have with `--trace auto`. */
const operationsMax = 100_000;

export interface TraceSettings {
  readonly system: Pick<System, 'name' | 'traces'>;
  readonly trace: 'auto' | 'on' | 'off';
  readonly rate: number | null;
  readonly timeLimitS: number;
  readonly opCount: number | null;
}

/** Why the nodes of such a run are to tell nothing; null when they are to. */
export function whyNoTraces(settings: TraceSettings, kind: Cluster['kind']): string | null {
  const { system, trace, rate, timeLimitS, opCount } = settings;
  if (!system.traces) return `the system ${system.name} writes no traces`;
  if (trace === 'off') return 'none were wanted: --trace off';
  // Nothing is written in a simulation.
  if (trace === 'on' || kind === 'sim') return null;
  const byRate = rate === null ? Number.POSITIVE_INFINITY : rate * timeLimitS;
  const count = Math.min(byRate, opCount ?? Number.POSITIVE_INFINITY);
  if (count <= operationsMax) return null;
  const many = Number.isFinite(count)
    ? `${Math.ceil(count)} operations`
    : 'any number of operations';
  const limit = `--trace auto keeps traces of up to ${operationsMax}`;
  return `the run may have ${many}, and ${limit}; --trace on asks for them`;
}

export interface CollectedTraces {
  /** The run's folder. */
  readonly folder: string;
  readonly nodes: readonly string[];
  readonly whyNot: string | null;
  readonly referee: RefereeReport | null;
}

/** What a run can be judged by, once Cluster.collectLogs has brought what there is. */
export function traceEvidence({
  folder,
  nodes,
  whyNot,
  referee,
}: CollectedTraces): Pick<CheckedRun, 'traces' | 'whyNoTraces' | 'referee'> {
  if (referee !== null) {
    const why = 'no files: the referee of the simulation has watched the events themselves';
    return { traces: [], whyNoTraces: why, referee };
  }
  if (whyNot !== null) return { traces: [], whyNoTraces: whyNot, referee };
  // A node without a file has told nothing.
  const traces = nodes.map((node) => ({
    node,
    events: traceEvents(fileLines(join(folder, node, traceFileName))),
  }));
  return { traces, whyNoTraces: null, referee };
}

/** Once a run is judged: nothing of a valid one, and the others packed, for who looks into it. */
export async function packTraces(
  folder: string,
  nodes: readonly string[],
  valid: Validity,
): Promise<void> {
  for (const node of nodes) {
    const path = join(folder, node, traceFileName);
    if (valid !== true && !(await pack(path))) continue;
    await rm(path, { force: true });
  }
}

/** False when there is no such file. */
async function pack(path: string): Promise<boolean> {
  try {
    await pipeline(createReadStream(path), createGzip(), createWriteStream(`${path}.gz`));
    return true;
  } catch (error) {
    await rm(`${path}.gz`, { force: true });
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
