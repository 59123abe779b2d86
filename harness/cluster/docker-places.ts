/**
 * Where the nodes of the docker cluster live: addresses, ports and folders, each as who needs it.
 *
 * Spares have theirs from the beginning, like everybody else.
 */
import type { NodePlace, System } from '../systems/system.ts';
import { DockerError, type Engine } from './docker-engine.ts';
import { describeHarness } from './docker-harness-identity.ts';
import { type ClusterNetworkPlan, createNetwork } from './docker-network.ts';
import { allotPorts } from './free-ports.ts';

export const clientPort = 6379;
export const peerPort = 7000;
export const dataDirectory = '/data';
/** In the container's own layer, which a restart keeps; the data directory is the server's. */
const traceFile = '/trace.jsonl';

export interface DockerPlacesOptions {
  readonly runId: string;
  readonly nodes: readonly string[];
  readonly spares: readonly string[];
  readonly system: System;
  readonly traces: boolean;
}

export class DockerPlaces {
  readonly #options: DockerPlacesOptions;
  readonly #all: readonly string[];
  #plan: ClusterNetworkPlan | null = null;
  #ports: ReadonlyMap<string, number> = new Map();

  constructor(options: DockerPlacesOptions) {
    this.#options = options;
    this.#all = [...options.nodes, ...options.spares];
  }

  /** Null: nodes write no traces. */
  get traceFile(): string | null {
    return this.#options.traces && this.#options.system.traces ? traceFile : null;
  }

  get network(): ClusterNetworkPlan {
    if (this.#plan !== null) return this.#plan;
    throw new DockerError('wrong-state', 'the cluster has no network yet');
  }

  async createNetwork(engine: Engine): Promise<void> {
    const { runId } = this.#options;
    const harness = describeHarness();
    this.#plan = await createNetwork(engine, { runId, harness, nodes: this.#all });
  }

  async allotPorts(): Promise<void> {
    const ports = await allotPorts(this.#all.length);
    this.#ports = new Map(this.#all.map((node, at) => [node, ports[at] ?? 0]));
  }

  address(node: string): string {
    const address = this.network.addresses.get(node);
    if (address === undefined) throw new RangeError(`there is no node ${node}`);
    return address;
  }

  /** Of 127.0.0.1. */
  port(node: string): number {
    const port = this.#ports.get(node);
    if (port === undefined) throw new RangeError(`there is no node ${node}`);
    return port;
  }

  clientAddress(node: string): string {
    return `127.0.0.1:${this.port(node)}`;
  }

  /** The members are those that start; a spare knows them, and waits to be added. */
  place(node: string): NodePlace {
    const { runId, nodes, spares } = this.#options;
    return {
      clusterId: runId,
      node,
      listenHost: '0.0.0.0',
      clientPort,
      peerPort,
      dataDirectory,
      joins: spares.includes(node),
      faultDiskFolder: null,
      traceFile: this.traceFile,
      peers: nodes
        .filter((each) => each !== node)
        .map((each) => ({ node: each, address: `${this.address(each)}:${peerPort}` })),
      clientAddresses: this.#all.map((each) => ({
        node: each,
        address: this.clientAddress(each),
      })),
    };
  }
}
