import { describe, expect, it } from 'vitest';
import { FaultError } from '../nemesis.ts';
import { diskFull } from './disk-full.ts';
import { diskSlow } from './disk-slow.ts';
import { createMemoryRig } from './memory-rig.ts';
import { expectWhole } from './memory-whole.ts';
import { power } from './power.ts';

describe('power', () => {
  it('takes the power of as many as the variant says, at one moment, and starts them', async () => {
    const counts = { one: 1, leader: 1, minority: 2, majority: 3, all: 5 };
    for (const [variant, count] of Object.entries(counts)) {
      const rig = createMemoryRig(power);
      const planned = rig.plan(variant);
      const begin = await rig.nemesis.begin(planned);
      expect(planned.nodes).toHaveLength(count);
      expect(planned.impairs.down).toEqual(planned.nodes);
      expect(planned.claims).toEqual(planned.nodes);
      expect(rig.cluster.calls.filter((call) => call.startsWith('power'))).toHaveLength(1);
      expect(begin.tookEffect).toBe(true);
      expect(begin.evidence).toHaveProperty('lost');
      for (const node of planned.nodes) expect(rig.cluster.node(node).mayEnd).toBe(1);
      expect((await rig.nemesis.end(planned)).tookEffect).toBe(true);
      expectWhole(rig);
    }
  });

  it('has had no effect when a node ran on, or had not run', async () => {
    const rig = createMemoryRig(power);
    const planned = rig.plan('one');
    await rig.cluster.kill(planned.nodes[0] ?? '');
    expect((await rig.nemesis.begin(planned)).tookEffect).toBe(false);
    expect((await rig.nemesis.end(planned)).tookEffect).toBe(false);
  });

  it('has had no effect when the node did not end', async () => {
    const rig = createMemoryRig(power);
    rig.cluster.disks.powerLoss = async () => ({});
    expect((await rig.inject('one')).begin.tookEffect).toBe(false);
  });

  it('tells of a node that does not come back, and is not in its way', async () => {
    const rig = createMemoryRig(power);
    const planned = rig.plan('leader');
    const [node = ''] = planned.nodes;
    await rig.nemesis.begin(planned);
    rig.cluster.failing.set(`start ${node}`, 'it is broken');
    expect((await rig.nemesis.end(planned)).evidence['failures']).toEqual(['it is broken']);
  });

  it('leaves no node frozen where it broke off in the middle, and tells if it must', async () => {
    const rig = createMemoryRig(power);
    rig.cluster.disks.powerLoss = async (nodes) => {
      for (const node of nodes.slice(1)) await rig.cluster.pause(node);
      throw new Error('unable to freeze');
    };
    const planned = rig.plan('majority', { parameters: { nodes: ['n2', 'n3', 'n4'] } });
    await expect(rig.nemesis.begin(planned)).rejects.toThrow('unable to freeze');
    rig.cluster.failing.set('kill n3', 'the engine is busy');
    await expect(rig.nemesis.end(planned)).rejects.toThrow('still frozen: n3; the engine is busy');
    expect(rig.cluster.node('n4')).toMatchObject({ state: 'running', lives: 2 });
    await rig.nemesis.teardown();
    expectWhole(rig);
  });

  it('is undone by a teardown after it broke off in the middle', async () => {
    const rig = createMemoryRig(power);
    const planned = rig.plan('all');
    rig.cluster.failing.set('power n1 n2 n3 n4 n5', 'the machine does not do it');
    await expect(rig.nemesis.begin(planned)).rejects.toThrow('the machine does not do it');
    await rig.cluster.kill('n2');
    await rig.nemesis.teardown();
    expectWhole(rig);
  });
});

