/**
 * What `rafture doctor` says of the clusters: each is really made, small and with everything that a
 * fault could want prepared, asked what it can do, and removed again.
 */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Validity } from '../checker.ts';
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
  /** Unknown where the cluster did not come in time. */
  readonly available: Validity;
  /** How it is done; null where it is not, or nobody knows. */
  readonly how: string | null;
  /** Why it cannot be done, or is not known, and what helps; null where it can. */
  readonly why: string | null;
  readonly remedy: string | null;
}

export type ClusterReport = {
  readonly name: string;
  readonly kind: Cluster['kind'];
  /** How long it took to be made, asked and removed. */
  readonly tookMs: number;
  /** Of every family that there is, whether the cluster works or not. */
  readonly faults: readonly FaultReport[];
} & (
  | {
      readonly works: true;
      readonly description: string;
      readonly abilities: Capabilities;
      /** What went wrong while it was removed; null when nothing did. */
      readonly trouble: string | null;
    }
  /** Unknown: it had not come when the time was over. */
  | { readonly works: false | 'unknown'; readonly why: string; readonly remedy: string }
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

/** What helps where an error does not say it. */
const remedies: Readonly<Record<Cluster['kind'], string>> = {
  docker: 'see what `docker info` says, or use --cluster process',
  process: 'use --cluster docker',
  sim: 'use a rafture whose folder server/ is whole',
};

/** A cluster cannot be had, and it is known what helps. */
class UnavailableError extends Error {
  override readonly name = 'UnavailableError';
  readonly remedy: string;

  constructor(why: string, remedy: string) {
    super(why);
    this.remedy = remedy;
  }
}

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
    create: (onStep) => createProcessCluster({ ...request, network: name, onStep }),
  });
  const other = (kind: 'docker' | 'sim'): Candidate => ({
    ...{ name: kind, kind },
    create: async (onProgress) => {
      if (kind === 'docker' && isPackaged) {
        const why = 'docker images are built from a checkout, which a package is not';
        throw new UnavailableError(why, 'run rafture from a checkout, or use --cluster process');
      }
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
  const told = () => ({ name, kind, tookMs: Math.round(performance.now() - startMs) });
  const late = Promise.withResolvers<'late'>();
  const timer = setTimeout(() => late.resolve('late'), limitMs);
  let step = 'its first step';
  const made = candidate.create((line) => {
    step = line;
  });
  try {
    const cluster = await Promise.race([made, late.promise]);
    if (cluster === 'late') {
      // It may still come: then it goes again, if this process lives so long.
      made.then((each) => each.tearDown()).catch(() => {});
      return { ...told(), ...notKnown({ name, limitMs, step }) };
    }
    const described = describe(cluster);
    const removed = cluster.tearDown().then(() => null, messageOf);
    const end = await Promise.race([removed, late.promise]);
    const slow = `it was not removed yet after ${limitMs / 1000} s`;
    const trouble = end === 'late' ? slow : end;
    return { ...told(), works: true, ...described, trouble };
  } catch (error) {
    return { ...told(), ...notWorking({ name, kind }, error) };
  } finally {
    clearTimeout(timer);
  }
}

interface LateCluster {
  readonly name: string;
  readonly limitMs: number;
  readonly step: string;
}

/** Slow is not broken: more time tells. */
function notKnown({ name, limitMs, step }: LateCluster) {
  const why = `it was not ready after ${limitMs / 1000} s, at the step: ${step}`;
  const remedy = `--limit ${Math.max(60, Math.ceil((limitMs * 3) / 1000))} waits longer`;
  const works = 'unknown' as const;
  const about = `whether ${name} works is not known`;
  return { works, why, remedy, faults: noFaults(works, { why: `${about}: ${why}`, remedy }) };
}

function notWorking({ name, kind }: Pick<Candidate, 'name' | 'kind'>, error: unknown) {
  const { why, remedy } = explain(kind, error);
  const faults = noFaults(false, { why: `${name} does not work here: ${why}`, remedy });
  return { works: false as const, why, remedy, faults };
}

/** An error that knows what helps has it at the end of its message, and is told without it. */
function explain(kind: Cluster['kind'], error: unknown) {
  const message = messageOf(error);
  const known = error instanceof Error && 'remedy' in error ? error.remedy : null;
  if (typeof known !== 'string') return { why: message, remedy: remedies[kind] };
  const why = message.endsWith(known) ? message.slice(0, -known.length) : message;
  return { why: why.replace(/[:;]\s*$/, ''), remedy: known };
}

function noFaults(
  available: false | 'unknown',
  reason: { readonly why: string; readonly remedy: string },
): readonly FaultReport[] {
  return families.flatMap(({ family: { name, group, variants } }) =>
    variants.map(({ name: variant }) => {
      return { group, family: name, variant, available, how: null, ...reason };
    }),
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
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
  // Nobody asked for it by name: it is doctor that tries each.
  const description = cluster.describe().replace(' (as was asked for)', '');
  return { description, abilities: capabilities, faults };
}
