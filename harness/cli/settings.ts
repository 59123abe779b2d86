/**
 * The settings of a test, parsed from what yargs collected.
 *
 * Everything that a person may have got wrong is refused here, with what to write instead.
 */
import { randomInt } from 'node:crypto';
import { statSync } from 'node:fs';
import type { Bug } from '../bugs/bug.ts';
import { bugs, noOpMutants } from '../bugs/index.ts';
import { describeWorld, parseWorld, type World } from '../simulation/world.ts';
import { systems } from '../systems/index.ts';
import type { System } from '../systems/system.ts';
import type { Workload, WorkloadSize } from '../workload.ts';
import { findWorkload } from './find-workload.ts';
import {
  oneOf,
  positive,
  positiveInteger,
  refusal,
  SettingsError,
  type Typed,
} from './flag-values.ts';
import {
  describeNemesis,
  type NemesisFlags,
  type NemesisSettings,
  parseNemesisSettings,
} from './nemesis-settings.ts';
import { isPackaged } from './packaged.ts';

/** As the flags are named. */
export interface TestFlags extends NemesisFlags {
  readonly system: string;
  readonly workload: string;
  readonly cluster: string;
  readonly images: string;
  readonly processNetwork: string;
  readonly nodes: string;
  readonly concurrency: string;
  readonly rate: Typed;
  /** undefined: nobody names one. */
  readonly timeLimit: Typed | undefined;
  readonly ops: Typed | undefined;
  readonly keys: Typed | undefined;
  readonly opsPerKey: Typed | undefined;
  readonly deadlineMs: Typed;
  readonly recoveryLimit: Typed;
  readonly seed: Typed | undefined;
  readonly testCount: Typed;
  readonly bug: string | undefined;
  readonly results: string;
  readonly check: string;
  readonly checkTimeLimit: Typed;
  readonly checkMemoryLimit: Typed;
  readonly availability: Typed | undefined;
  readonly trace: string;
  readonly world: string | undefined;
}

export const clusterKinds = ['auto', 'docker', 'process', 'sim'] as const;
export const imageKinds = ['auto', 'host', 'registry'] as const;
export const networkChoices = ['auto', 'namespaces', 'proxies'] as const;
/** When the history is checked: at the end, or already while it is written. */
export const checkTimes = ['after', 'online'] as const;
/** Whether nodes write their trace events; `auto` where there will not be too many. */
export const traceChoices = ['auto', 'on', 'off'] as const;

const keyCountMax = 10_000;

export const usualTimeLimitS = 30;
/** A script has its own end: this is for one that does not come to it. */
const scriptTimeLimitS = 1800;

export interface TestSettings extends NemesisSettings {
  readonly system: System;
  readonly workload: Workload;
  /** As it was asked for: a name, or the path of a file. */
  readonly workloadArgument: string;
  readonly cluster: (typeof clusterKinds)[number];
  readonly images: (typeof imageKinds)[number];
  readonly processNetwork: (typeof networkChoices)[number];
  readonly nodes: readonly string[];
  readonly concurrency: number;
  readonly rate: number | null;
  readonly timeLimitS: number;
  readonly opCount: number | null;
  /** The workload ends with the script of faults, if the time is not over before. */
  readonly endsWithFaults: boolean;
  readonly size: WorkloadSize;
  readonly deadlineMs: number;
  readonly recoveryLimitS: number;
  readonly seed: number;
  /** How many runs, with this seed and those that follow. */
  readonly testCount: number;
  readonly bug: Bug | null;
  readonly resultsRoot: string;
  readonly check: (typeof checkTimes)[number];
  readonly checkTimeLimitS: number;
  readonly checkMemoryLimitMb: number;
  /** The share of operations that must succeed; null when nobody states one. */
  readonly availabilityMin: number | null;
  readonly trace: (typeof traceChoices)[number];
  /** Of the simulation; empty: as usual. */
  readonly world: World;
}

