/**
 * One simulated node: its disk, its lives one after the other, and what it left behind.
 *
 * It turns the server's own code into something that starts, crashes, freezes and answers clients.
 * It decides nothing about when: that is the cluster's and the nemesis's business.
 */
import type { CrashPointName } from '../../server/crash-points.ts';
import type { LogLevel } from '../../server/host.ts';
import { configurationOf } from '../../server/raft/configuration.ts';
import type { Configuration } from '../../server/raft/entry.ts';
import type { ServerNode } from '../../server/server-node.ts';
import type { ByteStream, NodeState, UnexpectedExit } from '../cluster.ts';
import type { RandomSource } from '../run/random.ts';
import {
  ClientConnection,
  type ConnectionSurroundings,
  type ServerEnd,
} from './client-connection.ts';
import { type CrashPlan, LifeEnded } from './crash-plan.ts';
import { type LostWrites, SimulatedDisk } from './disk.ts';
import type { Engine } from './engine.ts';
import { createSimulatedHost } from './host.ts';
import { Life } from './life.ts';
import type { SimulatedNetwork } from './network.ts';
import { NodeLog } from './node-log.ts';
import { drawSlowness, slowedDown } from './node-pace.ts';
import { type WatchedLife, watchMessages, watchReads } from './node-watch.ts';
import type { SimulationPlan } from './plan.ts';
import type { Trace } from './trace.ts';

const clusterId = 'simulation';
const peerPort = 7000;

/** A node that ended though nobody asked it to. */
export interface SimulatedExit extends UnexpectedExit {
  /** Virtual time. */
  readonly timeUs: number;
  /** Which of the node's lives it was, 1 for the first. */
  readonly life: number;
  readonly error: Error;
}

export interface NodeSurroundings {
  readonly plan: SimulationPlan;
  readonly engine: Engine;
  readonly trace: Trace;
  readonly network: SimulatedNetwork;
  readonly crashPlan: CrashPlan;
  /** The address where clients reach each node. */
  readonly clientAddresses: ReadonlyMap<string, string>;
  readonly onUnexpectedExit: (exit: SimulatedExit) => void;
  readonly onLogLine: (node: string, line: string) => void;
}

export class SimulatedNode {
  readonly name: string;
  readonly log: NodeLog;
  readonly #surroundings: NodeSurroundings;
  readonly #disk: SimulatedDisk;
  readonly #connections = new Set<ServerEnd>();
  #life: Life | null = null;
  #lifeCount = 0;
  #server: ServerNode | null = null;
  /** Its times are longer by this factor. */
  readonly #slowness: number;
  readonly #crashRandom: RandomSource;
  /** It crashes when so many steps are done; null: it does not. */
  #stepsLeft: number | null = null;
  #connectionCount = 0;
  /** They wait for the end of the life that is there. */
  #ended: (() => void)[] = [];

