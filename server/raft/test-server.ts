/**
 * One core alone, with a disk that is as fast as a test wants: for the tests of single rules.
 */
import type { Entry, HardState, NodeId } from './entry.ts';
import type {
  AppendEntries,
  AppendEntriesResponse,
  Envelope,
  Message,
  RequestVote,
  RequestVoteResponse,
} from './message.ts';
import { createRaft, type Raft, type RaftOptions } from './raft.ts';
import type { Input, RaftStatus, Ready, Write } from './ready.ts';

export interface TestServerOptions extends Partial<RaftOptions> {
  readonly hardState?: HardState;
  readonly entries?: readonly Entry[];
}

/** 10 ticks to an election unless told otherwise: random() is 0. */
export const electionTicks = 10;

export class TestServer {
  readonly raft: Raft;
  readonly writesInFlight: Write[] = [];
  readonly readies: Ready[] = [];

  constructor(given: TestServerOptions = {}) {
    const { hardState = { currentTerm: 0, votedFor: null }, entries = [], ...options } = given;
    this.raft = createRaft(
      {
        id: 'n1',
        voters: ['n1', 'n2', 'n3'],
        electionTimeoutTicks: electionTicks,
        heartbeatTimeoutTicks: 2,
        random: () => 0,
        ...options,
      },
      { hardState, entries },
    );
  }

  get status(): RaftStatus {
    return this.raft.status();
  }

  /** One step, and nothing becomes durable. */
  step(input: Input): Ready {
    const ready = this.raft.step(input);
    this.readies.push(ready);
    if (ready.write !== null) this.writesInFlight.push(ready.write);
    return ready;
  }

  /** A step whose write, like all that it leads to, becomes durable at once. Returns all sent. */
  run(input: Input): readonly Envelope[] {
    const ready = this.step(input);
    return [...ready.messages, ...ready.messagesAfterWrite, ...this.finishWrites()];
  }

  /** The oldest write that is in flight becomes durable. */
  finishWrite(): Ready {
    const write = this.writesInFlight.shift();
    if (write === undefined) throw new RangeError('no write is in flight');
    return this.step({ type: 'written', writeId: write.id });
  }

  finishWrites(): readonly Envelope[] {
    const sent: Envelope[] = [];
    while (this.writesInFlight.length > 0) {
      const { messages, messagesAfterWrite } = this.finishWrite();
      sent.push(...messages, ...messagesAfterWrite);
    }
    return sent;
  }

  receive(from: NodeId, message: Message): readonly Envelope[] {
    return this.run({ type: 'message', from, message });
  }

  ticks(count: number): readonly Envelope[] {
    return Array.from({ length: count }, () => this.run({ type: 'tick' })).flat();
  }

  /** Stands, and gets every vote: the others' first answers to its no-op are left to the test. */
  lead(): readonly Envelope[] {
    this.ticks(electionTicks);
    const { currentTerm, voters } = this.status;
    const others = voters.filter((voter) => voter !== this.status.id);
    for (const voter of others) this.receive(voter, vote(currentTerm + 1, { preVote: true }));
    return others.flatMap((voter) => this.receive(voter, vote(currentTerm + 1)));
  }

  propose(id: number, text = 'x'): readonly Envelope[] {
    return this.run({ type: 'propose', proposals: [{ id, data: new TextEncoder().encode(text) }] });
  }

  read(...ids: number[]): readonly Envelope[] {
    return this.run({ type: 'read', ids });
  }

  /** All reads released so far, as `id at readIndex`. */
  get released(): readonly string[] {
    return this.readies.flatMap(({ reads }) =>
      reads.map(({ id, readIndex }) => `${id} at ${readIndex}`),
    );
  }

  get rejectedReads(): readonly number[] {
    return this.readies.flatMap(({ rejectedReads }) => rejectedReads.map(({ id }) => id));
  }

  get committed(): readonly Entry[] {
    return this.readies.flatMap(({ committed }) => committed);
  }
}

/** A log with these terms, from index 1 on. */
export function logOf(...terms: readonly number[]): readonly Entry[] {
  return terms.map((term, position) => entryOf(position + 1, term));
}

export function entryOf(index: number, term: number): Entry {
  return { index, term, kind: 'command', data: new Uint8Array([index, term]) };
}

export function vote(term: number, fields: Partial<RequestVoteResponse> = {}): RequestVoteResponse {
  return { type: 'requestVoteResponse', term, voteGranted: true, preVote: false, ...fields };
}

export function voteRequest(
  candidateId: NodeId,
  term: number,
  fields: Partial<RequestVote> = {},
): RequestVote {
  const last = { lastLogIndex: 0, lastLogTerm: 0 };
  return { type: 'requestVote', term, candidateId, ...last, preVote: false, ...fields };
}

export function append(
  leaderId: NodeId,
  term: number,
  fields: Partial<AppendEntries> = {},
): AppendEntries {
  return {
    type: 'appendEntries',
    term,
    leaderId,
    prevLogIndex: 0,
    prevLogTerm: 0,
    entries: [],
    leaderCommit: 0,
    readRound: 0,
    ...fields,
  };
}

export function matched(
  term: number,
  matchIndex: number,
  fields: Partial<AppendEntriesResponse> = {},
): AppendEntriesResponse {
  return {
    type: 'appendEntriesResponse',
    term,
    success: true,
    matchIndex,
    conflictIndex: 0,
    conflictTerm: 0,
    readRound: 0,
    ...fields,
  };
}

export function refused(
  term: number,
  conflictIndex: number,
  conflictTerm: number,
): AppendEntriesResponse {
  return matched(term, 0, { success: false, conflictIndex, conflictTerm });
}

/** The messages of one kind to one server, or to all. */
export function sentOf<T extends Message['type']>(
  sent: readonly Envelope[],
  type: T,
  to?: NodeId,
): readonly Extract<Message, { type: T }>[] {
  return sent.flatMap((envelope) =>
    isOf(envelope.message, type) && (to === undefined || envelope.to === to)
      ? [envelope.message]
      : [],
  );
}

function isOf<T extends Message['type']>(
  message: Message,
  type: T,
): message is Extract<Message, { type: T }> {
  return message.type === type;
}
