/** What the referee knows of one node: what it told, over all its lives. */
import type { Told } from './referee-words.ts';
import { type Place, ToldLog } from './told-log.ts';
import { ToldVote } from './told-vote.ts';

/** What a node told, over all its lives. */
export interface Watched {
  readonly node: string;
  readonly log: ToldLog;
  readonly vote: ToldVote;
  life: number;
  role: string;
  term: number;
  votedFor: string | null;
  commitIndex: number;
  appliedIndex: number;
  /** Of its log as it is: entries that were replaced since do not count. */
  durableIndex: number;
  /** A crash cannot take it below: it led in this term, or has an entry of it on disk. */
  durableTerm: number;
  snapshotIndex: number;
  members: Told<'configuration'>['configuration'] | null;
  /** Where it said that its log ends; the entries that make it so are told next. */
  claimedEnd: Place | null;
}

/** Before its first life. */
export function watchNode(node: string): Watched {
  return {
    node,
    ...{ log: new ToldLog(), vote: new ToldVote() },
    ...{ life: 0, role: 'follower', term: 0, votedFor: null, members: null, claimedEnd: null },
    ...{ commitIndex: 0, appliedIndex: 0, durableIndex: 0, durableTerm: 0, snapshotIndex: 0 },
  };
}
