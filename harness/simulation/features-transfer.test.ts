/**
 * Leadership handed over, on demand and by a leader that stops: no write is lost or doubled, and
 * nobody waits for an election timeout.
 */
import { expect, test, vi } from 'vitest';
import { randomItem } from '../run/random.ts';
import { FeatureBed, isDone, three, usualSeeds, wrongSeeds } from './feature-bed.ts';
import { FeatureHistory } from './feature-history.ts';

vi.setConfig({ testTimeout: 600_000 });

/** As the simulation has it: 15 ticks of 20 ms at the least. */
const electionTimeoutMs = 300;
const seen = { transfers: 0, acknowledged: 0 };

/** Raises a counter wherever the leader is, one at a time, and knows how often it was told so. */
class Counting {
  readonly #bed: FeatureBed;
  readonly #key: string;
  acknowledged = 0;
  uncertain = 0;

  constructor(bed: FeatureBed, key: string) {
    this.#bed = bed;
    this.#key = key;
  }

  async work(isOver: () => boolean): Promise<void> {
    let node = 'n1';
    while (!isOver()) {
      const answer = await this.#bed.ask(node, ['INCR', this.#key], 2000);
      if (isDone(answer)) this.acknowledged += 1;
      else if (answer.type === 'lost' || answer.code === 'UNCERTAIN') this.uncertain += 1;
      if (isDone(answer)) continue;
      const moved = answer.type === 'error' && answer.code === 'MOVED' ? answer.message : '';
      const named = three.find((other) => moved.includes(`${other}:`));
      node = named ?? randomItem(this.#bed.random, three);
      await this.#bed.pause(2);
    }
  }

  async judge(): Promise<void> {
    const { value } = (await this.#bed.askAny(['GET', this.#key])) as { value: string | null };
    expect(Number(value)).toBeGreaterThanOrEqual(this.acknowledged);
    expect(Number(value)).toBeLessThanOrEqual(this.acknowledged + this.uncertain);
  }
}

/** Clients at work while the story is told. */
async function underLoad(bed: FeatureBed, story: () => Promise<void>): Promise<Counting> {
  const history = new FeatureHistory(bed, ['a', 'b']);
  const counting = new Counting(bed, 'counter');
  let over = false;
  const isOver = (): boolean => over;
  await bed.run(async () => {
    await bed.startAll();
    const told = story().finally(() => {
      over = true;
    });
    await Promise.all([told, history.work(isOver, three), counting.work(isOver)]);
    await bed.repair();
    await counting.judge();
    await history.readAll();
  });
  history.judge();
  seen.acknowledged += history.acknowledged + counting.acknowledged;
  return counting;
}

test('leadership goes to each in turn, under load, and nothing is lost or doubled', async () => {
  const run = async (seed: number): Promise<void> => {
    const bed = new FeatureBed({ seed, snapshotEntries: 50 });
    const counting = await underLoad(bed, async () => {
      await bed.leader();
      for (const target of [...three, ...three]) {
        const leader = await bed.leader();
        if (leader === target) continue;
        const term = await bed.number(leader, 'term');
        const answer = await bed.ask(leader, ['RAFT.TRANSFER', target]);
        expect(answer).toMatchObject({ type: 'simple' });
        expect(await bed.leader()).toBe(target);
        expect(await bed.number(target, 'term')).toBe(term + 1);
        seen.transfers += 1;
        await bed.pause(30);
      }
    });
    // It was known at each moment what became of a write.
    expect(counting.uncertain).toBe(0);
  };
  expect(await wrongSeeds(6, run)).toEqual([]);
});

test.skipIf(!usualSeeds)('the seeds of the transfers were worth something', () => {
  expect(seen.transfers).toBeGreaterThan(20);
  expect(seen.acknowledged).toBeGreaterThan(1000);
});

test('a transfer to who cannot be reached is given up, and the leader goes on', async () => {
  const bed = new FeatureBed({ seed: 1 });
  await underLoad(bed, async () => {
    const leader = await bed.leader();
    const [away = '', other = ''] = three.filter((node) => node !== leader);
    await bed.cutOff(away);
    const term = await bed.number(leader, 'term');
    const startMs = bed.nowMs;
    const transfer = bed.ask(leader, ['RAFT.TRANSFER', away], 3000);
    await bed.pause(100);
    expect(await bed.ask(leader, ['SET', 'k', 'meanwhile'])).toMatchObject({ code: 'NOLEADER' });
    expect(await bed.ask(leader, ['RAFT.TRANSFER', other])).toMatchObject({ code: 'BUSY' });
    expect(await bed.ask(leader, ['GET', 'k'])).toMatchObject({ value: null });
    expect(await transfer).toMatchObject({ code: 'BUSY' });
    expect(bed.nowMs - startMs).toBeLessThan(2 * electionTimeoutMs);
    expect(await bed.ask(leader, ['SET', 'k', 'v'])).toMatchObject({ value: 'OK' });
    await bed.heal();
    await bed.pause(1000);
    // Nothing that was under way deposes it afterwards.
    expect(await bed.leader()).toBe(leader);
    expect(await bed.number(leader, 'term')).toBe(term);
  });
});

test('a transfer makes sense only from the leader to another voter', async () => {
  const bed = new FeatureBed({ seed: 2, joiners: ['n4'] });
  await bed.run(async () => {
    await bed.startAll();
    const leader = await bed.leader();
    const [follower = ''] = three.filter((node) => node !== leader);
    await bed.untilEqual(three);
    expect(await bed.ask(follower, ['RAFT.TRANSFER', follower])).toMatchObject({ code: 'MOVED' });
    await bed.ask(leader, ['RAFT.ADD', 'n4', 'n4:7000', 'n4:6379']);
    for (const target of [leader, 'n4', 'n9']) {
      expect(await bed.ask(leader, ['RAFT.TRANSFER', target])).toMatchObject({ code: 'ERR' });
    }
    expect(await bed.leader()).toBe(leader);
  });
});

for (const count of [2, 3]) {
  test(`of ${count} nodes the leader stops, and the others lead on without a timeout`, async () => {
    const run = async (seed: number): Promise<void> => {
      const bed = new FeatureBed({ seed, nodes: three.slice(0, count) });
      await bed.run(async () => {
        await bed.startAll();
        const leader = await bed.leader();
        const counting = new Counting(bed, 'counter');
        let over = false;
        const working = counting.work(() => over);
        await bed.pause(100);
        const term = await bed.number(leader, 'term');
        const startMs = bed.nowMs;
        await bed.cluster.stop(leader);
        expect(bed.nowMs - startMs, 'the stop').toBeLessThan(electionTimeoutMs);
        // With one of two gone nobody can write, but there is a leader.
        for (;;) {
          const others = bed.cluster.nodes.filter((node) => node !== leader);
          const infos = await Promise.all(others.map((node) => bed.info(node)));
          const next = infos.find((info) => info.get('role') === 'leader');
          if (next !== undefined) {
            expect(Number(next.get('term'))).toBe(term + 1);
            break;
          }
          await bed.pause(5);
        }
        expect(bed.nowMs - startMs, 'the new leader').toBeLessThan(electionTimeoutMs);
        const before = counting.acknowledged;
        if (count > 2) {
          while (counting.acknowledged === before) await bed.pause(5);
          expect(bed.nowMs - startMs, 'the next write').toBeLessThan(electionTimeoutMs);
        }
        await bed.repair();
        over = true;
        await working;
        await counting.judge();
        expect(counting.acknowledged).toBeGreaterThan(10);
      });
    };
    expect(await wrongSeeds(6, run)).toEqual([]);
  });
}
