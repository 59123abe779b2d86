/**
 * The times in which nothing changed for long, and who had to get on in them: from what was seen of
 * the world and from the faults that were recorded.
 */
import type { CheckedRun } from '../checker.ts';
import type { StabilityEvidence, Standing } from '../stability-evidence.ts';
import { servingGroup } from './availability-group.ts';

/** A time in which a group of nodes had to have a leader, to keep it and to serve. */
export interface Window {
  /** When the world last changed. */
  readonly beganUs: number;
  /** The group has had its time by then. */
  readonly fromUs: number;
  readonly toUs: number;
  readonly group: ReadonlySet<string>;
  /** Nodes of it that clients reach. */
  readonly asked: ReadonlySet<string>;
}

/** What the group made of it. */
export interface Leadership {
  /** For how long a majority named one of the group that led, in microseconds. */
  readonly ledUs: number;
  /** Terms that somebody of the group came to. */
  readonly terms: number;
}

/** Election timeouts until the group is asked anything, and the fewest that it is then watched. */
const settleTimeouts = 10;
const watchTimeouts = 10;

/** A line of the nemesis is a change, too: it may ask nodes for something. */
export function windowsOf(
  { nodes, faults }: Pick<CheckedRun, 'nodes' | 'faults'>,
  { spans, electionTimeoutUs }: StabilityEvidence,
): readonly Window[] {
  const lines = faults
    .flatMap(({ begin, end }) => (end === null ? [begin] : [begin, end]))
    .map(({ timeNs }) => timeNs / 1000)
    .sort((a, b) => a - b);
  const windows: Window[] = [];
  for (const { fromUs, toUs, down, cut, unreached, restless } of spans) {
    if (restless !== null) continue;
    const edges = [fromUs, ...lines.filter((at) => at > fromUs && at < toUs), toUs];
    for (const [position, beganUs] of edges.entries()) {
      const endUs = edges[position + 1] ?? beganUs;
      if (endUs - beganUs < (settleTimeouts + watchTimeouts) * electionTimeoutUs) continue;
      const group = servingGroup(nodes, [{ cut, down }]);
      if (group.size === 0) continue;
      windows.push({
        ...{ beganUs, fromUs: beganUs + settleTimeouts * electionTimeoutUs, toUs: endUs, group },
        asked: new Set([...group].filter((node) => !unreached.includes(node))),
      });
    }
  }
  return windows;
}

export function leadershipIn(
  { fromUs, toUs, group }: Window,
  { standings, nodeCount }: { readonly standings: readonly Standing[]; readonly nodeCount: number },
): Leadership {
  const now = new Map<string, Standing>();
  const terms = new Set<number>();
  let ledUs = 0;
  let sinceUs = fromUs;
  let before = 0;
  const passTo = (timeUs: number): void => {
    if (isLed(now, nodeCount)) ledUs += timeUs - sinceUs;
    sinceUs = timeUs;
  };
  for (const standing of standings) {
    const { timeUs, node, term } = standing;
    if (timeUs >= toUs) break;
    if (!group.has(node)) continue;
    if (timeUs < fromUs) before = Math.max(before, term);
    else {
      passTo(timeUs);
      if (term > before) terms.add(term);
    }
    now.set(node, standing);
  }
  passTo(toUs);
  return { ledUs, terms: terms.size };
}

/** Somebody of the group leads, and with those of it that follow there is a majority of all. */
function isLed(now: ReadonlyMap<string, Standing>, nodeCount: number): boolean {
  const standings = [...now.values()];
  return standings.some((leader) => {
    if (leader.role !== 'leader') return false;
    const behind = standings.filter(
      (each) => each.term === leader.term && each.leader === leader.node,
    );
    return 2 * behind.length > nodeCount;
  });
}
