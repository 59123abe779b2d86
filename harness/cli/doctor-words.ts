/** What a person reads of `rafture doctor`: the machine, the clusters, and a row for each fault. */
import type { ClusterReport, FaultReport } from './doctor-clusters.ts';
import type { MachineReport } from './doctor-machine.ts';
import { isPackaged } from './packaged.ts';

export interface DoctorReport {
  readonly machine: MachineReport;
  readonly clusters: readonly ClusterReport[];
  /** What `rafture test` takes by itself, and why not the other. */
  readonly choices: readonly Choice[];
}

/** What is taken where nobody names one. */
export interface Choice {
  readonly flags: string;
  /** null: not known; then `why` says on what it depends. */
  readonly takes: string | null;
  readonly why: string;
}

/** As select.ts and process-network-choice.ts choose, from what was tried here. */
export function chooseFrom(clusters: readonly ClusterReport[]): readonly Choice[] {
  const of = (name: string): ClusterReport | undefined =>
    clusters.find((cluster) => cluster.name === name);
  const namespaces = 'process (namespaces)';
  return [
    choose('--cluster auto', {
      ...{ first: of('docker'), takes: 'docker', otherwise: 'process' },
      better: 'an engine answers, images can be made, and faults can be injected',
      never: isPackaged ? 'docker images are built from a checkout, which a package is not' : null,
    }),
    choose('--cluster process', {
      ...{ first: of(namespaces), takes: '--process-network namespaces' },
      otherwise: '--process-network proxies',
      better: 'rather than by proxies, here it is packets that are dropped',
      never: null,
    }),
  ];
}

interface Preference {
  readonly first: ClusterReport | undefined;
  readonly takes: string;
  readonly otherwise: string;
  /** Why the first, where both can be had. */
  readonly better: string;
  /** Why the first is never taken; null where it may be. */
  readonly never: string | null;
}

function choose(flags: string, preference: Preference): Choice {
  const { first, takes, otherwise, better, never } = preference;
  if (never !== null) return { flags, takes: otherwise, why: never };
  if (first?.works === true) return { flags, takes, why: better };
  if (first?.works === false) {
    return { flags, takes: otherwise, why: `${first.name} does not work: ${first.why}` };
  }
  const why = `${takes} if it works, which is not known, else ${otherwise}`;
  return { flags, takes: null, why };
}

export function describeDoctor({ machine, clusters, choices }: DoctorReport): readonly string[] {
  const works = clusters.some((cluster) => cluster.works === true);
  const isKnown = clusters.every((cluster) => cluster.works !== 'unknown');
  return [
    ...describeMachine(machine),
    '',
    ...clusters.flatMap(describeCluster),
    ...(works ? choices.map(describeChoice) : []),
    ...(works || !isKnown ? [] : ['No cluster works here, so no fault can be had.']),
    '',
    ...describeFaults(clusters),
    '',
    'How each of them is done: rafture doctor --json',
  ];
}

function describeMachine(machine: MachineReport): readonly string[] {
  const { rafture, node, kernel, cores, user, isRoot, cgroup, tools } = machine;
  const names = Object.keys(tools);
  const found = names.filter((name) => tools[name] !== null);
  const missing = names.filter((name) => tools[name] === null);
  const who = isRoot ? 'root' : `${user}, who is not root`;
  return [
    `rafture ${rafture} on Node ${node}; ${kernel}, ${cores} cores, cgroup ${cgroup}; as ${who}`,
    `tools: ${found.join(' ')}${missing.length === 0 ? '' : `; not found: ${missing.join(' ')}`}`,
  ];
}

function describeCluster(cluster: ClusterReport): string {
  const { name } = cluster;
  if (cluster.works === true) {
    const { tookMs, description, trouble } = cluster;
    const after = trouble === null ? '' : `; ${trouble}`;
    return `${name}: works (${(tookMs / 1000).toFixed(1)} s): ${description}${after}`;
  }
  const words = cluster.works === false ? 'does not work' : 'not known';
  return `${name}: ${words}: ${cluster.why}; ${cluster.remedy}`;
}

function describeChoice({ flags, takes, why }: Choice): string {
  return takes === null ? `${flags} takes ${why}` : `${flags} takes ${takes}: ${why}`;
}

/** A column for each cluster: `yes`, or the number of the reason, which stands below. */
function describeFaults(clusters: readonly ClusterReport[]): readonly string[] {
  const reasons: string[] = [];
  const cell = (fault: FaultReport | undefined): string => {
    if (fault === undefined) return 'not told';
    if (fault.available === true) return 'yes';
    const reason = `${fault.why}. Remedy: ${fault.remedy}`;
    if (!reasons.includes(reason)) reasons.push(reason);
    const word = fault.available === false ? 'no' : '?';
    return `${word} [${reasons.indexOf(reason) + 1}]`;
  };
  const nameOf = ({ family, variant }: FaultReport): string => `${family} ${variant}`;
  const names = new Set(clusters.flatMap(({ faults }) => faults.map(nameOf)));
  const rows = [...names].map((name) => [
    name,
    ...clusters.map(({ faults }) => cell(faults.find((fault) => nameOf(fault) === name))),
  ]);
  const lines = alignColumns([['fault', ...clusters.map(({ name }) => name)], ...rows]);
  return [...lines, '', ...reasons.map((reason, at) => `[${at + 1}] ${reason}`)];
}

function alignColumns(table: readonly (readonly string[])[]): readonly string[] {
  const widths = table[0]?.map((_, at) => Math.max(...table.map((row) => row[at]?.length ?? 0)));
  return table.map((row) =>
    row
      .map((text, at) => text.padEnd(widths?.[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
