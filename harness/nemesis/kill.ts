/**
 * Crashes: which nodes a plan kills, and the nemesis that kills and restarts them.
 *
 * A crash is SIGKILL: the process gets no say. What took effect is what the operating system or the
 * engine says of the process afterwards. [Jepsen]
 */
import type { Cluster, NodeState } from '../cluster.ts';
import type { Nemesis, NemesisOp, NemesisOutcome } from '../nemesis.ts';
import { randomItem, randomShuffle } from '../run/random.ts';
import type { PlanContext } from './partition.ts';

export const killTargets = ['one', 'leader', 'minority', 'all'] as const;
export type KillTarget = (typeof killTargets)[number];

export interface KillPlan {
  readonly target: KillTarget;
  readonly nodes: readonly string[];
}

/** Whom to kill. Without a known leader, `leader` takes any node. */
export function planKill(target: KillTarget, context: PlanContext): KillPlan {
  const { nodes, leader, random } = context;
  switch (target) {
    case 'one':
      return { target, nodes: [randomItem(random, nodes)] };
    case 'leader':
      return { target, nodes: [leader ?? randomItem(random, nodes)] };
    case 'minority': {
      const count = Math.max(1, Math.ceil(nodes.length / 2) - 1);
      return { target, nodes: randomShuffle(random, nodes).slice(0, count).sort() };
    }
    case 'all':
      return { target, nodes };
  }
}

/** Takes `{ phase: 'begin', nodes }` and `{ phase: 'end' }`. */
export class KillNemesis implements Nemesis {
  readonly fs: readonly string[] = ['kill'];
  readonly #cluster: Cluster;
  #killed: readonly string[] = [];
  #wereGone = false;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  setup(): Promise<void> {
    return Promise.resolve();
  }

  invoke(op: NemesisOp): Promise<NemesisOutcome> {
    const value = op.value as { readonly phase: string; readonly nodes?: readonly string[] };
    return value.phase === 'begin' ? this.#begin(op, value.nodes ?? []) : this.#end(op);
  }

  async teardown(): Promise<void> {
    await this.#restart();
  }

  async #begin(op: NemesisOp, nodes: readonly string[]): Promise<NemesisOutcome> {
    const before = await this.#states(nodes);
    await Promise.all(nodes.map((node) => this.#cluster.kill(node)));
    const after = await this.#states(nodes);
    this.#killed = nodes;
    this.#wereGone =
      nodes.length > 0 &&
      nodes.every((node) => before[node] === 'running' && after[node] === 'stopped');
    return { value: op.value, tookEffect: this.#wereGone, evidence: { before, after } };
  }

  async #end(op: NemesisOp): Promise<NemesisOutcome> {
    const nodes = this.#killed;
    const failures = await this.#restart();
    const after = await this.#states(nodes);
    const evidence = failures.length === 0 ? { after } : { after, failures };
    return { value: op.value, tookEffect: this.#wereGone, evidence };
  }

  /** Returns why nodes did not come back: the system's failure, which the recovery reports. */
  async #restart(): Promise<readonly string[]> {
    const nodes = this.#killed;
    this.#killed = [];
    const failures: string[] = [];
    await Promise.all(
      nodes.map((node) =>
        this.#cluster.start(node).catch((error: unknown) => {
          failures.push(error instanceof Error ? error.message : String(error));
        }),
      ),
    );
    return failures;
  }

  async #states(nodes: readonly string[]): Promise<Record<string, NodeState>> {
    const states = await Promise.all(
      nodes.map(async (node) => [node, await this.#cluster.nodeState(node)] as const),
    );
    return Object.fromEntries(states);
  }
}