/** Rejects with SettingsError. */
export async function parseSettings(flags: TestFlags): Promise<TestSettings> {
  if (isPackaged) refuseWithoutSources(flags);
  const nodes = parseNodes(flags.nodes);
  const system = byName('--system', systems, flags.system);
  const workload = await parseWorkload(flags.workload, system);
  const load = parseLoad(flags, nodes);
  return {
    system,
    workload,
    workloadArgument: flags.workload,
    cluster: oneOf('--cluster', clusterKinds, flags.cluster),
    images: oneOf('--images', imageKinds, flags.images),
    processNetwork: parseNetwork(flags),
    nodes,
    ...load,
    size: workload.size({
      ...load,
      keyCount: parseKeyCount(flags.keys),
      opsPerKey: optional('--ops-per-key', flags.opsPerKey),
    }),
    deadlineMs: positive('--deadline-ms', flags.deadlineMs),
    recoveryLimitS: positive('--recovery-limit', flags.recoveryLimit),
    ...parseNemesisSettings(flags, nodes.length),
    seed: parseSeed(flags.seed),
    testCount: positiveInteger('--test-count', flags.testCount),
    bug: flags.bug === undefined ? null : byId(flags.bug),
    resultsRoot: parseResults(flags.results),
    check: oneOf('--check', checkTimes, flags.check),
    checkTimeLimitS: positive('--check-time-limit', flags.checkTimeLimit),
    checkMemoryLimitMb: positive('--check-memory-limit', flags.checkMemoryLimit),
    availabilityMin: parseAvailability(flags.availability),
    trace: oneOf('--trace', traceChoices, flags.trace),
    world: parseWorldFlag(flags),
  };
}

function parseLoad(
  flags: TestFlags,
  nodes: readonly string[],
): Pick<TestSettings, 'concurrency' | 'rate' | 'timeLimitS' | 'opCount' | 'endsWithFaults'> {
  const isScripted = flags.nemesisFile !== undefined;
  const usual = isScripted ? scriptTimeLimitS : usualTimeLimitS;
  return {
    concurrency: parseConcurrency(flags.concurrency, nodes.length),
    rate: parseRate(flags.rate),
    timeLimitS: positive('--time-limit', flags.timeLimit ?? usual),
    opCount: optional('--ops', flags.ops),
    endsWithFaults: isScripted && flags.timeLimit === undefined,
  };
}

/** Each key in use has a generator of its own, which is made before the first operation. */
function parseKeyCount(count: Typed | undefined): number | null {
  if (typeof count === 'number' && count > keyCountMax) {
    throw refusal('--keys', `a whole number up to ${keyCountMax}`, count);
  }
  return optional('--keys', count);
}

/** The folder may be made later. */
function parseResults(path: string): string {
  const isFile = statSync(path, { throwIfNoEntry: false })?.isDirectory() === false;
  if (isFile) throw refusal('--results', 'a folder', `${path}, a file`);
  return path;
}

/** A workload asks for operations; a system that has not got them is refused by name. */
async function parseWorkload(nameOrPath: string, system: System): Promise<Workload> {
  const workload = await findWorkload(nameOrPath).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new SettingsError(`--workload: ${why}`);
  });
  const lack = describeLack(workload, system);
  if (lack === null) return workload;
  throw new SettingsError(
    `the workload ${workload.name} cannot run: the system ${lack}; rafture workloads --objects ` +
      'lists what can be asked',
  );
}

/** The operations that the workload needs and the system has not got. */
export function missingOperations(
  { object, fs }: Pick<Workload, 'object' | 'fs'>,
  system: Pick<System, 'objects'>,
): readonly string[] {
  const offered = Object.hasOwn(system.objects, object) ? system.objects[object] : [];
  return fs.filter((f) => offered?.includes(f) !== true);
}

/** Operations per second; null: as fast as they go. */
function parseRate(rate: Typed): number | null {
  if (rate === 0) return null;
  return positive('--rate', rate, 'a number above 0, or 0 for as fast as they go');
}

/** What of it the system has not got, and what it has instead; null when it has all. */
export function describeLack(
  { object, fs }: Pick<Workload, 'object' | 'fs'>,
  system: Pick<System, 'name' | 'objects'>,
): string | null {
  const { name, objects } = system;
  const missing = missingOperations({ object, fs }, system);
  if (missing.length === 0) return null;
  return Object.hasOwn(objects, object)
    ? `${name} lacks ${missing.join(', ')} of ${object}; it has ${objects[object]?.join(', ')}`
    : `${name} has no object ${object}; it has ${Object.keys(objects).join(', ')}`;
}

/** A share between 0 and 1, as in Maelstrom. */
function parseAvailability(share: Typed | undefined): number | null {
  if (share === undefined) return null;
  if (typeof share === 'number' && share >= 0 && share <= 1) return share;
  throw refusal('--availability', 'a share from 0 to 1, such as 0.9', share);
}

function optional(flag: string, value: Typed | undefined): number | null {
  return value === undefined ? null : positiveInteger(flag, value);
}

