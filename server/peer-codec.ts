/**
 * How messages between peers look as bytes: msgpack in length-prefixed frames, with a hello first.
 *
 * What arrives is unknown until it has been narrowed field by field; what does not fit is refused,
 * and whoever owns the connection closes it, because nothing after it can be trusted.
 */
import { Packr } from 'msgpackr';
import {
  encodeEntry,
  parseCount,
  parseEntries,
  parseFlag,
  parseName,
  ShapeError,
} from './entry-codec.ts';
import type { NodeId } from './raft/entry.ts';
import type { AppendEntries, Message } from './raft/message.ts';

/** The bytes are not a message of this protocol; the connection they came on is to be closed. */
export class PeerCodecError extends Error {
  override readonly name = 'PeerCodecError';
}

/** The first frame on a connection. */
export interface Hello {
  readonly from: NodeId;
  readonly to: NodeId;
}

/** Far above the largest message that the core sends, far below what would hurt. */
const frameBytesMax: number = 64 * 1024 * 1024;

const frameHeaderBytes = 4;
const protocolName = 'rafture-peer';
const protocolVersion = 1;

const packr = new Packr({ useRecords: false, copyBuffers: true, int64AsType: 'number' });

export function encodeMessage(message: Message): Uint8Array {
  return packr.pack(fieldsOf(message));
}

function fieldsOf(message: Message): readonly unknown[] {
  const { type, term } = message;
  switch (type) {
    case 'requestVote': {
      const { candidateId, lastLogIndex, lastLogTerm, preVote } = message;
      return [type, term, candidateId, lastLogIndex, lastLogTerm, preVote];
    }
    case 'requestVoteResponse':
      return [type, term, message.voteGranted, message.preVote];
    case 'appendEntries': {
      const { leaderId, prevLogIndex, prevLogTerm, leaderCommit, readRound } = message;
      const entries = message.entries.map(encodeEntry);
      return [type, term, leaderId, prevLogIndex, prevLogTerm, entries, leaderCommit, readRound];
    }
    case 'appendEntriesResponse': {
      const { success, matchIndex, conflictIndex, conflictTerm, readRound } = message;
      return [type, term, success, matchIndex, conflictIndex, conflictTerm, readRound];
    }
  }
}

/** Throws PeerCodecError. */
export function parseMessage(bytes: Uint8Array): Message {
  return narrow(bytes, (fields) => {
    const [type, ...rest] = fields;
    switch (type) {
      case 'requestVote':
        return parseRequestVote(rest);
      case 'requestVoteResponse':
        return parseRequestVoteResponse(rest);
      case 'appendEntries':
        return parseAppendEntries(rest);
      case 'appendEntriesResponse':
        return parseAppendEntriesResponse(rest);
      default:
        throw new ShapeError(`no message is of type ${String(type)}`);
    }
  });
}

function parseRequestVote(fields: readonly unknown[]): Message {
  checkFieldCount(fields, 5);
  return {
    type: 'requestVote',
    term: parseCount(fields[0], 'term'),
    candidateId: parseName(fields[1], 'candidateId'),
    lastLogIndex: parseCount(fields[2], 'lastLogIndex'),
    lastLogTerm: parseCount(fields[3], 'lastLogTerm'),
    preVote: parseFlag(fields[4], 'preVote'),
  };
}

function parseRequestVoteResponse(fields: readonly unknown[]): Message {
  checkFieldCount(fields, 3);
  return {
    type: 'requestVoteResponse',
    term: parseCount(fields[0], 'term'),
    voteGranted: parseFlag(fields[1], 'voteGranted'),
    preVote: parseFlag(fields[2], 'preVote'),
  };
}

function parseAppendEntries(fields: readonly unknown[]): Message {
  checkFieldCount(fields, 7);
  const message: AppendEntries = {
    type: 'appendEntries',
    term: parseCount(fields[0], 'term'),
    leaderId: parseName(fields[1], 'leaderId'),
    prevLogIndex: parseCount(fields[2], 'prevLogIndex'),
    prevLogTerm: parseCount(fields[3], 'prevLogTerm'),
    entries: parseEntries(fields[4]),
    leaderCommit: parseCount(fields[5], 'leaderCommit'),
    readRound: parseCount(fields[6], 'readRound'),
  };
  const first = message.entries[0];
  if (first !== undefined && first.index !== message.prevLogIndex + 1) {
    throw new ShapeError(`entry ${first.index} after prevLogIndex ${message.prevLogIndex}`);
  }
  return message;
}

