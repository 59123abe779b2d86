/** The schedules by the names that the command line has for them. */
import { FlipFlopSchedule } from './flip-flop-schedule.ts';
import type { ScheduleOptions } from './offered-faults.ts';
import { OverlappingSchedule } from './overlapping-schedule.ts';
import type { Profile } from './profile.ts';
import { profiles } from './profiles.ts';
import { RandomSchedule } from './random-schedule.ts';
import type { Schedule } from './schedule.ts';
import { SingleSchedule } from './single-schedule.ts';
import type { SwarmStyle } from './swarm.ts';

/** As `--nemesis-schedule` has them, beside the names of profiles. */
export type StyleName = SwarmStyle | 'swarm' | 'targeted';
const styleNames: readonly StyleName[] = [
  ...(['random', 'single', 'overlapping', 'flip-flop', 'swarm', 'targeted'] as const),
];

/** A style, or a profile by its name. */
export type ScheduleName = StyleName | { readonly profile: Profile };

export const scheduleNames: readonly string[] = [
  ...styleNames,
  ...profiles.map(({ name }) => name),
];

/** null when there is none of this name. */
export function findSchedule(name: string): ScheduleName | null {
  const profile = profiles.find((each) => each.name === name);
  if (profile !== undefined) return { profile };
  return styleNames.find((each) => each === name) ?? null;
}

export function describeSchedule(schedule: ScheduleName): string {
  return typeof schedule === 'string' ? schedule : schedule.profile.name;
}

/** For the README and the help. */
export const scheduleWords: Readonly<Record<StyleName, string>> = {
  random: 'one begins or ends, as the seed says; each family has a first turn by itself, early',
  single: 'one at a time; each variant of each family once, then all of them again',
  overlapping: 'one of each family begins while the others last; then all of them end',
  'flip-flop': 'begin, end, begin, end, within a few operations; many of one family, then the next',
  swarm:
    'each run a random part of the families and variants, with random intensities, in storms ' +
    'with calms between',
  targeted: 'each run one of the shapes below, as the seed says; a name asks for that one',
};

export function createSchedule(style: SwarmStyle, options: ScheduleOptions): Schedule {
  switch (style) {
    case 'random':
      return new RandomSchedule(options);
    case 'single':
      return new SingleSchedule(options);
    case 'overlapping':
      return new OverlappingSchedule(options);
    case 'flip-flop':
      return new FlipFlopSchedule(options);
  }
}
