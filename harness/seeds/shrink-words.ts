/** What a shrinking has come to, in words: the line that repeats it, and a table of from and to. */
import { type World, type WorldName, worldNumbers } from '../simulation/world.ts';
import type { SeedResult } from './seed-result.ts';
import type { Candidate } from './shrink.ts';
import { argsOfPlan, type SimPlan } from './sim-plan.ts';

const worldNames = Object.keys(worldNumbers) as readonly WorldName[];

/** Numbers that no fault of the world is made of are calm where they are usual or large. */
const calmNumbers: World = { snapshot: 1000, trailing: 100, segment: 64 };

/** Every number as it is in a world that does nobody any harm. */
export function calmWorld(): World {
  return Object.fromEntries(worldNames.map((name) => [name, calmNumber(name)]));
}

function calmNumber(name: WorldName): number {
  const { from, usual } = worldNumbers[name];
  return calmNumbers[name] ?? (from === 0 ? 0 : (usual ?? from));
}

/** The same world without what goes without saying. */
export function saidWorld(world: World): World {
  const names = Object.keys(world) as readonly WorldName[];
  const said = names.filter((name) => world[name] !== worldNumbers[name].usual);
  return Object.fromEntries(said.map((name) => [name, world[name]]));
}

/** The words of `rafture test` that repeat a run; `bug`: null where none is planted. */
export function repeatLine(plan: SimPlan, bug: string | null): string {
  const words = ['npx rafture test', ...argsOfPlan(plan), ...(bug === null ? [] : ['--bug', bug])];
  return words.join(' ');
}

/** A run that fails, and what came of it. */
export interface Shown {
  readonly candidate: Candidate;
  readonly result: SeedResult;
}

/** Lines of a table: what it was, what it is now. Of the world only what has changed. */
export function describeShrinking(from: Shown, to: Shown): readonly string[] {
  const [before, after] = [rowsOf(from), rowsOf(to)];
  const all = before.map(([name, value], at) => [name, value, after[at]?.[1] ?? ''] as const);
  const rows = all.filter(([name, old, now]) => !name.startsWith('world') || old !== now);
  const widthOf = (at: 0 | 1): number => Math.max(...rows.map((row) => row[at].length));
  const [first, second] = [widthOf(0), widthOf(1)];
  return rows.map(
    ([name, old, now]) => `${name.padEnd(first)}  ${old.padStart(second)}  ->  ${now}`,
  );
}

function rowsOf({ candidate, result }: Shown): readonly (readonly [string, string])[] {
  const { plan, faults } = candidate;
  return [
    ['nodes', String(plan.nodes)],
    ['clients', String(plan.concurrency)],
    ['operations', String(plan.ops)],
    ['keys', plan.keys === null ? 'usual' : String(plan.keys)],
    ['faults', String(faults?.length ?? result.faults)],
    ['messages', String(result.messages)],
    ['virtual seconds', (result.virtualMs / 1000).toFixed(1)],
    ['seed', String(plan.seed)],
    ...worldNames.map((name): readonly [string, string] => [
      `world: ${name}`,
      String(plan.world[name] ?? worldNumbers[name].usual ?? 'drawn'),
    ]),
  ];
}
