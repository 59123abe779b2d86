/**
 * How fast a node is: its ticks and its disk, against those of the others.
 *
 * Raft is safe with any clocks, so that ticks may come at any rate, and everything may take its
 * time. Only products of drawn numbers, so that each machine draws the same.
 */
import type { RandomSource } from '../run/random.ts';
import type { DiskLatencies } from './disk-timing.ts';
import type { Latency } from './latency.ts';

/** Times are longer by this factor: from 1 / (1 + pace) to 1 + pace. */
export function drawSlowness(pace: number, random: RandomSource): number {
  const isSlow = random() < 0.5;
  const factor = 1 + pace * random();
  return isSlow ? factor : 1 / factor;
}

export function slowedDown(latencies: DiskLatencies, slowness: number): DiskLatencies {
  const slowed = ({ fromUs, toUs, slowUs, ...others }: Latency): Latency => ({
    ...{ fromUs: fromUs * slowness, toUs: toUs * slowness, slowUs: slowUs * slowness },
    ...others,
  });
  return { access: slowed(latencies.access), sync: slowed(latencies.sync) };
}
