/**
 * A full disk: no byte more fits on the disk of one node, until the end of the fault.
 *
 * A server may refuse, wait or end; if it ended it is started when there is room again. A full disk
 * that nobody ran into has tested nothing: what counts is a word of ENOSPC, or the end of the node.
 */
import type { Evidence } from '../cluster.ts';
import type { FaultPlan, FaultReading, Nemesis, PlanContext, Skip } from '../nemesis.ts';
import { lookUntil } from './looks.ts';
import { readNodes, startStopped } from './node-readings.ts';
import { NodeWords } from './node-words.ts';
import { forceSnapshot } from './snapshot.ts';
import { planTargets, targetVariants } from './targets.ts';
import type { FamilyModule, NemesisTools } from './tools.ts';

const variants = targetVariants(['disk-full'], ['one', 'leader', 'follower']);

export const diskFull: FamilyModule = {
  family: {
    name: 'disk-full',
    group: 'disk',
    description: 'the disk of a node is full',
    variants,
    parameters: { nodes: 'which node; left out: the seed picks it' },
    isMomentary: false,
    evidence: 'the bytes that are free, what the node said of ENOSPC, whether it ended',
  },
  create: (tools) => new DiskFullNemesis(tools),
};

/** A filesystem may not give away its last block to somebody else: so little is nothing. */
const fullBelowBytes = 4096;
const noticeBounds = { looksMax: 80, stillMax: 40 };
const lateEndBounds = { looksMax: 10, stillMax: 10 };
const noSpace = /ENOSPC|no space left/i;

interface FullDisk {
  readonly forbidEnds: () => void;
  readonly words: NodeWords;
  readonly isFull: boolean;
}

class DiskFullNemesis implements Nemesis {
  readonly #tools: NemesisTools;
  readonly #full = new Map<FaultPlan, FullDisk>();

  constructor(tools: NemesisTools) {
    this.#tools = tools;
  }

  setup(): Promise<void> {
    return Promise.resolve();
  }

  plan(variant: string, context: PlanContext): FaultPlan | Skip {
    return planTargets(variant, context);
  }

  async begin(plan: FaultPlan): Promise<FaultReading> {
    const { cluster } = this.#tools;
    const { nodes } = plan;
    const before = await readNodes(cluster, nodes);
    const allowed = nodes.map((node) => this.#tools.mayEnd(node, 'disk'));
    const forbidEnds = (): void => {
      for (const forbid of allowed) forbid();
    };
    const words = new NodeWords(cluster, nodes, noSpace);
    this.#full.set(plan, { forbidEnds, words, isFull: false });
    const filled: Record<string, Evidence> = {};
    for (const node of nodes) filled[node] = await cluster.disks.fill(node);
    const isFull = nodes.length > 0 && Object.values(filled).every(saysFull);
    this.#full.set(plan, { forbidEnds, words, isFull });
    return { tookEffect: isFull, evidence: { before, filled, ...(await this.#askForRoom(nodes)) } };
  }

  async end(plan: FaultPlan): Promise<FaultReading> {
    const disk = this.#full.get(plan);
    const noticed = disk?.isFull === true ? await this.#waitUntilNoticed(plan, disk) : false;
    const said = disk?.words.matching ?? [];
    const states = await readNodes(this.#tools.cluster, plan.nodes);
    const evidence = await this.#free(plan);
    return { tookEffect: noticed, evidence: { states, said, ...evidence } };
  }

  async teardown(): Promise<void> {
    const failures: unknown[] = [];
    for (const plan of [...this.#full.keys()]) {
      await this.#free(plan).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }

  /** A log may have kept room for long: a snapshot needs new room, where one can be asked for. */
  async #askForRoom(nodes: readonly string[]): Promise<Evidence> {
    if (this.#tools.system.operator.forceSnapshot === undefined) return {};
    const answers: Record<string, string> = {};
    for (const node of nodes) answers[node] = await forceSnapshot(this.#tools, node);
    return { snapshot: answers };
  }

  /** The next write will tell; where nothing is written any more, nobody will. */
  async #waitUntilNoticed({ nodes }: FaultPlan, { words }: FullDisk): Promise<boolean> {
    const isNoticed = async (): Promise<true | null> =>
      words.matching.length > 0 || (await this.#haveEnded(nodes)) ? true : null;
    return (await lookUntil(this.#tools, isNoticed, noticeBounds)) !== null;
  }

  async #haveEnded(nodes: readonly string[]): Promise<boolean> {
    const readings = await readNodes(this.#tools.cluster, nodes);
    return Object.values(readings).every(({ state }) => state === 'stopped');
  }

  async #free(plan: FaultPlan): Promise<Evidence> {
    const { cluster } = this.#tools;
    const freed: Record<string, Evidence> = {};
    for (const node of plan.nodes) freed[node] = await cluster.disks.free(node);
    // A write that failed before may end a node a little later: it is to be started too.
    const isOver = async (): Promise<true | null> =>
      (await this.#haveEnded(plan.nodes)) ? true : null;
    await lookUntil(this.#tools, isOver, lateEndBounds);
    const failures = await startStopped(cluster, plan.nodes);
    const disk = this.#full.get(plan);
    disk?.forbidEnds();
    disk?.words.stop();
    this.#full.delete(plan);
    const after = await readNodes(cluster, plan.nodes);
    return failures.length === 0 ? { freed, after } : { freed, after, failures };
  }
}

function saysFull({ freeBytes }: Evidence): boolean {
  return typeof freeBytes === 'number' && freeBytes < fullBelowBytes;
}
