import { describe, expect, it } from 'vitest';
import type { Op } from '../../checker/history.ts';
import { register } from '../../workloads/register.ts';
import type { RunRecovery } from '../checker.ts';
import { createSimulatedCluster, type SimulatedCluster } from '../cluster/simulated.ts';
import { reference } from '../systems/reference.ts';
import type { System } from '../systems/system.ts';
import { createRandomStream } from './random.ts';
import { Recorder } from './recorder.ts';
import { recover, recoveryKey } from './recovery.ts';

interface Rig {
  readonly system?: System;
  readonly keys?: readonly string[];
  /** What is done to the running cluster before it is to recover. */
  readonly before?: (cluster: SimulatedCluster) => Promise<unknown>;
}

async function runRecovery(rig: Rig): Promise<{
  readonly recovery: RunRecovery;
  readonly ops: readonly Op[];
  readonly states: unknown;
}> {
  const cluster = createSimulatedCluster({ seed: 1, nodes: ['n1', 'n2', 'n3'] });
  const ops: Op[] = [];
  return cluster.run(async () => {
    await Promise.all(cluster.nodes.map((node) => cluster.start(node)));
    await rig.before?.(cluster);
    const recovery = await recover({
      members: cluster.nodes,
      cluster,
      system: rig.system ?? reference,
      timers: cluster.timers,
      recorder: new Recorder(cluster.timers, [(op) => ops.push(op)]),
      random: createRandomStream(1, 'recovery'),
      deadlineMs: 500,
      workload: register,
      ops,
      keys: rig.keys ?? [],
      firstProcess: 100,
      limitMs: 10_000,
      shouldStop: () => false,
    });
    const states = await Promise.all(cluster.nodes.map((node) => cluster.nodeState(node)));
    return { recovery, ops, states };
  });
}

/** The reference, but its followers claim to have applied nothing. */
const lagging: System = {
  ...reference,
  introspect: async (stream, timers) => {
    const found = await reference.introspect(stream, timers);
    return found?.role === 'follower' ? { ...found, appliedIndex: 0 } : found;
  },
};

describe('the recovery at the end of a run', () => {
  it('starts what is gone, resumes what is frozen, and says when all is well', async () => {
    const { recovery, states } = await runRecovery({
      before: (cluster) => Promise.all([cluster.kill('n1'), cluster.pause('n2')]),
    });
    expect(recovery.problem).toBeNull();
    expect(states).toEqual(['running', 'running', 'running']);
  });

  it('writes until a write is acknowledged, and then reads every key', async () => {
    const { recovery, ops } = await runRecovery({ keys: ['a', 'b'] });
    expect(recovery).toMatchObject({ problem: null, finalOperations: 3 });
    const first = ops.find((op) => op.type === 'ok');
    expect(first).toMatchObject({ f: 'write', key: recoveryKey });
    const read = ops.filter((op) => op.f === 'read' && op.type === 'ok').map((op) => op.key);
    expect(read).toEqual([recoveryKey, 'a', 'b']);
    expect(Math.min(...ops.map((op) => Number(op.process)))).toBe(100);
  });

  it('names the nodes that do not apply the write', async () => {
    const { recovery } = await runRecovery({ system: lagging });
    expect(recovery.problem).toMatch(/^n\d, n\d did not apply the change/);
  });

  it('says so when no write is acknowledged', async () => {
    const mute: System = {
      ...reference,
      createClient: () => ({
        open: () => Promise.resolve(),
        invoke: async () => ({ type: 'fail', value: null }),
        close: () => {},
      }),
    };
    const { recovery } = await runRecovery({ system: mute });
    expect(recovery.problem).toMatch(/no change was acknowledged within 10 s/);
  });

  it('says so when a node can not be started', async () => {
    const { recovery } = await runRecovery({
      before: async (cluster) => {
        await cluster.kill('n1');
        cluster.start = () => Promise.reject(new Error('node n1 is not ready: it is gone'));
      },
    });
    expect(recovery.problem).toContain('n1 is not ready');
  });
});
