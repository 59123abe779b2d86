/**
 * An operator who changes the members, and remembers what was answered: for tests of features.
 *
 * At the end each configuration that was committed must be one that somebody was told of, or one
 * that somebody asked for and whose fate nobody could tell. Nothing but tests may use it.
 */
import { expect } from 'vitest';
import type { TraceEvent } from '../../server/trace.ts';
import { randomInteger, randomItem } from '../run/random.ts';
import { type Answer, type FeatureBed, isDone } from './feature-bed.ts';
import type { NodeTraceEvent } from './plan.ts';

type Members = Extract<TraceEvent, { event: 'configuration' }>['configuration'];
type Change = 'ADD' | 'PROMOTE' | 'REMOVE';

interface Told {
  readonly change: Change;
  readonly id: string;
}

/** Of all nodes together: what is committed. */
export class CommittedConfigurations {
  readonly #inForce = new Map<string, { readonly index: number; readonly members: Members }>();
  readonly #committed = new Map<number, Members>();

  readonly observe = ({ node, told }: NodeTraceEvent): void => {
    if (told.event === 'configuration') {
      this.#inForce.set(node, { index: told.index, members: told.configuration });
      return;
    }
    const inForce = this.#inForce.get(node);
    if (told.event !== 'commit' || inForce === undefined || inForce.index > told.index) return;
    this.#committed.set(inForce.index, inForce.members);
  };

  at(index: number): Members | undefined {
    return this.#committed.get(index);
  }

  /** Those that are no step on the way to another, in their order. */
  get settled(): readonly (readonly [number, Members])[] {
    return [...this.#committed]
      .filter(([index, { outgoingVoters }]) => index > 0 && outgoingVoters.length === 0)
      .sort(([a], [b]) => a - b);
  }
}

const peerAddressOf = (node: string): string => `${node}:7000`;
const clientAddressOf = (node: string): string => `${node}:6379`;

export class FeatureOperator {
  readonly #bed: FeatureBed;
  readonly #committed: CommittedConfigurations;
  readonly #done = new Map<number, Told>();
  readonly #unknown: Told[] = [];
  readonly answers: Map<string, number> = new Map();

  constructor(bed: FeatureBed, committed: CommittedConfigurations) {
    this.#bed = bed;
    this.#committed = committed;
  }

  /** One attempt at one node. */
  async change(node: string, told: Told, words: readonly string[] = []): Promise<Answer> {
    const { change, id } = told;
    const addresses = change === 'ADD' ? [peerAddressOf(id), clientAddressOf(id)] : [];
    const asked = [`RAFT.${change}`, id, ...addresses, ...words];
    const answer = await this.#bed.ask(node, asked, 1500);
    this.#note(told, answer);
    return answer;
  }

  /** Until it is so, wherever the leader is. */
  async mustChange(change: Change, id: string): Promise<void> {
    for (;;) {
      const node = await this.#bed.leader();
      if (await this.#isSo(node, { change, id })) return;
      await this.change(node, { change, id });
      await this.#bed.pause(20);
    }
  }

  /** At random, until the time is over. */
  async meddle(candidates: readonly string[], isOver: () => boolean): Promise<void> {
    const { random } = this.#bed;
    while (!isOver()) {
      const node = await this.#someNode(isOver);
      const info = await this.#bed.info(node);
      const voters = (info.get('voters') ?? '').split(',');
      const id = randomItem(random, candidates);
      const isLearner = (info.get('learners') ?? '').split(',').includes(id);
      const wanted = voters.includes(id) || randomInteger(random, 4) === 0 ? 'REMOVE' : 'ADD';
      const change = isLearner && randomInteger(random, 4) > 0 ? 'PROMOTE' : wanted;
      // Fewer than three would make every fault an outage.
      if (change !== 'REMOVE' || voters.length > 3 || !voters.includes(id)) {
        const expected = Number(info.get('configuration_id')) - randomInteger(random, 2);
        const words =
          randomInteger(random, 2) === 0 && expected >= 0 ? ['EXPECT', `${expected}`] : [];
        await this.change(node, { change, id }, words);
      }
      await this.#bed.pause(randomInteger(random, 150));
    }
  }

  /** What was answered is what is committed. */
  judge(): void {
    for (const [index, told] of this.#done) {
      const members = this.#committed.at(index);
      expect(members && holds(members, told), `${JSON.stringify(told)} by ${index}`).toBe(true);
    }
    for (const [index, members] of this.#committed.settled) {
      if (this.#done.has(index)) continue;
      const asked = this.#unknown.some((told) => holds(members, told));
      expect(asked, `nobody asked for ${index}: ${JSON.stringify(members)}`).toBe(true);
    }
  }

  async #someNode(isOver: () => boolean): Promise<string> {
    const { random, cluster } = this.#bed;
    for (;;) {
      const node = randomItem(random, cluster.nodes);
      const leads = (await this.#bed.info(node)).get('role') === 'leader';
      if (leads || isOver() || randomInteger(random, 10) === 0) return node;
      await this.#bed.pause(10);
    }
  }

  async #isSo(node: string, { change, id }: Told): Promise<boolean> {
    const info = await this.#bed.info(node);
    const among = (name: string): boolean => (info.get(name) ?? '').split(',').includes(id);
    const settled =
      info.get('outgoing_voters') === '' &&
      Number(info.get('commit_index')) >= Number(info.get('configuration_id'));
    if (!settled) return false;
    if (change === 'ADD') return among('learners') || among('voters');
    return change === 'PROMOTE' ? among('voters') : !among('learners') && !among('voters');
  }

  #note(told: Told, answer: Answer): void {
    const name = answer.type === 'error' ? answer.code : answer.type;
    this.answers.set(name, (this.answers.get(name) ?? 0) + 1);
    if (isDone(answer)) {
      const index = Number(/configuration_id (\d+)/.exec(`${answer.value}`)?.[1]);
      expect(this.#done.has(index), `${index} is the work of one`).toBe(false);
      this.#done.set(index, told);
    } else if (answer.type === 'lost' || name === 'UNCERTAIN') this.#unknown.push(told);
  }
}

function holds({ voters, learners }: Members, { change, id }: Told): boolean {
  if (change === 'ADD') return learners.includes(id);
  if (change === 'PROMOTE') return voters.includes(id);
  return !voters.includes(id) && !learners.includes(id);
}
