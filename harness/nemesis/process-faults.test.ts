import { describe, expect, it } from 'vitest';
import type { UnexpectedExit } from '../cluster.ts';
import type { FaultPlan, Nemesis, PlanContext } from '../nemesis.ts';
import { createRandomStream } from '../run/random.ts';
import type { Operator } from '../systems/system.ts';
import { crashPoint } from './crash-point.ts';
import { kill } from './kill.ts';
import type { MemoryCluster } from './memory-cluster.ts';
import { createMemoryRig } from './memory-rig.ts';
import { pause } from './pause.ts';
import type { FamilyModule } from './tools.ts';

const nodes = ['n1', 'n2', 'n3', 'n4', 'n5'];

function contextOf(over: Partial<PlanContext> = {}): PlanContext {
  const random = createRandomStream(1, 'nemesis');
  return { ...{ nodes, free: nodes, leader: 'n3', random, parameters: {} }, ...over };
}

function planned(nemesis: Nemesis, variant: string, over: Partial<PlanContext> = {}): FaultPlan {
  const plan = nemesis.plan(variant, contextOf(over));
  if ('skip' in plan) throw new Error(plan.skip);
  return plan;
}

interface Rig {
  readonly made: MemoryCluster;
  readonly nemesis: Nemesis;
  readonly blamed: readonly UnexpectedExit[];
  readonly plan: FaultPlan;
}

/** A fault of these nodes, not begun. */
function rig(module: FamilyModule, chosen: readonly string[], operator: Operator = {}): Rig {
  const { cluster, nemesis, blamed } = createMemoryRig(module, { system: { operator } });
  return {
    ...{ made: cluster, nemesis, blamed },
    plan: planned(nemesis, 'one', { parameters: { nodes: chosen } }),
  };
}

describe('the targets of kills and pauses', () => {
  const { nemesis } = createMemoryRig(kill);
  const hit = (variant: string, over: Partial<PlanContext> = {}): readonly string[] =>
    planned(nemesis, variant, over).nodes;
  const skipped = (variant: string, over: Partial<PlanContext>): unknown =>
    nemesis.plan(variant, contextOf(over));

  it('are one, the leader, a follower, a minority, a majority, or all', () => {
    const names = kill.family.variants.map(({ name }) => name);
    expect(names).toEqual(['one', 'leader', 'follower', 'minority', 'majority', 'all']);
    expect(pause.family.variants.map(({ name }) => name)).toEqual(names);
    expect(names.map((name) => hit(name).length)).toEqual([1, 1, 1, 2, 3, 5]);
    expect(hit('leader')).toEqual(['n3']);
    const four = { nodes: nodes.slice(0, 4), free: nodes.slice(0, 4) };
    expect([hit('minority', four).length, hit('majority', four).length]).toEqual([1, 3]);
    const random = createRandomStream(4, 'nemesis');
    const followers = Array.from({ length: 40 }, () => hit('follower', { random }).join());
    expect([...new Set(followers)].sort()).toEqual(['n1', 'n2', 'n4', 'n5']);
  });

  it('are nodes that are free, or there is no fault', () => {
    const free = ['n1', 'n2'];
    for (const variant of ['one', 'follower']) expect(free).toContain(hit(variant, { free })[0]);
    expect(free).toContain(hit('leader', { free, leader: null })[0]);
    expect(hit('minority', { free })).toEqual(free);
    expect(skipped('leader', { free })).toEqual({ skip: 'the leader n3 is not free' });
    expect(skipped('majority', { free })).toEqual({
      skip: 'majority takes 3 nodes, and 2 are free',
    });
    expect(skipped('follower', { free: ['n3'] })).toEqual({ skip: 'no follower is free' });
    expect(skipped('one', { free: [] })).toEqual({ skip: 'one takes 1 node, and 0 are free' });
    const parameters = { nodes: ['n1', 'n4'] };
    expect(skipped('one', { free, parameters })).toEqual({
      skip: 'n4 is down, or held by another fault',
    });
  });

  it('are those that a script names, and such a fault has no other name', () => {
    expect(planned(nemesis, 'all', { parameters: { nodes: ['n2', 'n1'] } })).toEqual({
      ...{ variant: 'named', description: 'named: n1 n2', nodes: ['n1', 'n2'] },
      ...{ claims: ['n1', 'n2'], value: { target: 'named', nodes: ['n1', 'n2'] } },
      impairs: { cut: [], down: ['n1', 'n2'] },
    });
    expect(hit('one', { parameters: { nodes: 'n4' } })).toEqual(['n4']);
    expect(() => hit('one', { parameters: { nodes: ['n9'] } })).toThrow('not n9');
    expect(() => hit('most')).toThrow('there is no target most');
  });

  it('are no minority where there is none', () => {
    const least = kill.family.variants.map(({ name, nodesMin }) => [name, nodesMin]);
    expect(least).toContainEqual(['minority', 3]);
    expect(least).toContainEqual(['follower', 2]);
  });
});

