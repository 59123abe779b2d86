/**
 * What a matrix consists of: its cells, and the commands that fill them.
 *
 * Pure: flags, workloads and bugs in, cells and batches out.
 */
import type { Bug } from '../bugs/bug.ts';
import { clusters, type MatrixCluster, type MatrixFlags } from './flags.ts';

/** Runs of one command line that differ in the seed only. */
export interface Cell {
  readonly workload: string;
  readonly cluster: MatrixCluster;
  /** null: the server as it is. */
  readonly bug: string | null;
  /** The checkers that must find the bug, each in one run at least. */
  readonly expect: readonly string[];
  /** Flags of `rafture test` but for the seed and the folder. */
  readonly args: readonly string[];
  readonly runCount: number;
}

/** Seeds of one cell, for one command. */
export interface Batch {
  readonly cell: Cell;
  readonly seeds: readonly number[];
}

/** One process runs many seeds in the simulation: its start would cost more than the run. */
const batchSize: Readonly<Record<MatrixCluster, number>> = { process: 1, docker: 1, sim: 25 };

/** By workload, then by cluster, the one without a bug first. */
export function planCells(
  flags: MatrixFlags,
  workloads: readonly string[],
  bugs: readonly Pick<Bug, 'id' | 'workload' | 'args' | 'expect'>[],
): readonly Cell[] {
  return workloads.flatMap((workload) =>
    flags.clusters.flatMap((cluster) => {
      const shared = [
        ...['--workload', workload, '--cluster', cluster],
        ...['--time-limit', String(flags.timeLimitS)],
      ];
      const clean: Cell = {
        workload,
        cluster,
        bug: null,
        expect: [],
        args: mergeFlags(shared, flags.testFlags),
        runCount: flags.runs,
      };
      const planted = bugs
        .filter((bug) => bug.workload === workload)
        .map((bug): Cell => {
          const own = mergeFlags(shared, bug.args);
          const args = mergeFlags([...own, '--bug', bug.id], flags.testFlags);
          const expect = findersOn(cluster, bug);
          return { workload, cluster, bug: bug.id, expect, args, runCount: flags.bugRuns };
        });
      return [clean, ...planted].filter(({ runCount }) => runCount > 0);
    }),
  );
}

/** They judge where time is virtual, and say nothing elsewhere. */
const virtualOnly: readonly string[] = ['progress', 'stability', 'bounds'];

/** The checkers that must find the bug there. */
function findersOn(cluster: Cell['cluster'], { expect }: Pick<Bug, 'expect'>): readonly string[] {
  const names = new Set(expect.map(({ checker }) => checker));
  return [...names].filter((name) => cluster === 'sim' || !virtualOnly.includes(name));
}

/** What a run is filed under: a cell with other flags is another one. */
export function cellName({ bug, args }: Pick<Cell, 'bug' | 'args'>): string {
  return [bug ?? 'clean', ...args].join(' ');
}

/** The cell of a name that `cellName` gave, with no runs planned; null for any other text. */
export function readCell(name: string, bugs: readonly Pick<Bug, 'id' | 'expect'>[]): Cell | null {
  const [id, ...args] = name.split(' ');
  const workload = args[args.indexOf('--workload') + 1];
  const cluster = clusters.find((each) => each === args[args.indexOf('--cluster') + 1]);
  if (id === undefined || workload === undefined || cluster === undefined) return null;
  const bug = id === 'clean' ? null : id;
  const planted = bugs.find((each) => each.id === bug);
  const finders = planted === undefined ? [] : findersOn(cluster, planted);
  return { workload, cluster, bug, expect: finders, args, runCount: 0 };
}

/** Seeds that are still to run, in batches. */
export function planBatches(
  cells: readonly Cell[],
  firstSeed: number,
  isDone: (cell: Cell, seed: number) => boolean,
): readonly Batch[] {
  return cells.flatMap((cell) => {
    const seeds = Array.from({ length: cell.runCount }, (_, run) => firstSeed + run);
    const left = seeds.filter((seed) => !isDone(cell, seed));
    const batches: number[][] = [];
    for (const seed of left) {
      const last = batches.at(-1);
      const fits = last !== undefined && last.length < batchSize[cell.cluster];
      // A command counts its seeds up: a gap begins another one.
      if (fits && last.at(-1) === seed - 1) last.push(seed);
      else batches.push([seed]);
    }
    return batches.map((batch) => ({ cell, seeds: batch }));
  });
}

/** Flags with their values; a later one takes the place of an earlier one of its name. */
export function mergeFlags(first: readonly string[], later: readonly string[]): readonly string[] {
  const flags = new Map<string, string[]>();
  for (const args of [first, later]) {
    const seen = new Set<string>();
    let name = '';
    for (const arg of args) {
      const isName = arg.startsWith('-');
      if (isName) name = arg.split('=')[0] ?? arg;
      if (!seen.has(name)) flags.set(name, []);
      seen.add(name);
      flags.get(name)?.push(arg);
    }
  }
  return [...flags.values()].flat();
}
