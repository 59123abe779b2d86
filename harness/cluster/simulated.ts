/**
 * The simulated cluster: the reference server's real code on virtual time, network and disks.
 *
 * Everything that happens in it follows from its seed. The harness must run inside `run`, with the
 * cluster's timers: outside of it virtual time stands still, and whoever waits waits for ever.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ByteStream,
  type Capabilities,
  type Cluster,
  type ClusterDisks,
  type ClusterNetwork,
  clientsEnd,
  type Excuse,
  type LinkRule,
  type NodeState,
} from '../cluster.ts';
import { describeMany } from '../report/figures.ts';
import type { RandomSource } from '../run/random.ts';
import type { HarnessTimers } from '../run/timers.ts';
import { type CrashAt, CrashPlan } from '../simulation/crash-plan.ts';
import { Engine } from '../simulation/engine.ts';
import { drawLatencyUs } from '../simulation/latency.ts';
import { ClientRoad, LinkRules } from '../simulation/link-rules.ts';
import { type MessageCounts, SimulatedNetwork } from '../simulation/network.ts';
import { planSimulation, type SimulationOptions, type SimulationPlan } from '../simulation/plan.ts';
import { SimulatedDisks } from '../simulation/simulated-disks.ts';
import { type SimulatedExit, SimulatedNode } from '../simulation/simulated-node.ts';
import { Trace } from '../simulation/trace.ts';
import type { WorldLook, WorldObserver } from '../simulation/world-watch.ts';
import { reference } from '../systems/reference.ts';
import { Excuses } from './excuses.ts';
import { waitUntilReady } from './ready.ts';
import { simulatedCapabilities } from './simulated-capabilities.ts';

/** A node of the simulation cannot do what was asked of it. */
class SimulatedClusterError extends Error {
  override readonly name = 'SimulatedClusterError';

  /** Without a stack: a client that is refused is an everyday matter, and a stack takes long. */
  constructor(message: string) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** How long a node may take from its start to its first answer, and to end in good order. */
const patienceMs = 10_000;
const clientPort = 6379;
/** A connection that is not there after so long is given up. */
const connectMs = 1000;

export function createSimulatedCluster(options: SimulationOptions): SimulatedCluster {
  return new SimulatedCluster(planSimulation(options));
}

/** The road between the clients and one node. */
interface ClientRoads {
  readonly toNode: ClientRoad;
  readonly fromNode: ClientRoad;
}

type LogLineHandler = (node: string, line: string) => void;

export class SimulatedCluster implements Cluster {
  readonly kind = 'sim';
  readonly nodes: readonly string[];
  readonly spares: readonly string[];
  readonly versions: readonly string[] = ['first'];
  readonly disks: ClusterDisks = new SimulatedDisks((node) => this.#act('disk', node));
  readonly network: ClusterNetwork;
  readonly timers: HarnessTimers;
  readonly #plan: SimulationPlan;
  readonly #engine: Engine;
  readonly #trace = new Trace();
  readonly #network: SimulatedNetwork;
  readonly #nodes: ReadonlyMap<string, SimulatedNode>;
  readonly #bootRandom: RandomSource;
  readonly #crashPlan = new CrashPlan();
  readonly #exits: SimulatedExit[] = [];
  readonly #unexpectedExits: SimulatedExit[] = [];
  readonly #excuses = new Map<string, Excuses>();
  readonly #logLineHandlers = new Set<LogLineHandler>();
  readonly #rules: LinkRules;
  readonly #roads: ReadonlyMap<string, ClientRoads>;
  #connectionCount = 0;
  #worldObserver: WorldObserver | null = null;

  constructor(plan: SimulationPlan) {
    this.#plan = plan;
    this.nodes = [...plan.nodes, ...plan.joiners];
    this.spares = plan.spares;
    for (const at of plan.crashAt) this.#crashPlan.arm(at);
    this.#engine = new Engine(plan);
    this.timers = this.#engine.timers;
    this.#bootRandom = plan.randomStream('boot');
    const { randomStream } = plan;
    this.#rules = new LinkRules({ time: this.#engine.time, randomStream });
    this.#network = new SimulatedNetwork({
      rules: this.#rules,
      codec: plan.server,
      time: this.#engine.time,
      trace: this.#trace,
      randomStream,
      latency: plan.peerLatency,
      dropProbability: plan.dropProbability,
      duplicateProbability: plan.duplicateProbability,
      replayProbability: plan.replayProbability,
      onStep: (node) => this.#nodes.get(node)?.step(),
    });
    this.#nodes = this.#createNodes();
    this.#roads = new Map([...this.#nodes.keys()].map((node) => [node, this.#roadsOf(node)]));
    this.network = {
      set: async (rules) => this.#setRules(rules),
      read: async () => this.#rules.reading,
    };
  }

