/**
 * The world of a simulation: how bad its network, disks and machines are, and how the server in it
 * is set up, in numbers that a command line can hold.
 *
 * `--world drop=0.05,snapshot=50` names some of them; the others are as `usualWorld` has them, or
 * drawn from the seed. All zero is a calm world.
 */
import type { NodeSizes } from '../../server/node-options.ts';
import { hintOf } from '../nearest-name.ts';
import type { RandomSource } from '../run/random.ts';
import { randomItem } from '../run/random.ts';
import type { SimulationOptions } from './plan.ts';

/** A number of the world: what it is, what it may be, and how a swarm draws it. */
interface WorldNumber {
  readonly describe: string;
  /** Both included. */
  readonly from: number;
  readonly to: number;
  readonly isWhole: boolean;
  /** When nobody names it; null: the simulation draws it, or it is the server's own. */
  readonly usual: number | null;
  draw(random: RandomSource): number;
}

export type WorldName =
  | 'drop'
  | 'duplicate'
  | 'slow'
  | 'slow-ms'
  | 'replay'
  | 'power'
  | 'tear'
  | 'reorder'
  | 'pace'
  | 'tick'
  | 'heartbeat'
  | 'election'
  | 'snapshot'
  | 'trailing'
  | 'segment'
  | 'packet'
  | 'inflight'
  | 'chunk'
  | 'piece'
  | 'sessions'
  | 'idle';

/** Two decimals: for a command line that a person can read. */
const share = (random: RandomSource, below: number): number =>
  Math.floor(random() * below * 100) / 100;

/** Off in half of the runs. */
const sometimes = (random: RandomSource, values: readonly number[]): number => {
  const value = randomItem(random, values);
  return random() < 0.5 ? value : 0;
};

