/**
 * One run of a TestCluster from one seed: a time of faults, then one in which all is well.
 */
import { isJoint, membersOf } from './configuration.ts';
import type { NodeId } from './entry.ts';
import { assertNever } from './invariant-error.ts';
import { type ClusterOptions, roleOf, TestCluster, type TestNode } from './test-cluster.ts';
import type { Marks } from './test-marks.ts';
import { createRandom, Dice } from './test-random.ts';

/** How often each thing happens, in a step; what is left is the delivery of a message. */
interface Rates {
  readonly crash: number;
  /** Somebody leads a bare majority for a moment, and then perhaps crashes. */
  readonly briefLeader: number;
  readonly restart: number;
  readonly partition: number;
  readonly propose: number;
  readonly read: number;
  readonly change: number;
  readonly transfer: number;
  readonly snapshot: number;
  readonly tick: number;
  readonly disk: number;
}

export interface Outcome {
  readonly leaderCount: number;
  readonly committedCount: number;
  readonly releasedReadCount: number;
  readonly marks: Marks;
}

const stepCount = 5000;

/** The command that runs this seed alone. */
export function repeatLine(seed: number): string {
  return `RAFT_FIRST_SEED=${seed} RAFT_SEEDS=1 npm test -- server/raft/cluster`;
}

/** Throws when a promise is broken, or when the healed cluster does not work. */
export function runCluster(seed: number): Outcome {
  const dice = new Dice(createRandom(seed));
  const theme = dice.pick<Theme>(['anything', 'elections', 'snapshots', 'members']);
  const cluster = new TestCluster(dice.random, optionsOf(dice, theme));
  const faults = new Faults(cluster, dice, ratesOf(dice, theme));
  for (let step = 0; step < stepCount; step += 1) faults.step();
  const { oracle, marks } = cluster;
  const { leaderCount, releasedReadCount, committedCount } = oracle;
  checkHealing(cluster);
  return { leaderCount, committedCount, releasedReadCount, marks };
}

/** What a run is mostly about. */
type Theme = 'anything' | 'elections' | 'snapshots' | 'members';

function optionsOf(dice: Dice, theme: Theme): ClusterOptions {
  const nodeCount = theme === 'elections' ? 5 : 3 + dice.below(4);
  const voterCount = theme === 'elections' ? 5 : dice.pick([1, 2, 3, 3, 3, 4, 5]);
  return {
    nodeCount,
    voterCount: Math.min(nodeCount, voterCount),
    chunkBytes: dice.pick([60, 200, 2000]),
    dropRate: dice.pick([0, 0.05, 0.2]),
    duplicateRate: dice.pick([0, 0.1, 0.3]),
    limboRate: dice.pick([0.01, 0.03]),
    raft: {
      trailingEntryCount: theme === 'snapshots' ? dice.below(2) : dice.pick([0, 1, 5, 30]),
      promotionLagMax: dice.pick([1, 5, 1000]),
      maxEntryBytesPerMessage: dice.pick([1, 12]),
      maxInflightMessages: 3,
      maxInflightBytes: 30,
      maxUncommittedBytes: dice.pick([60, 1000, 1_000_000]),
    },
  };
}

function ratesOf(dice: Dice, theme: Theme): Rates {
  const rates: Rates = {
    crash: dice.pick([0, 0.002, 0.01]),
    briefLeader: dice.pick([0, 0.001]),
    restart: dice.pick([0.01, 0.05]),
    partition: dice.pick([0, 0.002, 0.01]),
    propose: dice.pick([0.005, 0.04]),
    read: dice.pick([0.005, 0.04]),
    change: dice.pick([0, 0.005, 0.02]),
    transfer: dice.pick([0, 0.002, 0.01]),
    snapshot: dice.pick([0, 0.003, 0.02]),
    tick: dice.pick([0.03, 0.06, 0.12]),
    disk: dice.pick([0.1, 0.2, 0.4]),
  };
  switch (theme) {
    case 'anything':
      return rates;
    case 'elections':
      return { ...rates, crash: 0.002, restart: 0.05, briefLeader: 0.005, change: 0 };
    case 'snapshots':
      return { ...rates, crash: 0.01, partition: 0.01, snapshot: 0.03, propose: 0.04 };
    case 'members':
      return { ...rates, change: 0.03, transfer: 0.005, crash: 0.005 };
    default:
      return assertNever(theme);
  }
}

