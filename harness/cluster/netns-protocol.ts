/**
 * What the harness and a helper in a network namespace (netns-helper.ts) say to one another.
 *
 * Over the channel that Node opens to a child process. Each request has an answer with its id; one
 * to `connect` comes with the socket.
 */
import type { Link, LinkMet, LinkMode } from '../cluster.ts';

/** Where a node is in the private network. */
export interface NetnsNode {
  readonly node: string;
  /** The name of its namespace: short, as names of interfaces are. */
  readonly namespace: string;
  /** In the network of the nodes and the clients, whose packets are let pass or not. */
  readonly address: string;
  /** At the end of the harness's own road, on which no rule is. */
  readonly uncutAddress: string;
}

/** A connection that passes through a proxy of the helper's. */
export interface NetnsRoad extends Link {
  readonly host: string;
  readonly port: number;
}

/** The modes of a direction. */
export interface LineModes extends Link {
  readonly modes: readonly LinkMode[];
}

export type HelperRequest =
  /** Makes the private network. Only of the first helper. */
  | { readonly type: 'build'; readonly nodes: readonly NetnsNode[] }
  /** From where the helper is: through its proxy on this road of clients, if it has one. */
  | {
      readonly type: 'connect';
      readonly host: string;
      readonly port: number;
      readonly node: string | null;
    }
  /** Answered with the ports of the proxies, in this order. */
  | { readonly type: 'open'; readonly seed: number; readonly roads: readonly NetnsRoad[] }
  /** From now on exactly these directions have modes. */
  | { readonly type: 'modes'; readonly lines: readonly LineModes[] }
  | { readonly type: 'read' };

export interface HelperAnswer {
  readonly id: number;
  /** Why the request was not done; null when it was. */
  readonly error: string | null;
  readonly ports: readonly number[];
  /** Every direction that it has, with its modes. */
  readonly lines: readonly LineModes[];
  readonly met: readonly LinkMet[];
}

/** The namespace with the bridge, in which the rules are. */
export const switchNamespace = 'switch';

/** Of the clients, who have the helper's own namespace. */
export const clientsAddress = '10.77.0.1';

/** Of the bridge itself, which answers with resets. */
export const bridgeAddress = '10.77.0.254';

/** Of the harness, at the beginning of its own roads. */
export const harnessAddress = '10.78.0.1';

/** Where the helper finds namespaces by their names; nobody else sees this folder as it does. */
export const namespaceFolder = '/run/netns';

/** Of Debian and others, where an ordinary user's PATH does not lead. */
export const systemPath: string = [process.env['PATH'], '/usr/sbin', '/sbin', '/usr/bin', '/bin']
  .filter((each) => each !== undefined && each !== '')
  .join(':');
