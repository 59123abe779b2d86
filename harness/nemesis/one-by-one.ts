/**
 * Restarts of one node after the other, as maintenance does it: the next one only when the last has
 * caught up. At most one node is down at a time.
 *
 * A node has caught up when it has applied what its leader had committed when it came back.
 */
import type { Cluster, Evidence } from '../cluster.ts';
import { FaultError, type PlanContext, type Skip } from '../nemesis.ts';
import { leaderOf, lookUntil, sampleOf } from './looks.ts';
import { readNodes } from './node-readings.ts';
import type { NemesisTools } from './tools.ts';

/** How one node is restarted. */
export type Restart = (cluster: Cluster, node: string) => Promise<void>;

/** Of one node. */
export interface RestartReading {
  readonly node: string;
  readonly hasRestarted: boolean;
  readonly evidence: Evidence;
}

/** Why nodes cannot be restarted in turn now; null when they can. */
export function whyNotInTurn({ nodes, free }: PlanContext): Skip | null {
  if (free.length === 0) return { skip: 'no member is free' };
  // Of one or two members none can be done without, and whoever asks for it knows.
  if (nodes.length < 3 || free.length - 1 > nodes.length / 2) return null;
  return { skip: `of ${nodes.length} members ${free.length} are free: one more is a majority` };
}

/** Rejects with a FaultError when a node does not catch up; `onDone` has told those before it. */
export async function restartInTurn(
  tools: NemesisTools,
  nodes: readonly string[],
  { restart, onDone }: { readonly restart: Restart; onDone(reading: RestartReading): void },
): Promise<void> {
  const { cluster, system } = tools;
  for (const node of nodes) {
    const before = (await readNodes(cluster, [node]))[node];
    const livesBefore = cluster.lives(node);
    await restart(cluster, node);
    const after = (await readNodes(cluster, [node]))[node];
    const lives = cluster.lives(node);
    const hasRestarted =
      before?.state === 'running' && after?.state === 'running' && lives > livesBefore;
    const reached = system.introspects ? await catchUp(tools, node) : null;
    onDone({ node, hasRestarted, evidence: { node, before, after, lives, reached } });
  }
}

/** Resolves to what it has applied, and what it had to. */
async function catchUp(
  tools: NemesisTools,
  node: string,
): Promise<{ readonly appliedIndex: number; readonly committed: number; readonly looks: number }> {
  let committed: number | null = null;
  const reached = await lookUntil(tools, (samples) => {
    committed ??= leaderOf(samples)?.commitIndex ?? null;
    const own = sampleOf(samples, node);
    if (committed === null || own === null || own.appliedIndex < committed) return null;
    return { appliedIndex: own.appliedIndex, committed };
  });
  if (reached !== null) return { ...reached.found, looks: reached.looks };
  const goal = committed === null ? 'and nobody leads' : `to entry ${String(committed)}`;
  throw new FaultError(`${node} is back and does not catch up, ${goal}`);
}
