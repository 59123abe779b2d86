/**
 * Harm to the files of one node: it is killed, its files are harmed, it is started, and what it
 * then does is the evidence. At the end it is killed, its files are put back, and it is started.
 *
 * No protocol survives the loss of what a node has promised durably. Where that is what is lost,
 * the node is cut off from its peers as long as its files are harmed: nobody hears what it forgot.
 */
import type { Damage, DiskFile, Evidence } from '../cluster.ts';
import {
  FaultError,
  type FaultPlan,
  type FaultReading,
  type Nemesis,
  type PlanContext,
  type Skip,
} from '../nemesis.ts';
import { isolationOf } from './isolation.ts';
import { type NodeReadings, readNodes, wordsOf } from './node-readings.ts';
import { NodeWords } from './node-words.ts';
import type { NemesisTools } from './tools.ts';

export interface HarmPlan extends FaultPlan {
  /** From its peers, while its files are harmed. */
  readonly isIsolated: boolean;
}

export interface HarmKind<Plan extends HarmPlan> {
  plan(variant: string, context: PlanContext): Plan | Skip;
  /** Throws FaultError when there is nothing to harm. */
  damageOf(plan: Plan, files: readonly DiskFile[]): Damage;
  /** Whether the files as they are now show the damage. */
  isDone(damage: Damage, files: HarmedFiles): boolean;
  /** A server that can live with it must: it goes on, and nothing is put back. */
  readonly isRepairable: boolean;
  /** A server that starts on what it should have refused goes on, among its peers. */
  readonly staysOnceStarted?: boolean;
}

export interface HarmedFiles {
  readonly before: readonly DiskFile[];
  readonly after: readonly DiskFile[];
  /** What the cluster read back. */
  readonly reading: Evidence;
}

interface Harm {
  readonly node: string;
  readonly forbidEnd: () => void;
  /** From its start on harmed files. */
  words: NodeWords | null;
  tookEffect: boolean;
  /** Its files are not what they were, and are to be put back. */
  isHarmed: boolean;
}

export class HarmNemesis<Plan extends HarmPlan> implements Nemesis<Plan> {
  readonly #tools: NemesisTools;
  readonly #kind: HarmKind<Plan>;
  readonly #harms = new Map<Plan, Harm>();

  constructor(tools: NemesisTools, kind: HarmKind<Plan>) {
    this.#tools = tools;
    this.#kind = kind;
  }

  setup(): Promise<void> {
    return Promise.resolve();
  }

  /** A member that is alone is a majority, cut off or not: its clients would see what it forgot. */
  plan(variant: string, context: PlanContext): Plan | Skip {
    const plan = this.#kind.plan(variant, context);
    if ('skip' in plan || !plan.isIsolated) return plan;
    const isAlone = this.#tools.members.list().length < 2;
    return isAlone ? { skip: 'the only member serves its clients, whatever it has lost' } : plan;
  }

