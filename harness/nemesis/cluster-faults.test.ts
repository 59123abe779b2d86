import { describe, expect, it } from 'vitest';
import { FaultError } from '../nemesis.ts';
import { leaderOf, lookUntil } from './looks.ts';
import { members } from './members.ts';
import { logFile } from './memory-cluster.ts';
import { createMemoryRig, type MemoryRig } from './memory-rig.ts';
import { changes, expectFullStrength } from './memory-whole.ts';
import { rollingRestart } from './rolling-restart.ts';
import { snapshot } from './snapshot.ts';
import { transfer } from './transfer.ts';
import { untilSnapshot } from './until-snapshot.ts';
import { upgrade } from './upgrade.ts';

describe('a transfer', () => {
  it('is a leader of a later term, and the one that was asked for', async () => {
    for (const variant of ['follower', 'any']) {
      const rig = createMemoryRig(transfer);
      const before = rig.cluster.leader;
      const { begin, end, plan } = await rig.inject(variant);
      expect(begin.tookEffect).toBe(true);
      expect(end.tookEffect).toBe(true);
      expect(rig.cluster.leader).not.toBe(before);
      expect(begin.evidence).toMatchObject({
        before: { leader: 'n1', term: 1 },
        after: { leader: rig.cluster.leader, term: 2 },
      });
      if (variant === 'follower') expect(plan.nodes).toEqual([before, rig.cluster.leader]);
    }
  });

  it('has had no effect when the leader is the old one, or not who was asked for', async () => {
    const rig = createMemoryRig(transfer);
    const asked = rig.tools.system.operator;
    asked.transferLeadership = async () => 'done';
    expect((await rig.inject('any')).begin.tookEffect).toBe(false);
    asked.transferLeadership = async () => {
      rig.cluster.leader = 'n5';
      rig.cluster.term++;
      return 'done';
    };
    const { begin } = await rig.inject('follower', { parameters: { to: 'n4' } });
    expect(begin.tookEffect).toBe(false);
  });

  it('has had no effect when the leader leads on, or leads again in a later term', async () => {
    const rig = createMemoryRig(transfer);
    rig.tools.system.operator.transferLeadership = async () => {
      rig.cluster.term++;
      return 'done';
    };
    expect((await rig.inject('any')).begin.tookEffect).toBe(false);
  });

  it('waits for a later term: who calls itself leader in the old one is no proof', async () => {
    const rig = createMemoryRig(transfer);
    rig.tools.system.operator.transferLeadership = async () => {
      rig.cluster.leader = 'n5';
      return 'done';
    };
    const { begin } = await rig.inject('any');
    expect(begin.evidence['after']).toBe('nobody led afterwards');
  });

  it('is skipped without a leader or a free follower; a stranger is a mistake', () => {
    const rig = createMemoryRig(transfer);
    expect(rig.nemesis.plan('any', rig.context({ leader: null }))).toHaveProperty('skip');
    expect(rig.nemesis.plan('any', rig.context({ free: ['n1'] }))).toHaveProperty('skip');
    const to = (node: string) => rig.context({ parameters: { to: node } });
    expect(rig.nemesis.plan('follower', to('n1'))).toHaveProperty('skip');
    expect(() => rig.nemesis.plan('follower', to('n9'))).toThrow(FaultError);
  });
});

