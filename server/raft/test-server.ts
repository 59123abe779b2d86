/**
 * One core alone, with a disk that is as fast as a test wants: for the tests of single rules.
 */
import { configurationOf, encodeConfiguration } from './configuration.ts';
import type { Configuration, Entry, EntryId, HardState, NodeId, SnapshotMeta } from './entry.ts';
import type {
  AppendEntries,
  AppendEntriesResponse,
  Envelope,
  InstallSnapshot,
  InstallSnapshotResponse,
  Message,
  RequestVote,
  RequestVoteResponse,
} from './message.ts';
import { createRaft, type Raft, type RaftOptions } from './raft.ts';
import type {
  ChunkRequest,
  ConfigurationChange,
  Input,
  RaftStatus,
  Ready,
  Rejection,
  Write,
} from './ready.ts';

export interface TestServerOptions extends Partial<RaftOptions> {
  /** Of the initial configuration. Default n1, n2, n3. */
  readonly voters?: readonly NodeId[];
  readonly hardState?: HardState;
  readonly snapshot?: SnapshotMeta | null;
  readonly base?: EntryId;
  readonly entries?: readonly Entry[];
}

/** 10 ticks to an election unless told otherwise: random() is 0. */
export const electionTicks = 10;

/** In an answer: the one that the server under test used last towards who answers. */
const newestReplication = -1;

export class TestServer {
  readonly raft: Raft;
  readonly writesInFlight: Write[] = [];
  readonly readies: Ready[] = [];

  /** By receiver: how the server under test has named its replication to it. */
  readonly #replicationIds = new Map<NodeId, number>();

  constructor(given: TestServerOptions = {}) {
    const { voters = ['n1', 'n2', 'n3'], hardState, snapshot, base, entries, ...options } = given;
    this.raft = createRaft(
      {
        id: 'n1',
        initialConfiguration: configurationOf(voters),
        electionTimeoutTicks: electionTicks,
        heartbeatTimeoutTicks: 2,
        random: () => 0,
        ...options,
      },
      {
        hardState: hardState ?? { currentTerm: 0, votedFor: null },
        snapshot: snapshot ?? null,
        base: base ?? { index: 0, term: 0 },
        entries: entries ?? [],
      },
    );
  }

  get status(): RaftStatus {
    return this.raft.status();
  }

  /** One step, and nothing becomes durable. */
  step(input: Input): Ready {
    const ready = this.raft.step(this.#completed(input));
    this.readies.push(ready);
    for (const { to, message } of ready.messages) {
      if ('replicationId' in message) this.#replicationIds.set(to, message.replicationId);
    }
    if (ready.write !== null) this.writesInFlight.push(ready.write);
    return ready;
  }

  #completed(input: Input): Input {
    if (input.type !== 'message' || !('replicationId' in input.message)) return input;
    const { from, message } = input;
    if (message.replicationId !== newestReplication) return input;
    const replicationId = this.#replicationIds.get(from) ?? 0;
    return { type: 'message', from, message: { ...message, replicationId } };
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
    const { currentTerm, configuration } = this.status;
    const { voters, outgoingVoters } = configuration.configuration;
    const all = [...new Set([...voters, ...outgoingVoters])];
    const others = all.filter((voter) => voter !== this.status.id);
    for (const voter of others) this.receive(voter, vote(currentTerm + 1, { preVote: true }));
    return others.flatMap((voter) => this.receive(voter, vote(currentTerm + 1)));
  }

  propose(id: number, text = 'x'): readonly Envelope[] {
    return this.run({ type: 'propose', proposals: [{ id, data: new TextEncoder().encode(text) }] });
  }

  read(...ids: number[]): readonly Envelope[] {
    return this.run({ type: 'read', ids });
  }

  /** Asks for these voters and learners; the id is always 99. */
  change(
    voters: readonly NodeId[],
    learners: readonly NodeId[] = [],
    fields: Partial<ConfigurationChange> = {},
  ): readonly Envelope[] {
    const expectedConfigurationIndex = null;
    const change = { id: 99, expectedConfigurationIndex, voters, learners, addresses: {} };
    return this.run({ type: 'changeConfiguration', ...change, ...fields });
  }

  /** A snapshot of the own state at this index is durable. */
  takeSnapshot(index: number): readonly Envelope[] {
    return this.run({ type: 'snapshotTaken', snapshot: this.raft.snapshotMetaAt(index) });
  }

  /** A heartbeat, and these confirm everything, until nothing is left to be said. */
  everybodyFollows(...peers: readonly NodeId[]): void {
    this.ticks(2);
    for (let round = 0; round < 4; round += 1) {
      for (const peer of peers) {
        if (this.status.role !== 'leader') return;
        this.receive(peer, matched(this.status.currentTerm, this.status.lastLogIndex));
      }
    }
  }

  follower(id: NodeId): RaftStatus['followers'][number] | undefined {
    return this.status.followers.find((follower) => follower.id === id);
  }

  get chunkRequests(): readonly ChunkRequest[] {
    return this.readies.flatMap(({ chunkRequests }) => chunkRequests);
  }

  get chunks(): readonly Ready['chunks'][number][] {
    return this.readies.flatMap(({ chunks }) => chunks);
  }

  /** What was turned down so far, and why. */
  get rejections(): readonly Rejection[] {
    return this.readies.flatMap(({ rejected }) => rejected.map(({ reason }) => reason));
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

export function configurationEntry(
  index: number,
  term: number,
  fields: Partial<Configuration>,
): Entry {
  const data = encodeConfiguration({ ...configurationOf([]), ...fields });
  return { index, term, kind: 'configuration', data };
}

export function metaOf(
  lastIncludedIndex: number,
  lastIncludedTerm: number,
  voters: readonly NodeId[] = ['n1', 'n2', 'n3'],
): SnapshotMeta {
  const configuration = { index: 0, configuration: configurationOf(voters) };
  return { lastIncludedIndex, lastIncludedTerm, configuration };
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
  const kind = { preVote: false, transfer: false };
  return { type: 'requestVote', term, candidateId, ...last, ...kind, ...fields };
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
    replicationId: 1,
    transferEpoch: 0,
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
    replicationId: newestReplication,
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

/** The first and only piece of a snapshot's file. */
export function chunk(
  leaderId: NodeId,
  term: number,
  fields: Partial<InstallSnapshot> = {},
): InstallSnapshot {
  return {
    type: 'installSnapshot',
    term,
    leaderId,
    lastIncludedIndex: 5,
    lastIncludedTerm: term,
    fileBytes: 1,
    fileChecksum: 0,
    offset: 0,
    data: new Uint8Array(1),
    replicationId: 1,
    ...fields,
  };
}

export function chunkAnswer(
  term: number,
  lastIncludedIndex: number,
  fields: Partial<InstallSnapshotResponse> = {},
): InstallSnapshotResponse {
  return {
    type: 'installSnapshotResponse',
    term,
    lastIncludedIndex,
    nextOffset: 0,
    installed: false,
    replicationId: newestReplication,
    ...fields,
  };
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
