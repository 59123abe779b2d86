/**
 * How messages between peers look as bytes: msgpack in length-prefixed frames, with a hello first.
 *
 * What arrives is unknown until it has been narrowed field by field.
 */
import type { NodeId } from './raft/entry.ts';
import type { Message } from './raft/message.ts';

/** The bytes are not a message of this protocol; the connection they came on is to be closed. */
export class PeerCodecError extends Error {
  override readonly name = 'PeerCodecError';
}

/** The first frame on a connection. */
export interface Hello {
  readonly from: NodeId;
  readonly to: NodeId;
}

export function encodeMessage(message: Message): Uint8Array {
  throw new Error(`not written yet: ${message.type}`);
}

/** Throws PeerCodecError. */
export function parseMessage(bytes: Uint8Array): Message {
  throw new Error(`not written yet: ${bytes.length}`);
}
