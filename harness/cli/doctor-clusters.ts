/**
 * What `rafture doctor` says of the clusters: each is really made, small and with everything that a
 * fault could want prepared, asked what it can do, and removed again.
 */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { createProcessCluster } from '../cluster/process.ts';
import { type ClusterRequest, createCluster } from '../cluster/select.ts';
import { abilities, type Capabilities, type Cluster } from '../cluster.ts';
import { availabilityOf } from '../nemesis/availability-of-faults.ts';
import { families } from '../nemesis/families.ts';
import type { FaultGroup } from '../nemesis.ts';
import { reference } from '../systems/reference.ts';
import { isPackaged } from './packaged.ts';

/** A fault as it can be had, or not, in one cluster. */
export interface FaultReport {
  readonly group: FaultGroup;
  readonly family: string;
  readonly variant: string;
  readonly available: boolean;
  /** How it is done; null where it is not. */
  readonly how: string | null;
  /** Why it cannot be done, and what helps; null where it can. */
  readonly why: string | null;
  readonly remedy: string | null;
}

export type ClusterReport = {
  readonly name: string;
  readonly kind: Cluster['kind'];
  /** How long it took to be made, asked and removed. */
  readonly tookMs: number;
} & (
  | {
      readonly works: true;
      readonly description: string;
      readonly abilities: Capabilities;
      readonly faults: readonly FaultReport[];
    }
  | { readonly works: false; readonly why: string; readonly faults: readonly [] }
);

/** A cluster to look at: what is made is removed by the cluster's `tearDown`. */
export interface Candidate {
  readonly name: string;
  readonly kind: Cluster['kind'];
  /** Told of the steps, as they come. */
  create(onProgress: (line: string) => void): Promise<Cluster>;
}

const ownRoot = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
/** Faults that need more nodes are told as on the five that a run has by default. */
const usualNodeCount = 5;
const whyNoImages = 'docker images are built from a checkout, which a package is not';

export function listCandidates(images: ClusterRequest['images']): readonly Candidate[] {
  const request: ClusterRequest = {
    ...{ kind: 'auto', network: 'auto', images, system: reference, seed: 1, traces: false },
    sourceRoot: ownRoot,
    ...{ nodes: ['n1'], spares: ['n2'], prepare: new Set(abilities) },
    runId: `doctor-${randomUUID().slice(0, 8)}`,
    onProgress: () => {},
    otherVersion: { name: 'next', sourceRoot: ownRoot },
  };
  const process = (name: 'namespaces' | 'proxies'): Candidate => ({
    ...{ name: `process (${name})`, kind: 'process' },
    create: () => createProcessCluster({ ...request, network: name }),
  });
  const other = (kind: 'docker' | 'sim'): Candidate => ({
    ...{ name: kind, kind },
    create: async (onProgress) => {
      if (kind === 'docker' && isPackaged) throw new Error(whyNoImages);
      return (await createCluster(kind, { ...request, onProgress })).cluster;
    },
  });
  return [other('docker'), process('namespaces'), process('proxies'), other('sim')];
}

/** Never rejects, and settles at the limit at the latest. */
export async function examineCluster(
  candidate: Candidate,
  limitMs: number,
): Promise<ClusterReport> {
  const { name, kind } = candidate;
  const startMs = performance.now();
  const tookMs = (): number => Math.round(performance.now() - startMs);
  const late = Promise.withResolvers<never>();
  let step = 'nothing';
  const timer = setTimeout(() => {
    const why = `it was not ready after ${limitMs / 1000} s (the last step: ${step}); try again`;
    late.reject(new Error(why));
  }, limitMs);
  const made = candidate.create((line) => {
    step = line;
  });
  try {
    const cluster = await Promise.race([made, late.promise]);
    const described = describe(cluster);
    await Promise.race([cluster.tearDown(), late.promise]);
    return { name, kind, tookMs: tookMs(), works: true, ...described };
  } catch (error) {
    // It may still come: then it goes again, if this process lives so long.
    made.then((cluster) => cluster.tearDown()).catch(() => {});
    const why = error instanceof Error ? error.message : String(error);
    return { name, kind, tookMs: tookMs(), works: false, why, faults: [] };
  } finally {
    clearTimeout(timer);
  }
}

function describe(cluster: Cluster): {
  readonly description: string;
  readonly abilities: Capabilities;
  readonly faults: readonly FaultReport[];
} {
  const capabilities = cluster.capabilities();
  const around = { capabilities, system: reference, nodeCount: usualNodeCount };
  const faults = families.flatMap(({ family }) => {
    const { name, group } = family;
    const rows = availabilityOf(family, around);
    return rows.map(({ variant, capability }) => ({
      ...{ group, family: name, variant, available: capability.available },
      how: capability.available ? capability.how || 'it needs nothing' : null,
      why: capability.available ? null : capability.why,
      remedy: capability.available ? null : capability.remedy,
    }));
  });
  return { description: cluster.describe(), abilities: capabilities, faults };
}
