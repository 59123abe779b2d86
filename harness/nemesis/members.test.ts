import { describe, expect, it } from 'vitest';
import { members } from './members.ts';
import { createMemoryRig } from './memory-rig.ts';
import { changes, expectFullStrength } from './memory-whole.ts';
import { wasOnceRemoved } from './once-removed.ts';

const spares = ['n6', 'n7'];

describe('changes of members', () => {
  it('remove: the voters are read back, the node runs on and is added at the end', async () => {
    for (const variant of ['remove-follower', 'remove-leader']) {
      const rig = createMemoryRig(members);
      const planned = rig.plan(variant);
      const [node = ''] = planned.nodes;
      expect(rig.cluster.leader === node).toBe(variant === 'remove-leader');
      const begin = await rig.nemesis.begin(planned);
      expect(begin.tookEffect).toBe(true);
      expect(rig.cluster.voters).not.toContain(node);
      expect(rig.tools.members.list()).not.toContain(node);
      expect(rig.cluster.node(node).state).toBe('running');
      expect(planned.impairs.down).toEqual([node]);
      expect(rig.nemesis.plan('remove-follower', rig.context())).not.toHaveProperty('skip');
      expect((await rig.nemesis.end(planned)).tookEffect).toBe(true);
      expect(changes(rig)).toEqual([`remove ${node}`, `add ${node}`]);
      expect(rig.cluster.nodes.filter((each) => wasOnceRemoved(rig.tools.members, each))).toEqual([
        node,
      ]);
      await expectFullStrength(rig);
    }
  });

  it('add: a spare starts and joins, and is removed and down at the end', async () => {
    const rig = createMemoryRig(members, { spares });
    const planned = rig.plan('add');
    const [node = ''] = planned.nodes;
    expect(planned.impairs.down).toEqual([]);
    expect((await rig.nemesis.begin(planned)).tookEffect).toBe(true);
    expect(rig.cluster.voters).toContain(node);
    expect(rig.tools.members.list()).toContain(node);
    await rig.nemesis.end(planned);
    const kept = [`start ${node}`, `add ${node}`, `remove ${node}`, `kill ${node}`];
    expect(changes(rig)).toEqual(kept);
    await expectFullStrength(rig);
  });

  it('add: each spare once, and none is left when all have joined', async () => {
    const rig = createMemoryRig(members, { spares });
    const first = rig.plan('add');
    await rig.nemesis.begin(first);
    const next = rig.plan('add');
    expect(next.nodes).not.toEqual(first.nodes);
    await rig.nemesis.begin(next);
    expect(rig.nemesis.plan('add', rig.context())).toEqual({ skip: 'no spare node is left' });
    await rig.nemesis.teardown();
    await expectFullStrength(rig);
  });

  it('replace: removed, killed, the spare joins; at the end back, never smaller', async () => {
    const rig = createMemoryRig(members, { spares: ['n6'] });
    const planned = rig.plan('replace', { parameters: { nodes: ['n2'] } });
    const begin = await rig.nemesis.begin(planned);
    expect(begin.tookEffect).toBe(true);
    expect([...rig.cluster.voters].sort()).toEqual(['n1', 'n3', 'n4', 'n5', 'n6']);
    expect(rig.cluster.node('n2').state).toBe('stopped');
    await rig.nemesis.end(planned);
    expect(changes(rig)).toEqual([
      ...['remove n2', 'kill n2', 'start n6', 'add n6'],
      ...['start n2', 'add n2', 'remove n6', 'kill n6'],
    ]);
    await expectFullStrength(rig);
  });

  it('is skipped where it would leave no majority of those that run', () => {
    const rig = createMemoryRig(members, { nodes: ['n1', 'n2', 'n3'], spares: ['n6'] });
    const free = ['n1', 'n2'];
    for (const variant of ['remove-follower', 'remove-leader', 'replace']) {
      expect(rig.nemesis.plan(variant, rig.context({ free }))).toHaveProperty('skip');
    }
    expect(rig.nemesis.plan('add', rig.context({ free }))).not.toHaveProperty('skip');
    expect(rig.nemesis.plan('add', rig.context({ free: ['n1'] }))).toHaveProperty('skip');
    const four = createMemoryRig(members, { nodes: ['n1', 'n2', 'n3', 'n4'] });
    const three = four.context({ free: ['n1', 'n2', 'n3'] });
    expect(four.nemesis.plan('remove-follower', three)).not.toHaveProperty('skip');
    expect(four.nemesis.plan('remove-follower', four.context({ free }))).toHaveProperty('skip');
  });

  it('a refusal is tried again, and what is listed counts, not what was answered', async () => {
    const rig = createMemoryRig(members);
    const planned = rig.plan('remove-follower', { parameters: { nodes: ['n2'] } });
    rig.cluster.failing.set('remove n2', 'BUSY an earlier change');
    const { evidence, tookEffect } = await rig.nemesis.begin(planned);
    expect(tookEffect).toBe(true);
    expect(evidence['changes']).toMatchObject([
      { answers: ['BUSY an earlier change', 'n2 is a member no more'] },
    ]);
    await rig.nemesis.end(planned);
  });

  it('an answer without a change is none', async () => {
    const rig = createMemoryRig(members);
    const operator = rig.tools.system.operator.members;
    if (operator === undefined) throw new Error('the rig has an operator');
    const { remove } = operator;
    let answers = 0;
    operator.remove = async (desk, node) => (answers++ === 0 ? 'done' : remove(desk, node));
    expect((await rig.inject('remove-leader')).begin.tookEffect).toBe(true);
    expect(answers).toBe(2);
  });

  it('a spare that came to be a learner and no voter is removed too', async () => {
    const rig = createMemoryRig(members, { spares: ['n6'] });
    const planned = rig.plan('add');
    const operator = rig.tools.system.operator.members;
    if (operator === undefined) throw new Error('the rig has an operator');
    operator.add = () => Promise.reject(new Error('LAGGING'));
    await expect(rig.nemesis.begin(planned)).rejects.toThrow('LAGGING');
    await rig.nemesis.teardown();
    expect(rig.cluster.calls).toContain('remove n6');
    await expectFullStrength(rig);
  });

  it('has had no effect when it was so before; what was told stands in its claims', async () => {
    const rig = createMemoryRig(members);
    const planned = rig.plan('remove-follower');
    expect(planned.claims).toEqual(planned.nodes);
    rig.cluster.voters = rig.cluster.voters.filter((node) => node !== planned.nodes[0]);
    expect((await rig.nemesis.begin(planned)).tookEffect).toBe(false);
    expect((await rig.nemesis.end(planned)).tookEffect).toBe(false);
    await expectFullStrength(rig);
  });

  it('an answer that was lost is no second change', async () => {
    const rig = createMemoryRig(members);
    const planned = rig.plan('remove-follower', { parameters: { nodes: ['n2'] } });
    rig.cluster.failing.set('remove n2', 'UNCERTAIN');
    rig.cluster.calls.push = (call: string): number => {
      if (call === 'remove n2') rig.cluster.voters = ['n1', 'n3', 'n4', 'n5'];
      return Array.prototype.push.call(rig.cluster.calls, call);
    };
    expect((await rig.nemesis.begin(planned)).tookEffect).toBe(true);
    expect(changes(rig)).toEqual(['remove n2']);
  });

  it('ends as failed when nobody leads, after so many looks', async () => {
    const rig = createMemoryRig(members);
    const planned = rig.plan('remove-follower');
    for (const node of ['n1', 'n2', 'n3']) await rig.cluster.kill(node);
    await expect(rig.nemesis.begin(planned)).rejects.toThrow('nobody leads');
    expect(rig.tools.members.list()).toHaveLength(5);
  });

  it('has had no effect when the spare was a member before', async () => {
    const rig = createMemoryRig(members, { spares: ['n6'] });
    rig.cluster.voters = [...rig.cluster.voters, 'n6'];
    expect((await rig.inject('add')).begin.tookEffect).toBe(false);
    await expectFullStrength(rig);
  });

  it('a removal that was not answered and comes to pass later is undone too', async () => {
    const rig = createMemoryRig(members);
    const planned = rig.plan('remove-follower', { parameters: { nodes: ['n2'] } });
    for (const node of ['n1', 'n3', 'n4']) await rig.cluster.kill(node);
    await expect(rig.nemesis.begin(planned)).rejects.toThrow('nobody leads');
    await expect(rig.nemesis.end(planned)).rejects.toThrow('nobody leads');
    for (const node of ['n1', 'n3', 'n4']) await rig.cluster.start(node);
    rig.cluster.voters = ['n1', 'n3', 'n4', 'n5'];
    await rig.nemesis.teardown();
    await expectFullStrength(rig);
  });

  it('is brought back to full strength from wherever it broke off', async () => {
    const steps = ['remove n2', 'kill n2', 'start n6', 'add n6'];
    for (const step of steps) {
      const rig = createMemoryRig(members, { spares: ['n6'] });
      const planned = rig.plan('replace', { parameters: { nodes: ['n2'] } });
      const original = rig.cluster.failing.get.bind(rig.cluster.failing);
      let isOver = false;
      rig.cluster.failing.get = (call) => (!isOver && call === step ? 'it broke' : original(call));
      await expect(rig.nemesis.begin(planned), step).rejects.toThrow('it broke');
      isOver = true;
      await rig.nemesis.teardown();
      await expectFullStrength(rig);
    }
  });

  it('an end that fails leaves the rest to the teardown', async () => {
    const rig = createMemoryRig(members, { spares: ['n6'] });
    const planned = rig.plan('replace', { parameters: { nodes: ['n2'] } });
    await rig.nemesis.begin(planned);
    rig.cluster.failing.set('start n2', 'it does not start');
    await expect(rig.nemesis.end(planned)).rejects.toThrow('it does not start');
    await rig.nemesis.teardown();
    await expectFullStrength(rig);
  });
});
