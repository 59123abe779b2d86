import { describe, expect, it } from 'vitest';
import type { Cluster, NetworkReading, NodeState } from '../cluster.ts';
import type { NemesisOp } from '../nemesis.ts';
import { createRandomStream } from '../run/random.ts';
import { KillNemesis, killTargets, planKill } from './kill.ts';
import { PartitionNemesis, partitionShapes, planPartition } from './partition.ts';
import { FaultSchedule, type ScheduledAction, StallDetector } from './schedule.ts';

const nodes = ['n1', 'n2', 'n3', 'n4', 'n5'];
const context = (seed: number, leader: string | null = 'n3') => ({
  nodes,
  leader,
  random: createRandomStream(seed, 'nemesis'),
});
const seeds = Array.from({ length: 20 }, (_, seed) => seed);

/** For each node how many others it can exchange messages with, both ways. */
function reach(cut: readonly { readonly from: string; readonly to: string }[]): readonly number[] {
  const isCut = (from: string, to: string): boolean =>
    cut.some((link) => link.from === from && link.to === to);
  return nodes.map((a) => nodes.filter((b) => a !== b && !isCut(a, b) && !isCut(b, a)).length);
}

describe('partitions', () => {
  it('cut every link of a shape in both directions', () => {
    for (const shape of partitionShapes) {
      const { cut } = planPartition(shape, context(1));
      for (const link of cut) expect(cut).toContainEqual({ from: link.to, to: link.from });
    }
  });

  it('one: a node alone, the others together', () => {
    for (const seed of seeds) {
      expect([...reach(planPartition('one', context(seed)).cut)].sort()).toEqual([0, 3, 3, 3, 3]);
    }
  });

  it('leader: the leader alone, or any node when nobody knows one', () => {
    expect(reach(planPartition('leader', context(1)).cut)).toEqual([3, 3, 0, 3, 3]);
    expect([...reach(planPartition('leader', context(1, null)).cut)].sort()).toEqual([
      0, 3, 3, 3, 3,
    ]);
  });

  it('halves: a minority and a majority', () => {
    for (const seed of seeds) {
      expect([...reach(planPartition('halves', context(seed)).cut)].sort()).toEqual([
        1, 1, 2, 2, 2,
      ]);
    }
  });

  it('majorities-ring: each node sees a majority, no two the same', () => {
    for (const seed of seeds) {
      const { cut } = planPartition('majorities-ring', context(seed));
      expect(reach(cut)).toEqual([2, 2, 2, 2, 2]);
      const seen = nodes.map((a) =>
        nodes.filter((b) => !cut.some((link) => link.from === a && link.to === b)).join(),
      );
      expect(new Set(seen).size).toBe(5);
    }
  });
});

describe('crashes', () => {
  it('take one node, the leader, a minority, or all', () => {
    const counts = killTargets.map((target) => planKill(target, context(3)).nodes.length);
    expect(counts).toEqual([1, 1, 2, 5]);
    expect(planKill('leader', context(3)).nodes).toEqual(['n3']);
  });
});

/** A cluster that answers as told; the nemeses use no more of it. */
function fakeCluster(over: Partial<Cluster>): Cluster {
  const part: Partial<Cluster> = {
    kill: () => Promise.resolve(),
    start: () => Promise.resolve(),
    nodeState: () => Promise.resolve('running'),
    ...over,
  };
  return part as Cluster;
}

const begin = (value: object): NemesisOp => ({ f: '', value: { phase: 'begin', ...value } });
const end: NemesisOp = { f: '', value: { phase: 'end' } };

