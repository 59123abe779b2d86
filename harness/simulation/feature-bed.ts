/**
 * A simulated cluster as the tests of the whole server's features use it: one request at a time or
 * many in a pipeline, at any node, under faults that a stream of random numbers draws.
 *
 * Every run is judged at its end by the referee, and by whether a node ended by itself. Nothing but
 * tests may use it.
 */

import { expect } from 'vitest';
import { RespConnection, type RespLost, type RespReply } from '../clients/resp-connection.ts';
import { createSimulatedCluster, type SimulatedCluster } from '../cluster/simulated.ts';
import type { Link } from '../cluster.ts';
import { dropRules } from '../nemesis/desired-network.ts';
import { findLeader, pause } from '../run/introspect.ts';
import {
  createRandomStream,
  type RandomSource,
  randomInteger,
  randomItem,
  randomShuffle,
} from '../run/random.ts';
import { reference } from '../systems/reference.ts';
import type { NodeTraceEvent, SimulationOptions } from './plan.ts';
import { Referee } from './referee.ts';

export type Answer = RespReply | RespLost;

export const three: readonly string[] = ['n1', 'n2', 'n3'];

export type Fault = 'kill' | 'stop' | 'pause' | 'partition' | 'transfer' | 'snapshot';

export class FeatureBed {
  readonly random: RandomSource;
  readonly cluster: SimulatedCluster;
  readonly referee: Referee = new Referee();

  constructor(options: Partial<SimulationOptions> & { readonly seed: number }) {
    this.random = createRandomStream(options.seed, 'features');
    this.cluster = createSimulatedCluster({
      nodes: three,
      virtualTimeLimitMs: 60_000,
      ...options,
      onTraceEvent: (event: NodeTraceEvent) => {
        this.referee.observe(event);
        options.onTraceEvent?.(event);
      },
    });
  }

  /** Runs the story on virtual time, and judges. `ends`: who ends by itself, and that is right. */
  async run(story: () => Promise<void>, ends: readonly string[] = []): Promise<void> {
    await this.cluster.run(story);
    expect(this.referee.violations).toEqual([]);
    const ended = this.cluster.unexpectedExits().map(({ node, reason }) => `${node}: ${reason}`);
    expect(ended).toEqual(ends);
  }

  get nowMs(): number {
    return this.cluster.timers.nowNs() / 1e6;
  }

  pause(ms: number): Promise<void> {
    return pause(this.cluster.timers, ms);
  }

  /** On a connection of its own; `lost` when there is no answer in time. */
  async ask(node: string, words: readonly string[], patienceMs = 1000): Promise<Answer> {
    const [answer] = await this.askInPipeline(node, [words], patienceMs);
    return answer ?? { type: 'lost', reason: 'nothing was asked' };
  }

  /** All at once on one connection. */
  async askInPipeline(
    node: string,
    requests: readonly (readonly string[])[],
    patienceMs = 1000,
  ): Promise<readonly Answer[]> {
    const { cluster } = this;
    let connection: RespConnection;
    try {
      connection = new RespConnection(await cluster.connect(node));
    } catch (error) {
      return requests.map(() => ({ type: 'lost', reason: String(error) }));
    }
    const cancel = cluster.timers.after(patienceMs, () => connection.close());
    const answers = await Promise.all(
      requests.map((words) => new Promise<Answer>((resolve) => connection.call(words, resolve))),
    );
    cancel();
    connection.close();
    return answers;
  }

  /** Of one node after the other, until one does it: for what may well be done twice. */
  async askAny(words: readonly string[]): Promise<RespReply> {
    for (;;) {
      for (const node of this.cluster.nodes) {
        const answer = await this.ask(node, words);
        if (isDone(answer)) return answer;
      }
      await this.pause(50);
    }
  }

  /** A leader that takes a read. */
  async leader(accept: (node: string) => boolean = () => true): Promise<string> {
    const { cluster } = this;
    for (;;) {
      const found = await findLeader({ cluster, system: reference, timers: cluster.timers });
      if (found !== null && accept(found.leader)) {
        if (isDone(await this.ask(found.leader, ['GET', 'nothing']))) return found.leader;
      }
      await this.pause(20);
    }
  }