describe('a rolling restart', () => {
  it('has one node down at a time, and the next when the last has caught up', async () => {
    for (const variant of ['stop', 'kill']) {
      const rig = createMemoryRig(rollingRestart);
      const { begin, end, plan } = await rig.inject(variant);
      expect(begin.tookEffect).toBe(true);
      expect(end.tookEffect).toBe(true);
      const steps = plan.nodes.flatMap((node) => [`${variant} ${node}`, `start ${node}`]);
      expect(changes(rig)).toEqual(steps);
      expect(plan.nodes).toHaveLength(5);
      expect(begin.evidence['restarts']).toHaveLength(5);
      await expectFullStrength(rig);
    }
  });

  it('stops at a node that does not catch up, and says so', async () => {
    const rig = createMemoryRig(rollingRestart);
    const planned = rig.plan('stop', { parameters: { nodes: ['n2', 'n3'] } });
    const first = planned.nodes[0] ?? '';
    const cut = { from: first, to: rig.cluster.leader ?? '', mode: { type: 'drop' } } as const;
    await rig.cluster.network.set([cut]);
    await expect(rig.nemesis.begin(planned)).rejects.toThrow(`${first} is back and does not`);
    expect(changes(rig)).toEqual([`stop ${first}`, `start ${first}`]);
  });

  it('has had no effect when a node lives its old life', async () => {
    const rig = createMemoryRig(rollingRestart);
    rig.cluster.lives = () => 1;
    expect((await rig.inject('stop')).begin.tookEffect).toBe(false);
  });

  it('starts what it left down when it broke off', async () => {
    const rig = createMemoryRig(rollingRestart);
    const planned = rig.plan('kill');
    rig.cluster.failing.set('start n3', 'it does not start');
    await expect(rig.nemesis.begin(planned)).rejects.toThrow('it does not start');
    expect((await rig.nemesis.end(planned)).tookEffect).toBe(false);
    await expectFullStrength(rig);
  });

  it('is skipped where one more node down is no majority', () => {
    const rig = createMemoryRig(rollingRestart);
    const free = ['n1', 'n2', 'n3'];
    expect(rig.nemesis.plan('stop', rig.context({ free }))).toHaveProperty('skip');
    const four = rig.context({ free: [...free, 'n4'] });
    expect(rig.nemesis.plan('stop', four)).not.toHaveProperty('skip');
  });
});

describe('a rolling upgrade', () => {
  const versionsOf = ({ cluster }: MemoryRig): readonly string[] =>
    cluster.nodes.map((node) => cluster.node(node).version);

  it('brings every node to the other version, and back at the end', async () => {
    const rig = createMemoryRig(upgrade);
    const planned = rig.plan('rolling');
    expect((await rig.nemesis.begin(planned)).tookEffect).toBe(true);
    expect(versionsOf(rig)).toEqual(['2.0', '2.0', '2.0', '2.0', '2.0']);
    expect((await rig.nemesis.end(planned)).tookEffect).toBe(true);
    expect(versionsOf(rig)).toEqual(['1.0', '1.0', '1.0', '1.0', '1.0']);
    await expectFullStrength(rig);
  });

  it('stays there when the script says so, and goes on from there the next time', async () => {
    const rig = createMemoryRig(upgrade);
    await rig.inject('rolling', { parameters: { back: false } });
    expect(new Set(versionsOf(rig))).toEqual(new Set(['2.0']));
    expect(rig.plan('rolling').value).toMatchObject({ from: '2.0', to: '1.0' });
  });

  it('that broke off half way goes back at its end, whatever the script says', async () => {
    const rig = createMemoryRig(upgrade);
    const planned = rig.plan('rolling', { parameters: { back: false } });
    rig.cluster.failing.set('start n4', 'the image is gone');
    await expect(rig.nemesis.begin(planned)).rejects.toThrow('the image is gone');
    await rig.nemesis.end(planned);
    expect(new Set(versionsOf(rig))).toEqual(new Set(['1.0']));
  });

  it('that broke off half way is undone on every node', async () => {
    const rig = createMemoryRig(upgrade);
    const planned = rig.plan('rolling');
    rig.cluster.failing.set('start n4', 'the image is gone');
    await expect(rig.nemesis.begin(planned)).rejects.toThrow('the image is gone');
    await rig.nemesis.teardown();
    expect(new Set(versionsOf(rig))).toEqual(new Set(['1.0']));
    await expectFullStrength(rig);
  });

  it('is skipped while a member is away: it would come back as it was', () => {
    const rig = createMemoryRig(upgrade);
    const free = ['n1', 'n2', 'n3', 'n4'];
    expect(rig.nemesis.plan('rolling', rig.context({ free }))).toHaveProperty('skip');
  });
});