function parseWorldFlag({ world, cluster }: TestFlags): World {
  if (world === undefined) return {};
  if (cluster !== 'sim') throw new SettingsError('--world is for --cluster sim: leave it out');
  try {
    return parseWorld(world);
  } catch (error) {
    throw new SettingsError(`--world: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Some things are made from the sources, which only a checkout has. */
function refuseWithoutSources({ bug, cluster }: TestFlags): void {
  const checkout = 'which this package does not hold: use a checkout of rafture';
  if (bug !== undefined) {
    throw new SettingsError(`--bug edits the sources of the server, ${checkout}`);
  }
  if (cluster === 'docker') {
    throw new SettingsError(
      `--cluster docker builds its images from sources, ${checkout}, or --cluster process`,
    );
  }
}

/** The one line that repeats the run, with everything that could matter spelled out. */
export function describeRepeat(settings: TestSettings, clusterKind: string): string {
  const words = [
    'npx rafture test',
    `--system ${settings.system.name}`,
    `--workload ${settings.workloadArgument}`,
    `--cluster ${clusterKind}`,
    ...(settings.processNetwork === 'auto' || clusterKind !== 'process'
      ? []
      : [`--process-network ${settings.processNetwork}`]),
    `--nodes ${settings.nodes.length}`,
    `--concurrency ${settings.concurrency}`,
    `--rate ${settings.rate ?? 0}`,
    ...(settings.endsWithFaults ? [] : [`--time-limit ${settings.timeLimitS}`]),
    ...(settings.opCount === null ? [] : [`--ops ${settings.opCount}`]),
    `--keys ${settings.size.keyCount}`,
    `--ops-per-key ${settings.size.opsPerKey}`,
    `--deadline-ms ${settings.deadlineMs}`,
    `--recovery-limit ${settings.recoveryLimitS}`,
    ...describeNemesis(settings),
    ...(settings.bug === null ? [] : [`--bug ${settings.bug.id}`]),
    ...(settings.check === 'after' ? [] : [`--check ${settings.check}`]),
    ...(settings.availabilityMin === null ? [] : [`--availability ${settings.availabilityMin}`]),
    ...(settings.trace === 'auto' ? [] : [`--trace ${settings.trace}`]),
    ...(Object.keys(settings.world).length === 0
      ? []
      : [`--world ${describeWorld(settings.world)}`]),
    `--seed ${settings.seed}`,
  ];
  return words.join(' ');
}

function parseNodes(text: string): readonly string[] {
  if (!/^\d+$/.test(text)) {
    throw new SettingsError(`--nodes takes how many nodes there are, such as 5; not ${text}`);
  }
  const count = Number(text);
  if (count < 1 || count > 9) throw new SettingsError(`--nodes takes 1 to 9; not ${text}`);
  return Array.from({ length: count }, (_, position) => `n${position + 1}`);
}

/** A number, or a multiple of the nodes such as `2n`. [Jepsen] */
function parseConcurrency(text: string, nodeCount: number): number {
  const match = /^(\d+)(n?)$/.exec(text);
  const count = Number(match?.[1]) * (match?.[2] === 'n' ? nodeCount : 1);
  if (match === null || !Number.isSafeInteger(count) || count < 1) {
    throw new SettingsError(`--concurrency takes a number such as 10, or 2n; not ${text}`);
  }
  return count;
}

/** Only processes have a choice of networks; `auto` may take them. */
function parseNetwork({ processNetwork, cluster }: TestFlags): TestSettings['processNetwork'] {
  const network = oneOf('--process-network', networkChoices, processNetwork);
  if (network === 'auto' || cluster === 'process' || cluster === 'auto') return network;
  throw new SettingsError(
    `--process-network ${network} is for --cluster process; leave it out with --cluster ${cluster}`,
  );
}

function parseSeed(seed: Typed | undefined): number {
  if (seed === undefined) return randomInt(1, 2 ** 31);
  if (typeof seed === 'number' && Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw refusal('--seed', 'a whole number from 0 up', seed);
}

function byName<T extends { readonly name: string }>(
  flag: string,
  items: readonly T[],
  name: string,
): T {
  const item = items.find((each) => each.name === name);
  if (item !== undefined) return item;
  throw refusal(flag, items.map((each) => each.name).join(', '), name);
}

function byId(id: string): Bug {
  const bug = [...bugs, ...noOpMutants].find((each) => each.id === id);
  if (bug !== undefined) return bug;
  throw refusal('--bug', bugs.map((each) => each.id).join(', '), id);
}
