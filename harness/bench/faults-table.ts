/** What a person reads of the measurements of faults, and the targets. */
import type { MeasuredCluster } from './faults-flags.ts';
import type { FaultTimes } from './faults-measure.ts';
import { quantile } from './server-statistics.ts';

export type FaultFigures = Readonly<Partial<Record<MeasuredCluster, FaultTimes | string>>>;

interface Row {
  readonly name: string;
  readonly of: keyof FaultTimes;
  /** What the p50 of docker is to be at most; null: told, and aimed at nothing. */
  readonly targetMs: number | null;
}

const rows: readonly Row[] = [
  { name: 'partition in force after it was asked', of: 'cutMs', targetMs: 5 },
  { name: '  read back after that', of: 'readBackMs', targetMs: null },
  { name: 'rules gone after the healing', of: 'healMs', targetMs: 5 },
  { name: '  first exchange after that', of: 'exchangeMs', targetMs: null },
  { name: 'killed after the line was seen', of: 'killMs', targetMs: 10 },
  { name: 'from nothing to a first write', of: 'upMs', targetMs: 4000 },
  { name: 'tear-down', of: 'downMs', targetMs: 3000 },
];

export function describeFaultFigures(figures: FaultFigures): readonly string[] {
  const measured = Object.entries(figures).flatMap(([name, times]) =>
    times === undefined || typeof times === 'string' ? [] : [{ name, times }],
  );
  const missing = Object.entries(figures).flatMap(([name, times]) =>
    typeof times === 'string' ? [`${name}: not measured: ${times}`] : [],
  );
  const head = ['p50 / p99, ms', ...measured.map(({ name }) => name)];
  const body = rows.map(({ name, of }) => [name, ...measured.map(({ times }) => cell(times[of]))]);
  return [...[head, ...body].map(describeRow), ...missing, '', ...describeTargets(figures)];
}

function cell(values: readonly number[]): string {
  return `${show(quantile(values, 0.5))} / ${show(quantile(values, 0.99))}`;
}

function show(ms: number): string {
  return ms < 100 ? ms.toFixed(2) : ms.toFixed(0);
}

function describeRow([name = '', ...cells]: readonly string[]): string {
  return `${name.padEnd(38)}${cells.map((text) => text.padStart(18)).join('')}`.trimEnd();
}

/** Of docker, where it was measured. */
function describeTargets({ docker }: FaultFigures): readonly string[] {
  if (docker === undefined || typeof docker === 'string') return [];
  return rows.flatMap(({ name, of, targetMs }) => {
    if (targetMs === null) return [];
    const p50 = quantile(docker[of], 0.5);
    const verdict = p50 <= targetMs ? 'met' : 'not met';
    return [`target, docker, p50: ${name.padEnd(38)} ${targetMs} ms  ${show(p50)}  ${verdict}`];
  });
}
