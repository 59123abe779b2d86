/** What a person reads of the rounds: medians with their spread, ratios, and the goals. */
import type { Machine } from './server-machine.ts';
import { type Spread, spreadOf } from './server-statistics.ts';
import { type Figures, type Measurement, phases } from './server-throughput.ts';

const firstColumn = 22;
const systemColumn = 13;

export function describeMachineLines(machine: Machine): readonly string[] {
  const { cores, processor, memoryGb, kernel, filesystem } = machine;
  return [
    `${cores} cores (${processor}), ${memoryGb.toFixed(0)} GB, ${kernel}, ` +
      `data on ${filesystem}; Node ${machine.node}`,
    `one append of 256 bytes with fdatasync: ${machine.syncP50Ms.toFixed(2)} ms (p50), ` +
      `${machine.syncP99Ms.toFixed(2)} ms (p99); load average before: ${machine.load.join(' ')}`,
  ];
}

export const fairness: readonly string[] = [
  'Each client waits for its answer; no pipelining. Clients of both stores connect to the leader,',
  'which is the quickest place for both; "all nodes" spreads them over the three. rafture: a TCP',
  'connection for each client; etcd: its own Go client, whose connections the clients share (8 by',
  'itself, with which it is quickest; one for each is slower). Reads are linearizable. Servers and',
  'generator share the processors: "server" is processor time of the three nodes for an operation,',
  '"load" that of the generator, "other" the cores that something else kept busy meanwhile, the',
  'idle rival included.',
];

/** Medians over the rounds, each with its least and greatest. */
export function describeMeasurements(measurements: readonly Measurement[]): readonly string[] {
  const systems = [...new Set(measurements.map(({ system }) => system))];
  const lines = [tableHeader];
  for (const { name } of phases) {
    const ofPhase = measurements.filter(({ phase }) => phase === name);
    if (ofPhase.length === 0) continue;
    lines.push('');
    for (const [position, system] of systems.entries()) {
      const figures = figuresOf(ofPhase, system);
      lines.push(describeRow(position === 0 ? name : '', system, figures));
      const refused = figures.find(({ errors }) => errors > 0);
      if (refused !== undefined) {
        lines.push(`${' '.repeat(firstColumn)}${system}: such as: ${refused.firstError}`);
      }
    }
    const [ours, theirs] = systems;
    if (ours !== undefined && theirs !== undefined) {
      lines.push(describeRatios(figuresOf(ofPhase, ours), figuresOf(ofPhase, theirs)));
    }
  }
  return lines;
}

const tableHeader = [
  'median (min-max)'.padEnd(firstColumn + systemColumn),
  'per second'.padStart(21),
  'p50 ms'.padStart(20),
  'p99 ms'.padStart(8),
  'max ms'.padStart(8),
  'server us'.padStart(10),
  'load us'.padStart(8),
  'other'.padStart(6),
  'errors'.padStart(8),
].join('');

function figuresOf(measurements: readonly Measurement[], name: string): readonly Figures[] {
  return measurements.filter(({ system }) => system === name).map(({ figures }) => figures);
}

function describeRow(phase: string, system: string, rounds: readonly Figures[]): string {
  const middle = (pick: (figures: Figures) => number) => spreadOf(rounds.map(pick)).median;
  return [
    phase.padEnd(firstColumn),
    system.padEnd(systemColumn),
    describeSpread(spreadOf(rounds.map(({ perSecond }) => perSecond)), 0).padStart(21),
    describeSpread(spreadOf(rounds.map(({ p50Ms }) => p50Ms)), 2).padStart(20),
    middle(({ p99Ms }) => p99Ms)
      .toFixed(1)
      .padStart(8),
    middle(({ maxMs }) => maxMs)
      .toFixed(1)
      .padStart(8),
    middle(({ serverMicros }) => serverMicros)
      .toFixed(0)
      .padStart(10),
    middle(({ loadMicros }) => loadMicros)
      .toFixed(0)
      .padStart(8),
    middle(({ otherCores }) => otherCores)
      .toFixed(1)
      .padStart(6),
    String(rounds.reduce((sum, { errors }) => sum + errors, 0)).padStart(8),
  ].join('');
}

function describeRatios(ours: readonly Figures[], theirs: readonly Figures[]): string {
  const ratio = (pick: (figures: Figures) => number) => ratiosOf(ours, theirs, pick);
  const middle = (pick: (figures: Figures) => number) => spreadOf(ratio(pick)).median.toFixed(2);
  return [
    ' '.repeat(firstColumn),
    'ratio'.padEnd(systemColumn),
    describeSpread(spreadOf(ratio(({ perSecond }) => perSecond)), 2).padStart(21),
    describeSpread(spreadOf(ratio(({ p50Ms }) => p50Ms)), 2).padStart(20),
    middle(({ p99Ms }) => p99Ms).padStart(8),
    middle(({ maxMs }) => maxMs).padStart(8),
    middle(({ serverMicros }) => serverMicros).padStart(10),
    middle(({ loadMicros }) => loadMicros).padStart(8),
  ].join('');
}

/** Round by round, so that a slow minute of the machine does not make a ratio. */
export function ratiosOf(
  ours: readonly Figures[],
  theirs: readonly Figures[],
  pick: (figures: Figures) => number,
): readonly number[] {
  return ours.flatMap((figures, round) => {
    const other = theirs[round];
    return other === undefined ? [] : [pick(figures) / pick(other)];
  });
}

function describeSpread({ median, min, max }: Spread, digits: number): string {
  const range = `${min.toFixed(digits)}-${max.toFixed(digits)}`;
  return `${median.toFixed(digits)} (${range})`;
}

interface Goal {
  readonly phase: string;
  readonly what: string;
  reached(ours: Figures, theirs: Figures): boolean;
}

const goals: readonly Goal[] = [
  {
    phase: 'writes, 64 clients',
    what: 'more writes per second at 64 clients',
    reached: (ours, theirs) => ours.perSecond > theirs.perSecond,
  },
  {
    phase: 'reads, 64 clients',
    what: 'more linearizable reads per second at 64 clients',
    reached: (ours, theirs) => ours.perSecond > theirs.perSecond,
  },
  {
    phase: 'writes, 1 client',
    what: 'a lower p50 of writes at 1 client',
    reached: (ours, theirs) => ours.p50Ms < theirs.p50Ms,
  },
  {
    phase: 'reads, 1 client',
    what: 'a lower p50 of reads at 1 client',
    reached: (ours, theirs) => ours.p50Ms < theirs.p50Ms,
  },
];

/** In how many rounds each goal was reached; nothing without a rival. */
export function describeGoals(measurements: readonly Measurement[]): readonly string[] {
  const [ours, theirs] = [...new Set(measurements.map(({ system }) => system))];
  if (ours === undefined || theirs === undefined) return [];
  return goals.map(({ phase, what, reached }) => {
    const ofPhase = measurements.filter((measurement) => measurement.phase === phase);
    const others = figuresOf(ofPhase, theirs);
    const rounds = figuresOf(ofPhase, ours).map((figures, round) => {
      const other = others[round];
      return other !== undefined && reached(figures, other);
    });
    const count = rounds.filter(Boolean).length;
    return `goal: ${what} than ${theirs}: in ${count} of ${rounds.length} rounds`;
  });
}