  async begin(plan: Plan): Promise<FaultReading> {
    const { cluster, network } = this.#tools;
    const node = onlyNodeOf(plan);
    const { isRepairable } = this.#kind;
    const before = await readNodes(cluster, [node]);
    const harm: Harm = {
      node,
      // An end that repairable harm leads to is for the verdict to see.
      forbidEnd: isRepairable ? () => {} : this.#tools.mayEnd(node, 'damage'),
      ...{ words: null, tookEffect: false, isHarmed: false },
    };
    this.#harms.set(plan, harm);
    await this.#rehearse(plan, node);
    const cut = plan.isIsolated ? await network.put(plan, isolationOf(cluster, node)) : null;
    if (cut?.isInForce === false) throw new FaultError(`${node} could not be cut off`);
    await cluster.kill(node);
    const damaged = await this.#damage(plan, harm);
    harm.words = new NodeWords(cluster, [node]);
    const started = await this.#start(node);
    const after = await readNodes(cluster, [node]);
    // One that goes on has new promises in its files: the old ones must never come back.
    const goesOn = isRepairable || (this.#kind.staysOnceStarted === true && !plan.isIsolated);
    if (goesOn && after[node]?.state !== 'stopped') harm.isHarmed = false;
    harm.tookEffect = before[node]?.state === 'running' && damaged.isDone;
    const evidence = { before, ...damaged.evidence, ...started, after };
    const isolated = cut === null ? {} : { cut: cut.reading.rules };
    return { tookEffect: harm.tookEffect, evidence: { ...evidence, ...isolated } };
  }

  async end(plan: Plan): Promise<FaultReading> {
    const harm = this.#harms.get(plan);
    const before = await readNodes(this.#tools.cluster, plan.nodes);
    const said = harm?.words?.some ?? [];
    const evidence = await this.#putBack(plan);
    return { tookEffect: harm?.tookEffect ?? false, evidence: { before, said, ...evidence } };
  }

  async teardown(): Promise<void> {
    const failures: unknown[] = [];
    for (const plan of [...this.#harms.keys()]) {
      await this.#putBack(plan).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Throws FaultError when there is nothing to harm, as long as nothing has been done. */
  async #rehearse(plan: Plan, node: string): Promise<void> {
    // A node that runs may change its files under the list: the second one counts.
    const files = await this.#tools.cluster.disks.list(node).catch(() => null);
    if (files !== null) this.#kind.damageOf(plan, files);
  }

  async #damage(
    plan: Plan,
    harm: Harm,
  ): Promise<{ readonly isDone: boolean; readonly evidence: Evidence }> {
    const { disks } = this.#tools.cluster;
    const before = await disks.list(harm.node);
    const damage = this.#kind.damageOf(plan, before);
    harm.isHarmed = true;
    const reading = await disks.damage(harm.node, damage);
    const after = await disks.list(harm.node);
    const isDone = this.#kind.isDone(damage, { before, after, reading });
    return { isDone, evidence: { damage: describeDamage(damage, before), readBack: reading } };
  }

  /** A refusal is what the server did, and no failure of the fault. */
  async #start(node: string): Promise<Evidence> {
    const { cluster } = this.#tools;
    try {
      await cluster.start(node);
      return { started: true, files: await cluster.disks.list(node) };
    } catch (error) {
      return { started: false, refusal: wordsOf(error) };
    }
  }

  /** Rejects when the node's own files could not be put back: it must not join its peers then. */
  async #putBack(plan: Plan): Promise<Evidence> {
    const { cluster, network } = this.#tools;
    const harm = this.#harms.get(plan);
    if (harm === undefined) return {};
    const { node } = harm;
    let repaired: Evidence | null = null;
    if (harm.isHarmed) {
      if ((await cluster.nodeState(node)) !== 'stopped') await cluster.kill(node);
      repaired = await cluster.disks.repair(node);
      harm.isHarmed = false;
    }
    if ((await cluster.nodeState(node)) === 'stopped') await cluster.start(node);
    if (plan.isIsolated) {
      const healed = await network.remove(plan);
      if (!healed.isInForce) throw new FaultError(`the cut around ${node} could not be healed`);
    }
    harm.forbidEnd();
    harm.words?.stop();
    this.#harms.delete(plan);
    const after: NodeReadings = await readNodes(cluster, [node]);
    return repaired === null ? { after } : { repaired, after };
  }
}

/** A plan after which its node lives without what it had made durable. */
export function withHarm(plan: FaultPlan): FaultPlan {
  return { ...plan, impairs: { ...plan.impairs, harmed: plan.nodes } };
}

/** Whether the byte that was read back differs in the bit that was to change, and in no other. */
export function isFlipped(damage: Damage, { reading }: HarmedFiles): boolean {
  if (damage.type !== 'flip') return false;
  const before = reading['byteBefore'] ?? reading['before'];
  const after = reading['byteAfter'] ?? reading['after'];
  if (typeof before !== 'number' || typeof after !== 'number') return false;
  return (before ^ after) === 1 << damage.bit;
}

function onlyNodeOf({ nodes }: FaultPlan): string {
  const [node] = nodes;
  if (node === undefined || nodes.length > 1) {
    throw new FaultError(`harm is done to one node at a time, not to ${nodes.length}`);
  }
  return node;
}

/** For the evidence: without the bytes themselves, which the seed has. */
function describeDamage(damage: Damage, files: readonly DiskFile[]): Evidence {
  if (damage.type === 'wipe') return { type: 'wipe', files };
  const file = files.find(({ path }) => path === damage.path);
  const own = damage.type === 'append' ? { ...damage, bytes: damage.bytes.length } : damage;
  return { ...own, bytesBefore: file?.bytes ?? null };
}
