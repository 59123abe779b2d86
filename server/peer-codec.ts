/**
 * How messages between peers look as bytes: a byte for the type, then its fields in one order.
 *
 * What arrives is unknown until it has been narrowed field by field; what does not fit is refused,
 * and whoever owns the connection closes it, because nothing after it can be trusted. How messages
 * are cut out of a stream is peer-codec-frames.ts's business.
 */
import { ByteReader, ByteWriter, nameBytesMax, PeerCodecError } from './peer-codec-bytes.ts';
import type { Entry, EntryKind } from './raft/entry.ts';
import type { AppendEntries, InstallSnapshot, Message } from './raft/message.ts';

/** They are part of protocol version 2: never given another meaning. */
const typeCodes = {
  requestVote: 1,
  requestVoteResponse: 2,
  appendEntries: 3,
  appendEntriesResponse: 4,
  installSnapshot: 5,
  installSnapshotResponse: 6,
  timeoutNow: 7,
  readIndexRequest: 8,
  readIndexResponse: 9,
} as const satisfies Readonly<Record<Message['type'], number>>;

/** Codes from here on are frames that are no messages. */
export const messageCodeMax: number = 9;

const kindCodes: Readonly<Record<EntryKind, number>> = {
  command: 0,
  'no-op': 1,
  configuration: 2,
};
const kinds: readonly EntryKind[] = ['command', 'no-op', 'configuration'];

/** Term, index, kind and length of one entry. */
const entryHeaderBytes = 8 + 8 + 1 + 4;
/** Of every message, without entries and data: more than the widest one has. */
const fixedBytesMax = 96 + nameBytesMax;

export function encodeMessage(message: Message): Uint8Array {
  return encodeMessageBehind(0, message);
}

/**
 * The message behind `reserved` bytes that the caller fills: so a frame needs no second copy.
 * Throws PeerCodecError for a name that is too long.
 */
export function encodeMessageBehind(reserved: number, message: Message): Buffer {
  const writer = new ByteWriter(reserved + bytesMaxOf(message), reserved);
  writer.byte(typeCodes[message.type]);
  writer.count(message.term);
  writeFields(writer, message);
  return writer.written();
}

function bytesMaxOf(message: Message): number {
  let bytes = fixedBytesMax;
  if (message.type === 'installSnapshot') return bytes + message.data.length;
  if (message.type !== 'appendEntries') return bytes;
  for (const entry of message.entries) bytes += entryHeaderBytes + entry.data.length;
  return bytes;
}

function writeFields(writer: ByteWriter, message: Message): void {
  switch (message.type) {
    case 'requestVote':
      writer.name(message.candidateId);
      writer.count(message.lastLogIndex);
      writer.count(message.lastLogTerm);
      writer.flag(message.preVote);
      writer.flag(message.transfer);
      return;
    case 'requestVoteResponse':
      writer.flag(message.voteGranted);
      writer.flag(message.preVote);
      return;
    case 'appendEntries':
      writeAppendEntries(writer, message);
      return;
    case 'appendEntriesResponse':
      writer.flag(message.success);
      writer.count(message.matchIndex);
      writer.count(message.conflictIndex);
      writer.count(message.conflictTerm);
      writer.count(message.readRound);
      writer.count(message.replicationId);
      return;
    case 'installSnapshot':
      writeInstallSnapshot(writer, message);
      return;
    case 'installSnapshotResponse':
      writer.count(message.lastIncludedIndex);
      writer.count(message.nextOffset);
      writer.flag(message.installed);
      writer.count(message.replicationId);
      return;
    case 'timeoutNow':
      writer.name(message.leaderId);
      writer.count(message.transferEpoch);
      return;
    case 'readIndexRequest':
      writer.count(message.requestId);
      return;
    case 'readIndexResponse':
      writer.count(message.requestId);
      writer.flag(message.readIndex !== null);
      writer.count(message.readIndex ?? 0);
      return;
  }
}

function writeAppendEntries(writer: ByteWriter, message: AppendEntries): void {
  writer.name(message.leaderId);
  writer.count(message.prevLogIndex);
  writer.count(message.prevLogTerm);
  writer.count(message.leaderCommit);
  writer.count(message.readRound);
  writer.count(message.replicationId);
  writer.count(message.transferEpoch);
  writer.short(message.entries.length);
  for (const entry of message.entries) {
    writer.count(entry.term);
    writer.count(entry.index);
    writer.byte(kindCodes[entry.kind]);
    writer.short(entry.data.length);
    writer.bytes(entry.data);
  }
}

function writeInstallSnapshot(writer: ByteWriter, message: InstallSnapshot): void {
  writer.name(message.leaderId);
  writer.count(message.lastIncludedIndex);
  writer.count(message.lastIncludedTerm);
  writer.count(message.fileBytes);
  writer.count(message.fileChecksum);
  writer.count(message.offset);
  writer.count(message.replicationId);
  writer.short(message.data.length);
  writer.bytes(message.data);
}

/** Throws PeerCodecError. The data of a snapshot's chunk is not copied out of `bytes`. */
export function parseMessage(bytes: Uint8Array): Message {
  const reader = new ByteReader(bytes);
  const code = reader.byte('the type');
  const message = readFields(reader, code, reader.count('term'));
  reader.end();
  return message;
}

