/**
 * Sessions over the whole server: each call takes effect once, however often and wherever it is
 * sent, while nodes crash, freeze, are cut off, hand over and take snapshots.
 */
import { expect, test } from 'vitest';
import { randomInteger, randomItem } from '../run/random.ts';
import { type Answer, FeatureBed, isDone, three, usualSeeds, wrongSeeds } from './feature-bed.ts';

const workloadMs = 1500;

/** What the runs were worth. */
const seen = { calls: 0, attempts: 0, installs: 0, snapshots: 0 };

/** A client that sends a call again until it has the answer. */
class SessionClient {
  readonly #bed: FeatureBed;
  readonly #name: string;
  readonly isOver: () => boolean;
  #sessionId = 0;
  #sequence = 0;
  /** How often its own counter was raised, acknowledged. */
  ownCount = 0;
  sharedCount = 0;
  readonly pushed: string[] = [];
  /** The last call, when it was given up. */
  open: 'own' | 'shared' | 'list' | null = null;

  constructor(bed: FeatureBed, name: string, isOver: () => boolean) {
    this.#bed = bed;
    this.#name = name;
    this.isOver = isOver;
  }

  async work(): Promise<void> {
    await this.#openSession();
    while (!this.isOver()) {
      this.#sequence += 1;
      const what = randomItem(this.#bed.random, ['own', 'shared', 'list'] as const);
      const value = await this.#call(what);
      if (value === null) {
        this.open = what;
        return;
      }
      seen.calls += 1;
      if (what === 'shared') this.sharedCount += 1;
      if (what === 'list') this.pushed.push(`${this.#name}:${this.#sequence}`);
      if (what === 'own') {
        this.ownCount += 1;
        // Nobody else raises it: the answer tells how often it was.
        expect(value).toBe(this.ownCount);
      }
    }
  }

  async #openSession(): Promise<void> {
    const answer = await this.#bed.askAny(['RAFT.SESSION', 'OPEN']);
    this.#sessionId = answer.type === 'integer' ? answer.value : 0;
  }

  /** The answer; null when the time was over before one came. */
  async #call(what: 'own' | 'shared' | 'list'): Promise<number | null> {
    const { random } = this.#bed;
    const command = {
      own: ['INCR', `own-${this.#name}`],
      shared: ['INCR', 'shared'],
      list: ['RPUSH', 'list', `${this.#name}:${this.#sequence}`],
    }[what];
    const words = ['RAFT.SESSION', 'CALL', `${this.#sessionId}`, `${this.#sequence}`, ...command];
    let node = randomItem(random, three);
    for (let attempt = 0; !this.isOver() || attempt < 5; attempt += 1) {
      seen.attempts += 1;
      const copies = 1 + randomInteger(random, 2);
      const patienceMs = randomItem(random, [5, 50, 400]);
      const answers = await Promise.all(
        Array.from({ length: copies }, () => this.#bed.ask(node, words, patienceMs)),
      );
      const values = answers.flatMap((answer) => numbersOf(answer));
      if (values.length > 0) {
        expect(values, 'one call, one answer').toEqual(values.map(() => values[0]));
        return values[0] ?? null;
      }
      node = next(answers, randomItem(random, three));
      await this.#bed.pause(1 + randomInteger(random, 20));
    }
    return null;
  }
}

function numbersOf(answer: Answer): readonly number[] {
  if (answer.type === 'integer') return [answer.value];
  if (answer.type === 'lost') return [];
  const again = ['MOVED', 'NOLEADER', 'OVERLOADED', 'UNCERTAIN'];
  if (answer.type === 'error' && again.includes(answer.code)) return [];
  throw new Error(`a call was answered by ${JSON.stringify(answer)}`);
}

function next(answers: readonly Answer[], otherwise: string): string {
  for (const answer of answers) {
    if (answer.type === 'error' && answer.code === 'MOVED') {
      return three.find((node) => answer.message.includes(`${node}:`)) ?? otherwise;
    }
  }
  return otherwise;
}

async function numberAt(bed: FeatureBed, key: string): Promise<number> {
  const answer = await bed.askAny(['GET', key]);
  return answer.type === 'bulk' ? Number(answer.value ?? 0) : Number.NaN;
}

/** Takes all of it away. */
async function takeList(bed: FeatureBed): Promise<readonly string[]> {
  const leader = await bed.leader();
  const length = await bed.ask(leader, ['LLEN', 'list']);
  const count = length.type === 'integer' ? length.value : 0;
  const pops = Array.from({ length: count }, () => ['RPOP', 'list']);
  const answers = await bed.askInPipeline(leader, pops, 5000);
  return answers.map((answer) => (answer.type === 'bulk' ? `${answer.value}` : answer.type));
}

