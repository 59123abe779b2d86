/** The generator of a measured run, made as run-test.ts makes it, and what it costs by itself. */
import { pathToFileURL } from 'node:url';
import type { Op } from '../../checker/history.ts';
import { type Generator, limit, stagger, timeLimit } from '../generator.ts';
import { createRandomStream } from '../run/random.ts';
import type { Workload } from '../workload.ts';

export interface LoadPlan {
  /** A module that exports a workload about registers. */
  readonly workload: string;
  readonly clients: number;
  readonly seed: number;
  /** Ends after so many operations, or so many seconds; null: only the other does. */
  readonly operations: number | null;
  readonly seconds: number | null;
  /** Operations per second; null: as fast as they go. */
  readonly rate: number | null;
}

const secondsMax = 3600;

export async function createLoad(plan: LoadPlan): Promise<Generator> {
  const { operations, rate, clients: concurrency } = plan;
  const timeLimitS = plan.seconds ?? secondsMax;
  const workload = await findWorkload(plan.workload);
  const request = { keyCount: null, opsPerKey: null, concurrency, rate, timeLimitS };
  const endless = workload.createGenerator(workload.size({ ...request, opCount: operations }));
  const counted = operations === null ? endless : limit(operations, endless);
  const paced = rate === null ? counted : stagger(rate, counted);
  return timeLimit(timeLimitS * 1e9, paced);
}

async function findWorkload(path: string): Promise<Workload> {
  const exported: Readonly<Record<string, unknown>> = await import(pathToFileURL(path).href);
  const found = Object.values(exported).find(isWorkload);
  if (found === undefined) throw new Error(`${path} exports no workload`);
  return found;
}

function isWorkload(value: unknown): value is Workload {
  return typeof value === 'object' && value !== null && 'createGenerator' in value;
}

/** What it takes to ask it, and to tell it of both lines: microseconds for an operation. */
export async function measureGenerator(plan: LoadPlan): Promise<number> {
  let generator = await createLoad(plan);
  const random = createRandomStream(plan.seed, 'workload');
  const startMs = performance.now();
  let index = 0;
  for (;;) {
    const process = (index / 2) % plan.clients;
    const next = generator.op({ timeNs: 0, random, process, thread: process });
    if (next.type !== 'op') break;
    const { f, key = '', value } = next.op;
    const line = { timeNs: 0, process, f, key, value };
    const invoked: Op = { ...line, index: index++, type: 'invoke' };
    const result = f === 'cas' ? { result: { swapped: true, seen: null } } : {};
    const completed: Op = { ...line, index: index++, type: 'ok', ...result };
    generator = next.generator.update(invoked).update(completed);
  }
  return ((performance.now() - startMs) * 1000) / (index / 2);
}
