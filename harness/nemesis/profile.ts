/** What a shape of trouble is made of; profiles.ts has those that there are. */
import type { FaultParameters } from '../nemesis.ts';
import type { World } from '../simulation/world.ts';
import type { Range } from './storm-schedule.ts';

/** So many operations later, or what somebody sees of the nodes; whatever it is, not for ever. */
export type ProfileTrigger =
  | { readonly after: Range }
  | { readonly on: ProfileSight; readonly orAfter: Range };

type ProfileSight =
  | 'leader-elected'
  | 'term-changed'
  | 'needs-snapshot'
  | 'snapshot-installed'
  | { readonly lag: number };

/** One of these faults, drawn anew each time. `family`, or `family:variant`. */
export interface ProfileFault {
  readonly oneOf: readonly string[];
  readonly with?: FaultParameters;
  readonly begin: ProfileTrigger;
  /** Not asked of a fault that is over at once. */
  readonly end?: ProfileTrigger;
}

/** A fault, or branches that go beside one another. */
export type ProfileStep = ProfileFault | { readonly beside: readonly (readonly ProfileStep[])[] };

export interface Profile {
  readonly name: string;
  /** One sentence. */
  readonly description: string;
  readonly nodesMin: number;
  /**
   * Faults stay as long as they say, though nothing succeeds meanwhile: what is to be seen is
   * whether it would. Default no.
   */
  readonly isPatient?: boolean;
  /** Numbers of a simulated world, of which a seed draws others than usual for it. */
  readonly world?: Readonly<Partial<Record<keyof World, readonly number[]>>>;
  /** One of them is a round; a run has as many rounds as it has time for. */
  readonly rounds: readonly (readonly ProfileStep[])[];
}
