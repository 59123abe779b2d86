/**
 * Crash points: a node ends by itself, as by SIGKILL, at a named place of its own code.
 *
 * The begin arms the point, the end restarts the node. It took effect when the node was found gone
 * though nobody had killed it; a point that was not passed often enough is disarmed, and the fault
 * was not reached.
 */
import type { NodeState } from '../cluster.ts';
import {
  FaultError,
  type FaultPlan,
  type FaultReading,
  type FaultVariant,
  type Nemesis,
  type PlanContext,
  type Skip,
} from '../nemesis.ts';
import { pause as sleep } from '../run/introspect.ts';
import { type RandomSource, randomItem } from '../run/random.ts';
import type { Operator, OperatorDesk } from '../systems/system.ts';
import { numberOf, textOf } from './fault-parameters.ts';
import { readNodes, startStopped, wordsOf } from './node-readings.ts';
import { planTargets, targetVariants } from './targets.ts';
import type { FamilyModule, NemesisTools } from './tools.ts';

/** Some points are passed with every entry, some once in an election. */
const passages = [1, 1, 2, 3, 5, 10, 20];
const passageMax = 1_000_000;

/** An engine may take a fifth of a second to notice that a process has gone. */
const looksAtEnd = 40;
const lookEveryMs = 50;

const variants: readonly FaultVariant[] = targetVariants(
  ['operator:crash-points', 'kill'],
  ['one', 'leader', 'follower'],
);

export const crashPoint: FamilyModule = {
  family: {
    name: 'crash-point',
    group: 'process',
    description: 'a node ends at a named place of its code, and is restarted at the end',
    variants,
    parameters: {
      nodes: 'this node, instead of the variant',
      point: 'the name of the place; the seed says, those that every run passes more often',
      passage: `at which passage; one of ${[...new Set(passages)].join(', ')}`,
    },
    isMomentary: false,
    evidence: 'what the node answered, that it was gone, its last line, and its process ids',
  },
  create: (tools) => new CrashPointNemesis(tools),
};

interface CrashPointPlan extends FaultPlan {
  readonly node: string;
  readonly point: string;
  readonly passage: number;
  readonly leader: string | null;
}

/** What is undone at the end. */
interface Armed {
  readonly release: () => void;
  readonly pid: number | null;
  readonly life: number;
  /** Ends of it that the cluster held to be unexpected, until then. */
  readonly exitCount: number;
  /** Of those that it wrote; the one that tells the end is not followed by that of a new life. */
  lastLine: string | null;
  /** The node has said that it ends at the point. */
  isTold: boolean;
}

type CrashPoints = NonNullable<Operator['crashPoints']>;

class CrashPointNemesis implements Nemesis<CrashPointPlan> {
  readonly #tools: NemesisTools;
  readonly #armed = new Map<CrashPointPlan, Armed>();

  constructor(tools: NemesisTools) {
    this.#tools = tools;
  }

  setup(): Promise<void> {
    return Promise.resolve();
  }

  plan(variant: string, context: PlanContext): CrashPointPlan | Skip {
    const { names } = this.#points();
    const { parameters, random, leader } = context;
    const planned = planTargets(variant, context);
    if ('skip' in planned) return planned;
    const [node, second] = planned.nodes;
    if (node === undefined || second !== undefined) {
      throw new FaultError('nodes: a crash point takes one node');
    }
    const drawn = drawName(names, random);
    const point = textOf(parameters, 'point') ?? drawn;
    if (!names.includes(point)) {
      throw new FaultError(`point: there is none called ${point}; there are ${names.join(', ')}`);
    }
    const range = { min: 1, max: passageMax, otherwise: randomItem(random, passages) };
    const passage = numberOf(parameters, 'passage', range);
    return {
      ...{ ...planned, node, point, passage, leader },
      description: `${planned.variant} ${node}: ${point}#${passage}`,
      value: { ...planned.value, point, passage },
    };
  }

