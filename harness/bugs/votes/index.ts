/** Planted bugs of the family `votes`, in the order of the scorecard. */
import type { Bug } from '../bug.ts';
import { behindElected } from './behind-elected.ts';
import { twoVotes } from './two-votes.ts';
import { voteForgotten } from './vote-forgotten.ts';

export const votes: readonly Bug[] = [twoVotes, voteForgotten, behindElected];
