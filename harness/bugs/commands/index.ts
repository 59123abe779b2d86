/** Planted bugs of the family `commands`, in the order of the scorecard. */
import type { Bug } from '../bug.ts';
import { appendRefused } from './append-refused.ts';
import { assertionSurvived } from './assertion-survived.ts';
import { casAtPropose } from './cas-at-propose.ts';
import { casMissLocal } from './cas-miss-local.ts';
import { deleteLocal } from './delete-local.ts';
import { emptyListNil } from './empty-list-nil.ts';
import { idBeforeCommit } from './id-before-commit.ts';
import { popBeforeCommit } from './pop-before-commit.ts';
import { readInsertsKey } from './read-inserts-key.ts';
import { sumBeforeCommit } from './sum-before-commit.ts';
import { takeoverRefused } from './takeover-refused.ts';
import { uncertainRefused } from './uncertain-refused.ts';
import { waiterByIndex } from './waiter-by-index.ts';

export const commands: readonly Bug[] = [
  casAtPropose,
  casMissLocal,
  deleteLocal,
  emptyListNil,
  idBeforeCommit,
  popBeforeCommit,
  sumBeforeCommit,
  takeoverRefused,
  readInsertsKey,
  assertionSurvived,
  appendRefused,
  waiterByIndex,
  uncertainRefused,
];
