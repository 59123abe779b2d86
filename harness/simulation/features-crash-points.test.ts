/**
 * A crash with loss of power at every named point of the server's code, in the midst of writes,
 * snapshots, changes of members and of leaders: what was acknowledged is there afterwards.
 */
import { expect, test, vi } from 'vitest';
import { type CrashPointName, crashPoints } from '../../server/crash-points.ts';
import { type Answer, FeatureBed, isDone, three, usualSeeds, wrongSeeds } from './feature-bed.ts';
import { CommittedConfigurations, FeatureOperator } from './feature-operator.ts';

vi.setConfig({ testTimeout: 600_000 });

const names = Object.keys(crashPoints) as CrashPointName[];
const passages = [1, 3];
const allNodes = [...three, 'n4'];

/** How often a node has crashed at each point. */
const crashes = new Map<CrashPointName, number>();

class CrashStory {
  readonly #bed: FeatureBed;
  readonly #operator: FeatureOperator;
  readonly #acknowledged: string[] = [];
  #isOver = false;

  constructor(bed: FeatureBed, operator: FeatureOperator) {
    this.#bed = bed;
    this.#operator = operator;
  }

  async run(): Promise<void> {
    const story = this.#tell().finally(() => {
      this.#isOver = true;
    });
    await Promise.all([story, this.#keepAlive(), ...['a', 'b'].map((name) => this.#write(name))]);
    await this.#bed.untilEqual(allNodes);
    const expected = this.#acknowledged.map((key) => ({ type: 'bulk', value: key }));
    expect(await this.#readAll()).toEqual(expected);
    expect(this.#acknowledged.length).toBeGreaterThan(50);
  }

  /** Some are still to crash when they read. */
  async #readAll(): Promise<readonly Answer[]> {
    const reads = this.#acknowledged.map((key) => ['GET', key]);
    for (;;) {
      await this.#bed.repair();
      const answers = await this.#bed.askInPipeline(await this.#bed.leader(), reads, 5000);
      if (answers.every(isDone)) return answers;
    }
  }

  /** Every part of the server has something to do in it. */
  async #tell(): Promise<void> {
    const bed = this.#bed;
    await bed.askAny(['SET', 'begin', 'yes']);
    await this.#operator.mustChange('ADD', 'n4');
    await this.#operator.mustChange('PROMOTE', 'n4');
    const leader = await bed.leader();
    await bed.cutOff(three.find((node) => node !== leader) ?? '');
    await this.#writeAtLeast(60);
    await bed.heal();
    await bed.ask(await bed.leader(), ['RAFT.TRANSFER']);
    await this.#writeAtLeast(30);
    await bed.ask(await bed.leader(), ['RAFT.SNAPSHOT']);
  }

  async #writeAtLeast(count: number): Promise<void> {
    const goal = this.#acknowledged.length + count;
    while (this.#acknowledged.length < goal) await this.#bed.pause(20);
  }

  /** Values are their keys: what is acknowledged is known by one word. */
  async #write(name: string): Promise<void> {
    for (let count = 0; !this.#isOver; count += 1) {
      const node = allNodes[count % allNodes.length] ?? '';
      const key = `${name}-${count}`;
      const answer = await this.#bed.ask(node, ['SET', key, key], 200);
      if (isDone(answer)) this.#acknowledged.push(key);
    }
  }

  async #keepAlive(): Promise<void> {
    const { cluster } = this.#bed;
    while (!this.#isOver) {
      for (const node of cluster.nodes) {
        const state = await cluster.nodeState(node);
        if (state === 'stopped') await cluster.start(node).catch(() => undefined);
      }
      await this.#bed.pause(30);
    }
  }
}

async function runSeed(seed: number): Promise<void> {
  const name = names[seed % names.length];
  const passage = passages[Math.floor(seed / names.length) % passages.length] ?? 1;
  if (name === undefined) throw new Error('there is no such point');
  const crashAt = allNodes.map((node) => ({ node, name, passage }));
  const committed = new CommittedConfigurations();
  const bed = new FeatureBed({
    seed,
    joiners: ['n4'],
    crashAt,
    snapshotEntries: 20,
    trailingEntries: 0,
    segmentBytes: 2048,
    onTraceEvent: committed.observe,
  });
  const operator = new FeatureOperator(bed, committed);
  try {
    await bed.run(() => new CrashStory(bed, operator).run());
    operator.judge();
  } catch (error) {
    throw new Error(`crash at ${name}#${passage}: ${error instanceof Error ? error.message : ''}`);
  }
  const crashed = crashAt.length - bed.cluster.crashPoints().outstanding.length;
  crashes.set(name, (crashes.get(name) ?? 0) + crashed);
}

test('a crash at any point of the code loses nothing that was acknowledged', async () => {
  expect(await wrongSeeds(names.length * passages.length, runSeed)).toEqual([]);
});

test.skipIf(!usualSeeds)('at every point some node has crashed', () => {
  expect(names.filter((name) => (crashes.get(name) ?? 0) === 0)).toEqual([]);
});