describe('the evidence of a fault', () => {
  it('does not call it a crash when the process is still there', async () => {
    const nemesis = new KillNemesis(fakeCluster({}));
    expect(await nemesis.invoke(begin({ nodes: ['n1'] }))).toMatchObject({ tookEffect: false });
    expect(await nemesis.invoke(end)).toMatchObject({ tookEffect: false });
  });

  it('calls it a crash when a process that ran is gone; keeps why it did not restart', async () => {
    let state: NodeState = 'running';
    const nemesis = new KillNemesis(
      fakeCluster({
        kill: async () => {
          state = 'stopped';
        },
        start: () => Promise.reject(new Error('no')),
        nodeState: () => Promise.resolve(state),
      }),
    );
    expect(await nemesis.invoke(begin({ nodes: ['n1'] }))).toMatchObject({ tookEffect: true });
    expect(await nemesis.invoke(end)).toMatchObject({ evidence: { failures: ['no'] } });
  });

  it('calls it no partition when the cut is not in force, or nothing ran into it', async () => {
    const cut = [{ from: 'n1', to: 'n2' }];
    const partition = async (dropped: number, inForce: boolean): Promise<boolean> => {
      let reading: NetworkReading = { cut: [], dropped: 0 };
      const network: Cluster['network'] = {
        set: async (links) => {
          reading = { cut: inForce ? links : [], dropped };
        },
        read: () => Promise.resolve(reading),
      };
      const nemesis = new PartitionNemesis(fakeCluster({ network }));
      await nemesis.invoke(begin({ cut }));
      return (await nemesis.invoke(end)).tookEffect;
    };
    expect(await partition(3, true)).toBe(true);
    expect(await partition(0, true)).toBe(false);
    expect(await partition(3, false)).toBe(false);
  });
});

describe('the schedule of faults', () => {
  const run = (seed: number, completions: number): readonly (ScheduledAction | null)[] => {
    const random = createRandomStream(seed, 'schedule');
    const schedule = new FaultSchedule({ families: ['partition', 'kill'], every: 10, random });
    return Array.from({ length: completions }, () => schedule.completed());
  };

  it('depends on the seed and on nothing else', () => {
    expect(run(1, 1000)).toEqual(run(1, 1000));
    expect(run(1, 1000)).not.toEqual(run(2, 1000));
  });

  it('acts once in `every` completions on average', () => {
    const actions = run(5, 10_000).filter((action) => action !== null);
    expect(actions.length).toBeGreaterThan(900);
    expect(actions.length).toBeLessThan(1100);
  });

  it('begins each family once before any begins again', () => {
    for (const seed of seeds) {
      const begun = run(seed, 200).flatMap((action) =>
        action?.phase === 'begin' ? [action.family] : [],
      );
      expect(new Set(begun.slice(0, 2)).size).toBe(2);
    }
  });

  it('ends only what has begun', () => {
    for (const seed of seeds) {
      const active = new Set<string>();
      for (const action of run(seed, 2000)) {
        if (action === null) continue;
        if (action.phase === 'begin') expect(active.has(action.family)).toBe(false);
        else expect(active.has(action.family)).toBe(true);
        if (action.phase === 'begin') active.add(action.family);
        else active.delete(action.family);
      }
    }
  });

  it('heals at once when every client is blocked', () => {
    const random = createRandomStream(1, 'schedule');
    const schedule = new FaultSchedule({ families: ['partition'], every: 1_000_000, random });
    expect(schedule.stalled()).toMatchObject({ phase: 'begin', trigger: 'stalled' });
    expect(schedule.stalled()).toMatchObject({ phase: 'end', trigger: 'stalled' });
  });

  it('does nothing when no faults were asked for', () => {
    const random = createRandomStream(1, 'schedule');
    const schedule = new FaultSchedule({ families: [], every: 1, random });
    expect(schedule.completed()).toBeNull();
    expect(schedule.stalled()).toBeNull();
  });
});

describe('the stall detector', () => {
  it('says once that every thread is blocked, until one is answered', () => {
    const stalls = new StallDetector(3);
    expect(stalls.completed(0, false)).toBe(false);
    expect(stalls.completed(1, false)).toBe(false);
    expect(stalls.completed(1, false)).toBe(false);
    expect(stalls.completed(2, false)).toBe(true);
    expect(stalls.completed(0, false)).toBe(false);
    expect(stalls.completed(0, true)).toBe(false);
    for (const thread of [0, 1]) expect(stalls.completed(thread, false)).toBe(false);
    expect(stalls.completed(2, false)).toBe(true);
  });
});
