/** A whole run in the simulation that reads its own history, from memory and from the file. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Op } from '../../checker/history.ts';
import { casRegister } from '../../workloads/cas-register.ts';
import { createSimulatedCluster } from '../cluster/simulated.ts';
import { phases, untilOk } from '../generator.ts';
import { RandomSchedule } from '../nemesis/random-schedule.ts';
import { createRunFolder } from '../store.ts';
import { reference } from '../systems/reference.ts';
import type { Workload } from '../workload.ts';
import { RunHistory } from './run-history.ts';
import { runTest } from './run-test.ts';

/** Reads at the end every key that it finds written in the history, in the order it finds them. */
const readsBack: Workload = {
  ...casRegister,
  createFinalGenerator: ({ ops }) => {
    const keys = new Set<string>();
    for (const { f, key, type } of ops) {
      if (f === 'write' && type === 'ok' && key !== undefined) keys.add(key);
    }
    return phases(...[...keys].map((key) => untilOk({ f: 'read', key, value: null })));
  },
};

const partitions = {
  name: 'partition',
  isMomentary: false,
  faults: [{ variant: 'one', parameters: {} }],
};

/** The history of one and the same run, with so many ops in memory. */
async function run(resultsRoot: string, opsInMemoryMax: number): Promise<readonly Op[]> {
  const cluster = createSimulatedCluster({ seed: 3, nodes: ['n1', 'n2', 'n3'] });
  const startedAt = new Date(0);
  const folder = createRunFolder({ resultsRoot, system: 's', workload: 'w', startedAt });
  const file = folder.historyWriter();
  const history = new RunHistory(folder.historyPath, opsInMemoryMax);
  await cluster.run(async () => {
    await Promise.all(cluster.nodes.map((node) => cluster.start(node)));
    await runTest({
      ...{ system: reference, workload: readsBack, cluster, timers: cluster.timers, seed: 3 },
      ...{ concurrency: 6, rate: 200, timeLimitMs: 2000, opCount: null, deadlineMs: 1000 },
      size: { keyCount: 2, opsPerKey: 50, unknownPerKey: null, notes: [] },
      ...{ history, recoveryLimitMs: 20_000, nemesis: [{ name: 'partition', variants: ['one'] }] },
      createSchedule: (random) =>
        new RandomSchedule({ families: [partitions], every: 100, expectedOps: null, random }),
      sinks: [(op) => file.append(op)],
      onEvidence: () => {},
      onStatus: () => {},
      endsWithFaults: false,
      shouldStop: () => false,
    });
  });
  file.close();
  return [...history];
}

it('is the same run wherever its history is kept, to the last operation', async () => {
  const resultsRoot = mkdtempSync(join(tmpdir(), 'rafture-run-'));
  try {
    const fromMemory = await run(resultsRoot, 1_000_000);
    const fromFile = await run(resultsRoot, 20);
    expect(fromMemory.length).toBeGreaterThan(500);
    expect(fromFile).toEqual(fromMemory);
    const finalReads = fromFile.slice(-4).map(({ f, type }) => `${f} ${type}`);
    expect(finalReads).toEqual(['read invoke', 'read ok', 'read invoke', 'read ok']);
  } finally {
    rmSync(resultsRoot, { recursive: true, force: true });
  }
}, 30_000);
