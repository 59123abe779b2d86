/** The registry of planted bugs, by the names that `--bug` takes. */
import { ackBeforeQuorum } from './ack-before-quorum.ts';
import { appendRefused } from './append-refused.ts';
import { appliedAgain } from './applied-again.ts';
import { applyBeforeCommit } from './apply-before-commit.ts';
import { assertionSurvived } from './assertion-survived.ts';
import { behindElected } from './behind-elected.ts';
import type { Bug } from './bug.ts';
import { casAtPropose } from './cas-at-propose.ts';
import { casMissLocal } from './cas-miss-local.ts';
import { deleteLocal } from './delete-local.ts';
import { emptyListNil } from './empty-list-nil.ts';
import { heartbeatCommitsTail } from './heartbeat-commits-tail.ts';
import { idBeforeCommit } from './id-before-commit.ts';
import { laggardSilent } from './laggard-silent.ts';
import { lazyLog } from './lazy-log.ts';
import { leaderTruncates } from './leader-truncates.ts';
import { lostReadRequest } from './lost-read-request.ts';
import { noFsync } from './no-fsync.ts';
import { noPrevote } from './no-prevote.ts';
import { popBeforeCommit } from './pop-before-commit.ts';
import { previousUnchecked } from './previous-unchecked.ts';
import { quorumOfAll } from './quorum-of-all.ts';
import { readInsertsKey } from './read-inserts-key.ts';
import { sessionMemory } from './session-memory.ts';
import { setMemberDropped } from './set-member-dropped.ts';
import { staleRead } from './stale-read.ts';
import { sumBeforeCommit } from './sum-before-commit.ts';
import { takeoverRefused } from './takeover-refused.ts';
import { truncationRefused } from './truncation-refused.ts';
import { twoVotes } from './two-votes.ts';
import { voteForgotten } from './vote-forgotten.ts';
import { waiterByIndex } from './waiter-by-index.ts';

export const bugs: readonly Bug[] = [
  staleRead,
  ackBeforeQuorum,
  casMissLocal,
  deleteLocal,
  waiterByIndex,
  setMemberDropped,
  lazyLog,
  appliedAgain,
  popBeforeCommit,
  sumBeforeCommit,
  idBeforeCommit,
  casAtPropose,
  takeoverRefused,
  sessionMemory,
  readInsertsKey,
  assertionSurvived,
  truncationRefused,
  quorumOfAll,
  lostReadRequest,
  appendRefused,
  emptyListNil,
  laggardSilent,
  twoVotes,
  leaderTruncates,
  previousUnchecked,
  behindElected,
  heartbeatCommitsTail,
  voteForgotten,
  applyBeforeCommit,
  noFsync,
  noPrevote,
];