describe('a forced snapshot', () => {
  it('counts when the log of each node begins later', async () => {
    for (const variant of ['one', 'leader', 'all']) {
      const rig = createMemoryRig(snapshot);
      const { begin, end, plan } = await rig.inject(variant);
      expect(begin.tookEffect).toBe(true);
      expect(end.tookEffect).toBe(true);
      expect(plan.impairs.down).toEqual([]);
      expect(plan.claims).toEqual([]);
      const told = begin.evidence['firstLogIndex'] as Record<string, Record<string, number>>;
      for (const node of plan.nodes) {
        expect(told['after']?.[node]).toBeGreaterThan(told['before']?.[node] ?? 0);
      }
    }
  });

  it('has had no effect when the log begins where it began, whatever was answered', async () => {
    const rig = createMemoryRig(snapshot);
    rig.tools.system.operator.forceSnapshot = async () => 'a snapshot is taken';
    expect((await rig.inject('leader')).begin.tookEffect).toBe(false);
  });

  it('a refusal is told', async () => {
    const rig = createMemoryRig(snapshot);
    rig.cluster.failing.set('snapshot n1', 'BUSY');
    const { begin } = await rig.inject('leader');
    expect(begin.evidence['answers']).toEqual({ n1: 'refused: BUSY' });
  });
});

describe('until a snapshot', () => {
  it('keeps a follower away until only a snapshot brings it back, and sees that', async () => {
    for (const variant of ['cut', 'kill']) {
      const rig = createMemoryRig(untilSnapshot);
      const planned = rig.plan(variant);
      const [node = ''] = planned.nodes;
      const begin = await rig.nemesis.begin(planned);
      const { follower, leader } = begin.evidence as {
        readonly follower: { readonly lastLogIndex: number };
        readonly leader: { readonly firstLogIndex: number };
      };
      expect(leader.firstLogIndex).toBeGreaterThan(follower.lastLogIndex + 1);
      expect(rig.cluster.node(node).state).toBe(variant === 'cut' ? 'running' : 'stopped');
      expect(planned.impairs.down).toEqual([node]);
      const end = await rig.nemesis.end(planned);
      expect(end.tookEffect).toBe(true);
      expect(end.evidence).toMatchObject({ before: 0, after: { snapshotsInstalled: 1 } });
      await expectFullStrength(rig);
    }
  });

  it('breaks the connections: what was sent is not delivered when it is let back', async () => {
    const modesOf = async (variant: string): Promise<readonly string[]> => {
      const rig = createMemoryRig(untilSnapshot, { spares: ['n6'] });
      const planned = rig.plan(variant);
      await rig.nemesis.begin(planned);
      const { rules } = await rig.cluster.network.read();
      await rig.nemesis.end(planned);
      expect((await rig.cluster.network.read()).rules).toEqual([]);
      return rules.map(({ mode }) => mode.type);
    };
    expect(await modesOf('cut')).toEqual(Array.from({ length: 10 }, () => 'reset'));
    expect(await modesOf('kill')).toEqual(Array.from({ length: 10 }, () => 'drop'));
  });

  it('waits for a follower that goes on with what it had got before it was cut off', async () => {
    const rig = createMemoryRig(untilSnapshot);
    const planned = rig.plan('cut');
    const [node = ''] = planned.nodes;
    let looks = 0;
    Object.assign(rig.tools, {
      observe: async () => {
        const log = rig.cluster.node(node).files.get(logFile) ?? new Uint8Array();
        // Five entries come with each look, and the leader adds three.
        if (looks++ < 3)
          rig.cluster.node(node).files.set(logFile, new Uint8Array(log.length + 5).fill(1));
        return rig.cluster.look();
      },
    });
    const begin = await rig.nemesis.begin(planned);
    const { follower } = begin.evidence as { readonly follower: { readonly lastLogIndex: number } };
    const length = rig.cluster.node(node).files.get(logFile)?.length;
    expect(follower.lastLogIndex).toBe(length);
    expect((await rig.nemesis.end(planned)).tookEffect).toBe(true);
  });

  it('of a follower that was killed: its new life counts its snapshots from nothing', async () => {
    const rig = createMemoryRig(untilSnapshot);
    for (const node of rig.cluster.nodes) rig.cluster.node(node).snapshotsInstalled = 5;
    for (const variant of ['kill', 'cut']) {
      const { end } = await rig.inject(variant);
      expect(end.tookEffect).toBe(true);
    }
  });

  it('ends as failed when nothing new is written, and lets the follower back', async () => {
    const rig = createMemoryRig(untilSnapshot);
    rig.cluster.isIdle = true;
    const planned = rig.plan('cut');
    await expect(rig.nemesis.begin(planned)).rejects.toThrow('nothing new');
    expect((await rig.nemesis.end(planned)).tookEffect).toBe(false);
    await expectFullStrength(rig);
  });

  it('goes on where the leader has the entry before: it is known by its term', async () => {
    const rig = createMemoryRig(untilSnapshot);
    rig.cluster.isIdle = true;
    const planned = rig.plan('cut');
    rig.cluster.snapshot('n1');
    await expect(rig.nemesis.begin(planned)).rejects.toThrow('never began after');
    await rig.nemesis.end(planned);
  });

  it('has had no effect when no snapshot was installed', async () => {
    const rig = createMemoryRig(untilSnapshot);
    const planned = rig.plan('cut');
    const [node = ''] = planned.nodes;
    await rig.nemesis.begin(planned);
    rig.cluster.isIdle = true;
    for (const each of rig.cluster.nodes) {
      if (each !== node) rig.cluster.node(each).firstLogIndex = 1;
    }
    const end = await rig.nemesis.end(planned);
    expect(end.tookEffect).toBe(false);
    expect(end.noEffect).toMatch(/^n\d is at entry \d+, and has installed no snapshot$/);
  });

  it('is for a follower, and for one without which there is a majority', () => {
    const rig = createMemoryRig(untilSnapshot);
    expect(rig.nemesis.plan('cut', rig.context({ leader: null }))).toHaveProperty('skip');
    const leader = rig.context({ parameters: { nodes: ['n1'] } });
    expect(rig.nemesis.plan('cut', leader)).toEqual({ skip: 'n1 leads' });
    const few = rig.context({ free: ['n1', 'n2', 'n3'] });
    expect(rig.nemesis.plan('cut', few)).toHaveProperty('skip');
  });

  it('is let back by a teardown in the middle', async () => {
    const rig = createMemoryRig(untilSnapshot);
    await rig.nemesis.begin(rig.plan('kill'));
    await rig.nemesis.teardown();
    await expectFullStrength(rig);
  });
});

