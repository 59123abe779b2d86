/**
 * The answers that a session remembers, as they lie in a snapshot and enter the hash.
 */

import { ShapeError } from '../entry-codec.ts';
import { createErrorReply, type ErrorCode, errorTable } from '../errors.ts';
import { assertNever } from '../raft/invariant-error.ts';
import type { Reply } from './command.ts';
import type { MsgpackReader } from './msgpack-reader.ts';
import type { MsgpackWriter } from './msgpack-writer.ts';

// These numbers lie in snapshots on disk: they may be added to, and never change their meaning.
const codes = { ok: 0, nothing: 1, bulk: 2, integer: 3, array: 4, set: 5, error: 6 } as const;

const overheadBytes = 64;

/** What it takes to remember, about: the same on every node. */
export function replyBytesOf(reply: Reply): number {
  if (reply.type === 'bulk') return overheadBytes + (reply.value?.length ?? 0);
  if (reply.type !== 'array' && reply.type !== 'set') return overheadBytes;
  return reply.items.reduce((sum, item) => sum + overheadBytes + item.length, overheadBytes);
}

export function writeReply(writer: MsgpackWriter, reply: Reply): void {
  switch (reply.type) {
    case 'ok':
      writer.uint(codes.ok);
      return;
    case 'bulk':
      writer.uint(reply.value === null ? codes.nothing : codes.bulk);
      if (reply.value !== null) writer.bytes(reply.value);
      return;
    case 'integer':
      writer.uint(codes.integer);
      writer.int64(BigInt(reply.value));
      return;
    case 'array':
    case 'set':
      writer.uint(codes[reply.type]);
      writer.bytesList(reply.items);
      return;
    case 'error':
      writer.uint(codes.error);
      writer.bytes(Buffer.from(reply.code));
      writer.bytes(Buffer.from(reply.text));
      return;
    default:
      assertNever(reply);
  }
}

/** Throws ShapeError, or what the reader throws. */
export function readReply(reader: MsgpackReader): Reply {
  const code = reader.uint();
  switch (code) {
    case codes.ok:
      return { type: 'ok' };
    case codes.nothing:
      return { type: 'bulk', value: null };
    case codes.bulk:
      return { type: 'bulk', value: new Uint8Array(reader.bytes()) };
    case codes.integer: {
      const value = reader.int64();
      const small = Number(value);
      return { type: 'integer', value: Number.isSafeInteger(small) ? small : value };
    }
    case codes.array:
      return { type: 'array', items: reader.bytesList().map((item) => new Uint8Array(item)) };
    case codes.set:
      return { type: 'set', items: reader.bytesList().map((item) => new Uint8Array(item)) };
    case codes.error: {
      const errorCode = Buffer.from(reader.bytes()).toString();
      if (!isErrorCode(errorCode)) throw new ShapeError(`no error has the code ${errorCode}`);
      return createErrorReply(errorCode, Buffer.from(reader.bytes()).toString());
    }
    default:
      throw new ShapeError(`no answer has the code ${code}`);
  }
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorTable, code);
}
