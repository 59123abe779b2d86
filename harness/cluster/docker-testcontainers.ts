/**
 * A node's container, made and started by testcontainers.
 *
 * Loaded lazily: the library takes more than a second to import. It starts a container and no more:
 * readiness, faults and removal are the cluster's own, because they must also work on a restart.
 */
import { GenericContainer, type WaitStrategy } from 'testcontainers';
import type { Engine } from './docker-engine.ts';

export interface NodeContainerOptions {
  readonly name: string;
  readonly node: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly volume: string;
  readonly dataDirectory: string;
  readonly networkName: string;
  readonly address: string;
  /** Published on 127.0.0.1 only. */
  readonly clientPort: { readonly container: number; readonly host: number };
  /** Between the making of the container and its start. */
  readonly onCreated?: (id: string) => Promise<void>;
}

/** Resolves with the container's id once it is started; it need not be ready. */
export async function startNodeContainer(
  engine: Engine,
  options: NodeContainerOptions,
): Promise<string> {
  // The library looks for an engine by itself: it has to find the one that everything else uses.
  process.env['DOCKER_HOST'] ??= `unix://${engine.socketPath}`;
  const started = await new NodeContainer(options).start();
  return started.getId();
}

class NodeContainer extends GenericContainer {
  readonly #options: NodeContainerOptions;

  constructor(options: NodeContainerOptions) {
    super(options.image);
    this.#options = options;
    this.withName(options.name)
      .withHostname(options.node)
      .withCommand([...options.command])
      .withLabels({ ...options.labels })
      .withNetworkMode(options.networkName)
      .withBindMounts([{ source: options.volume, target: options.dataDirectory }])
      .withDefaultLogDriver()
      // Who aborts leaves no image of its memory in the container.
      .withUlimits({ core: { soft: 0, hard: 0 } })
      .withAutoCleanup(false)
      .withWaitStrategy(noWait);
  }

  protected override async containerCreated(id: string): Promise<void> {
    await this.#options.onCreated?.(id);
  }

  /** What the library has no words for: a static address, and ports on loopback alone. */
  protected override async beforeContainerCreated(): Promise<void> {
    const { networkName, address, clientPort } = this.#options;
    this.createOpts.NetworkingConfig = {
      EndpointsConfig: { [networkName]: { IPAMConfig: { IPv4Address: address } } },
    };
    const port = `${clientPort.container}/tcp`;
    this.createOpts.ExposedPorts = { [port]: {} };
    this.hostConfig.PortBindings = {
      [port]: [{ HostIp: '127.0.0.1', HostPort: String(clientPort.host) }],
    };
  }
}

/** The library's own waiting needs a shell in the image, and knows ports, not commands. */
const noWait: WaitStrategy = {
  waitUntilReady: () => Promise.resolve(),
  withStartupTimeout: () => noWait,
  isStartupTimeoutSet: () => true,
  getStartupTimeout: () => 0,
};
