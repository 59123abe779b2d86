/**
 * Errors of a disk: one operation of a node fails with EIO, and what it held may be lost.
 *
 * A failed sync may have dropped what it covered although the next one succeeds: a server that goes
 * on after it, or that tries it again, has promised what is nowhere. So the node may end, and is
 * started at the end of the fault. An error that nobody ran into has tested nothing.
 */
import type { DiskFailure, Evidence } from '../cluster.ts';
import {
  FaultError,
  type FaultPlan,
  type FaultReading,
  type FaultVariant,
  type Nemesis,
  type PlanContext,
  type Skip,
} from '../nemesis.ts';
import { randomItem } from '../run/random.ts';
import { numberOf } from './fault-parameters.ts';
import { lookUntil } from './looks.ts';
import { readNodes, startStopped, wordsOf } from './node-readings.ts';
import { forceSnapshot } from './snapshot.ts';
import { namedNodes, pickVictim } from './targets.ts';
import type { FamilyModule, NemesisTools } from './tools.ts';

const operations: Readonly<Record<string, DiskFailure['operation']>> = {
  ...{ fsync: 'sync', write: 'write', read: 'read' },
};

const variants: readonly FaultVariant[] = [
  ['fsync', 'a sync fails once, and what it covered may never be written'],
  ['write', 'a write fails once, in the middle'],
  ['read', 'reads fail, while the node runs and when it starts'],
].map(([name = '', description = '']) => {
  const needs = ['disk-error', 'kill'] as const;
  return { name, description, needs, nodesMin: 1 };
});

export const diskError: FamilyModule = {
  family: {
    name: 'disk-error',
    group: 'disk',
    description: 'an operation of the disk of a node fails',
    variants,
    parameters: {
      nodes: 'which node; left out: the seed picks it',
      at: 'which operation from now on, from 1 to 10000; the seed says',
    },
    isMomentary: false,
    evidence: 'how many operations have failed, and whether the node ended',
  },
  create: (tools) => new DiskErrorNemesis(tools),
};

/** Most find the node at its log; a snapshot has some more. */
const turns = [1, 1, 2, 3, 5, 8, 20, 50];
const meetBounds = { looksMax: 40, stillMax: 20 };
/** Identity, snapshot, log: a start has some. */
const readsAtStart = 3;
const lateEndBounds = { looksMax: 10, stillMax: 10 };

interface ErrorPlan extends FaultPlan {
  readonly node: string;
  readonly failure: DiskFailure;
}

interface Armed {
  readonly forbidEnds: () => void;
  readonly failedBefore: number;
}

class DiskErrorNemesis implements Nemesis<ErrorPlan> {
  readonly #tools: NemesisTools;
  readonly #armed = new Map<ErrorPlan, Armed>();

  constructor(tools: NemesisTools) {
    this.#tools = tools;
  }

  setup(): Promise<void> {
    return Promise.resolve();
  }

  plan(variant: string, context: PlanContext): ErrorPlan | Skip {
    const operation = operations[variant];
    if (operation === undefined) throw new FaultError(`there is no ${variant} of a disk`);
    const named = namedNodes(context);
    if (named !== null && 'skip' in named) return named;
    const victim = pickVictim(context);
    const drawn = randomItem(context.random, turns);
    const node = named === null ? victim : named[0];
    if (node === undefined || (named?.length ?? 1) > 1) {
      throw new FaultError('nodes: an error of a disk takes one node');
    }
    if (typeof node !== 'string') return node;
    const at = numberOf(context.parameters, 'at', { min: 1, max: 10_000, otherwise: drawn });
    const nodes = [node];
    return {
      ...{ variant, node, nodes, claims: nodes, failure: { operation, at } },
      description: `${node}: ${variant} ${at} from now`,
      value: { operation, nodes, at },
      impairs: { cut: [], down: nodes },
    };
  }

  async begin(plan: ErrorPlan): Promise<FaultReading> {
    const { node, failure } = plan;
    const { cluster, system } = this.#tools;
    const before = await readNodes(cluster, [node]);
    const forbidEnds = this.#tools.mayEnd(node, 'disk');
    this.#armed.set(plan, { forbidEnds, failedBefore: 0 });
    const armed = await this.#failAt(node, failure);
    this.#armed.set(plan, { forbidEnds, failedBefore: failedCountOf(armed) });
    // A snapshot is written, and read again where somebody lacks it.
    const asks = failure.operation !== 'read' && system.operator.forceSnapshot !== undefined;
    const asked = asks ? { snapshot: await forceSnapshot(this.#tools, node) } : {};
    return { tookEffect: true, evidence: { before, armed, ...asked } };
  }

  async end(plan: ErrorPlan): Promise<FaultReading> {
    const armed = this.#armed.get(plan);
    if (armed === undefined) return { tookEffect: false, evidence: {} };
    const { failedBefore } = armed;
    const started = await this.#meet(plan);
    const evidence = await this.#restore(plan);
    const failed = failedCountOf(evidence['disk']) - failedBefore;
    const reading = { evidence: { ...started, ...evidence, failed } };
    if (failed > 0) return { tookEffect: true, ...reading };
    const { operation, at } = plan.failure;
    return { tookEffect: false, ...reading, notReached: `its ${operation} ${at} never came` };
  }

  async teardown(): Promise<void> {
    const failures: unknown[] = [];
    for (const plan of [...this.#armed.keys()]) {
      await this.#restore(plan).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Waits for the end of the node; reads come at its start, where none has ended it before. */
  async #meet({ node, failure }: ErrorPlan): Promise<Evidence> {
    const { cluster } = this.#tools;
    const hasEnded = async (): Promise<true | null> =>
      (await cluster.nodeState(node)) === 'stopped' ? true : null;
    if (failure.operation !== 'read') {
      await lookUntil(this.#tools, hasEnded, meetBounds);
      return {};
    }
    if ((await hasEnded()) === true) return { endedBy: 'a read' };
    await cluster.kill(node);
    await this.#failAt(node, { operation: 'read', at: 1 + (failure.at % readsAtStart) });
    try {
      await cluster.start(node);
      return { start: 'it started' };
    } catch (error) {
      return { start: wordsOf(error) };
    }
  }

  async #restore(plan: ErrorPlan): Promise<Record<string, unknown>> {
    const { node } = plan;
    const { cluster } = this.#tools;
    const disk = await this.#failAt(node, null);
    // What failed before may end a node a little later: it is to be started too.
    const isOver = async (): Promise<true | null> =>
      (await cluster.nodeState(node)) === 'stopped' ? true : null;
    if (failedCountOf(disk) > (this.#armed.get(plan)?.failedBefore ?? 0)) {
      await lookUntil(this.#tools, isOver, lateEndBounds);
    }
    const states = await readNodes(cluster, [node]);
    const failures = await startStopped(cluster, [node]);
    this.#armed.get(plan)?.forbidEnds();
    this.#armed.delete(plan);
    const after = await readNodes(cluster, [node]);
    const evidence = { disk, states, after };
    return failures.length === 0 ? evidence : { ...evidence, failures };
  }

  #failAt(node: string, failure: DiskFailure | null): Promise<Evidence> {
    const { failAt } = this.#tools.cluster.disks;
    if (failAt === undefined) throw new FaultError('the disks of this cluster never fail');
    return failAt.call(this.#tools.cluster.disks, node, failure);
  }
}

function failedCountOf(reading: unknown): number {
  if (typeof reading !== 'object' || reading === null || !('failedCount' in reading)) return 0;
  return typeof reading.failedCount === 'number' ? reading.failedCount : 0;
}
