/**
 * What leaves a node, held against what it has told of itself: nothing is promised that is not on
 * its disk, and only who leads speaks as a leader, of its own log. [Fig. 2]
 *
 * A message may leave a little later than the step that made it, and the node be in a later term
 * by then: what that may have changed is not judged.
 */
import type { Message } from '../../server/raft/message.ts';
import type { ElectionRules } from './referee-elections.ts';
import { words } from './referee-words.ts';
import type { ToldLog } from './told-log.ts';

/** The sender, as it told of itself. */
export interface Sender {
  readonly node: string;
  readonly log: ToldLog;
  readonly role: string;
  readonly term: number;
  readonly commitIndex: number;
  readonly durableIndex: number;
  /** The newest term that is on its disk. */
  readonly persistedTerm: number;
  /** Whether it was elected in this term. */
  hasLed(term: number): boolean;
}

/** The promise that was broken, and how. */
export type Broken = readonly [promise: string, what: string];

export function judgeMessage(
  sender: Sender,
  { to, message }: { readonly to: string; readonly message: Message },
  elections: ElectionRules,
): Broken | null {
  const { term, type } = message;
  switch (message.type) {
    case 'requestVote': {
      const vote = { term, votedFor: sender.node };
      if (message.preVote || elections.hasVoted(sender.node, vote)) return null;
      return ['durable before told', words.votesUnwritten(term)];
    }
    case 'requestVoteResponse': {
      if (!message.voteGranted || message.preVote) return null;
      if (elections.hasVoted(sender.node, { term, votedFor: to })) return null;
      return ['durable before told', words.votedUnwritten(to, term)];
    }
    case 'appendEntriesResponse':
      return message.success ? judgeAnswer(sender, message) : null;
    case 'appendEntries':
      return judgeLeading(sender, type, term) ?? judgeAppend(sender, message);
    case 'installSnapshot':
    case 'timeoutNow':
      return judgeLeading(sender, type, term);
    case 'readIndexResponse':
      return message.readIndex === null ? null : judgeReadIndex(sender, message);
    default:
      return null;
  }
}

function judgeLeading(sender: Sender, type: string, term: number): Broken | null {
  if (sender.hasLed(term)) return null;
  return ['election safety', words.speaksAsLeader(type, term)];
}

type Of<Type extends Message['type']> = Extract<Message, { type: Type }>;

function judgeAnswer(sender: Sender, { term, matchIndex }: Of<'appendEntriesResponse'>) {
  if (sender.persistedTerm < term) {
    return ['durable before told', words.termUnwritten(term, sender.persistedTerm)] as const;
  }
  if (sender.term !== term || matchIndex <= sender.durableIndex) return null;
  // What a snapshot has taken the place of meanwhile was there before it.
  if (matchIndex < sender.log.firstIndex) return null;
  return ['durable before told', words.matchUnwritten(matchIndex, sender.durableIndex)] as const;
}

function judgeAppend(sender: Sender, message: Of<'appendEntries'>): Broken | null {
  const { log, role, term, commitIndex } = sender;
  const { leaderCommit, prevLogIndex, prevLogTerm, entries } = message;
  if (leaderCommit > commitIndex) {
    return ['commit index', words.tellsCommit(leaderCommit, commitIndex)];
  }
  if (role !== 'leader' || term !== message.term) return null;
  let last = { index: prevLogIndex, term: prevLogTerm };
  const isOther = (): boolean => {
    const own = log.termAt(last.index);
    return last.index > log.lastIndex || (own !== null && own !== last.term);
  };
  if (isOther()) return ['log matching', words.sendsOther(last, log.termAt(last.index))];
  for (const entry of entries) {
    if (entry.index !== last.index + 1) return ['log order', words.sendsGap(last, entry)];
    last = entry;
    if (isOther()) return ['log matching', words.sendsOther(last, log.termAt(last.index))];
  }
  return null;
}

/** What it commits in its own term is all that was ever committed. [Ongaro §6.4] */
function judgeReadIndex(sender: Sender, message: Of<'readIndexResponse'>): Broken | null {
  const { log, commitIndex } = sender;
  const { readIndex, term } = message;
  if (!sender.hasLed(term)) return ['reads', words.speaksAsLeader(message.type, term)];
  if (readIndex !== null && readIndex > commitIndex) {
    return ['reads', words.tellsCommit(readIndex, commitIndex)];
  }
  if (sender.role !== 'leader' || sender.term !== term) return null;
  const committed = log.termAt(commitIndex);
  if (committed === null || committed === term) return null;
  return ['reads', words.readTooEarly(term, { index: commitIndex, term: committed })];
}
