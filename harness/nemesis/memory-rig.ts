/** What the tests of the nemeses put together: a cluster of numbers, its operator, and time. */

import type { UnexpectedExit } from '../cluster.ts';
import type { FaultPlan, FaultReading } from '../nemesis.ts';
import { FaultError, type Nemesis, type PlanContext } from '../nemesis.ts';
import { createRandomStream } from '../run/random.ts';
import type { HarnessTimers } from '../run/timers.ts';
import { reference } from '../systems/reference.ts';
import type { Operator, System } from '../systems/system.ts';
import { DesiredNetwork } from './desired-network.ts';
import { MemoryCluster } from './memory-cluster.ts';
import type { FamilyModule, NemesisTools } from './tools.ts';

export interface MemoryRig {
  readonly cluster: MemoryCluster;
  readonly nemesis: Nemesis;
  readonly tools: NemesisTools;
  /** Ends that the nemesis has said no fault is to blame for. */
  readonly blamed: readonly UnexpectedExit[];
  context(more?: Partial<PlanContext>): PlanContext;
  /** Throws when it was skipped. */
  plan(variant: string, more?: Partial<PlanContext>): FaultPlan;
  /** Plans, begins and ends. */
  inject(variant: string, more?: Partial<PlanContext>): Promise<InjectedFault>;
}

export interface InjectedFault {
  readonly plan: FaultPlan;
  readonly begin: FaultReading;
  readonly end: FaultReading;
}

export interface MemoryRigOptions {
  readonly seed?: number;
  readonly nodes?: readonly string[];
  readonly spares?: readonly string[];
  readonly system?: Partial<System>;
}

export function createMemoryRig(module: FamilyModule, options: MemoryRigOptions = {}): MemoryRig {
  const { seed = 1, nodes = ['n1', 'n2', 'n3', 'n4', 'n5'], spares = [] } = options;
  const cluster = new MemoryCluster(nodes, spares);
  const members = new Set(nodes);
  const blamed: UnexpectedExit[] = [];
  const tools: NemesisTools = {
    cluster,
    system: { ...reference, operator: operatorOf(cluster), ...options.system },
    timers: createInstantTimers(),
    network: new DesiredNetwork(cluster.network),
    members: {
      list: () => [...members],
      add: (node) => members.add(node),
      remove: (node) => members.delete(node),
    },
    // Here it is not the system that words them.
    mayEnd: (node) => cluster.mayEnd(node, () => true),
    blame: (exit) => blamed.push(exit),
    observe: () => Promise.resolve(cluster.look()),
  };
  const nemesis = module.create(tools);
  const random = createRandomStream(seed, 'nemesis');
  const context = (more: Partial<PlanContext> = {}): PlanContext => {
    const free = [...members].filter((node) => cluster.node(node).state === 'running');
    const { leader } = cluster;
    return { nodes: [...members], free, leader, random, parameters: {}, ...more };
  };
  const plan = (variant: string, more: Partial<PlanContext> = {}): FaultPlan => {
    const planned = nemesis.plan(variant, context(more));
    if ('skip' in planned) throw new FaultError(planned.skip);
    return planned;
  };
  const inject = async (variant: string, more = {}): Promise<InjectedFault> => {
    const planned = plan(variant, more);
    const begin = await nemesis.begin(planned);
    return { plan: planned, begin, end: await nemesis.end(planned) };
  };
  return { blamed, cluster, nemesis, tools, context, plan, inject };
}

/** Time passes at once, and only for those who wait. */
function createInstantTimers(): HarnessTimers {
  let nowNs = 0;
  return {
    nowNs: () => nowNs,
    after: (delayMs, callback) => {
      let isCancelled = false;
      queueMicrotask(() => {
        nowNs += delayMs * 1e6;
        if (!isCancelled) callback();
      });
      return () => {
        isCancelled = true;
      };
    },
  };
}

function operatorOf(cluster: MemoryCluster): Operator {
  const refuse = (call: string): void => {
    cluster.calls.push(call);
    const words = cluster.failing.get(call);
    cluster.failing.delete(call);
    if (words !== undefined) throw new Error(words);
  };
  return {
    transferLeadership: async ({ leader }, to) => {
      refuse(`transfer ${to ?? 'any'}`);
      cluster.leader = to ?? cluster.voters.find((node) => node !== leader) ?? null;
      cluster.term++;
      return 'handed over';
    },
    members: {
      add: async (_desk, node) => {
        refuse(`add ${node}`);
        cluster.voters = [...new Set([...cluster.voters, node])];
        return `${node} is a voter now`;
      },
      remove: async (_desk, node) => {
        refuse(`remove ${node}`);
        cluster.voters = cluster.voters.filter((voter) => voter !== node);
        return `${node} is a member no more`;
      },
      list: async () => cluster.voters,
    },
    forceSnapshot: async (_desk, node) => {
      cluster.snapshot(node);
      return 'a snapshot is taken';
    },
  };
}