describe('a wait', () => {
  it('ends after so many looks, and earlier when nothing changes any more', async () => {
    const rig = createMemoryRig(members);
    let looks = 0;
    const never = (): null => {
      looks++;
      return null;
    };
    expect(await lookUntil(rig.tools, never, { looksMax: 7, stillMax: 99 })).toBeNull();
    expect(looks).toBe(7);
    rig.cluster.isIdle = true;
    looks = 0;
    expect(await lookUntil(rig.tools, never, { looksMax: 99, stillMax: 3 })).toBeNull();
    expect(looks).toBe(4);
    const seen = await lookUntil(rig.tools, () => 'there', { looksMax: 1, stillMax: 1 });
    expect(seen).toEqual({ found: 'there', looks: 1 });
  });

  it('takes him for the leader who leads in the highest term', () => {
    const [sample] = createMemoryRig(members).cluster.look();
    if (sample === undefined) throw new Error('nobody answers');
    const leads = (node: string, term: number) => ({ ...sample, node, term, role: 'leader' });
    const samples = [leads('n1', 3), leads('n2', 5), leads('n3', 4)];
    expect(leaderOf(samples)?.node).toBe('n2');
    expect(leaderOf([{ ...sample, role: 'follower' }])).toBeNull();
  });

  it('ends in time, however long each look takes', async () => {
    const { tools } = createMemoryRig(members);
    let looks = 0;
    const observe = async () => {
      looks++;
      await new Promise<void>((resolve) => tools.timers.after(9000, resolve));
      return tools.observe();
    };
    expect(await lookUntil({ ...tools, observe }, () => null)).toBeNull();
    expect(looks).toBe(3);
  });
});
