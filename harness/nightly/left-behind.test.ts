/** A harness that is killed in the middle of faults leaves nothing: each cluster, all at once. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, test } from 'vitest';
import { whySkipDockerTests } from '../cluster/docker-available.ts';
import { connectEngine } from '../cluster/docker-engine.ts';
import { removeRun } from '../cluster/docker-reaper.ts';
import { findLeft, noteBelongings } from './belongings.ts';
import { killAndLook } from './left-behind.ts';

const whySkip = await whySkipDockerTests();
const script = join(import.meta.dirname, '../cluster/testdata/hold-faults.ts');

describe('a harness that is killed in the middle of faults', { timeout: 120_000 }, () => {
  const children: ChildProcess[] = [];
  const runs: string[] = [];

  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const run of runs.splice(0)) await removeRun(await connectEngine(), run, null);
  });

  /** Once every fault is in force; null when it ends before, as where it cannot be had. */
  async function holdFaults(kind: string, runId: string): Promise<ChildProcess | null> {
    const child = spawn(process.execPath, [script, kind, runId], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    for await (const line of createInterface({ input: child.stdout })) {
      if (line === 'holding') return child;
    }
    return null;
  }

  test.skipIf(whySkip !== null)('leaves nothing in the engine or in the kernel', async () => {
    const runId = `test-${process.pid}-left`;
    runs.push(runId);
    const harness = await holdFaults('docker', runId);
    if (harness === null) throw new Error('the harness ended before its faults were in force');
    const { had, leftBeforeSweep, leftAfterSweep } = await killAndLook(harness);
    expect(had).toMatchObject({ network: 1, table: expect.any(Number), loop: expect.any(Number) });
    expect(had['container']).toBeGreaterThanOrEqual(6);
    expect(had['volume']).toBeGreaterThanOrEqual(4);
    expect({ leftBeforeSweep, leftAfterSweep }).toEqual({
      leftBeforeSweep: [],
      leftAfterSweep: [],
    });
  });

  test('leaves no process of nodes behind proxies, and after a sweep no folder', async () => {
    const harness = await holdFaults('proxies', 'none');
    if (harness === null) throw new Error('the harness ended before its faults were in force');
    const { had, leftBeforeSweep, leftAfterSweep } = await killAndLook(harness);
    // The harness itself, and four nodes but for the one whose power is gone.
    expect(had).toMatchObject({ process: expect.any(Number), folder: 1 });
    expect(had['process']).toBeGreaterThanOrEqual(4);
    expect(leftBeforeSweep.filter((thing) => !thing.startsWith('folder '))).toEqual([]);
    expect(leftAfterSweep).toEqual([]);
  });

  test('leaves no namespace, where there are some', async (context) => {
    const harness = await holdFaults('namespaces', 'none');
    if (harness === null) return context.skip('no namespaces can be had here');
    const { had, leftBeforeSweep, leftAfterSweep } = await killAndLook(harness);
    expect(had['namespace']).toBeGreaterThanOrEqual(2);
    expect(leftBeforeSweep.filter((thing) => !thing.startsWith('folder '))).toEqual([]);
    expect(leftAfterSweep).toEqual([]);
  });

  test('is seen to have something as long as it lives', async () => {
    const harness = await holdFaults('proxies', 'none');
    const belongings = await noteBelongings(harness?.pid ?? 0);
    expect(await findLeft(belongings)).toContainEqual(expect.stringMatching(/^process \d+@\d+$/));
    expect(await findLeft(belongings)).toContainEqual(expect.stringMatching(/^folder /));
    if (harness !== null) await killAndLook(harness);
  });
});
