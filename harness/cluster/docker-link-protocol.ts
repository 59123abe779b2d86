/**
 * What the harness and the link proxy (docker/link-proxy.ts) say to one another, in lines of JSON.
 *
 * The harness asks, the proxy answers in the order of the questions. Ends are addresses, or the
 * clients. It is loaded on both sides.
 */
import type { Link, LinkMet, LinkMode } from '../cluster.ts';

/** The link proxy's user in its container, by which the fault agent's rules know what it sends. */
export const proxyUser = 47_713;

/** Whether the link proxy keeps the mode. */
export function isProxied(mode: LinkMode): boolean {
  return mode.type === 'delay' || mode.type === 'rate' || mode.type === 'hold';
}

/** The modes of a direction. */
export interface LineModes extends Link {
  readonly modes: readonly LinkMode[];
}

export type ProxyRequest =
  /** Waits at a door for each of these openings; answered with their ports, in this order. */
  | {
      readonly type: 'open';
      /** The address to wait at. */
      readonly host: string;
      readonly openings: readonly (Link & { readonly port: number })[];
    }
  /** From now on exactly these directions have modes. */
  | { readonly type: 'modes'; readonly lines: readonly LineModes[] }
  /** Connections of these openings end soon, once what they carry has passed. */
  | { readonly type: 'end'; readonly openings: readonly Link[] }
  | { readonly type: 'read' };

export interface ProxyAnswer {
  readonly ports: readonly number[];
  /** Directions that have modes. */
  readonly lines: readonly LineModes[];
  /** Since the proxy was started; of directions that have no modes any more as well. */
  readonly met: readonly LinkMet[];
  /** Open ones that pass through the proxy. */
  readonly connections: number;
  /** Why the request was not done; null when it was. */
  readonly error: string | null;
}
