import { describe, expect, it } from 'vitest';
import type { Cluster, DiskFailure } from '../cluster.ts';
import { FaultError } from '../nemesis.ts';
import { crashStep } from './crash-step.ts';
import { diskError } from './disk-error.ts';
import { createMemoryRig, type MemoryRig } from './memory-rig.ts';
import { expectWhole } from './memory-whole.ts';

/** A disk on which what is to fail fails at once, and ends the node. */
function failingRig(ends = true): MemoryRig & { readonly planned: (DiskFailure | null)[] } {
  const rig = createMemoryRig(diskError);
  const planned: (DiskFailure | null)[] = [];
  let failedCount = 0;
  rig.cluster.disks.failAt = async (node, failure) => {
    planned.push(failure);
    const reading = { failedCount };
    if (failure === null || failure.operation === 'read') return reading;
    if (ends) failedCount++;
    if (ends) await rig.cluster.kill(node);
    return reading;
  };
  return { ...rig, planned };
}

describe('disk-error', () => {
  it('lets the node end meanwhile, and starts it', async () => {
    for (const variant of ['fsync', 'write']) {
      const rig = failingRig();
      const planned = rig.plan(variant, { parameters: { nodes: ['n2'], at: 7 } });
      expect(planned.value).toEqual({
        ...{ operation: variant === 'fsync' ? 'sync' : 'write', nodes: ['n2'], at: 7 },
      });
      await rig.nemesis.begin(planned);
      expect(rig.cluster.node('n2').mayEnd).toBe(1);
      expect(rig.cluster.node('n2').state).toBe('stopped');
      expect((await rig.nemesis.end(planned)).tookEffect).toBe(true);
      expect(rig.planned.at(-1)).toBeNull();
      expectWhole(rig);
    }
  });

  it('was not reached when nothing failed', async () => {
    const rig = failingRig(false);
    const { end } = await rig.inject('fsync');
    expect(end.tookEffect).toBe(false);
    expect(end.notReached).toMatch(/its sync \d+ never came/);
    expectWhole(rig);
  });

  it('has reads fail at a start when they have ended nobody before', async () => {
    const rig = failingRig();
    const { plan } = await rig.inject('read', { parameters: { nodes: ['n3'], at: 5 } });
    expect(plan.nodes).toEqual(['n3']);
    expect(rig.cluster.calls).toContain('kill n3');
    expect(rig.planned).toEqual([{ operation: 'read', at: 5 }, { operation: 'read', at: 3 }, null]);
    expectWhole(rig);
  });

  it('is undone where it broke off, and refused where no disk can fail', async () => {
    const rig = failingRig();
    await rig.nemesis.begin(rig.plan('write'));
    await rig.nemesis.teardown();
    expectWhole(rig);
    await expect(createMemoryRig(diskError).inject('fsync')).rejects.toThrow(FaultError);
    expect(() => rig.plan('fsync', { parameters: { nodes: ['n1', 'n2'] } })).toThrow('one node');
  });
});

describe('crash-step', () => {
  it('counts from its begin, and starts the node that has ended', async () => {
    const rig = createMemoryRig(crashStep);
    const asked: (number | null)[] = [];
    const cluster: Cluster = rig.cluster;
    cluster.endAtStep = async (node, steps) => {
      asked.push(steps);
      if (steps !== null) await rig.cluster.kill(node);
    };
    const { leader } = rig.cluster;
    const { plan, end } = await rig.inject('leader', { parameters: { steps: 12 } });
    expect(plan.value).toMatchObject({ nodes: [leader], steps: 12 });
    expect(asked).toEqual([12, null]);
    expect(end.tookEffect).toBe(true);
    expectWhole(rig);
  });

  it('was not reached by a node that does nothing, and is taken back', async () => {
    const rig = createMemoryRig(crashStep);
    const asked: (number | null)[] = [];
    const cluster: Cluster = rig.cluster;
    cluster.endAtStep = async (_node, steps) => {
      asked.push(steps);
    };
    const { end } = await rig.inject('one');
    expect(end).toMatchObject({ tookEffect: false });
    expect(end.notReached).toMatch(/did not come to \d+ steps/);
    expect(asked.at(-1)).toBeNull();
    await expect(createMemoryRig(crashStep).inject('one')).rejects.toThrow(FaultError);
  });
});
