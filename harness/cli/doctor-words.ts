/** What a person reads of `rafture doctor`: the machine, the clusters, and a row for each fault. */
import type { ClusterReport, FaultReport } from './doctor-clusters.ts';
import type { MachineReport } from './doctor-machine.ts';

export interface DoctorReport {
  readonly machine: MachineReport;
  readonly clusters: readonly ClusterReport[];
}

export function describeDoctor({ machine, clusters }: DoctorReport): readonly string[] {
  return [
    ...describeMachine(machine),
    '',
    ...clusters.flatMap(describeCluster),
    '',
    ...describeFaults(clusters.filter(({ works }) => works)),
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

function describeCluster(cluster: ClusterReport): readonly string[] {
  const took = `${(cluster.tookMs / 1000).toFixed(1)} s`;
  if (!cluster.works) return [`${cluster.name}: does not work: ${cluster.why}`];
  return [`${cluster.name}: works (${took}): ${cluster.description}`];
}

/** A column for each cluster: `yes`, or the number of the reason, which stands below. */
function describeFaults(clusters: readonly ClusterReport[]): readonly string[] {
  const [first] = clusters;
  if (first === undefined) return ['No cluster works here, so no fault can be had.'];
  const reasons: string[] = [];
  const cell = (fault: FaultReport | undefined): string => {
    if (fault === undefined || fault.available) return 'yes';
    const reason = `${fault.why}. Remedy: ${fault.remedy}`;
    if (!reasons.includes(reason)) reasons.push(reason);
    return `no [${reasons.indexOf(reason) + 1}]`;
  };
  const rows = first.faults.map(({ family, variant }, at) => [
    `${family} ${variant}`,
    ...clusters.map(({ faults }) => cell(faults[at])),
  ]);
  const table = [['fault', ...clusters.map(({ name }) => name)], ...rows];
  const widths = table[0]?.map((_, at) => Math.max(...table.map((row) => row[at]?.length ?? 0)));
  const lines = table.map((row) =>
    row
      .map((text, at) => text.padEnd(widths?.[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [...lines, '', ...reasons.map((reason, at) => `[${at + 1}] ${reason}`)];
}