export const worldNumbers: Readonly<Record<WorldName, WorldNumber>> = {
  drop: {
    describe: 'share of messages between nodes that are lost',
    ...{ from: 0, to: 0.9, isWhole: false, usual: 0.01 },
    draw: (random) => share(random, 0.1),
  },
  duplicate: {
    describe: 'share of messages between nodes that come twice',
    ...{ from: 0, to: 0.9, isWhole: false, usual: 0.01 },
    draw: (random) => share(random, 0.1),
  },
  slow: {
    describe: 'share of messages between nodes that take long, and are overtaken',
    ...{ from: 0, to: 1, isWhole: false, usual: 0.02 },
    draw: (random) => randomItem(random, [0, 0.02, 0.02, 0.05, 0.2]),
  },
  'slow-ms': {
    describe: 'milliseconds that such a message takes at most',
    ...{ from: 1, to: 60_000, isWhole: true, usual: 60 },
    draw: (random) => randomItem(random, [60, 60, 300, 1000, 3000]),
  },
  replay: {
    describe: 'share of messages between nodes with which an old one comes again',
    ...{ from: 0, to: 0.9, isWhole: false, usual: 0 },
    draw: (random) => sometimes(random, [0.01, 0.05, 0.2]),
  },
  power: {
    describe: 'share of crashes that take the power along, and what was not synced with it',
    ...{ from: 0, to: 1, isWhole: false, usual: 1 },
    draw: (random) => randomItem(random, [1, 1, 1, 0.5, 0]),
  },
  tear: {
    describe: 'share of power losses that tear writes at the sectors of the disk',
    ...{ from: 0, to: 1, isWhole: false, usual: 0 },
    draw: (random) => sometimes(random, [0.2, 0.5, 1]),
  },
  reorder: {
    describe: 'share of power losses that keep later writes and lose earlier ones',
    ...{ from: 0, to: 1, isWhole: false, usual: 0 },
    draw: (random) => sometimes(random, [0.2, 0.5, 1]),
  },
  pace: {
    describe: 'ticks and disks of a node are faster or slower by a factor of up to 1 + this',
    ...{ from: 0, to: 9, isWhole: false, usual: 0 },
    draw: (random) => sometimes(random, [0.1, 0.3, 1]),
  },
  tick: {
    describe: 'milliseconds of a tick of the server',
    ...{ from: 1, to: 1000, isWhole: true, usual: 20 },
    draw: (random) => randomItem(random, [10, 20, 20, 30, 50]),
  },
  heartbeat: {
    describe: 'ticks between two heartbeats',
    ...{ from: 1, to: 100, isWhole: true, usual: 3 },
    draw: (random) => randomItem(random, [1, 2, 3, 3]),
  },
  election: {
    describe: 'ticks of the shortest election timeout',
    ...{ from: 2, to: 1000, isWhole: true, usual: 15 },
    draw: (random) => randomItem(random, [4, 5, 8, 10, 15, 15, 25]),
  },
  snapshot: {
    describe: 'entries of the log after which a node takes a snapshot',
    ...{ from: 1, to: 1_000_000, isWhole: true, usual: null },
    draw: (random) => randomItem(random, [5, 10, 20, 50, 50, 100, 1000]),
  },
  trailing: {
    describe: 'entries of the log that are kept before a snapshot',
    ...{ from: 0, to: 1_000_000, isWhole: true, usual: null },
    draw: (random) => randomItem(random, [0, 0, 1, 5, 20, 100]),
  },
  segment: {
    describe: 'KiB of a segment of the log on disk',
    ...{ from: 1, to: 65_536, isWhole: true, usual: null },
    draw: (random) => randomItem(random, [1, 1, 2, 4, 4, 8, 16, 32]),
  },
  packet: {
    describe: 'bytes of commands in one appendEntries',
    ...{ from: 1, to: 16_777_216, isWhole: true, usual: null },
    draw: (random) => randomItem(random, [1, 100, 1000, 4096, 262_144, 262_144]),
  },
  inflight: {
    describe: 'appendEntries with entries that a follower has not answered',
    ...{ from: 1, to: 1000, isWhole: true, usual: null },
    draw: (random) => randomItem(random, [1, 2, 4, 64, 64]),
  },
  chunk: {
    describe: 'bytes of a snapshot in one installSnapshot',
    ...{ from: 64, to: 1_048_576, isWhole: true, usual: null },
    draw: (random) => randomItem(random, [100, 300, 1000, 4096, 262_144]),
  },
  piece: {
    describe: 'items of the state in one piece of a snapshot',
    ...{ from: 1, to: 2048, isWhole: true, usual: null },
    draw: (random) => randomItem(random, [1, 2, 10, 2048]),
  },
  sessions: {
    describe: 'sessions of clients that the state holds',
    ...{ from: 1, to: 10_000, isWhole: true, usual: null },
    draw: (random) => randomItem(random, [8, 20, 10_000, 10_000, 10_000]),
  },
  idle: {
    describe: 'entries after which a session that none of them used expires',
    ...{ from: 1, to: 1_000_000, isWhole: true, usual: null },
    draw: (random) => randomItem(random, [50, 200, 1_000_000, 1_000_000, 1_000_000]),
  },
};

/** Numbers by their names; what is not there is as usual. */
export type World = Readonly<Partial<Record<WorldName, number>>>;

const worldNames = Object.keys(worldNumbers) as readonly WorldName[];

/** Every number, from a stream of its own for each: one more draw shifts no other. */
export function drawWorld(randomStream: (name: string) => RandomSource): World {
  const drawn = (name: WorldName): number => worldNumbers[name].draw(randomStream(`world/${name}`));
  const world = Object.fromEntries(worldNames.map((name) => [name, drawn(name)]));
  return { ...world, ...patient(drawn('heartbeat'), drawn('election'), drawn('pace')) };
}

/** So many heartbeats of the slowest leader come within a timeout of the fastest follower. */
const heartbeatsPerTimeout = 4;

/** Safety needs no such thing; but nobody could promise progress without. [Raft §5.6] */
function patient(
  heartbeat: number,
  election: number,
  pace: number,
): Pick<World, 'heartbeat' | 'election'> {
  const least = heartbeatsPerTimeout * (1 + pace) * (1 + pace);
  const often = Math.max(1, Math.min(heartbeat, Math.floor(election / least)));
  return { heartbeat: often, election: Math.max(election, Math.ceil(least * often)) };
}

