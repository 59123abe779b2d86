/** The registry of planted bugs, by the names that `--bug` takes. */
import type { Bug, BugFamily } from './bug.ts';
import { commands } from './commands/index.ts';
import { commit } from './commit/index.ts';
import { harmless } from './harmless/index.ts';
import { liveness } from './liveness/index.ts';
import { membership } from './membership/index.ts';
import { reads } from './reads/index.ts';
import { replication } from './replication/index.ts';
import { sessions } from './sessions/index.ts';
import { snapshots } from './snapshots/index.ts';
import { storage } from './storage/index.ts';
import { votes } from './votes/index.ts';

/** In the order of the scorecard. */
export const bugFamilies: Readonly<Record<BugFamily, readonly Bug[]>> = {
  votes,
  commit,
  replication,
  reads,
  membership,
  storage,
  snapshots,
  sessions,
  liveness,
  commands,
};

export const bugs: readonly Bug[] = Object.values(bugFamilies).flat();

/** Edits that change no behaviour: whoever reports one raises a false alarm. */
export const noOpMutants: readonly Bug[] = harmless;