describe('a kill', () => {
  it('took effect when processes that ran are gone; the end brings others', async () => {
    const { nemesis, plan } = rig(kill, ['n1', 'n2']);
    const begun = await nemesis.begin(plan);
    expect(begun).toEqual({
      tookEffect: true,
      evidence: {
        before: { n1: { state: 'running', pid: 100 }, n2: { state: 'running', pid: 101 } },
        after: { n1: { state: 'stopped', pid: null }, n2: { state: 'stopped', pid: null } },
      },
    });
    const after = { n1: { state: 'running', pid: 105 }, n2: { state: 'running', pid: 106 } };
    expect(await nemesis.end(plan)).toEqual({ tookEffect: true, evidence: { after } });
  });

  it('had no effect on a process that was gone before, or is still there', async () => {
    const gone = rig(kill, ['n1']);
    gone.made.endsByItself('n1', 'gone');
    expect(await gone.nemesis.begin(gone.plan)).toMatchObject({ tookEffect: false });
    expect(await gone.nemesis.end(gone.plan)).toMatchObject({ tookEffect: false });
    const immortal = rig(kill, ['n1']);
    immortal.made.kill = () => Promise.resolve();
    expect(await immortal.nemesis.begin(immortal.plan)).toMatchObject({ tookEffect: false });
    expect(await immortal.nemesis.end(immortal.plan)).toMatchObject({ tookEffect: false });
    expect(immortal.made.calls).toEqual([]);
  });

  it('keeps why a node did not come back: it is the system that failed', async () => {
    const { made, nemesis, plan } = rig(kill, ['n1', 'n2']);
    await nemesis.begin(plan);
    made.failing.set('start n1', 'it panics');
    expect(await nemesis.end(plan)).toMatchObject({
      tookEffect: true,
      evidence: { failures: ['it panics'], after: { n2: { state: 'running' } } },
    });
  });

  it('that could not be done is undone by the teardown, once', async () => {
    const { made, nemesis, plan } = rig(kill, ['n1', 'n2']);
    made.failing.set('kill n2', 'the engine is gone');
    await expect(nemesis.begin(plan)).rejects.toThrow('the engine is gone');
    await nemesis.teardown();
    await nemesis.teardown();
    expect(made.calls).toEqual(['kill n1', 'kill n2', 'start n1']);
  });
});

describe('a pause', () => {
  it('took effect when the same process was frozen, to the end, and went on', async () => {
    const { made, nemesis, plan } = rig(pause, ['n1', 'n2']);
    expect(await nemesis.begin(plan)).toEqual({
      tookEffect: true,
      evidence: {
        before: { n1: { state: 'running', pid: 100 }, n2: { state: 'running', pid: 101 } },
        after: { n1: { state: 'paused', pid: 100 }, n2: { state: 'paused', pid: 101 } },
      },
    });
    expect(await nemesis.end(plan)).toEqual({
      tookEffect: true,
      evidence: {
        before: { n1: { state: 'paused', pid: 100 }, n2: { state: 'paused', pid: 101 } },
        after: { n1: { state: 'running', pid: 100 }, n2: { state: 'running', pid: 101 } },
      },
    });
    await nemesis.teardown();
    expect(made.calls.filter((call) => call.startsWith('resume'))).toHaveLength(2);
  });

  it('had no effect when a node went on before its end, or is another process', async () => {
    const { made, nemesis, plan } = rig(pause, ['n1']);
    await nemesis.begin(plan);
    await made.resume('n1');
    expect(await nemesis.end(plan)).toMatchObject({ tookEffect: false });
    const other = rig(pause, ['n1']);
    await other.nemesis.begin(other.plan);
    await other.made.kill('n1');
    await other.made.start('n1');
    await other.made.pause('n1');
    expect(await other.nemesis.end(other.plan)).toMatchObject({ tookEffect: false });
    const dying = rig(pause, ['n1']);
    await dying.nemesis.begin(dying.plan);
    dying.made.resume = async (node) => dying.made.endsByItself(node, 'gone');
    expect(await dying.nemesis.end(dying.plan)).toMatchObject({ tookEffect: false });
  });

  it('had no effect on a process that was gone, and is no pause where nothing froze', async () => {
    const gone = rig(pause, ['n1']);
    gone.made.endsByItself('n1', 'gone');
    expect(await gone.nemesis.begin(gone.plan)).toMatchObject({ tookEffect: false });
    const warm = rig(pause, ['n1']);
    warm.made.pause = () => Promise.resolve();
    expect(await warm.nemesis.begin(warm.plan)).toMatchObject({ tookEffect: false });
    expect(await warm.nemesis.end(warm.plan)).toMatchObject({ tookEffect: false });
  });

  it('has failed while a node is still frozen; the teardown tries again', async () => {
    const { made, nemesis, plan } = rig(pause, ['n1', 'n2']);
    await nemesis.begin(plan);
    made.failing.set('resume n1', 'no such container');
    await expect(nemesis.end(plan)).rejects.toThrow('still frozen: n1; no such container');
    expect(await made.nodeState('n2')).toBe('running');
    await nemesis.teardown();
    expect(await made.nodeState('n1')).toBe('running');
  });

  it('that could not be done is undone by the teardown', async () => {
    const { made, nemesis, plan } = rig(pause, ['n1', 'n2']);
    made.failing.set('pause n2', 'no freezer');
    await expect(nemesis.begin(plan)).rejects.toThrow('no freezer');
    await nemesis.teardown();
    expect(await made.nodeState('n1')).toBe('running');
  });
});