/** `drop=0.05,snapshot=50`. Throws RangeError with what it takes. */
export function parseWorld(text: string): World {
  const world: Partial<Record<WorldName, number>> = {};
  for (const word of text.split(',')) {
    const [name = '', value = '', ...rest] = word.split('=');
    const known = worldNames.find((each) => each === name);
    if (known === undefined) {
      const hint = hintOf(name, worldNames);
      throw new RangeError(`there is no ${name || 'name'}${hint}; it takes ${worldNames.join()}`);
    }
    world[known] = parseNumber(known, rest.length === 0 ? value : '');
  }
  return world;
}

function parseNumber(name: WorldName, text: string): number {
  const { from, to, isWhole } = worldNumbers[name];
  const value = Number(text);
  const isNumber = /^\d+(\.\d+)?$/.test(text) && value >= from && value <= to;
  if (isNumber && (!isWhole || Number.isSafeInteger(value))) return value;
  const kind = isWhole ? 'a whole number' : 'a number';
  throw new RangeError(`${name} takes ${kind} from ${from} to ${to}, not ${text || 'nothing'}`);
}

/** As `parseWorld` takes it. */
export function describeWorld(world: World): string {
  return worldNames
    .flatMap((name) => (world[name] === undefined ? [] : [`${name}=${world[name]}`]))
    .join(',');
}

/** What the simulation is to be created with. */
export function optionsOfWorld(world: World): Partial<SimulationOptions> {
  const of = (name: WorldName): number | undefined =>
    world[name] ?? worldNumbers[name].usual ?? undefined;
  const segment = of('segment');
  return definedOf({
    dropProbability: of('drop'),
    duplicateProbability: of('duplicate'),
    slowProbability: of('slow'),
    slowMs: of('slow-ms'),
    replayProbability: of('replay'),
    powerProbability: of('power'),
    pace: of('pace'),
    tearProbability: of('tear'),
    reorderProbability: of('reorder'),
    tickMs: of('tick'),
    heartbeatTicks: of('heartbeat'),
    electionTicks: of('election'),
    snapshotEntries: of('snapshot'),
    trailingEntries: of('trailing'),
    segmentBytes: segment === undefined ? undefined : segment * 1024,
    sizes: sizesOf(of),
  });
}

/** What nobody names is the server's own. */
function sizesOf(of: (name: WorldName) => number | undefined): NodeSizes {
  return definedOf<NodeSizes>({
    raft: definedOf({
      maxEntryBytesPerMessage: of('packet'),
      maxInflightMessages: of('inflight'),
    }),
    chunkBytes: of('chunk'),
    pieceItems: of('piece'),
    sessions: definedOf({ sessionsMax: of('sessions'), idleEntriesMax: of('idle') }),
  });
}

function definedOf<T extends object>(
  options: {
    readonly [K in keyof T]: T[K] | undefined;
  },
): Partial<T> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Partial<T>;
}

/** The longest time in which a follower of this world that hears nobody stands. */
export function electionTimeoutMsOf(world: World): number {
  const of = (name: WorldName): number => world[name] ?? worldNumbers[name].usual ?? 0;
  return 2 * of('election') * of('tick') * (1 + of('pace'));
}

/** The shortest time in which one does. */
export function shortestTimeoutMsOf(world: World): number {
  const of = (name: WorldName): number => world[name] ?? worldNumbers[name].usual ?? 0;
  return (of('election') * of('tick')) / (1 + of('pace'));
}

/** A follower may miss so many heartbeats of all, in a world that is quiet. */
const missedShareMax = 1e-4;

/** Why not even a majority that is let be can be asked to keep its leader; null: it can. */
export function restlessnessOf(world: World): string | null {
  const of = (name: WorldName): number => world[name] ?? worldNumbers[name].usual ?? 0;
  const unequal = (1 + of('pace')) ** 2;
  const heartbeats = Math.floor(of('election') / (of('heartbeat') * unequal));
  if (heartbeats < 2) return 'a leader has no time for two heartbeats';
  const isLate = of('slow-ms') >= of('heartbeat') * of('tick');
  const missed = of('drop') + (isLate ? of('slow') : 0);
  return missed ** heartbeats > missedShareMax ? 'too many messages are lost or late' : null;
}