describe('a full disk', () => {
  it('counts when the node ran into it; the node is started when there is room', async () => {
    for (const variant of ['one', 'leader', 'follower']) {
      const rig = createMemoryRig(diskFull);
      const { begin, end, plan } = await rig.inject(variant);
      expect(begin.tookEffect).toBe(true);
      expect(end.tookEffect).toBe(true);
      const [node = ''] = plan.nodes;
      expect(end.evidence['states']).toEqual({ [node]: { state: 'stopped', pid: null } });
      expect(end.evidence['said']).toEqual([{ node, line: 'write failed: ENOSPC' }]);
      expectWhole(rig);
    }
  });

  it('asks for a snapshot, which needs room, where the system takes one when asked', async () => {
    const rig = createMemoryRig(diskFull);
    const { begin, plan } = await rig.inject('follower');
    const [node = ''] = plan.nodes;
    expect(begin.evidence['snapshot']).toEqual({ [node]: 'a snapshot is taken' });
    expect(rig.cluster.calls.indexOf(`snapshot ${node}`)).toBe(1);
    const other = createMemoryRig(diskFull, { system: { operator: {} } });
    expect((await other.inject('one')).begin.evidence).not.toHaveProperty('snapshot');
  });

  it('counts when the node lives on and says ENOSPC', async () => {
    const rig = createMemoryRig(diskFull);
    rig.cluster.isIdle = true;
    const planned = rig.plan('follower');
    await rig.nemesis.begin(planned);
    rig.cluster.says(planned.nodes[0] ?? '', 'cannot write: No space left on device');
    expect((await rig.nemesis.end(planned)).tookEffect).toBe(true);
  });

  it('has had no effect when nobody noticed, and the wait for that has an end', async () => {
    const rig = createMemoryRig(diskFull);
    rig.cluster.isIdle = true;
    const { begin, end } = await rig.inject('leader');
    expect(begin.tookEffect).toBe(true);
    expect(end.tookEffect).toBe(false);
    expectWhole(rig);
  });

  it('is no fault when the disk still has room', async () => {
    const rig = createMemoryRig(diskFull);
    rig.cluster.disks.fill = async () => ({ freeBytes: 4096 });
    const planned = rig.plan('one');
    const begin = await rig.nemesis.begin(planned);
    rig.cluster.says(planned.nodes[0] ?? '', 'ENOSPC, of some other disk');
    const end = await rig.nemesis.end(planned);
    expect([begin.tookEffect, end.tookEffect]).toEqual([false, false]);
  });

  it('a node that ends a little after there is room again is started too', async () => {
    const rig = createMemoryRig(diskFull);
    rig.cluster.isIdle = true;
    const planned = rig.plan('follower');
    const [node = ''] = planned.nodes;
    await rig.nemesis.begin(planned);
    rig.cluster.says(node, 'ENOSPC');
    let looksUntilEnd = 3;
    Object.assign(rig.tools, {
      observe: async () => {
        if (!rig.cluster.node(node).isFull && --looksUntilEnd === 0) await rig.cluster.kill(node);
        return rig.cluster.look();
      },
    });
    await rig.nemesis.end(planned);
    expect(rig.cluster.lives(node)).toBe(2);
    expectWhole(rig);
  });

  it('is freed by a teardown', async () => {
    const rig = createMemoryRig(diskFull);
    const planned = rig.plan('leader');
    await rig.nemesis.begin(planned);
    rig.cluster.look();
    await rig.nemesis.teardown();
    expectWhole(rig);
  });
});

describe('a slow disk', () => {
  it('is as slow as the script says, and that is read back; nobody is down', async () => {
    const rig = createMemoryRig(diskSlow);
    const planned = rig.plan('minority', { parameters: { perSecond: 7 } });
    expect(planned.impairs.down).toEqual([]);
    const begin = await rig.nemesis.begin(planned);
    expect(begin.tookEffect).toBe(true);
    expect(planned.nodes.map((node) => rig.cluster.node(node).perSecond)).toEqual([7, 7]);
    rig.cluster.look();
    rig.cluster.look();
    const end = await rig.nemesis.end(planned);
    expect(end.tookEffect).toBe(true);
    expect(Object.values(end.evidence['waited'] ?? {})).toEqual([2, 2]);
    expectWhole(rig);
  });

  it('has had no effect when something else was read back', async () => {
    const rig = createMemoryRig(diskSlow);
    let waited = 0;
    rig.cluster.disks.slow = async () => ({ perSecond: null, waited: waited++ });
    const { begin, end } = await rig.inject('one');
    expect([begin.tookEffect, end.tookEffect]).toEqual([false, false]);
    expect(end.noEffect).toBe('another limit was read back');
  });

  it('has had no effect on who did not have to wait, which is told', async () => {
    const rig = createMemoryRig(diskSlow);
    const planned = rig.plan('minority', { parameters: { nodes: ['n2', 'n3'] } });
    await rig.nemesis.begin(planned);
    await rig.cluster.pause('n3');
    rig.cluster.look();
    const end = await rig.nemesis.end(planned);
    expect(end.tookEffect).toBe(false);
    expect(end.noEffect).toBe('nothing had to wait for the disk of n3');
    expect(end.evidence['waited']).toEqual({ n2: 1, n3: 0 });
  });

  it('counts what waited while it was slow, also in another life, and nothing before', async () => {
    const grown = async (before: number, after: number): Promise<unknown> => {
      const rig = createMemoryRig(diskSlow);
      rig.cluster.disks.slow = async (_node, perSecond) => ({
        ...{ perSecond, waited: perSecond === null ? after : before },
      });
      const { end, plan } = await rig.inject('one');
      const waited = end.evidence['waited'] as Readonly<Record<string, number>>;
      expect(end.tookEffect).toBe(waited[plan.nodes[0] ?? ''] !== 0);
      return Object.values(waited);
    };
    expect(await grown(5, 5)).toEqual([0]);
    expect(await grown(5, 7)).toEqual([2]);
    expect(await grown(5, 3)).toEqual([3]);
    expect(await grown(5, 0)).toEqual([0]);
  });

  it('has had no effect where nobody counts what had to wait', async () => {
    const rig = createMemoryRig(diskSlow);
    rig.cluster.disks.slow = async (_node, perSecond) => ({ perSecond });
    expect((await rig.inject('one')).end.tookEffect).toBe(false);
  });

  it('takes the limit from wherever it is enforced', async () => {
    const rig = createMemoryRig(diskSlow);
    rig.cluster.disks.slow = async (_node, perSecond) => ({
      ...{ control: { syncsPerS: perSecond }, waited: perSecond === null ? 1 : 0 },
    });
    expect((await rig.inject('one')).end.tookEffect).toBe(true);
  });

  it('refuses a rate that is none', () => {
    const rig = createMemoryRig(diskSlow);
    expect(() => rig.plan('one', { parameters: { perSecond: 0 } })).toThrow(FaultError);
  });
});
