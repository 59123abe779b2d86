/** The disks of a cluster that can do nothing to them: each request is refused with the reason. */
import type { ClusterDisks } from '../cluster.ts';

export function createNoDisks(why: string): ClusterDisks {
  const refuse = (): Promise<never> => Promise.reject(new Error(`no faults of disks: ${why}`));
  return {
    powerLoss: refuse,
    fill: refuse,
    free: refuse,
    slow: refuse,
    list: refuse,
    damage: refuse,
    repair: refuse,
  };
}