describe('a crash point', () => {
  const operated = (over: Partial<NonNullable<Operator['crashPoints']>> = {}) => {
    const asked: string[] = [];
    const operator: Operator = {
      crashPoints: {
        names: ['wal.after-fsync', 'raft.after-reply', 'snapshot.before-write'],
        arm: async (_, node, name, passage) => {
          asked.push(`arm ${node} ${name}#${passage}`);
          return 'OK armed';
        },
        disarm: async (_, node) => {
          asked.push(`disarm ${node}`);
          return 'OK disarmed';
        },
        isReached: (line, name) => line === `crash point ${name} reached`,
        ...over,
      },
    };
    return { ...rig(crashPoint, ['n2'], operator), asked };
  };
  const lastWords = (plan: FaultPlan): string =>
    `crash point ${(plan as FaultPlan & { readonly point: string }).point} reached`;
  /** Nobody listens any more, and an end from now on is a violation. */
  const expectReleased = (made: MemoryCluster): void => {
    expect(made.listenerCount).toBe(0);
    expect(made.node('n2').mayEnd).toBe(0);
  };

  it('took effect when the node is gone and nobody killed it; it is started again', async () => {
    const { made, nemesis, plan, asked } = operated();
    const begun = await nemesis.begin(plan);
    expect(begun).toMatchObject({ tookEffect: false, evidence: { answer: 'OK armed' } });
    expect(begun.notReached).toMatch(/^n2 has not passed /);
    made.says('n1', 'something else');
    made.says('n2', 'serving');
    const { point, passage } = plan as FaultPlan & { point: string; passage: number };
    made.endsByItself('n2', `crash point ${point} reached`);
    made.says('n2', 'serving again');
    made.says('n2', ' ');
    made.says('n3', 'something else');
    const ended = await nemesis.end(plan);
    expect(ended).toEqual({
      tookEffect: true,
      evidence: {
        ...{ lifeAtEnd: 1, lastLine: `crash point ${point} reached` },
        after: { n2: { state: 'running', pid: 105 } },
      },
    });
    expect([made.calls, made.exits]).toEqual([['start n2'], []]);
    expectReleased(made);
    expect(asked).toEqual([`arm n2 ${point}#${passage}`]);
  });

  it('that was not passed is disarmed, and was not reached', async () => {
    const { made, nemesis, plan, asked } = operated();
    await nemesis.begin(plan);
    made.says('n1', 'something else');
    const ended = await nemesis.end(plan);
    const evidence = { disarmed: 'OK disarmed', lastLine: null };
    expect(ended).toMatchObject({ tookEffect: false, evidence });
    expect(ended.notReached).toMatch(/^n2 did not pass \S+ \d+ times while it was armed$/);
    expect(asked).toHaveLength(2);
    expect(made.calls).toEqual([]);
    expectReleased(made);
  });

  it('is not believed when the node ended without a word of it: the node is blamed', async () => {
    const { made, nemesis, plan, blamed } = operated();
    await nemesis.begin(plan);
    made.endsByItself('n2', 'out of memory');
    expect(await nemesis.end(plan)).toMatchObject({ tookEffect: false });
    expect(blamed).toEqual([{ node: 'n2', reason: expect.stringContaining('out of memory') }]);
    expect(made.calls).toEqual(['start n2']);
    expectReleased(made);
  });

  it('that was armed in another life of the node ended nothing', async () => {
    const { made, nemesis, plan } = operated();
    await nemesis.begin(plan);
    await made.kill('n2');
    await made.start('n2');
    made.endsByItself('n2', 'something else');
    expect(await nemesis.end(plan)).toMatchObject({
      tookEffect: false,
      evidence: { lifeAtEnd: 2 },
    });
  });

  it('that cannot be disarmed is rid of with its process', async () => {
    const { made, nemesis, plan } = operated({ disarm: () => Promise.reject(new Error('deaf')) });
    await nemesis.begin(plan);
    const ended = await nemesis.end(plan);
    expect(ended).toMatchObject({ tookEffect: false, evidence: { disarmFailed: 'deaf' } });
    expect(ended).toHaveProperty('notReached');
    expect(made.calls).toEqual(['kill n2', 'start n2']);
  });

  it('that is passed while it is disarmed took effect', async () => {
    const passing = operated({
      disarm: async () => {
        passing.made.endsByItself('n2', lastWords(passing.plan));
        throw new Error('connection lost');
      },
    });
    await passing.nemesis.begin(passing.plan);
    expect(await passing.nemesis.end(passing.plan)).toMatchObject({
      ...{ tookEffect: true, evidence: { disarmFailed: 'connection lost' } },
    });
    expect(passing.made.calls).toEqual(['start n2']);
  });

  it('that was passed is believed though the engine is late to notice', async () => {
    const { made, nemesis, plan } = operated({ disarm: () => Promise.reject(new Error('gone')) });
    await nemesis.begin(plan);
    const stateOf = made.nodeState.bind(made);
    let asked = 0;
    made.nodeState = async (node) => {
      if (asked++ === 10) made.endsByItself(node, lastWords(plan));
      return await stateOf(node);
    };
    expect((await nemesis.end(plan)).tookEffect).toBe(true);
    expect(made.calls).toEqual(['start n2']);
  });

  it('keeps why the node did not come back', async () => {
    const { made, nemesis, plan } = operated();
    await nemesis.begin(plan);
    made.endsByItself('n2', lastWords(plan));
    made.failing.set('start n2', 'its log is torn');
    expect(await nemesis.end(plan)).toMatchObject({
      ...{ tookEffect: true, evidence: { failures: ['its log is torn'] } },
    });
  });

  it('that could not be armed, or is armed when all ends, is undone by the teardown', async () => {
    const refusing = operated({ arm: () => Promise.reject(new Error('no such point')) });
    await expect(refusing.nemesis.begin(refusing.plan)).rejects.toThrow('no such point');
    await refusing.nemesis.teardown();
    expectReleased(refusing.made);
    const ended = operated();
    await ended.nemesis.begin(ended.plan);
    ended.made.endsByItself('n2', 'gone');
    await ended.nemesis.teardown();
    await ended.nemesis.teardown();
    expect(ended.made.calls).toEqual(['start n2']);
  });

  it('is drawn from the seed, or named with its passage; it is of one node', () => {
    const { nemesis } = operated();
    const random = createRandomStream(5, 'nemesis');
    const drawn = Array.from({ length: 90 }, () => planned(nemesis, 'one', { random }).value);
    const count = (point: string): number =>
      drawn.filter((value) => value['point'] === point).length;
    expect(count('wal.after-fsync')).toBeGreaterThan(count('raft.after-reply'));
    expect(count('raft.after-reply')).toBeGreaterThan(count('snapshot.before-write'));
    expect(count('snapshot.before-write')).toBeGreaterThan(0);
    expect(new Set(drawn.map((value) => value['passage']))).toEqual(new Set([1, 2, 3, 5, 10, 20]));
    const parameters = { point: 'raft.after-reply', passage: 7 };
    expect(planned(nemesis, 'leader', { parameters })).toMatchObject({
      ...{ description: 'leader n3: raft.after-reply#7', claims: ['n3'] },
      value: { target: 'leader', point: 'raft.after-reply', passage: 7 },
    });
    const bad = (said: PlanContext['parameters']) => () =>
      planned(nemesis, 'one', { parameters: said });
    expect(bad({ point: 'nowhere' })).toThrow('point: there is none called nowhere');
    expect(bad({ passage: 0 })).toThrow('passage');
    expect(bad({ nodes: ['n1', 'n2'] })).toThrow('a crash point takes one node');
    const without = createMemoryRig(crashPoint).nemesis;
    expect(() => planned(without, 'one')).toThrow('reference has no crash points');
  });
});
