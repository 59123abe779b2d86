/**
 * What travels between peers beside messages, and how all of it is cut out of a stream of bytes.
 *
 * Frames have their length in front. Each end begins with a hello; an empty frame says that this
 * end has read so far; a refusal says why the connection is closed right behind it.
 */
import type { PeerIdentity } from './host.ts';
import { encodeMessageBehind, messageCodeMax } from './peer-codec.ts';
import { ByteReader, ByteWriter, nameBytesMax, PeerCodecError } from './peer-codec-bytes.ts';
import type { NodeId } from './raft/entry.ts';
import type { Message } from './raft/message.ts';

/** The first frame of each end: who it is, and whom it takes the other one for. */
export interface Hello extends PeerIdentity {
  readonly to: NodeId;
}

/** Far above the largest message that the core sends, far below what would hurt. */
export const frameBytesMax: number = 16 * 1024 * 1024;
/** Until a peer is known: a hello or a refusal is all that it has to say. */
export const greetingBytesMax: number = 2048;

const frameHeaderBytes = 4;
const protocolName = 'rafture-peer';
const protocolVersion = 2;
const refusalCode = messageCodeMax + 1;
const refusalBytesMax = 1024;

/** Throws PeerCodecError for a name that is too long. */
export function encodeHello(hello: Hello): Uint8Array {
  const writer = new ByteWriter(protocolName.length + 1 + 4 * (1 + nameBytesMax), 0);
  writer.bytes(Buffer.from(protocolName));
  writer.byte(protocolVersion);
  writer.name(hello.clusterId);
  writer.name(hello.nodeId);
  writer.name(hello.to);
  writer.name(hello.directoryId);
  return writer.written();
}

/** Throws PeerCodecError. */
export function parseHello(bytes: Uint8Array): Hello {
  const reader = new ByteReader(bytes);
  if (reader.view(protocolName.length, 'a hello').toString('latin1') !== protocolName) {
    throw new PeerCodecError('this is no rafture peer');
  }
  const version = reader.byte('the protocol version');
  if (version !== protocolVersion) {
    throw new PeerCodecError(`peer protocol ${version}, ${protocolVersion} is spoken here`);
  }
  const clusterId = reader.name('the cluster id');
  const nodeId = reader.name('the node id');
  const to = reader.name('whom it looks for');
  const directoryId = reader.name('the directory id');
  reader.end();
  return { clusterId, nodeId, to, directoryId };
}

export function encodeRefusal(reason: string): Uint8Array {
  const text = Buffer.from(reason).subarray(0, refusalBytesMax);
  return Buffer.concat([Uint8Array.of(refusalCode), text]);
}

/** The reason, when the frame is a refusal; else null. Anything may be in it: for people only. */
export function parseRefusal(frame: Uint8Array): string | null {
  if (frame[0] !== refusalCode || frame.length > 1 + refusalBytesMax) return null;
  return Buffer.from(frame.subarray(1))
    .toString('utf8')
    .replace(/\p{Cc}/gu, ' ');
}

/** The body with its length in front. Throws PeerCodecError when it is too long. */
export function encodeFrame(body: Uint8Array): Uint8Array {
  const frame = Buffer.allocUnsafe(frameHeaderBytes + body.length);
  frame.set(body, frameHeaderBytes);
  return withLength(frame);
}

/** As `encodeFrame(encodeMessage(message))`, copied once. */
export function encodeMessageFrame(message: Message): Uint8Array {
  return withLength(encodeMessageBehind(frameHeaderBytes, message));
}

function withLength(frame: Buffer): Uint8Array {
  const length = frame.length - frameHeaderBytes;
  if (length > frameBytesMax) {
    throw new PeerCodecError(`a frame of ${length} bytes, at most ${frameBytesMax} may be`);
  }
  frame.writeUInt32BE(length, 0);
  return frame;
}

/** How each record of a TLS handshake begins, and each alert. */
const tlsBeginnings: readonly number[] = [0x1603, 0x1503];

function describeTooLong(length: number, lengthMax: number): string {
  if (tlsBeginnings.includes(length >>> 16)) {
    return 'it speaks TLS and this node does not: give --tls-peer-* to all nodes or to none';
  }
  return `a frame of ${length} bytes, at most ${lengthMax} may come`;
}

/** Cuts a stream of bytes into frames. */
export class FrameReader {
  #chunks: Uint8Array[] = [];
  #bufferedBytes = 0;
  /** Below this many buffered bytes no frame can be complete: nothing is copied until then. */
  #wantedBytes = frameHeaderBytes;
  #lengthMax: number;

  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax;
  }

  /** From the next chunk on. */
  allow(lengthMax: number): void {
    this.#lengthMax = lengthMax;
  }

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
      if (length > this.#lengthMax) {
        throw new PeerCodecError(describeTooLong(length, this.#lengthMax));
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

  #keep(rest: Uint8Array): void {
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#bufferedBytes = rest.length;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
