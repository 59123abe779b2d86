/** Planted bugs of the family `membership`, in the order of the scorecard. */
import type { Bug } from '../bug.ts';
import { changeOverChange } from './change-over-change.ts';
import { learnersCount } from './learners-count.ts';
import { leaverCountsItself } from './leaver-counts-itself.ts';
import { membersOnceApplied } from './members-once-applied.ts';
import { oneVoteCounter } from './one-vote-counter.ts';
import { phantomMembers } from './phantom-members.ts';
import { removalFailsOnReplay } from './removal-fails-on-replay.ts';
import { removedVotesBlindly } from './removed-votes-blindly.ts';
import { singleChangeUnsettled } from './single-change-unsettled.ts';
import { snapshotMembersIgnored } from './snapshot-members-ignored.ts';
import { truncatedChangeStays } from './truncated-change-stays.ts';
import { uncommittedMembersKept } from './uncommitted-members-kept.ts';
import { wipedVoter } from './wiped-voter.ts';

export const membership: readonly Bug[] = [
  singleChangeUnsettled,
  oneVoteCounter,
  membersOnceApplied,
  phantomMembers,
  removedVotesBlindly,
  wipedVoter,
  learnersCount,
  removalFailsOnReplay,
  truncatedChangeStays,
  uncommittedMembersKept,
  snapshotMembersIgnored,
  leaverCountsItself,
  changeOverChange,
];
