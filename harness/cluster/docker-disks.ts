/**
 * The disks of the docker cluster: a volume for each node, and what can be done to it.
 *
 * Where a run's faults need it, each volume is a file system of its own on a loop device, made by
 * the disk agent: its power can be cut, it can be filled and slowed. Else volumes are the engine's.
 */

import type Docker from 'dockerode';
import type { DiskOrder } from '../../docker/disk-requests.ts';
import type { Ability, Capability, ClusterDisks, Damage, DiskFile, Evidence } from '../cluster.ts';
import { DiskAgent } from './docker-disk-agent.ts';
import { DockerError, type Engine, harnessLabel, nodeLabel, runLabel } from './docker-engine.ts';
import { describeHarness } from './docker-harness-identity.ts';
import type { DockerNode } from './docker-node.ts';
import { prepareDiskImage } from './images/disk-image.ts';
import type { BaseImage } from './images/images.ts';

type DiskAbility = 'power-loss' | 'disk-full' | 'disk-slow' | 'damage';

export interface DockerDisksOptions {
  readonly engine: Engine;
  readonly base: BaseImage;
  readonly runId: string;
  /** Spares among them. */
  readonly nodes: readonly string[];
  readonly prepare: ReadonlySet<Ability>;
  readonly onProgress: (line: string) => void;
  container(node: string): DockerNode;
  /** Of each disk. Default 256 MiB. */
  readonly diskBytes?: number;
}

/** Files are as large as what is written to them: so much memory is not taken. */
const defaultDiskBytes = 256 * 1024 * 1024;
/**
 * A file that is put in the place of another is not written by the way, and a file system's journal
 * not every five seconds: what is not synced may be lost.
 */
const mountOptions = 'noauto_da_alloc,commit=60,noinit_itable';
const notPrepared: Capability = {
  available: false,
  why: 'the disks of this run were not made for it',
  remedy: 'name a fault that needs it with --nemesis',
};

type DiskCapabilities = Readonly<Record<DiskAbility, Capability>>;

export class DockerDisks implements ClusterDisks {
  readonly #options: DockerDisksOptions;
  /** Of the lives that a node had when all that it has was kept. */
  readonly #keptAt = new Map<string, number>();
  readonly #limits = new Map<string, number>();
  #agent: DiskAgent | null = null;
  /** Where the engine finds a link to the device of each disk; null: volumes are its own. */
  #links: string | null = null;
  #capabilities: DiskCapabilities = capabilitiesOfAll(notPrepared);

  constructor(options: DockerDisksOptions) {
    this.#options = options;
  }

