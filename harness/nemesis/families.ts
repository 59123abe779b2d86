/** Every family of faults, in the order in which they are listed. */

import { bitFlip } from './bit-flip.ts';
import { clientCut } from './client-cut.ts';
import { corruption } from './corruption.ts';
import { crashPoint } from './crash-point.ts';
import { crashStep } from './crash-step.ts';
import { delay } from './delay.ts';
import { diskError } from './disk-error.ts';
import { diskFull } from './disk-full.ts';
import { diskSlow } from './disk-slow.ts';
import { hold } from './hold.ts';
import { kill } from './kill.ts';
import { loss } from './loss.ts';
import { members } from './members.ts';
import { membersApart } from './members-apart.ts';
import { partition } from './partition.ts';
import { pause } from './pause.ts';
import { power } from './power.ts';
import { rate } from './rate.ts';
import { reset } from './reset.ts';
import { rollingRestart } from './rolling-restart.ts';
import { snapshot } from './snapshot.ts';
import type { FamilyModule } from './tools.ts';
import { torn } from './torn.ts';
import { transfer } from './transfer.ts';
import { truncate } from './truncate.ts';
import { untilSnapshot } from './until-snapshot.ts';
import { upgrade } from './upgrade.ts';
import { wipe } from './wipe.ts';

export const families: readonly FamilyModule[] = [
  partition,
  clientCut,
  loss,
  delay,
  rate,
  hold,
  reset,
  kill,
  pause,
  crashPoint,
  crashStep,
  power,
  diskFull,
  diskSlow,
  diskError,
  torn,
  bitFlip,
  corruption,
  truncate,
  wipe,
  members,
  membersApart,
  transfer,
  rollingRestart,
  upgrade,
  snapshot,
  untilSnapshot,
];

/** null when there is none of this name. */
export function findFamily(name: string): FamilyModule | null {
  return families.find(({ family }) => family.name === name) ?? null;
}
