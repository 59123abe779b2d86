/** The schedules by the names that the command line has for them. */
import { FlipFlopSchedule } from './flip-flop-schedule.ts';
import type { ScheduleOptions } from './offered-faults.ts';
import { OverlappingSchedule } from './overlapping-schedule.ts';
import { RandomSchedule } from './random-schedule.ts';
import type { Schedule } from './schedule.ts';
import { SingleSchedule } from './single-schedule.ts';
import type { SwarmStyle } from './swarm.ts';

/** As `--nemesis-schedule` has them. `swarm` is one of the others, with a part of the faults. */
export const scheduleNames = ['random', 'single', 'overlapping', 'flip-flop', 'swarm'] as const;
export type ScheduleName = (typeof scheduleNames)[number];

/** For the README and the help. */
export const scheduleWords: Readonly<Record<ScheduleName, string>> = {
  random: 'one begins or ends, as the seed says; each family has a first turn by itself, early',
  single: 'one at a time; each variant of each family once, then all of them again',
  overlapping: 'one of each family begins while the others last; then all of them end',
  'flip-flop': 'begin, end, begin, end, within a few operations; many of one family, then the next',
  swarm: 'each run a random part of the families and variants, with random intensities',
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