  get #diskBytes(): number {
    return this.#options.diskBytes ?? defaultDiskBytes;
  }

  get capabilities(): DiskCapabilities {
    return this.#capabilities;
  }

  /** Makes a volume for each node. What cannot be had is told by the capabilities. */
  async setUp(): Promise<void> {
    const { prepare } = this.#options;
    const needsOwn =
      prepare.has('power-loss') || prepare.has('disk-full') || prepare.has('disk-slow');
    if (needsOwn && (await this.#makeOwn())) return;
    await Promise.all(this.#options.nodes.map((node) => this.#createVolume(node)));
    if (prepare.has('damage')) await this.#mountVolumes();
  }

  volume(node: string): string {
    return `rafture-${this.#options.runId}-${node}`;
  }

  /** A container has its limits anew whenever it is started. */
  async applyLimit(node: string): Promise<void> {
    const limit = this.#limits.get(node);
    if (limit !== undefined) await this.slow(node, limit);
  }

  /** Of the node's volume, and of its container. */
  labels(node: string): Readonly<Record<string, string>> {
    return { ...this.#ownerLabels, [nodeLabel]: node };
  }

  get #ownerLabels(): Readonly<Record<string, string>> {
    return { [runLabel]: this.#options.runId, [harnessLabel]: describeHarness() };
  }

  async powerLoss(nodes: readonly string[]): Promise<Evidence> {
    const agent = this.#able('power-loss');
    const containers = nodes.map((node) => this.#options.container(node));
    const running: DockerNode[] = [];
    for (const container of containers) {
      if ((await container.state()) !== 'stopped') running.push(container);
    }
    // Nobody does anything from here on: what happens to the disks happens at one moment.
    await freezeAll(running);
    let shutDown: unknown;
    try {
      shutDown = await agent.ask({ do: 'shut-down', nodes });
    } finally {
      await Promise.all(running.map((container) => container.kill()));
    }
    const disks = await agent.ask({ do: 'come-back', nodes });
    return { ...asEvidence(shutDown), lostBytes: sumLost(asEvidence(disks)), disks };
  }

  async fill(node: string): Promise<Evidence> {
    return asEvidence(await this.#able('disk-full').ask({ do: 'fill', node }));
  }

  async free(node: string): Promise<Evidence> {
    return asEvidence(await this.#able('disk-full').ask({ do: 'free', node }));
  }

  async slow(node: string, perSecond: number | null): Promise<Evidence> {
    const agent = this.#able('disk-slow');
    if (perSecond === null) this.#limits.delete(node);
    else this.#limits.set(node, perSecond);
    const container = this.#options.container(node);
    if ((await container.state()) === 'stopped') return { perSecond, from: 'its next start' };
    return asEvidence(await agent.ask({ do: 'slow', node, container: container.id, perSecond }));
  }

  async list(node: string): Promise<readonly DiskFile[]> {
    return (await this.#able('damage').ask({ do: 'list', node })) as readonly DiskFile[];
  }

  /** All that there is is kept the first time after a start. */
  async damage(node: string, damage: Damage): Promise<Evidence> {
    const agent = this.#able('damage');
    const lives = await this.#stoppedLives(node);
    const keep = this.#keptAt.get(node) !== lives;
    const order: DiskOrder = { do: 'damage', node, keep, damage: wire(damage) };
    const evidence = asEvidence(await agent.ask(order));
    this.#keptAt.set(node, lives);
    return evidence;
  }

  async repair(node: string): Promise<Evidence> {
    const agent = this.#able('damage');
    await this.#stoppedLives(node);
    this.#keptAt.delete(node);
    return asEvidence(await agent.ask({ do: 'repair', node }));
  }

  async #stoppedLives(node: string): Promise<number> {
    const container = this.#options.container(node);
    const state = await container.state();
    if (state === 'stopped') return container.lives;
    throw new DockerError('wrong-state', `${node} is ${state}: its files are in use`);
  }

  /** False where it is not possible here; nothing is left of the attempt then. */
  async #makeOwn(): Promise<boolean> {
    const { engine, base, nodes, onProgress } = this.#options;
    let agent: DiskAgent | null = null;
    try {
      const image = await prepareDiskImage(engine, base, onProgress);
      this.#links = await this.#createLinks();
      agent = await this.#startAgent(image, this.#ownDiskPrivileges());
      for (const node of nodes) await this.#makeDisk(agent, node);
      await agent.ask({ do: 'try', node: nodes[0] ?? '' });
      await Promise.all(nodes.map((node) => this.#createVolume(node)));
    } catch (error) {
      await agent?.stop();
      this.#links = null;
      const why = `no file systems of their own: ${messageOf(error)}`;
      this.#capabilities = capabilitiesOfAll({ available: false, why, remedy: remedyOf(why) });
      onProgress(`the disks of the nodes cannot be made: ${why}`);
      return false;
    }
    this.#agent = agent;
    const how = 'ext4 on a loop device for each node, made by a container with SYS_ADMIN';
    const own = { available: true, how } as const;
    this.#capabilities = {
      'power-loss': { available: true, how: `${how}; tried, an unsynced file was lost` },
      'disk-full': own,
      'disk-slow': await this.#tryLimit(agent, nodes[0] ?? ''),
      damage: own,
    };
    return true;
  }

  async #makeDisk(agent: DiskAgent, node: string): Promise<void> {
    const [name, bytes] = [this.volume(node), this.#diskBytes];
    await agent.ask({ do: 'make', node, name, bytes, mountOptions });
  }

  get #linksVolume(): string {
    return `rafture-${this.#options.runId}-links`;
  }

  /** A disk has another device after each power loss, and a volume the same one for ever. */
  async #createLinks(): Promise<string> {
    const { docker } = this.#options.engine;
    const Name = this.#linksVolume;
    const Labels = { ...this.#ownerLabels };
    await docker.createVolume({ Name, Labels });
    return (await docker.getVolume(Name).inspect()).Mountpoint;
  }

  /** On the agent's own container: its control group is as good as a node's. */
  async #tryLimit(agent: DiskAgent, node: string): Promise<Capability> {
    try {
      for (const perSecond of [1000, null]) {
        await agent.ask({ do: 'slow', node, container: agent.id, perSecond });
      }
      return { available: true, how: 'a limit of writes in a second, of the control group' };
    } catch (error) {
      const why = `the engine's control groups take no limit of writes: ${messageOf(error)}`;
      const remedy = 'an engine that runs as root, with the blkio or io controller';
      return { available: false, why, remedy };
    }
  }

  /** The engine's volumes, as they are, where the agent can get at their files. */
  async #mountVolumes(): Promise<void> {
    const { engine, base, nodes, onProgress } = this.#options;
    try {
      const image = await prepareDiskImage(engine, base, onProgress);
      const Binds = nodes.map((node) => `${this.volume(node)}:/disks/${node}`);
      this.#agent = await this.#startAgent(image, { ...filePrivileges, Binds });
      const how = 'a container that has the volumes of the nodes changes their files';
      this.#capabilities = { ...this.#capabilities, damage: { available: true, how } };
    } catch (error) {
      const why = messageOf(error);
      const damage = { available: false, why, remedy: remedyOf(why) } as const;
      this.#capabilities = { ...this.#capabilities, damage };
    }
  }

  #startAgent(image: string, hostConfig: Docker.HostConfig): Promise<DiskAgent> {
    const { engine, runId } = this.#options;
    return DiskAgent.start(engine, { runId, image, hostConfig });
  }

  async #createVolume(node: string): Promise<void> {
    const device = `${this.#links}/${node}`;
    const own = { Driver: 'local', DriverOpts: { type: 'ext4', device, o: mountOptions } };
    await this.#options.engine.docker.createVolume({
      Name: this.volume(node),
      Labels: { ...this.labels(node) },
      ...(this.#links === null ? {} : own),
    });
  }

  /** To make disks: loop devices, mounts, and the control groups of the other containers. */
  #ownDiskPrivileges(): Docker.HostConfig {
    // What damage keeps is there as well.
    const bytes = 2 * this.#options.nodes.length * this.#diskBytes;
    return {
      ...filePrivileges,
      CapAdd: [...filePrivileges.CapAdd, 'SYS_ADMIN', 'MKNOD'],
      DeviceCgroupRules: ['b 7:* rmw', 'c 10:237 rmw'],
      // Where AppArmor is on, its profile for containers forbids every mount.
      SecurityOpt: ['apparmor=unconfined'],
      Binds: ['/dev:/engine/dev', '/sys/fs/cgroup:/engine/cgroup', `${this.#linksVolume}:/links`],
      Tmpfs: { '/images': `size=${bytes}` },
    };
  }

  #able(ability: DiskAbility): DiskAgent {
    const capability = this.#capabilities[ability];
    if (capability.available && this.#agent !== null) return this.#agent;
    const why = capability.available ? 'the disk agent is gone' : capability.why;
    throw new DockerError('no-disk-agent', `${ability} is not possible: ${why}`);
  }
}