  constructor(name: string, surroundings: NodeSurroundings) {
    const { engine, trace, plan } = surroundings;
    this.name = name;
    this.#surroundings = surroundings;
    this.log = new NodeLog(name, {
      ...{ time: engine.time, trace, level: plan.logLevel },
      onLine: (line) => surroundings.onLogLine(name, line),
    });
    this.#slowness = drawSlowness(plan.pace, plan.randomStream(`node/${name}/pace`));
    this.#crashRandom = plan.randomStream(`node/${name}/crashes`);
    this.#disk = new SimulatedDisk({
      time: engine.time,
      random: plan.randomStream(`node/${name}/disk`),
      trace,
      latencies: slowedDown(plan.diskLatencies, this.#slowness),
      onStep: () => this.step(),
      errorRandom: plan.randomStream(`node/${name}/disk-errors`),
      cuts: {
        tearProbability: plan.tearProbability,
        reorderProbability: plan.reorderProbability,
        random: plan.randomStream(`node/${name}/power-cuts`),
      },
    });
  }

  get state(): NodeState {
    if (this.#life === null) return 'stopped';
    return this.#life.phase === 'paused' ? 'paused' : 'running';
  }

  /** How many lives it has had. */
  get lifeCount(): number {
    return this.#lifeCount;
  }

  /** Begins a new life on the same disk; the server's code runs a little later. */
  boot(delayUs: number): void {
    const { engine } = this.#surroundings;
    const identity = { node: this.name, number: ++this.#lifeCount };
    const life: Life = new Life(identity, engine.time, (error) => this.#endByItself(life, error));
    this.#life = life;
    engine.time.schedule(delayUs, () => life.deliver(() => this.#startServer(life)));
  }

  /** SIGKILL, and mostly the power with it, at this very moment. */
  crash(): void {
    if (this.#life === null) return;
    this.log.event('info', 'simulation.crash', { life: this.#life.number });
    this.#end(() => this.#settleDisk());
  }

  /** It crashes when it has done so many steps more; null: it does not. */
  crashAtStep(steps: number | null): void {
    this.#stepsLeft = steps;
  }

  /** It does something that others may see, or hears of something. Throws LifeEnded. */
  step(): void {
    if (this.#stepsLeft === null || this.#life === null) return;
    this.#stepsLeft--;
    if (this.#stepsLeft > 0) return;
    this.#stepsLeft = null;
    this.crash();
    throw new LifeEnded(`${this.name} crashed at a step`);
  }

  /** As `crash`; of a node that was stopped in order too, what the machine still held is gone. */
  losePower(): LostWrites {
    if (this.#life === null) return this.#disk.crash();
    this.log.event('info', 'simulation.power-loss', { life: this.#life.number });
    let lost: LostWrites | null = null;
    this.#end(() => {
      lost = this.#disk.crash();
    });
    return lost ?? { changesLost: 0, bytesLost: 0, namesLost: 0, files: [] };
  }

  /** Every connection of a client breaks. */
  breakConnections(): void {
    for (const connection of [...this.#connections]) connection.breakOff();
  }

  /** Puts an empty disk in the place of its own. The node must be stopped. */
  wipe(): void {
    if (this.#life !== null) throw new RangeError(`${this.name} runs: its disk cannot be wiped`);
    this.#disk.wipe();
  }

  /** For who looks at it or damages it. */
  get disk(): Omit<SimulatedDisk, 'mount' | 'crash' | 'detach' | 'wipe'> {
    return this.#disk;
  }

  pause(): void {
    this.#life?.pause();
  }

  resume(): void {
    this.#life?.resume();
  }

  /** Asks the server to end in good order; `done` when its process is gone, in whatever way. */
  stop(done: () => void): void {
    const life = this.#life;
    if (life === null) {
      done();
      return;
    }
    this.#ended.push(done);
    life.resume();
    const finish = (): void => {
      if (this.#life === life) this.#end(() => this.#disk.detach());
    };
    const server = this.#server;
    if (server === null) finish();
    else life.deliver(() => server.stop(finish));
  }

  /** A connection of a client that arrives now; null when nobody listens. */
  accept(surroundings: ConnectionSurroundings): ByteStream | null {
    const { plan } = this.#surroundings;
    const life = this.#life;
    const server = this.#server;
    if (life === null || server === null) return null;
    const clientId = ++this.#connectionCount;
    const connection = new ClientConnection(surroundings, {
      life,
      openSession: (output) =>
        plan.server.createSession(server, output, { password: null, clientId }),
      onClosed: (end) => this.#connections.delete(end),
    });
    this.#connections.add(connection);
    return connection.stream;
  }

  #startServer(life: Life): void {
    const { plan, engine, network, clientAddresses } = this.#surroundings;
    const { tickMs, heartbeatTicks, electionTicks } = plan;
    const { segmentBytes, snapshotEntries, trailingEntries, sizes } = plan;
    const { checkDeeply, onTraceEvent } = plan;
    const host = createSimulatedHost(life, {
      time: engine.time,
      disk: this.#disk,
      network,
      log: {
        event: (level: LogLevel, name, fields) => this.log.event(level, name, fields),
      },
      crashPoints: {
        reach: (name) => this.#reach(name),
        arm: (at) => this.#surroundings.crashPlan.rearm(this.name, at),
      },
      trace: onTraceEvent && {
        event: (told) => {
          // A life on files that were harmed is no life of Raft: nobody is to judge it.
          if (this.#disk.isHarmed) return;
          const { nowUs: timeUs } = engine.time;
          onTraceEvent({ node: this.name, life: life.number, timeUs, told });
        },
      },
      randomStream: plan.randomStream,
    });
    const { watcher } = plan;
    const watched: WatchedLife | null = watcher && {
      ...{ watcher, node: this.name, life: life.number },
      nowUs: () => engine.time.nowUs,
      counts: () => !this.#disk.isHarmed,
    };
    const server = plan.server.startNode(watched === null ? host : watchMessages(host, watched), {
      ...{ id: this.name, clusterId, initialConfiguration: this.#initialConfiguration() },
      ...{ clientAddresses, tickMs: tickMs * this.#slowness, heartbeatTicks, electionTicks },
      ...{ segmentBytes, snapshotEntries, trailingEntries, sizes, checkDeeply },
      onFatal: (error) => this.#endByItself(life, error),
    });
    this.#server = watched === null ? server : watchReads(server, watched);
  }

  #initialConfiguration(): Configuration {
    const { plan, clientAddresses } = this.#surroundings;
    if ([...plan.joiners, ...plan.spares].includes(this.name)) return configurationOf([]);
    const addresses = plan.nodes.map((node) => {
      const address = { peer: `${node}:${peerPort}`, client: clientAddresses.get(node) ?? '' };
      return [node, address] as const;
    });
    return configurationOf(plan.nodes, Object.fromEntries(addresses));
  }

  #reach(name: CrashPointName): void {
    if (!this.#surroundings.crashPlan.reach(this.name, name)) return;
    this.log.event('info', 'simulation.crash-point', { name });
    this.crash();
    throw new LifeEnded(`${this.name} crashed at ${name}`);
  }

  /** The server gave up, or threw where nobody catches: on a real machine the process is gone. */
  #endByItself(life: Life, thrown: unknown): void {
    if (this.#life !== life) return;
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    this.log.event('fatal', 'simulation.unexpected-exit', { life: life.number, error });
    this.#surroundings.onUnexpectedExit({
      node: this.name,
      timeUs: this.#surroundings.engine.time.nowUs,
      life: life.number,
      error,
      reason: error.message,
    });
    // A process that gives up over its disk leaves a machine that runs on, with what it remembers.
    this.#end(() => (this.#disk.hasFailed ? this.#disk.detach() : this.#settleDisk()));
  }

  /** The machine may live on without the process: what it has to write it still writes. */
  #settleDisk(): void {
    const { powerProbability } = this.#surroundings.plan;
    if (powerProbability === 1 || this.#crashRandom() < powerProbability) this.#disk.crash();
    else this.#disk.detach();
  }

  /** From here on nothing of this life runs, and nothing that it still asks for has an effect. */
  #end(settleDisk: () => void): void {
    this.#life?.end();
    this.#life = null;
    this.#server = null;
    this.#surroundings.network.detach(this.name);
    for (const connection of [...this.#connections]) connection.reset('connection reset');
    settleDisk();
    for (const ended of this.#ended.splice(0)) ended();
  }
}