  #roadsOf(node: string): ClientRoads {
    const road = (toNode: boolean): ClientRoad =>
      new ClientRoad(this.#engine.time, this.#rules, { node, toNode });
    return { toNode: road(true), fromNode: road(false) };
  }

  #setRules(rules: readonly LinkRule[]): void {
    for (const { from, to } of rules) {
      for (const end of [from, to]) if (end !== clientsEnd) this.#node(end);
    }
    this.#worldObserver?.changes(this.lookAtWorld(), false);
    this.#network.setRules(rules);
    for (const [name, roads] of this.#roads) {
      for (const road of [roads.toNode, roads.fromNode]) {
        road.moveOn();
        if (!road.isBroken) continue;
        road.countReset();
        this.#node(name).breakConnections();
      }
    }
  }

  /** Drives virtual time until `main` has settled. Rejects with a SimulationError at a deadlock. */
  run<T>(main: () => Promise<T>): Promise<T> {
    return this.#engine.run(main);
  }

  processId(): Promise<number | null> {
    return Promise.resolve(null);
  }

  onLogLine(handler: LogLineHandler): () => void {
    this.#logLineHandlers.add(handler);
    return () => this.#logLineHandlers.delete(handler);
  }

  mayEnd(name: string, excuse: Excuse): () => void {
    const node = this.#node(name).name;
    const excuses = this.#excuses.get(node) ?? new Excuses();
    this.#excuses.set(node, excuses);
    return excuses.add(excuse);
  }

  lives(node: string): number {
    return this.#node(node).lifeCount;
  }

  /** Nodes that ended though nobody asked them to: a bug of the server, each. */
  unexpectedExits(): readonly SimulatedExit[] {
    return this.#unexpectedExits;
  }

  /** A hash of all that has happened so far: equal for two runs that went the same way. */
  traceHash(): string {
    return this.#trace.digest();
  }

  /** The node is to crash at a point of its code, in addition to what the options ask for. */
  crashAt(at: CrashAt): void {
    this.#node(at.node);
    this.#crashPlan.arm(at);
  }

  async endAtStep(node: string, steps: number | null): Promise<void> {
    this.#node(node).crashAtStep(steps);
  }

  /** Crashes that were asked for and have not happened, and how often each point was passed. */
  crashPoints(): Pick<CrashPlan, 'outstanding' | 'passages'> {
    return this.#crashPlan;
  }

  /** Puts an empty disk into a node that is stopped. */
  wipe(node: string): void {
    this.#act('wipe', node).wipe();
  }

  /** A node's disk: how large its files are, and a way to make its syncs fail. */
  disk(node: string): SimulatedNode['disk'] {
    return this.#node(node).disk;
  }

  /** From now on it hears what becomes of each message between nodes; null: nobody does. */
  observeMessages(observer: SimulatedNetwork['observer']): void {
    this.#network.observer = observer;
  }

  /** From now on it hears before links, nodes or disks change. */
  observeWorld(observer: WorldObserver): void {
    observer.watch(() => this.lookAtWorld());
    this.#worldObserver = observer;
  }

  lookAtWorld(): WorldLook {
    const states = new Map(this.nodes.map((node) => [node, this.#node(node).state]));
    return { timeUs: this.#engine.time.nowUs, rules: this.#rules.reading.rules, states };
  }

  messageCounts(): MessageCounts {
    return this.#network.counts;
  }

  /** How many events have run. */
  get eventCount(): number {
    return this.#engine.time.eventCount;
  }

  describe(): string {
    const { seed, dropProbability, duplicateProbability } = this.#plan;
    const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;
    return (
      `simulation: ${describeMany(this.nodes.length, 'node')} on virtual time, seed ${seed}, ` +
      `${percent(dropProbability)} of messages lost, ${percent(duplicateProbability)} doubled, ` +
      `Node ${process.versions.node}`
    );
  }

  capabilities(): Capabilities {
    return simulatedCapabilities;
  }

  async start(node: string): Promise<void> {
    const simulated = this.#act('start', node);
    if (simulated.state !== 'stopped') {
      throw new SimulatedClusterError(`${node} is ${simulated.state} already`);
    }
    const earlierExits = this.#exits.length;
    simulated.boot(drawLatencyUs(this.#bootRandom, this.#plan.bootLatency));
    await waitUntilReady(node, {
      cluster: this,
      system: reference,
      timers: this.timers,
      limitMs: patienceMs,
      gaveUp: () => (simulated.state === 'stopped' ? this.#whyItEnded(node, earlierExits) : null),
    });
  }

  stop(node: string): Promise<void> {
    const simulated = this.#act('stop', node);
    return new Promise((resolve, reject) => {
      const cancel = this.timers.after(patienceMs, () => {
        reject(new SimulatedClusterError(`${node} did not stop within ${patienceMs} virtual ms`));
      });
      simulated.stop(() => {
        cancel();
        this.#engine.callHarness(resolve);
      });
    });
  }

  async kill(node: string): Promise<void> {
    this.#act('kill', node).crash();
  }

  async pause(node: string): Promise<void> {
    this.#act('pause', node).pause();
  }

  async resume(node: string): Promise<void> {
    this.#act('resume', node).resume();
  }

  async nodeState(node: string): Promise<NodeState> {
    return this.#node(node).state;
  }

  clientAddress(node: string): string {
    return `${this.#node(node).name}:${clientPort}`;
  }

  connect(node: string): Promise<ByteStream> {
    const simulated = this.#node(node);
    const roads = this.#roads.get(node) ?? this.#roadsOf(node);
    const surroundings = {
      ...roads,
      engine: this.#engine,
      trace: this.#trace,
      random: this.#plan.randomStream(`client/${this.#connectionCount++}`),
      latency: this.#plan.clientLatency,
    };
    return new Promise((resolve, reject) => {
      const delayUs = drawLatencyUs(surroundings.random, surroundings.latency);
      let isLate = false;
      const giveUp = this.#engine.time.schedule(connectMs * 1000, () => {
        isLate = true;
        this.#engine.callHarness(() => {
          reject(new SimulatedClusterError(`no connection to ${node} within ${connectMs} ms`));
        });
      });
      const accept = (): void => {
        if (isLate) return;
        this.#engine.time.cancel(giveUp);
        const isBroken = roads.toNode.isBroken || roads.fromNode.isBroken;
        if (isBroken) roads.toNode.countReset();
        const stream = isBroken ? null : simulated.accept(surroundings);
        const why = isBroken ? 'the link is reset' : `${node} does not listen`;
        this.#engine.callHarness(() => {
          if (stream !== null) resolve(stream);
          else reject(new SimulatedClusterError(`connection refused: ${why}`));
        });
      };
      // There is a connection when the node's answer has come back.
      const arrive = (): void => roads.toNode.arrive(() => roads.fromNode.arrive(accept));
      this.#engine.time.schedule(delayUs + roads.toNode.latenessUs(0), arrive);
    });
  }

  /** Synchronous underneath: waiting for a real disk would let virtual time run on meanwhile. */
  async collectLogs(folder: string): Promise<void> {
    for (const node of this.#nodes.values()) {
      const nodeFolder = join(folder, node.name);
      mkdirSync(nodeFolder, { recursive: true });
      const lines = node.log.lines.map((line) => `${line}\n`);
      writeFileSync(join(nodeFolder, 'server.log'), lines.join(''));
    }
  }

  /** What the node logged so far. */
  logLines(node: string): readonly string[] {
    return this.#node(node).log.lines;
  }

  async tearDown(): Promise<void> {
    for (const node of this.#nodes.values()) node.crash();
  }

  /** Later: whoever hears of it may want to end the node, which still speaks. */
  #tellLogLine(node: string, line: string): void {
    if (this.#logLineHandlers.size === 0) return;
    this.#engine.time.schedule(1, () => {
      this.#engine.callHarness(() => {
        for (const handler of this.#logLineHandlers) handler(node, line);
      });
    });
  }

  /** What somebody does to a node belongs to what happened. */
  #act(what: string, name: string): SimulatedNode {
    const node = this.#node(name);
    this.#worldObserver?.changes(this.lookAtWorld(), what === 'disk' || what === 'wipe');
    this.#trace.number(this.#engine.time.nowUs);
    this.#trace.text(`${what} ${name}`);
    return node;
  }

  #createNodes(): ReadonlyMap<string, SimulatedNode> {
    const all = [...this.nodes, ...this.spares];
    const surroundings = {
      plan: this.#plan,
      engine: this.#engine,
      trace: this.#trace,
      network: this.#network,
      crashPlan: this.#crashPlan,
      clientAddresses: new Map(all.map((node) => [node, `${node}:${clientPort}`])),
      onUnexpectedExit: (exit: SimulatedExit) => {
        this.#exits.push(exit);
        const { node, error } = exit;
        // Its message alone does not say whose it is.
        const isExcused = this.#excuses.get(node)?.cover(`${error.name}: ${error.message}`);
        if (isExcused !== true) this.#unexpectedExits.push(exit);
      },
      onLogLine: (node: string, line: string) => this.#tellLogLine(node, line),
    };
    return new Map(all.map((node) => [node, new SimulatedNode(node, surroundings)]));
  }

  #node(name: string): SimulatedNode {
    const node = this.#nodes.get(name);
    if (node !== undefined) return node;
    throw new SimulatedClusterError(`no node is called ${name}; there are ${this.nodes.join(' ')}`);
  }

  #whyItEnded(node: string, earlierExits: number): string {
    const exit = this.#exits.slice(earlierExits).find((each) => each.node === node);
    return exit === undefined ? 'it was killed' : `it ended by itself: ${exit.error.message}`;
  }
}
