/** Every family of faults, in the order in which they are listed. */

import { kill } from './kill.ts';
import { partition } from './partition.ts';
import type { FamilyModule } from './tools.ts';

export const families: readonly FamilyModule[] = [partition, kill];

/** null when there is none of this name. */
export function findFamily(name: string): FamilyModule | null {
  return families.find(({ family }) => family.name === name) ?? null;
}
