/**
 * Swarm testing: each run gets a random part of all faults, at random intensities.
 *
 * A run with everything in it hides what only a few faults by themselves would show. All of it
 * comes from the seed, and is printed.
 */
import { type RandomSource, randomInteger, randomItem, randomShuffle } from '../run/random.ts';
import type { OfferedFamily, OfferedFault, ScheduleOptions } from './offered-faults.ts';
import type { StormOptions } from './storm-schedule.ts';

/** How the chosen faults come. */
export const swarmStyles = ['random', 'overlapping', 'flip-flop', 'single'] as const;
export type SwarmStyle = (typeof swarmStyles)[number];

export interface Swarm {
  readonly style: SwarmStyle;
  readonly families: readonly OfferedFamily[];
  readonly every: number;
  /** How long the faults come, and how long the cluster is let be between. */
  readonly storm: Pick<StormOptions, 'stormOperations' | 'calmSuccesses'>;
  /** For the console and the report. */
  readonly description: string;
}

export interface SwarmOptions extends ScheduleOptions {
  /** Names of the parameters that a fault of the family takes. */
  parametersOf(family: string): readonly string[];
}

/**
 * Intensities by the name of the parameter. Whatever else a fault takes (which nodes, which file)
 * is left to its variant, and what would go beyond the model of failures is not among them.
 */
export const intensities: Readonly<Record<string, (random: RandomSource) => number>> = {
  percent: (random) => 5 + randomInteger(random, 56),
  ms: (random) => 5 + randomInteger(random, 196),
  jitterMs: (random) => randomInteger(random, 6),
  kilobitsPerS: (random) => 64 + randomInteger(random, 1985),
  perSecond: (random) => 5 + randomInteger(random, 96),
  keepPercent: (random) => randomInteger(random, 100),
};

/** Each family with a chance of one half, one at least; of each a part of its variants. */
export function chooseSwarm({ families, every, random, parametersOf }: SwarmOptions): Swarm {
  const style = randomItem(random, swarmStyles);
  const chosen = subset(random, families).map((family) => ({
    ...family,
    faults: subset(random, family.faults).map((fault) =>
      withIntensity(fault, parametersOf(family.name), random),
    ),
  }));
  const denser = Math.max(1, Math.round(every * (0.25 + random())));
  const words = chosen.map(describeFamily).join('; ');
  const description = `swarm: ${style}, every ${denser} operations: ${words}`;
  const storm = {
    stormOperations: [3 * denser, Math.round(denser * (5 + 15 * random()))],
    calmSuccesses: [5, 5 + randomInteger(random, 40)],
  } as const;
  return { style, families: chosen, every: denser, storm, description };
}

/** In the order in which they were; all of one are that one. */
function subset<T>(random: RandomSource, items: readonly T[]): readonly T[] {
  const taken = items.filter(() => random() < 0.5);
  return taken.length > 0 ? taken : randomShuffle(random, items).slice(0, 1);
}

function withIntensity(
  { variant, parameters }: OfferedFault,
  names: readonly string[],
  random: RandomSource,
): OfferedFault {
  const drawn: Record<string, unknown> = { ...parameters };
  for (const name of names) {
    const draw = Object.hasOwn(intensities, name) ? intensities[name] : undefined;
    if (draw !== undefined && random() < 0.5) drawn[name] = draw(random);
  }
  return { variant, parameters: drawn };
}

function describeFamily({ name, faults }: OfferedFamily): string {
  const each = faults.map(({ variant, parameters }) => {
    const words = Object.entries(parameters).map(([key, value]) => `${key} ${String(value)}`);
    return words.length === 0 ? variant : `${variant} (${words.join(', ')})`;
  });
  return `${name} ${each.join(', ')}`;
}
