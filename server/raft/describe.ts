/**
 * The printer of what goes in and out of the core, one line each: for logs, traces and tests.
 *
 * Names are Figure 2's, values never hold command data, only its length.
 */
import type { ConfigurationAt, Entry, EntryId, SnapshotMeta } from './entry.ts';
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
    case 'changeConfiguration': {
      const { id, voters, learners, expectedConfigurationIndex: expected } = input;
      const wanted = expected === null ? '' : ` if ${expected}`;
      return `change #${id} voters=${voters.join(',')} learners=${learners.join(',')}${wanted}`;
    }
    case 'transfer':
      return `transfer #${input.id} to ${input.to ?? 'anybody'}`;
    case 'snapshotTaken':
      return `snapshotTaken ${describeSnapshot(input.snapshot)}`;
    case 'chunkStored':
      return `chunkStored ${input.from} ${input.lastIncludedIndex}+${input.nextOffset}`;
    case 'snapshotReceived':
      return `snapshotReceived ${input.from} ${describeSnapshot(input.snapshot)}`;
    case 'snapshotGone':
      return `snapshotGone ${input.to}`;
    default:
      return assertNever(input);
  }
}

function describeMessage(message: Message): string {
  const head = `${message.type} term=${message.term}`;
  switch (message.type) {
    case 'requestVote': {
      const last = `last=${message.lastLogIndex}@${message.lastLogTerm}`;
      const kind = `${message.preVote ? ' preVote' : ''}${message.transfer ? ' transfer' : ''}`;
      return `${head} ${message.candidateId} ${last}${kind}`;
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
        : `refused next=${message.conflictIndex} behind term ${message.conflictTerm}`;
      return `${head} ${answer} readRound=${message.readRound}`;
    }
    case 'installSnapshot': {
      const { lastIncludedIndex, lastIncludedTerm, offset, data, fileBytes } = message;
      const piece = `${offset}+${data.length}/${fileBytes}B`;
      return `${head} ${message.leaderId} ${lastIncludedIndex}@${lastIncludedTerm} ${piece}`;
    }
    case 'installSnapshotResponse': {
      const how = message.installed ? 'installed' : `next=${message.nextOffset}`;
      return `${head} ${message.lastIncludedIndex} ${how}`;
    }
    case 'timeoutNow':
      return `${head} ${message.leaderId} epoch=${message.transferEpoch}`;
    case 'readIndexRequest':
      return head;
    case 'readIndexResponse':
      return `${head} readIndex=${message.readIndex ?? 'none'}`;
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
    ready.installed === null ? '' : `install ${describeSnapshot(ready.installed)}`,
    ready.committed.length === 0 ? '' : `committed ${describeEntries(ready.committed)}`,
    ...ready.accepted.map(({ id, entry }) => `accepted #${id} as ${describeEntryId(entry)}`),
    ...ready.rejected.map(({ id, reason }) => `rejected #${id} ${reason}`),
    ...ready.reads.map(({ id, readIndex }) => `read #${id} at ${readIndex}`),
    ...ready.rejectedReads.map(({ id }) => `rejectedRead #${id}`),
    ...ready.transfers.map(({ id, end }) => `transfer #${id} ${end}`),
    ...ready.chunkRequests.map((request) => {
      return `chunk for ${request.to} of ${request.lastIncludedIndex} from ${request.offset}`;
    }),
    ...ready.chunks.map(({ from, message }) => {
      return `store from ${from} ${message.lastIncludedIndex} ${message.offset}`;
    }),
    ready.statusChanged ? 'statusChanged' : '',
    ready.configurationChanged ? 'configurationChanged' : '',
  ];
  return parts.filter((part) => part !== '').join('; ');
}

export function describeStatus(status: RaftStatus): string {
  const { id, role, currentTerm, votedFor, leaderId } = status;
  const last = `${status.lastLogIndex}@${status.lastLogTerm}`;
  return (
    `${id} ${role} term=${currentTerm} votedFor=${votedFor ?? '-'} leader=${leaderId ?? '-'} ` +
    `commit=${status.commitIndex} last=${last} ${describeConfiguration(status.configuration)}`
  );
}

/** `voters=n1,n2` and, where there are any, the outgoing voters and the learners. */
function describeConfiguration({ configuration }: ConfigurationAt): string {
  const { voters, outgoingVoters, learners } = configuration;
  const outgoing = outgoingVoters.length === 0 ? '' : ` outgoing=${outgoingVoters.join(',')}`;
  const learning = learners.length === 0 ? '' : ` learners=${learners.join(',')}`;
  return `voters=${voters.join(',')}${outgoing}${learning}`;
}

function describeSnapshot(snapshot: SnapshotMeta): string {
  const { lastIncludedIndex, lastIncludedTerm, configuration } = snapshot;
  return `${lastIncludedIndex}@${lastIncludedTerm} ${describeConfiguration(configuration)}`;
}

function describeWrite({ id, hardState, snapshot, entries }: Write): string {
  const vote =
    hardState === null
      ? ''
      : ` term=${hardState.currentTerm} votedFor=${hardState.votedFor ?? '-'}`;
  const base = snapshot === null ? '' : ` snapshot ${describeSnapshot(snapshot)}`;
  return `write ${id}${vote}${base} ${describeEntries(entries)}`;
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
