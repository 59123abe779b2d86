/** What a nemesis works with, and what a family of faults is made of. */
import type { IntrospectionSample } from '../checker.ts';
import type { Cluster, UnexpectedExit } from '../cluster.ts';
import type { FaultFamily, Nemesis } from '../nemesis.ts';
import type { HarnessTimers } from '../run/timers.ts';
import type { EndCause, System } from '../systems/system.ts';
import type { DesiredNetwork } from './desired-network.ts';

export interface NemesisTools {
  readonly cluster: Cluster;
  readonly system: System;
  readonly timers: HarnessTimers;
  /** Every change of the network goes through it: faults of several families lie on one another. */
  readonly network: DesiredNetwork;
  /** Who is a member of the cluster now, as far as the nemeses have made it so. */
  readonly members: Members;
  /**
   * From now until the returned function is called, the node may end by itself for this cause, as
   * the system words it.
   */
  mayEnd(node: string, cause: EndCause): () => void;
  /** The node ended by itself, and no fault is to blame: `mayEnd` had excused it too soon. */
  blame(exit: UnexpectedExit): void;
  /**
   * True while no client has had anything done for long: whoever waits for the cluster to agree on
   * something gives up, for what keeps it from that may be a fault that waits for its end.
   */
  isStarved?(): boolean;
  /** Asks every node now; those that do not answer are left out. */
  observe(): Promise<readonly IntrospectionSample[]>;
}

export interface Members {
  list(): readonly string[];
  add(node: string): void;
  remove(node: string): void;
}

export interface FamilyModule {
  readonly family: FaultFamily;
  create(tools: NemesisTools): Nemesis;
}
