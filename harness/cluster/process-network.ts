/**
 * The network between child processes: where each node listens, and how it reaches the others.
 *
 * Two stand behind it: network namespaces (netns.ts) and proxies on loopback (process-proxies.ts).
 */
import type { Ability, ByteStream, Capability, ClusterNetwork } from '../cluster.ts';
import type { NodePlace } from '../systems/system.ts';

export interface ProcessNetworkRequest {
  /** Every node, spares too. */
  readonly nodes: readonly string[];
  readonly prepare: ReadonlySet<Ability>;
  /** For loss and jitter. */
  readonly seed: number;
}

/** A node's part of its place: where it listens, and its roads to the others. */
export type NetworkPlace = Pick<NodePlace, 'listenHost' | 'clientPort' | 'peerPort' | 'peers'>;

export interface ProcessNetwork extends ClusterNetwork {
  readonly kind: 'namespaces' | 'proxies';
  /** `a TCP proxy for each directed pair`. */
  readonly description: string;
  readonly abilities: Readonly<Partial<Record<Ability, Capability>>>;
  /** What comes before the command of a node, so that it runs in its place. */
  readonly entrance: (node: string) => readonly string[];
  place(node: string): NetworkPlace;
  /** Where clients reach it. */
  clientAddress(node: string): string;
  /** As a client, whom rules about clients concern. Rejects when nobody listens. */
  connect(node: string): Promise<ByteStream>;
  /** As the harness, whom no rule concerns: to see whether a node is ready. */
  connectUncut(node: string): Promise<ByteStream>;
  /** Safe to call twice. */
  close(): Promise<void>;
}

/** How long a connection may take that rules keep from its node. */
export const connectLimitMs = 2000;
