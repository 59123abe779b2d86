/** A message as a diagram shows it: its type, its group, its numbers; not what it carries. */

import type { MessageType } from '../report/space-time-data.ts';
import type { Message } from '../simulation/network.ts';

interface DrawnType extends MessageType {
  numbersOf(message: Message): readonly number[];
}

/** Reads the numbers of one type; a message of another type has none of them. */
function drawn<T extends Message['type']>(
  type: T,
  look: Pick<MessageType, 'name' | 'group' | 'fields'>,
  numbersOf: (message: Extract<Message, { readonly type: T }>) => readonly (number | boolean)[],
): DrawnType {
  const isOfType = (message: Message): message is Extract<Message, { readonly type: T }> =>
    message.type === type;
  return {
    ...look,
    numbersOf: (message) => (isOfType(message) ? numbersOf(message).map(Number) : []),
  };
}

const voteFields = ['term', 'last index', 'last term', 'transfer'];

const appends = drawn(
  'appendEntries',
  {
    ...{ name: 'appendEntries', group: 'append' },
    fields: ['term', 'previous index', 'previous term', 'entries', 'commit', 'read round'],
  },
  (message) => [
    ...[message.term, message.prevLogIndex, message.prevLogTerm, message.entries.length],
    ...[message.leaderCommit, message.readRound],
  ],
);

const appended = drawn(
  'appendEntriesResponse',
  {
    ...{ name: 'appendEntries answer', group: 'append' },
    fields: ['term', 'success', 'match index', 'conflict index', 'read round'],
  },
  ({ term, success, matchIndex, conflictIndex, readRound }) => [
    ...[term, success, matchIndex, conflictIndex, readRound],
  ],
);

const asksVote = drawn(
  'requestVote',
  { name: 'requestVote', group: 'vote', fields: voteFields },
  ({ term, lastLogIndex, lastLogTerm, transfer }) => [term, lastLogIndex, lastLogTerm, transfer],
);

const votes = drawn(
  'requestVoteResponse',
  { name: 'requestVote answer', group: 'vote', fields: ['term', 'granted'] },
  ({ term, voteGranted }) => [term, voteGranted],
);

const sendsSnapshot = drawn(
  'installSnapshot',
  {
    ...{ name: 'installSnapshot', group: 'snapshot' },
    fields: ['term', 'last index', 'last term', 'offset', 'bytes', 'of'],
  },
  ({ term, lastIncludedIndex, lastIncludedTerm, offset, data, fileBytes }) => [
    ...[term, lastIncludedIndex, lastIncludedTerm, offset, data.length, fileBytes],
  ],
);

const gotSnapshot = drawn(
  'installSnapshotResponse',
  {
    ...{ name: 'installSnapshot answer', group: 'snapshot' },
    fields: ['term', 'last index', 'next offset', 'installed'],
  },
  ({ term, lastIncludedIndex, nextOffset, installed }) => [
    ...[term, lastIncludedIndex, nextOffset, installed],
  ],
);

const standsNow = drawn(
  'timeoutNow',
  { name: 'timeoutNow', group: 'transfer', fields: ['term'] },
  ({ term }) => [term],
);

const asksIndex = drawn(
  'readIndexRequest',
  { name: 'readIndex', group: 'read index', fields: ['term', 'request'] },
  ({ term, requestId }) => [term, requestId],
);

const tellsIndex = drawn(
  'readIndexResponse',
  { name: 'readIndex answer', group: 'read index', fields: ['term', 'request', 'read index'] },
  ({ term, requestId, readIndex }) => [term, requestId, readIndex ?? -1],
);

const beats: DrawnType = { ...appends, group: 'heartbeat', name: 'heartbeat' };
const beatsBack: DrawnType = { ...appended, group: 'heartbeat', name: 'heartbeat answer' };
const asksPreVote: DrawnType = { ...asksVote, group: 'pre-vote', name: 'pre-vote' };
const preVotes: DrawnType = { ...votes, group: 'pre-vote', name: 'pre-vote answer' };

const all: readonly DrawnType[] = [
  ...[appends, appended, beats, beatsBack, asksVote, votes, asksPreVote, preVotes],
  ...[sendsSnapshot, gotSnapshot, standsNow, asksIndex, tellsIndex],
];

export const messageTypes: readonly MessageType[] = all.map(({ name, group, fields }) => ({
  ...{ name, group, fields },
}));

/** Its place in `messageTypes`, and its numbers. `isQuiet`: it says nothing that is new. */
export function drawMessage(
  message: Message,
  isQuiet: boolean,
): { readonly type: number; readonly numbers: readonly number[] } {
  const type = typeOf(message, isQuiet);
  return { type: all.indexOf(type), numbers: type.numbersOf(message) };
}

function typeOf(message: Message, isQuiet: boolean): DrawnType {
  switch (message.type) {
    case 'appendEntries':
      return isQuiet ? beats : appends;
    case 'appendEntriesResponse':
      return isQuiet ? beatsBack : appended;
    case 'requestVote':
      return message.preVote ? asksPreVote : asksVote;
    case 'requestVoteResponse':
      return message.preVote ? preVotes : votes;
    case 'installSnapshot':
      return sendsSnapshot;
    case 'installSnapshotResponse':
      return gotSnapshot;
    case 'timeoutNow':
      return standsNow;
    case 'readIndexRequest':
      return asksIndex;
    case 'readIndexResponse':
      return tellsIndex;
  }
}
