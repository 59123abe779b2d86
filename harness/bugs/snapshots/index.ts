/** Planted bugs of the family `snapshots`, in the order of the scorecard. */
import type { Bug } from '../bug.ts';
import { appliedAgain } from './applied-again.ts';
import { gapAfterRestart } from './gap-after-restart.ts';
import { installBehindLog } from './install-behind-log.ts';
import { installKeepsTail } from './install-keeps-tail.ts';
import { installNotFinished } from './install-not-finished.ts';
import { keysSurviveInstall } from './keys-survive-install.ts';
import { logResetFirst } from './log-reset-first.ts';
import { setMemberDropped } from './set-member-dropped.ts';
import { snapshotChecksumUnchecked } from './snapshot-checksum-unchecked.ts';
import { snapshotNameUnsynced } from './snapshot-name-unsynced.ts';
import { snapshotNotFrozen } from './snapshot-not-frozen.ts';
import { snapshotWithoutAnswers } from './snapshot-without-answers.ts';
import { snapshotWithoutMembers } from './snapshot-without-members.ts';
import { snapshotWithoutSessions } from './snapshot-without-sessions.ts';
import { snapshotsOverlap } from './snapshots-overlap.ts';
import { snapshotsShareName } from './snapshots-share-name.ts';

export const snapshots: readonly Bug[] = [
  installKeepsTail,
  installBehindLog,
  keysSurviveInstall,
  logResetFirst,
  installNotFinished,
  snapshotsOverlap,
  snapshotsShareName,
  gapAfterRestart,
  snapshotWithoutSessions,
  snapshotWithoutAnswers,
  snapshotWithoutMembers,
  snapshotNameUnsynced,
  snapshotNotFrozen,
  snapshotChecksumUnchecked,
  appliedAgain,
  setMemberDropped,
];