function parseAppendEntriesResponse(fields: readonly unknown[]): Message {
  checkFieldCount(fields, 6);
  return {
    type: 'appendEntriesResponse',
    term: parseCount(fields[0], 'term'),
    success: parseFlag(fields[1], 'success'),
    matchIndex: parseCount(fields[2], 'matchIndex'),
    conflictIndex: parseCount(fields[3], 'conflictIndex'),
    conflictTerm: parseCount(fields[4], 'conflictTerm'),
    readRound: parseCount(fields[5], 'readRound'),
  };
}

export function encodeHello(hello: Hello): Uint8Array {
  return packr.pack([protocolName, protocolVersion, hello.from, hello.to]);
}

/** Throws PeerCodecError. */
export function parseHello(bytes: Uint8Array): Hello {
  return narrow(bytes, (fields) => {
    if (fields[0] !== protocolName) throw new ShapeError('this is no rafture peer');
    if (fields[1] !== protocolVersion) {
      throw new ShapeError(`peer protocol ${String(fields[1])}, ${protocolVersion} is spoken here`);
    }
    return { from: parseName(fields[2], 'from'), to: parseName(fields[3], 'to') };
  });
}

function narrow<T>(bytes: Uint8Array, parse: (fields: readonly unknown[]) => T): T {
  let fields: unknown;
  try {
    fields = packr.unpack(bytes);
  } catch (cause) {
    throw new PeerCodecError('a frame that is not msgpack', { cause });
  }
  if (!Array.isArray(fields)) throw new PeerCodecError('a frame that is not a list of fields');
  try {
    return parse(fields);
  } catch (cause) {
    if (cause instanceof ShapeError) throw new PeerCodecError(cause.message, { cause });
    throw cause;
  }
}

function checkFieldCount(fields: readonly unknown[], count: number): void {
  if (fields.length !== count) {
    throw new ShapeError(`${fields.length} fields where ${count} belong`);
  }
}

/** The body with its length in front. */
export function encodeFrame(body: Uint8Array): Uint8Array {
  if (body.length > frameBytesMax) {
    throw new PeerCodecError(`a frame of ${body.length} bytes, at most ${frameBytesMax} may be`);
  }
  const frame = Buffer.allocUnsafe(frameHeaderBytes + body.length);
  frame.writeUInt32BE(body.length, 0);
  frame.set(body, frameHeaderBytes);
  return frame;
}

/** Cuts a stream of bytes into frames. */
export class FrameReader {
  #chunks: Uint8Array[] = [];
  #bufferedBytes = 0;

  /** The frames that are complete now. Throws PeerCodecError for one that is too long. */
  push(chunk: Uint8Array): readonly Uint8Array[] {
    this.#chunks.push(chunk);
    this.#bufferedBytes += chunk.length;
    if (this.#bufferedBytes < this.#wantedBytes) return [];
    const buffer = this.#chunks.length === 1 ? asBuffer(chunk) : Buffer.concat(this.#chunks);
    const frames: Uint8Array[] = [];
    let offset = 0;
    this.#wantedBytes = frameHeaderBytes;
    while (buffer.length - offset >= frameHeaderBytes) {
      const length = buffer.readUInt32BE(offset);
      if (length > frameBytesMax) {
        throw new PeerCodecError(`a frame of ${length} bytes, at most ${frameBytesMax} may come`);
      }
      const end = offset + frameHeaderBytes + length;
      if (end > buffer.length) {
        this.#wantedBytes = frameHeaderBytes + length;
        break;
      }
      frames.push(buffer.subarray(offset + frameHeaderBytes, end));
      offset = end;
    }
    this.#keep(buffer.subarray(offset));
    return frames;
  }

  /** Below this many buffered bytes no frame can be complete: nothing is copied until then. */
  #wantedBytes = frameHeaderBytes;

  #keep(rest: Uint8Array): void {
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#bufferedBytes = rest.length;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
