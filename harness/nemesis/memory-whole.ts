/** What a cluster of numbers must be like after every fault. Nothing but tests may use it. */
import { expect } from 'vitest';
import type { MemoryRig } from './memory-rig.ts';

/** Every node runs among its peers with all that it has promised, and nothing is left over. */
export function expectWhole({ cluster }: MemoryRig): void {
  for (const name of cluster.nodes) {
    const { state, isFull, perSecond, mayEnd, kept } = cluster.node(name);
    const whole = { state: 'running', isFull: false, perSecond: null, mayEnd: 0 };
    expect({ name, state, isFull, perSecond, mayEnd }).toEqual({ name, ...whole });
    if (kept !== null) expect(cluster.node(name).lives).toBeGreaterThan(kept.life);
  }
  for (let look = 0; look < 5; look++) cluster.look();
  expect(cluster.unsafe).toEqual([]);
  expect(cluster.exits).toEqual([]);
  expect(cluster.listenerCount).toBe(0);
}

/** All members are back and vote, spares are down, and nothing is cut. */
export async function expectFullStrength({ cluster, tools }: MemoryRig): Promise<void> {
  expect([...cluster.voters].sort()).toEqual(cluster.nodes);
  expect([...tools.members.list()].sort()).toEqual(cluster.nodes);
  for (const node of cluster.nodes) expect(cluster.node(node).state).toBe('running');
  for (const node of cluster.spares) expect(cluster.node(node).state).toBe('stopped');
  expect((await cluster.network.read()).rules).toEqual([]);
  expect(cluster.unsafe).toEqual([]);
}

/** Of the operator and the processes, without the looks. */
export function changes({ cluster }: MemoryRig): readonly string[] {
  return cluster.calls.filter((call) => !call.startsWith('set'));
}
