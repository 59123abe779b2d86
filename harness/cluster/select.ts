/**
 * Chooses the cluster of a run, and says which and why.
 *
 * `auto` takes docker when there is an engine, a way to build images and a working fault agent;
 * else processes. The heavy imports of docker happen only when docker is looked at.
 */
import type { RefereeReport } from '../checker.ts';
import type { Ability, Cluster } from '../cluster.ts';
import type { KeptOfRun } from '../report/space-time-run.ts';
import { createRealTimers } from '../run/real-timers.ts';
import type { HarnessTimers } from '../run/timers.ts';
import type { World } from '../simulation/world.ts';
import type { System } from '../systems/system.ts';
import { createProcessCluster } from './process.ts';

export interface ClusterRequest {
  readonly kind: 'auto' | Cluster['kind'];
  readonly images: 'auto' | 'host' | 'registry';
  /** What is between child processes. */
  readonly network?: 'auto' | 'namespaces' | 'proxies';
  readonly system: System;
  readonly nodes: readonly string[];
  readonly seed: number;
  readonly runId: string;
  /** The folder that holds server/: the checkout, or a copy with a planted bug. */
  readonly sourceRoot: string;
  readonly onProgress: (line: string) => void;
  /** Whether nodes that can tell trace events are to do it. */
  readonly traces: boolean;
  /** What its faults will use: only of these is prepared what costs something. */
  readonly prepare: ReadonlySet<Ability>;
  /** Nodes beside those that start, which faults may add: `n6` and so on. */
  readonly spares: readonly string[];
  /** Another version of the system, to upgrade to: the folder that holds its server/. */
  readonly otherVersion: { readonly name: string; readonly sourceRoot: string } | null;
  /** Whether a simulation is to keep what its nodes say, for a diagram. Default no. */
  readonly keepsMessages?: boolean;
  /** Of the simulation: how bad it is. Default as usual. */
  readonly world?: World;
}

/** A cluster that runs, and the time that its run is to be measured in. */
export interface SelectedCluster {
  readonly cluster: Cluster;
  readonly timers: HarnessTimers;
  /** Runs the test: on virtual time where the cluster brings its own. */
  drive<T>(main: () => Promise<T>): Promise<T>;
  /** What the referee has seen so far; null where none watches. */
  referee(): RefereeReport | null;
  /** What was kept for a diagram, up to now; null where nothing is. */
  keptOfRun(): { readonly kept: KeptOfRun; readonly endUs: number } | null;
  /** Of all that has happened so far; null where no seed decides it. */
  traceHash(): string | null;
}

export interface Selection {
  readonly kind: Cluster['kind'];
  /** Why this kind, when the harness chose it; null when it was asked for by name. */
  readonly reason: string | null;
}

/** Rejects when a kind that was asked for by name cannot be had. */
export async function selectKind(request: ClusterRequest): Promise<Selection> {
  if (request.kind !== 'auto') return { kind: request.kind, reason: null };
  const { probeDocker } = await import('./docker.ts');
  const probe = await probeDocker(request.images);
  return probe.ok
    ? { kind: 'docker', reason: probe.how }
    : { kind: 'process', reason: `no docker: ${probe.why}` };
}

/** Makes the cluster and waits until it answers. Rejects with what is missing. */
export async function createCluster(
  kind: Cluster['kind'],
  request: ClusterRequest,
): Promise<SelectedCluster> {
  switch (kind) {
    case 'docker': {
      const { createDockerCluster } = await import('./docker.ts');
      return onRealTime(await createDockerCluster(request));
    }
    case 'process':
      return onRealTime(await createProcessCluster(request));
    case 'sim': {
      const { createSimulatedCluster } = await import('./simulated.ts');
      const { loadServerCode } = await import('../simulation/server-code.ts');
      const { SimTrace } = await import('../seeds/sim-trace.ts');
      const { Referee } = await import('../simulation/referee.ts');
      const { reportOf } = await import('../simulation/referee-report.ts');
      const { optionsOfWorld } = await import('../simulation/world.ts');
      const { WorldWatch } = await import('../simulation/world-watch.ts');
      const { seed, nodes, traces } = request;
      const referee = traces ? new Referee() : null;
      const watch = traces ? new WorldWatch(nodes, request.world ?? {}) : null;
      const server = await loadServerCode(request.sourceRoot);
      const simTrace =
        request.keepsMessages === true ? new SimTrace([...nodes, ...request.spares]) : null;
      const cluster = createSimulatedCluster({
        ...{ seed, nodes, server, spares: request.spares, trapImpurity: true },
        ...optionsOfWorld(request.world ?? {}),
        onTraceEvent:
          (referee ?? simTrace) &&
          ((event) => {
            referee?.observe(event);
            watch?.observe(event);
            simTrace?.event(event);
          }),
        watcher: referee,
      });
      if (watch !== null) cluster.observeWorld(watch);
      if (simTrace !== null) cluster.observeMessages((end) => simTrace.message(end));
      const endUs = (): number => Math.round(cluster.timers.nowNs() / 1000);
      // Nodes can only start while virtual time runs.
      const startAll = (): Promise<unknown> =>
        Promise.all(cluster.nodes.map((node) => cluster.start(node)));
      return {
        cluster,
        timers: cluster.timers,
        drive: (main) => cluster.run(() => startAll().then(main)),
        referee: () => (referee === null ? null : reportOf(referee, watch?.evidence())),
        keptOfRun: () =>
          simTrace && {
            kept: simTrace.drawn(endUs(), (node) => cluster.logLines(node)),
            endUs: endUs(),
          },
        traceHash: () => cluster.traceHash(),
      };
    }
  }
}

function onRealTime(cluster: Cluster): SelectedCluster {
  const timers = createRealTimers();
  return {
    ...{ cluster, timers, drive: (main) => main() },
    ...{ referee: () => null, keptOfRun: () => null, traceHash: () => null },
  };
}
