/**
 * The printer of what goes in and out of the core, one line each: for logs, traces and tests.
 *
 * Names are Figure 2's, values never hold command data, only its length.
 */
import type { Entry, EntryId } from './entry.ts';
import { assertNever } from './invariant-error.ts';
import type { Envelope, Message } from './message.ts';
import type { Input, RaftStatus, Ready, Write } from './ready.ts';

export function describeInput(input: Input): string {
  switch (input.type) {
    case 'tick':
      return 'tick';
    case 'message':
      return `${input.from} -> ${describeMessage(input.message)}`;
    case 'propose':
      return `propose ${input.proposals.map(({ id, data }) => `#${id}/${data.length}B`).join(' ')}`;
    case 'read':
      return `read ${input.ids.map((id) => `#${id}`).join(' ')}`;
    case 'written':
      return `written ${input.writeId}`;
    default:
      return assertNever(input);
  }
}

function describeMessage(message: Message): string {
  const head = `${message.type} term=${message.term}`;
  switch (message.type) {
    case 'requestVote': {
      const last = `last=${message.lastLogIndex}@${message.lastLogTerm}`;
      return `${head} ${message.candidateId} ${last}${message.preVote ? ' preVote' : ''}`;
    }
    case 'requestVoteResponse': {
      const answer = message.voteGranted ? 'granted' : 'refused';
      return `${head} ${answer}${message.preVote ? ' preVote' : ''}`;
    }
    case 'appendEntries': {
      const prev = `prev=${message.prevLogIndex}@${message.prevLogTerm}`;
      const rest = `leaderCommit=${message.leaderCommit} readRound=${message.readRound}`;
      return `${head} ${message.leaderId} ${prev} ${describeEntries(message.entries)} ${rest}`;
    }
    case 'appendEntriesResponse': {
      const answer = message.success
        ? `match=${message.matchIndex}`
        : `conflict=${message.conflictIndex}@${message.conflictTerm}`;
      return `${head} ${answer} readRound=${message.readRound}`;
    }
    default:
      return assertNever(message);
  }
}

/** Empty when nothing is to be done. */
export function describeReady(ready: Ready): string {
  const parts = [
    ready.write === null ? '' : describeWrite(ready.write),
    ...ready.messages.map((envelope) => describeEnvelope('send', envelope)),
    ...ready.messagesAfterWrite.map((envelope) => describeEnvelope('then', envelope)),
    ready.committed.length === 0 ? '' : `committed ${describeEntries(ready.committed)}`,
    ...ready.accepted.map(({ id, entry }) => `accepted #${id} as ${describeEntryId(entry)}`),
    ...ready.rejected.map(({ id }) => `rejected #${id}`),
    ...ready.reads.map(({ id, readIndex }) => `read #${id} at ${readIndex}`),
    ...ready.rejectedReads.map(({ id }) => `rejectedRead #${id}`),
    ready.statusChanged ? 'statusChanged' : '',
  ];
  return parts.filter((part) => part !== '').join('; ');
}

export function describeStatus(status: RaftStatus): string {
  const { id, role, currentTerm, votedFor, leaderId } = status;
  const last = `${status.lastLogIndex}@${status.lastLogTerm}`;
  return (
    `${id} ${role} term=${currentTerm} votedFor=${votedFor ?? '-'} leader=${leaderId ?? '-'} ` +
    `commit=${status.commitIndex} last=${last} voters=${status.voters.join(',')}`
  );
}

function describeWrite({ id, hardState, entries }: Write): string {
  const vote =
    hardState === null
      ? ''
      : ` term=${hardState.currentTerm} votedFor=${hardState.votedFor ?? '-'}`;
  return `write ${id}${vote} ${describeEntries(entries)}`;
}

function describeEnvelope(verb: string, { to, message }: Envelope): string {
  return `${verb} ${to} ${describeMessage(message)}`;
}

function describeEntryId({ index, term }: EntryId): string {
  return `${index}@${term}`;
}

function describeEntries(entries: readonly Entry[]): string {
  const first = entries[0];
  const last = entries.at(-1);
  if (first === undefined || last === undefined) return '[]';
  if (first === last) return `[${describeEntryId(first)} ${first.kind} ${first.data.length}B]`;
  return `[${describeEntryId(first)}..${describeEntryId(last)}]`;
}
