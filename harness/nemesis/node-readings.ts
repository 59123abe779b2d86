/**
 * What the operating system or the engine says of the nodes' processes: most faults' evidence.
 *
 * Nothing here is remembered: each reading is asked for.
 */
import type { Cluster, NodeState } from '../cluster.ts';

export interface NodeReading {
  readonly state: NodeState;
  readonly pid: number | null;
}

export type NodeReadings = Readonly<Record<string, NodeReading>>;

export async function readNodes(cluster: Cluster, nodes: readonly string[]): Promise<NodeReadings> {
  const readings = await Promise.all(
    nodes.map(async (node) => {
      const state = await cluster.nodeState(node);
      return [node, { state, pid: await cluster.processId(node) }] as const;
    }),
  );
  return Object.fromEntries(readings);
}

/** Starts those that are stopped. Returns why nodes did not come back, a sentence each. */
export async function startStopped(
  cluster: Cluster,
  nodes: readonly string[],
): Promise<readonly string[]> {
  const failures = await Promise.all(
    nodes.map(async (node) => {
      try {
        if ((await cluster.nodeState(node)) === 'stopped') await cluster.start(node);
        return null;
      } catch (error) {
        return wordsOf(error);
      }
    }),
  );
  return failures.filter((failure) => failure !== null);
}

export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