  /** The lines of RAFT.INFO; empty when the node does not answer. */
  async info(node: string): Promise<ReadonlyMap<string, string>> {
    const answer = await this.ask(node, ['RAFT.INFO']);
    if (answer.type !== 'bulk') return new Map();
    const lines = (answer.value ?? '').split('\r\n');
    return new Map(
      lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 1)];
      }),
    );
  }

  async number(node: string, name: string): Promise<number> {
    return Number((await this.info(node)).get(name) ?? Number.NaN);
  }

  async startAll(nodes: readonly string[] = this.cluster.nodes): Promise<void> {
    await Promise.all(nodes.map((node) => this.cluster.start(node)));
  }

  /** These and all others do not hear each other. */
  async cutOff(...nodes: readonly string[]): Promise<void> {
    const others = this.cluster.nodes.filter((node) => !nodes.includes(node));
    await this.cluster.network.set(
      dropRules(
        nodes.flatMap((node) =>
          others.flatMap(
            (other) =>
              [
                { from: node, to: other },
                { from: other, to: node },
              ] satisfies readonly Link[],
          ),
        ),
      ),
    );
  }

  async heal(): Promise<void> {
    await this.cluster.network.set([]);
  }

  /** Whole network, and every node running; one may crash at a point before it is ready. */
  async repair(nodes: readonly string[] = this.cluster.nodes): Promise<void> {
    await this.heal();
    await Promise.all(
      nodes.map(async (node) => {
        const state = await this.cluster.nodeState(node);
        if (state === 'paused') await this.cluster.resume(node);
        if (state === 'stopped') await this.cluster.start(node).catch(() => undefined);
      }),
    );
  }

  async wipe(node: string): Promise<void> {
    await this.cluster.kill(node);
    this.cluster.wipe(node);
    this.referee.forget(node);
  }

  /** Faults one after the other, each repaired before the next. */
  async disturb(faults: readonly Fault[], isOver: () => boolean): Promise<void> {
    const { cluster, random } = this;
    while (!isOver()) {
      await this.pause(50 + randomInteger(random, 400));
      const fault = randomItem(random, faults);
      const count = 1 + randomInteger(random, cluster.nodes.length);
      const chosen = randomShuffle(random, cluster.nodes).slice(0, count);
      if (fault === 'partition') await this.cutOff(...chosen);
      for (const node of chosen) await this.#inflict(fault, node);
      await this.pause(randomInteger(random, 600));
      await this.repair();
    }
  }

  async #inflict(fault: Fault, node: string): Promise<void> {
    const { cluster } = this;
    if (fault === 'kill') await cluster.kill(node);
    if (fault === 'stop') await cluster.stop(node);
    if (fault === 'pause') await cluster.pause(node);
    if (fault === 'transfer') await this.ask(node, ['RAFT.TRANSFER'], 300);
    if (fault === 'snapshot') await this.ask(node, ['RAFT.SNAPSHOT'], 300);
  }

  /** All of them have applied the same, and hold the same. Answers that state's hash. */
  async untilEqual(nodes: readonly string[] = this.cluster.nodes): Promise<string> {
    for (;;) {
      await this.repair(nodes);
      const answers = await Promise.all(nodes.map((node) => this.ask(node, ['RAFT.HASH'])));
      const hashes = answers.map((answer) => (answer.type === 'simple' ? answer.value : null));
      const [first] = hashes;
      if (first && hashes.every((hash) => hash === first)) return first;
      await this.pause(50);
    }
  }
}

export function isDone(answer: Answer): answer is Exclude<RespReply, { type: 'error' }> {
  return answer.type !== 'lost' && answer.type !== 'error';
}

/** `SEEDS=201-900` looks at these; `SEEDS=17-17` repeats one. */
function chosenSeeds(count: number): readonly number[] {
  const [from = 1, to = count] = process.env['SEEDS']?.split('-').map(Number) ?? [];
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}

/** Whether the seeds are those that the tests count on. */
export const usualSeeds: boolean = process.env['SEEDS'] === undefined;

/** Runs them all. What is wrong comes back, one line for each seed, which begins with how to
 * repeat it. */
export async function wrongSeeds(
  count: number,
  run: (seed: number) => Promise<void>,
): Promise<readonly string[]> {
  const title = expect.getState().currentTestName ?? '';
  const wrong: string[] = [];
  for (const seed of chosenSeeds(count)) {
    await run(seed).catch((error: unknown) => {
      const what = error instanceof Error ? error.message : String(error);
      wrong.push(`SEEDS=${seed}-${seed} npm test -- -t '${title}': ${what}`);
    });
  }
  return wrong;
}