class Faults {
  readonly #cluster: TestCluster;
  readonly #dice: Dice;
  readonly #rates: Rates;
  /** Its clock nearly stands: a leader that does not notice that it was replaced. */
  #slow: TestNode | null = null;

  constructor(cluster: TestCluster, dice: Dice, rates: Rates) {
    this.#cluster = cluster;
    this.#dice = dice;
    this.#rates = rates;
  }

  /** One thing happens somewhere. */
  step(): void {
    const cluster = this.#cluster;
    const dice = this.#dice;
    const rates = this.#rates;
    const node = dice.pick(cluster.nodes);
    const choices: readonly [number, () => void][] = [
      [rates.restart, () => this.#restartOne()],
      [rates.crash, () => this.#crash(node)],
      [rates.briefLeader, () => this.#leadBriefly(node)],
      [rates.partition, () => this.#partition()],
      [rates.propose, () => cluster.propose(this.#leaderOr(node), 1 + dice.below(3))],
      [rates.read, () => cluster.read(dice.chance(0.5) ? node : this.#leaderOr(node))],
      [rates.change, () => this.#change(this.#leaderOr(node))],
      [rates.transfer, () => this.#transfer(this.#leaderOr(node))],
      [rates.snapshot, () => this.#snapshot(node)],
      [node === this.#slow ? rates.tick / 10 : rates.tick, () => cluster.tick(node)],
      [rates.disk, () => cluster.completeOne(node)],
      [1, () => cluster.deliverOne()],
    ];
    let left = dice.random();
    for (const [rate, act] of choices) {
      left -= rate;
      if (left >= 0) continue;
      act();
      return;
    }
  }

  #restartOne(): void {
    const down = this.#cluster.nodes.filter(({ running }) => running === null);
    if (down.length > 0) this.#cluster.restart(this.#dice.pick(down));
  }

  /** Mostly a leader, or one that is about to take a snapshot for its log. */
  #crash(node: TestNode): void {
    const { nodes } = this.#cluster;
    const installs = (one: TestNode): boolean =>
      one.running?.inFlight.some(({ snapshot }) => snapshot !== null) ?? false;
    const installing = nodes.filter(installs);
    const target = installing.length > 0 ? this.#dice.pick(installing) : this.#leaderOr(node);
    this.#cluster.crash(target);
  }

  /**
   * What figure 8 of the paper is made of: entries that get to some of a majority, no more.
   * Everything else of the run goes on as it happens to be then.
   */
  #leadBriefly(node: TestNode): void {
    const cluster = this.#cluster;
    const dice = this.#dice;
    const { nodes, network } = cluster;
    if (node.running === null) cluster.restart(node);
    const others = dice.shuffled(nodes.filter((other) => other !== node));
    const side = [node, ...others.slice(0, Math.floor(nodes.length / 2))];
    for (const one of side) if (one.running === null) cluster.restart(one);
    const ids = nodes.map(({ id }) => id);
    network.isolate(ids, new Set(side.map(({ id }) => id)));
    const happen = (count: number): void => {
      for (let step = 0; step < count; step += 1) {
        if (dice.chance(0.6)) cluster.deliverOne();
        else cluster.completeOne(dice.pick(side));
      }
    };
    for (let round = 0; round < 30 && roleOf(node) !== 'leader'; round += 1) {
      for (const one of side) if (one === node || dice.chance(0.6)) cluster.tick(one);
      happen(20);
    }
    cluster.propose(node, dice.below(2));
    happen(dice.below(12));
    if (dice.chance(0.6)) cluster.crash(node);
  }

  #partition(): void {
    const { network, nodes } = this.#cluster;
    const dice = this.#dice;
    network.heal();
    this.#slow = null;
    const shape = dice.random();
    if (shape < 0.3) return;
    const target = this.#leaderOr(dice.pick(nodes));
    if (shape < 0.7) this.#slow = target;
    const ids = nodes.map(({ id }) => id);
    if (shape > 0.9) network.cutLink(target.id, dice.pick(ids));
    else network.split(ids, shape < 0.5 ? target.id : null);
  }

  #snapshot(node: TestNode): void {
    this.#cluster.beginSnapshot(node);
    this.#cluster.oracle.checkSnapshot(node);
  }

  #transfer(node: TestNode): void {
    const { nodes } = this.#cluster;
    this.#cluster.transfer(node, this.#dice.chance(0.3) ? null : this.#dice.pick(nodes).id);
  }

  /** Something that could be wanted, seen from this node; sometimes anything. */
  #change(node: TestNode): void {
    const dice = this.#dice;
    const status = node.running?.raft.status();
    if (status === undefined) return;
    const { index, configuration } = status.configuration;
    const expectedConfigurationIndex = dice.chance(0.8) ? null : index - dice.below(2);
    this.#cluster.change(node, {
      expectedConfigurationIndex,
      ...this.#members(configuration.voters, configuration.learners),
    });
  }

  #members(
    voters: readonly NodeId[],
    learners: readonly NodeId[],
  ): { readonly voters: readonly NodeId[]; readonly learners: readonly NodeId[] } {
    const dice = this.#dice;
    const ids = this.#cluster.nodes.map(({ id }) => id);
    const shape = dice.random();
    const without = (list: readonly NodeId[], gone: NodeId): NodeId[] =>
      list.filter((id) => id !== gone);
    if (shape < 0.35) {
      const strangers = ids.filter((id) => !voters.includes(id) && !learners.includes(id));
      return { voters, learners: [...learners, ...dice.shuffled(strangers).slice(0, 2)] };
    }
    if (shape < 0.6) return { voters: [...voters, ...learners], learners: [] };
    const gone = dice.pick(voters.length > 0 ? voters : ids);
    if (shape < 0.7) return { voters: without(voters, gone), learners };
    if (shape < 0.8) return { voters: without(voters, gone), learners: [...learners, gone] };
    if (shape < 0.9) return { voters: [...without(voters, gone), ...learners], learners: [gone] };
    return { voters: dice.shuffled(ids).slice(0, dice.below(4)), learners: [] };
  }

  /** Any leader, of the past ones too: they matter most. */
  #leaderOr(node: TestNode): TestNode {
    const leaders = this.#cluster.leaders();
    return leaders.length > 0 && this.#dice.chance(0.7) ? this.#dice.pick(leaders) : node;
  }
}

/** A healed cluster elects a leader, commits a new entry on every member, and answers reads. */
function checkHealing(cluster: TestCluster): void {
  const { oracle, nodes, network } = cluster;
  network.heal();
  for (const node of nodes) if (node.running === null) cluster.restart(node);
  for (let round = 0; round < 80; round += 1) cluster.stepAll();
  const leader = theLeader(cluster);
  const { committedCount, releasedReadCount } = oracle;
  const { configuration } = oracle.configuration;
  if (isJoint(configuration)) throw new Error('a change does not end after the healing');
  const members = nodes.filter(({ id }) => membersOf(configuration).includes(id));
  cluster.propose(leader, 1);
  for (const node of members) cluster.read(node);
  for (let round = 0; round < 5; round += 1) cluster.stepAll();
  for (const { id, running } of members) {
    const commitIndex = running?.raft.status().commitIndex ?? 0;
    if (commitIndex > committedCount) continue;
    throw new Error(`no progress on ${id}: commit index ${commitIndex} after the healing`);
  }
  const readCount = oracle.releasedReadCount - releasedReadCount;
  if (readCount !== members.length) throw new Error(`only ${readCount} reads were answered`);
  for (const { id, mode } of leader.running?.raft.status().followers ?? []) {
    if (mode !== 'replicate') throw new Error(`${id} is still in mode ${mode} after the healing`);
  }
  oracle.checkNothingWaits();
}

function theLeader(cluster: TestCluster): TestNode {
  const [leader] = cluster.leaders();
  const { configuration } = cluster.oracle.configuration;
  if (leader === undefined) throw new Error('no leader after the healing');
  for (const node of cluster.nodes) {
    if (node === leader || !membersOf(configuration).includes(node.id)) continue;
    const follows = node.running?.raft.status().leaderId === leader.id;
    if (!follows) throw new Error(`${node.id} is ${roleOf(node)} and does not follow ${leader.id}`);
  }
  return leader;
}
