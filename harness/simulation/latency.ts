/**
 * How long something takes in a simulation: drawn anew each time, mostly short, now and then long.
 *
 * The long ones matter: they let an election, a crash or a later message overtake what is under
 * way. Only sums and products of drawn numbers, so that each machine draws the same.
 */
import type { RandomSource } from '../run/random.ts';

export interface Latency {
  readonly fromUs: number;
  /** Below this. */
  readonly toUs: number;
  /** The share that takes long, in [0, 1]. */
  readonly slowProbability: number;
  /** A long one takes up to this much. */
  readonly slowUs: number;
}

/** Whole microseconds. Draws two numbers, whatever comes of them. */
export function drawLatencyUs(random: RandomSource, latency: Latency): number {
  const { fromUs, toUs, slowProbability, slowUs } = latency;
  const isSlow = random() < slowProbability;
  return Math.floor(fromUs + random() * ((isSlow ? slowUs : toUs) - fromUs));
}