  async begin(plan: CrashPointPlan): Promise<FaultReading> {
    const { node, point, passage } = plan;
    const { cluster } = this.#tools;
    const before = await readNodes(cluster, [node]);
    const stopListening = cluster.onLogLine((from, line) => {
      if (from !== node || line.trim() === '' || armed.isTold) return;
      armed.lastLine = line;
      armed.isTold = this.#points().isReached(line, point);
    });
    const mayNotEnd = this.#tools.mayEnd(node, 'crash-point');
    const armed: Armed = {
      ...{
        pid: before[node]?.pid ?? null,
        life: cluster.lives(node),
        exitCount: this.#exitCount(node),
        lastLine: null,
        isTold: false,
      },
      release: () => {
        stopListening();
        mayNotEnd();
      },
    };
    this.#armed.set(plan, armed);
    const answer = await this.#points().arm(this.#desk(plan), node, point, passage);
    const notReached = `${node} has not passed ${point} ${passage} times yet`;
    return { tookEffect: false, evidence: { before, answer }, notReached };
  }

  async end(plan: CrashPointPlan): Promise<FaultReading> {
    const { node, point, passage } = plan;
    const armed = this.#armed.get(plan);
    const { evidence, state } = await this.#undo(plan);
    const after = await readNodes(this.#tools.cluster, [node]);
    const wasSameLife = this.#armed.delete(plan) && evidence['lifeAtEnd'] === armed?.life;
    const told = { ...evidence, after, lastLine: armed?.lastLine ?? null };
    // An end that has nothing of the point's is in the list already.
    const isListed = this.#exitCount(node) !== armed?.exitCount;
    if (state === 'stopped' && wasSameLife && !isListed) {
      if (armed?.isTold === true) return { tookEffect: true, evidence: told };
      const reason = `it ended, and did not say that it did so at ${point}; its last line: `;
      this.#tools.blame({ node, reason: `${reason}${armed?.lastLine ?? 'none'}` });
    }
    const notReached = `${node} did not pass ${point} ${passage} times while it was armed`;
    return { tookEffect: false, evidence: told, notReached };
  }

  async teardown(): Promise<void> {
    const plans = [...this.#armed.keys()];
    for (const plan of plans) await this.#undo(plan);
    this.#armed.clear();
  }

  /**
   * Disarms a node that runs, and starts one that is gone; what cannot be disarmed is killed, for
   * it could end after the fault. The state is what was found before any of it.
   */
  async #undo(plan: CrashPointPlan): Promise<{
    readonly state: NodeState;
    readonly evidence: Record<string, unknown>;
  }> {
    const { node } = plan;
    const { cluster } = this.#tools;
    const evidence: Record<string, unknown> = {};
    let state = await cluster.nodeState(node);
    if (state !== 'stopped') {
      try {
        evidence['disarmed'] = await this.#points().disarm(this.#desk(plan), node);
      } catch (error) {
        evidence['disarmFailed'] = wordsOf(error);
        // It may have come to the point just then, and whoever counts processes be behind.
        state = await this.#stateSoon(node);
        if (state !== 'stopped') await cluster.kill(node);
      }
    }
    if (state === 'stopped') await this.#lastWords(plan);
    evidence['lifeAtEnd'] = cluster.lives(node);
    const failures = await startStopped(cluster, [node]);
    this.#armed.get(plan)?.release();
    if (failures.length > 0) evidence['failures'] = failures;
    return { state, evidence };
  }

  /** Stopped, as soon as it is; else what it is when it has had its time. */
  async #stateSoon(node: string): Promise<NodeState> {
    const { cluster, timers } = this.#tools;
    for (let look = 0; look < looksAtEnd; look++) {
      if ((await cluster.nodeState(node)) === 'stopped') return 'stopped';
      await sleep(timers, lookEveryMs);
    }
    return await cluster.nodeState(node);
  }

  /** Of a node that has gone: its log may come later than its end. */
  async #lastWords(plan: CrashPointPlan): Promise<void> {
    for (let look = 0; look < looksAtEnd && this.#armed.get(plan)?.isTold === false; look++) {
      await sleep(this.#tools.timers, lookEveryMs);
    }
  }

  #exitCount(node: string): number {
    return this.#tools.cluster.unexpectedExits().filter((exit) => exit.node === node).length;
  }

  #points(): CrashPoints {
    const { name, operator } = this.#tools.system;
    if (operator.crashPoints !== undefined) return operator.crashPoints;
    throw new FaultError(`${name} has no crash points`);
  }

  #desk({ leader }: CrashPointPlan): OperatorDesk {
    const { cluster, timers } = this.#tools;
    return { cluster, timers, leader };
  }
}

/** Half of the time one of the first eighth: those are passed in any case. */
function drawName(names: readonly string[], random: RandomSource): string {
  return names[Math.floor(names.length * random() ** 3)] ?? '';
}