function within(found: number, acknowledged: number, open: number): void {
  expect(found).toBeGreaterThanOrEqual(acknowledged);
  expect(found).toBeLessThanOrEqual(acknowledged + open);
}

async function runSeed(seed: number): Promise<void> {
  const bed = new FeatureBed({
    seed,
    dropProbability: [0, 0.03, 0.1][seed % 3] ?? 0,
    duplicateProbability: [0, 0.05][seed % 2] ?? 0,
    snapshotEntries: 25 + (seed % 4) * 10,
    trailingEntries: [0, 10][seed % 2] ?? 0,
  });
  await bed.run(async () => {
    await bed.startAll();
    const isOver = (): boolean => bed.nowMs >= workloadMs;
    const clients = ['a', 'b', 'c', 'd'].map((name) => new SessionClient(bed, name, isOver));
    await Promise.all([
      bed.disturb(['kill', 'stop', 'pause', 'partition', 'transfer', 'snapshot'], isOver),
      ...clients.map((client) => client.work()),
    ]);
    await bed.repair();
    const openOf = (what: string): number => clients.filter(({ open }) => open === what).length;
    const shared = clients.reduce((sum, { sharedCount }) => sum + sharedCount, 0);
    within(await numberAt(bed, 'shared'), shared, openOf('shared'));
    for (const [at, client] of clients.entries()) {
      const open = client.open === 'own' ? 1 : 0;
      within(await numberAt(bed, `own-${'abcd'[at]}`), client.ownCount, open);
    }
    const found = await takeList(bed);
    expect(new Set(found).size, 'no element is doubled').toBe(found.length);
    const pushed = clients.flatMap((client) => client.pushed);
    expect(pushed.filter((element) => !found.includes(element))).toEqual([]);
    within(found.length, pushed.length, openOf('list'));
    await bed.untilEqual();
  });
  seen.installs += bed.referee.counts.events.get('install') ?? 0;
  seen.snapshots += bed.referee.counts.events.get('snapshot') ?? 0;
}

test('calls of sessions take effect once, whatever happens', async () => {
  expect(await wrongSeeds(40, runSeed)).toEqual([]);
}, 600_000);

test.skipIf(!usualSeeds)('the seeds of the sessions were worth something', () => {
  expect(seen.calls).toBeGreaterThan(1000);
  expect(seen.attempts).toBeGreaterThan(1.3 * seen.calls);
  expect(seen.snapshots).toBeGreaterThan(70);
  expect(seen.installs).toBeGreaterThan(3);
});

test('unused while ten thousand others were: NOSESSION, on all nodes, for good', async () => {
  const bed = new FeatureBed({ seed: 1, snapshotEntries: 6000, checkDeeply: false });
  await bed.run(async () => {
    await bed.startAll();
    const leader = await bed.leader();
    const [first, second] = await bed.askInPipeline(leader, [
      ['RAFT.SESSION', 'OPEN'],
      ['RAFT.SESSION', 'OPEN'],
    ]);
    if (first?.type !== 'integer' || second?.type !== 'integer') throw new Error('no session');
    const call = (id: number, sequence: number): readonly string[] => {
      return ['RAFT.SESSION', 'CALL', `${id}`, `${sequence}`, 'INCR', `k${id}`];
    };
    expect(await bed.ask(leader, call(first.value, 1))).toMatchObject({ value: 1 });
    const opens = Array.from({ length: 9999 }, () => ['RAFT.SESSION', 'OPEN']);
    const opened = await bed.askInPipeline(leader, opens, 60_000);
    expect(opened.every(isDone)).toBe(true);
    expect(await bed.ask(leader, call(second.value, 1))).toMatchObject({ code: 'NOSESSION' });
    expect(await bed.ask(leader, call(first.value, 1))).toMatchObject({ value: 1 });
    expect(await bed.ask(leader, call(first.value, 2))).toMatchObject({ value: 2 });
    // Nothing of that is lost with the power, and a leader of later says the same.
    for (const node of three) await bed.cluster.kill(node);
    await bed.startAll();
    const later = await bed.leader();
    expect(await bed.ask(later, call(second.value, 1))).toMatchObject({ code: 'NOSESSION' });
    expect(await bed.ask(later, call(first.value, 2))).toMatchObject({ value: 2 });
    expect(await bed.ask(later, call(first.value, 1))).toMatchObject({ code: 'STALESEQ' });
    expect(await bed.ask(later, ['GET', `k${second.value}`])).toMatchObject({ value: null });
    await bed.untilEqual();
  });
}, 60_000);
