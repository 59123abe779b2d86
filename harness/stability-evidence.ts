/**
 * What was seen of the world and of leadership, to the microsecond: for the checker that asks
 * whether a majority was left in peace and got on. Only where time is virtual.
 */
import type { Link } from './cluster.ts';

export interface StabilityEvidence {
  /** The longest time in which a follower that hears nobody stands. */
  readonly electionTimeoutUs: number;
  /** Why nothing can be asked of nodes in this world; null: it is quiet enough. */
  readonly restless: string | null;
  /** In the order of time, each begins where the one before it ends. */
  readonly spans: readonly WorldSpan[];
  readonly standings: readonly Standing[];
}

/** A time in which nobody did anything to links, nodes or disks. */
export interface WorldSpan {
  readonly fromUs: number;
  readonly toUs: number;
  readonly down: readonly string[];
  /** Links between nodes that carry nothing. */
  readonly cut: readonly Link[];
  /** Nodes that their clients may not reach. */
  readonly unreached: readonly string[];
  /** Why nothing can be asked of nodes in it; null: something can. */
  readonly restless: string | null;
}

/** What a node told of itself; it stands until it tells something else. */
export interface Standing {
  readonly timeUs: number;
  readonly node: string;
  readonly role: string;
  readonly term: number;
  readonly leader: string | null;
}
