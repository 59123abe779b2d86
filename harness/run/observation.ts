/**
 * Looks at the nodes now and then: who leads, how far each is, and its state as one number.
 *
 * It collects and judges nothing. Every answer is kept for the checkers of the invariants.
 */
import type { IntrospectionSample, StateHash } from '../checker.ts';
import type { LeaderSighting } from '../report/run-record.ts';
import { introspectNode, type Observer, pause } from './introspect.ts';

const settleLimitMs = 10_000;
const settlePollMs = 50;

/** Who claims to lead, and in which term. */
export interface Leadership {
  readonly leader: string;
  readonly term: number;
}

export class Observation {
  readonly #observer: Observer;
  readonly #members: () => readonly string[];
  readonly samples: IntrospectionSample[] = [];
  readonly hashes: StateHash[] = [];
  /** Each change of the leader or the term, in order. */
  readonly leaders: LeaderSighting[] = [];
  #lastLook: readonly IntrospectionSample[] = [];

  /** The members are those whose states must agree: a spare may have been added. */
  constructor(observer: Observer, members = (): readonly string[] => observer.cluster.nodes) {
    this.#observer = observer;
    this.#members = members;
  }

  /** What the last look has seen, of the nodes that answered. */
  get lastLook(): readonly IntrospectionSample[] {
    return this.#lastLook;
  }

  /** Asks every node once; resolves to the leader of the highest term that one claimed. */
  async look(): Promise<Leadership | null> {
    const { cluster, timers } = this.#observer;
    const asked = [...new Set([...cluster.nodes, ...cluster.spares, ...this.#members()])];
    const samples = await Promise.all(asked.map((node) => this.#sample(node)));
    this.#lastLook = samples.filter((sample) => sample !== null);
    let found: Leadership | null = null;
    for (const sample of samples) {
      if (sample === null) continue;
      this.samples.push(sample);
      const { node: leader, role, term } = sample;
      if (role === 'leader' && term > (found?.term ?? -1)) found = { leader, term };
    }
    const last = this.leaders.at(-1);
    const sighting = {
      timeNs: timers.nowNs(),
      leader: found?.leader ?? null,
      term: found?.term ?? last?.term ?? 0,
    };
    if (last === undefined || last.leader !== sighting.leader || last.term !== sighting.term) {
      this.leaders.push(sighting);
    }
    return found;
  }

  /** Asks every node for its state as a number; returns the indexes they are at. */
  async hash(): Promise<readonly (number | null)[]> {
    return await Promise.all(this.#members().map((node) => this.#hash(node)));
  }

  /** Asks until all nodes are at one index, or for ten seconds at most. */
  async settle(shouldStop: () => boolean): Promise<void> {
    const { system, timers } = this.#observer;
    if (system.hashState === undefined) return;
    const endNs = timers.nowNs() + settleLimitMs * 1e6;
    for (;;) {
      const indexes = await this.hash();
      if (indexes[0] !== null && new Set(indexes).size === 1) return;
      if (shouldStop() || timers.nowNs() > endNs) return;
      await pause(timers, settlePollMs);
    }
  }

  async #sample(node: string): Promise<IntrospectionSample | null> {
    const { cluster, timers } = this.#observer;
    const life = cluster.lives(node);
    const askedNs = timers.nowNs();
    const found = await introspectNode(this.#observer, node);
    // An answer that came while the node was started anew is of an uncertain life.
    if (found === null || cluster.lives(node) !== life) return null;
    return { ...found, askedNs, timeNs: timers.nowNs(), node, life };
  }

  async #hash(node: string): Promise<number | null> {
    const { cluster, system, timers } = this.#observer;
    if (system.hashState === undefined) return null;
    try {
      const found = await system.hashState(await cluster.connect(node), timers);
      if (found === null) return null;
      this.hashes.push({ ...found, timeNs: timers.nowNs(), node });
      return found.appliedIndex;
    } catch {
      return null;
    }
  }
}