function readFields(reader: ByteReader, code: number, term: number): Message {
  switch (code) {
    case typeCodes.requestVote:
      return readRequestVote(reader, term);
    case typeCodes.requestVoteResponse: {
      const voteGranted = reader.flag('voteGranted');
      return { type: 'requestVoteResponse', term, voteGranted, preVote: reader.flag('preVote') };
    }
    case typeCodes.appendEntries:
      return readAppendEntries(reader, term);
    case typeCodes.appendEntriesResponse:
      return readAppendEntriesResponse(reader, term);
    case typeCodes.installSnapshot:
      return readInstallSnapshot(reader, term);
    case typeCodes.installSnapshotResponse:
      return readInstallSnapshotResponse(reader, term);
    case typeCodes.timeoutNow: {
      const leaderId = reader.name('leaderId');
      return { type: 'timeoutNow', term, leaderId, transferEpoch: reader.count('transferEpoch') };
    }
    case typeCodes.readIndexRequest:
      return { type: 'readIndexRequest', term, requestId: reader.count('requestId') };
    case typeCodes.readIndexResponse:
      return readReadIndexResponse(reader, term);
    default:
      throw new PeerCodecError(`no message is of type ${code}`);
  }
}

// Fields are evaluated in the order in which they are written, which is that of the bytes.

function readRequestVote(reader: ByteReader, term: number): Message {
  return {
    type: 'requestVote',
    term,
    candidateId: reader.name('candidateId'),
    lastLogIndex: reader.count('lastLogIndex'),
    lastLogTerm: reader.count('lastLogTerm'),
    preVote: reader.flag('preVote'),
    transfer: reader.flag('transfer'),
  };
}

function readAppendEntriesResponse(reader: ByteReader, term: number): Message {
  return {
    type: 'appendEntriesResponse',
    term,
    success: reader.flag('success'),
    matchIndex: reader.count('matchIndex'),
    conflictIndex: reader.count('conflictIndex'),
    conflictTerm: reader.count('conflictTerm'),
    readRound: reader.count('readRound'),
    replicationId: reader.count('replicationId'),
  };
}

function readInstallSnapshotResponse(reader: ByteReader, term: number): Message {
  return {
    type: 'installSnapshotResponse',
    term,
    lastIncludedIndex: reader.count('lastIncludedIndex'),
    nextOffset: reader.count('nextOffset'),
    installed: reader.flag('installed'),
    replicationId: reader.count('replicationId'),
  };
}

function readReadIndexResponse(reader: ByteReader, term: number): Message {
  const requestId = reader.count('requestId');
  const confirmed = reader.flag('whether there is a readIndex');
  const readIndex = reader.count('readIndex');
  if (!confirmed && readIndex !== 0) throw new PeerCodecError('a readIndex that is none');
  return { type: 'readIndexResponse', term, requestId, readIndex: confirmed ? readIndex : null };
}

function readAppendEntries(reader: ByteReader, term: number): Message {
  const leaderId = reader.name('leaderId');
  const prevLogIndex = reader.count('prevLogIndex');
  const prevLogTerm = reader.count('prevLogTerm');
  return {
    type: 'appendEntries',
    term,
    leaderId,
    prevLogIndex,
    prevLogTerm,
    leaderCommit: reader.count('leaderCommit'),
    readRound: reader.count('readRound'),
    replicationId: reader.count('replicationId'),
    transferEpoch: reader.count('transferEpoch'),
    entries: readEntries(reader, prevLogIndex),
  };
}

/** Contiguous from behind `prevLogIndex` on and of rising terms, as in every log. */
function readEntries(reader: ByteReader, prevLogIndex: number): readonly Entry[] {
  const count = reader.short('the number of entries');
  // Before room is made for them: a few bytes must not make a list of four thousand millions.
  if (count * entryHeaderBytes > reader.remaining) {
    throw new PeerCodecError(`${count} entries cannot be in ${reader.remaining} bytes`);
  }
  const entries: Entry[] = [];
  let previousTerm = 0;
  for (let position = 0; position < count; position += 1) {
    const term = reader.count('the term of an entry');
    const index = reader.count('the index of an entry');
    if (index !== prevLogIndex + 1 + position || term < previousTerm) {
      throw new PeerCodecError(
        `entry ${index} of term ${term} is number ${position} behind prevLogIndex ` +
          `${prevLogIndex}, the one before it is of term ${previousTerm}`,
      );
    }
    previousTerm = term;
    const kindCode = reader.byte('the kind of an entry');
    const kind = kinds[kindCode];
    if (kind === undefined) throw new PeerCodecError(`no kind of entry has the code ${kindCode}`);
    const length = reader.short('the length of an entry');
    entries.push({ term, index, kind, data: reader.copy(length, 'the data of an entry') });
  }
  return entries;
}

function readInstallSnapshot(reader: ByteReader, term: number): Message {
  const message = {
    type: 'installSnapshot',
    term,
    leaderId: reader.name('leaderId'),
    lastIncludedIndex: reader.count('lastIncludedIndex'),
    lastIncludedTerm: reader.count('lastIncludedTerm'),
    fileBytes: reader.count('fileBytes'),
    fileChecksum: reader.count('fileChecksum'),
    offset: reader.count('offset'),
    replicationId: reader.count('replicationId'),
    data: reader.view(reader.short('the length of the data'), 'the data'),
  } as const;
  if (message.offset + message.data.length > message.fileBytes) {
    throw new PeerCodecError(
      `${message.data.length} bytes at ${message.offset} of a file of ${message.fileBytes}`,
    );
  }
  return message;
}