/** What a container needs to change files of others. */
const filePrivileges = {
  NetworkMode: 'none',
  CapDrop: ['ALL'],
  CapAdd: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'],
  Tmpfs: { '/images': '' },
};

function capabilitiesOfAll(capability: Capability): DiskCapabilities {
  return {
    'power-loss': capability,
    'disk-full': capability,
    'disk-slow': capability,
    damage: capability,
  };
}

function remedyOf(why: string): string {
  const install = /apt-get install [a-z0-9-]+/.exec(why)?.[0];
  return (
    install ??
    'a Linux engine that runs as root (not rootless) and whose kernel has ext4 and loop devices'
  );
}

function wire(damage: Damage): Extract<DiskOrder, { readonly do: 'damage' }>['damage'] {
  if (damage.type !== 'append') return damage;
  const { bytes, ...rest } = damage;
  return { ...rest, base64: Buffer.from(bytes).toString('base64') };
}

function sumLost(disks: Evidence): number {
  return Object.values(disks).reduce<number>((sum, disk) => {
    const lost = asEvidence(disk)['lostBytes'];
    return sum + (typeof lost === 'number' ? lost : 0);
  }, 0);
}

function asEvidence(value: unknown): Evidence {
  return typeof value === 'object' && value !== null ? (value as Evidence) : {};
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** All or none: one that cannot be frozen leaves no other frozen. */
async function freezeAll(containers: readonly DockerNode[]): Promise<void> {
  const frozen = await Promise.allSettled(containers.map((container) => container.freeze()));
  const failure = frozen.find((each) => each.status === 'rejected');
  if (failure === undefined) return;
  await Promise.all(
    containers.map(async (container) => {
      if ((await container.state()) === 'paused') await container.resume();
    }),
  );
  throw failure.reason;
}
