/** Planted bugs of the family `sessions`, in the order of the scorecard. */
import type { Bug } from '../bug.ts';
import { proposedAgain } from './proposed-again.ts';
import { sessionAnswerAnew } from './session-answer-anew.ts';
import { sessionExpiresByClock } from './session-expires-by-clock.ts';
import { sessionMemory } from './session-memory.ts';
import { sessionOrderLost } from './session-order-lost.ts';
import { sessionRevived } from './session-revived.ts';

export const sessions: readonly Bug[] = [
  sessionMemory,
  proposedAgain,
  sessionAnswerAnew,
  sessionExpiresByClock,
  sessionOrderLost,
  sessionRevived,
];
