/**
 * The disks of the simulated nodes, as faults use them.
 *
 * A power loss is what every kill is in the simulation: a node that ends at once takes with it what
 * it had not synced, in part or whole, as the seed has it.
 */
import type { ClusterDisks, Damage, DiskFailure, DiskFile, Evidence } from '../cluster.ts';
import type { SimulatedNode } from './simulated-node.ts';

export class SimulatedDisks implements ClusterDisks {
  readonly #node: (name: string) => SimulatedNode;

  /** `node` throws for a name that nobody has. */
  constructor(node: (name: string) => SimulatedNode) {
    this.#node = node;
  }

  async powerLoss(names: readonly string[]): Promise<Evidence> {
    const nodes = names.map((name) => this.#node(name));
    const lost = nodes.map((node) => [node.name, node.losePower()] as const);
    return {
      how: 'the node ends, and what it had not synced with it',
      lost: Object.fromEntries(lost),
    };
  }

  async fill(name: string): Promise<Evidence> {
    const { disk } = this.#node(name);
    disk.setFull(true);
    return { freeBytes: 0, ...disk.faults };
  }

  async free(name: string): Promise<Evidence> {
    const { disk } = this.#node(name);
    disk.setFull(false);
    return disk.faults;
  }

  async slow(name: string, perSecond: number | null): Promise<Evidence> {
    const { disk } = this.#node(name);
    disk.slow(perSecond);
    const { syncEveryUs } = disk.faults;
    const inForce = typeof syncEveryUs === 'number' ? Math.round(1e6 / syncEveryUs) : null;
    return { perSecond: inForce, ...disk.faults, waited: disk.faults['delayedSyncs'] };
  }

  async failAt(name: string, failure: DiskFailure | null): Promise<Evidence> {
    const { disk } = this.#node(name);
    disk.failAt(failure);
    return disk.faults;
  }

  async list(name: string): Promise<readonly DiskFile[]> {
    return this.#node(name).disk.list();
  }

  async damage(name: string, damage: Damage): Promise<Evidence> {
    return this.#stopped(name).disk.damage(damage);
  }

  async repair(name: string): Promise<Evidence> {
    return { restoredFiles: this.#stopped(name).disk.putBack() };
  }

  #stopped(name: string): SimulatedNode {
    const node = this.#node(name);
    if (node.state !== 'stopped') throw new RangeError(`${name} is ${node.state}: stop it first`);
    return node;
  }
}
