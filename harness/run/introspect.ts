/**
 * Asks the nodes what they believe: who leads, and how far each has applied.
 *
 * An answer is a belief of one node at one moment. It steers faults and fills the console; no
 * verdict about linearizability rests on it.
 */
import type { Cluster } from '../cluster.ts';
import type { Introspection, System } from '../systems/system.ts';
import type { HarnessTimers } from './timers.ts';

export interface Observer {
  readonly cluster: Cluster;
  readonly system: System;
  readonly timers: HarnessTimers;
}

/** null when the node does not answer. */
export async function introspectNode(
  observer: Observer,
  node: string,
): Promise<Introspection | null> {
  const { cluster, system, timers } = observer;
  try {
    return await system.introspect(await cluster.connect(node), timers);
  } catch {
    return null;
  }
}

/** The node that claims to lead in the highest term; null when none does. */
export async function findLeader(
  observer: Observer,
): Promise<{ readonly leader: string; readonly term: number } | null> {
  const answers = await Promise.all(
    observer.cluster.nodes.map(async (node) => ({
      node,
      introspection: await introspectNode(observer, node),
    })),
  );
  let found: { leader: string; term: number } | null = null;
  for (const { node, introspection } of answers) {
    if (introspection?.role !== 'leader') continue;
    if (found === null || introspection.term > found.term) {
      found = { leader: node, term: introspection.term };
    }
  }
  return found;
}

/** Resolves after this long. */
export function pause(timers: HarnessTimers, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    timers.after(delayMs, resolve);
  });
}
