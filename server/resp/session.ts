/**
 * A client's session: bytes in, commands to the node, replies out in the order of the commands.
 *
 * It knows no socket: whoever owns the connection gives it bytes and a place to write to. Commands
 * of one session take effect in their order, as in Redis: writes may be on their way together, and
 * so may reads, but a read waits for the writes before it and a write for the reads.
 */
import { createErrorReply } from '../errors.ts';
import type { Command, Reply } from '../kv/command.ts';
import type { ServerNode } from '../node.ts';
import { parseRequest, type Request, toRespError } from './commands.ts';
import { encodeReply, RespParser, RespProtocolError, type RespReply } from './resp-codec.ts';

export interface SessionOutput {
  write(bytes: Uint8Array): void;
  /** Close the connection once what has been written is out. Nothing is written after it. */
  close(): void;
  /** More came than is worked on: bring no more bytes until `resume`. Bytes may still come. */
  pause?(): void;
  resume?(): void;
}

export interface Session {
  receive(bytes: Uint8Array): void;
  /** The connection is gone: replies that are still to come are dropped. */
  closed(): void;
}

export function createSession(node: ServerNode, output: SessionOutput): Session {
  return new RespSession(node, output);
}

/** Commands at the node at once; further ones wait as bytes. */
const inFlightMax = 1024;
/** Of bytes that wait because so many commands do. A paused connection does not get there. */
const waitingBytesMax = 64 * 1024 * 1024;

/** The place of a reply in the order of replies. */
interface Slot {
  reply: RespReply | null;
}

class RespSession implements Session {
  readonly #node: ServerNode;
  readonly #output: SessionOutput;
  readonly #parser = new RespParser();
  /** Replies that are not written yet, in the order of their commands. */
  #slots: Slot[] = [];
  /** The command that waits for those of the other kind before it. */
  #held: Command | null = null;
  #inFlightCount = 0;
  #inFlightKind: 'read' | 'write' = 'read';
  #paused = false;
  /** Nothing more is read; the connection is closed when the last reply is out. */
  #ending = false;
  #closed = false;
  #working = false;

  constructor(node: ServerNode, output: SessionOutput) {
    this.#node = node;
    this.#output = output;
  }

  receive(bytes: Uint8Array): void {
    if (this.#closed || this.#ending) return;
    this.#parser.push(bytes);
    this.#work();
  }

  closed(): void {
    this.#closed = true;
    this.#slots = [];
    this.#held = null;
  }

  /** Takes requests until there is none or one must wait; writes what is answered. */
  #work(): void {
    if (this.#working) return;
    this.#working = true;
    try {
      while (this.#takeRequest());
    } catch (error) {
      if (!(error instanceof RespProtocolError)) throw error;
      this.#end(`Protocol error: ${error.message}`);
    } finally {
      this.#working = false;
    }
    if (this.#parser.bufferedBytes > waitingBytesMax) {
      this.#end('Protocol error: too many bytes wait');
    }
    this.#writeReplies();
    this.#regulate();
  }

  /** False when there is nothing to take now. */
  #takeRequest(): boolean {
    if (this.#closed || this.#ending || this.#inFlightCount >= inFlightMax) return false;
    if (this.#held !== null) return this.#maybeExecute(this.#held);
    const parts = this.#parser.next();
    if (parts === null) return false;
    this.#handle(parseRequest(parts));
    return true;
  }

  #handle(request: Request | ReturnType<typeof createErrorReply>): void {
    switch (request.type) {
      case 'error':
        this.#slots.push({ reply: toRespError(request) });
        return;
      case 'local':
        this.#slots.push({ reply: request.answer(this.#node.info()) });
        return;
      case 'command':
        this.#maybeExecute(request.command);
    }
  }

  #maybeExecute(command: Command): boolean {
    const kind = command.type === 'get' ? 'read' : 'write';
    if (this.#inFlightCount > 0 && this.#inFlightKind !== kind) {
      this.#held = command;
      return false;
    }
    this.#held = null;
    this.#inFlightKind = kind;
    this.#inFlightCount += 1;
    const slot: Slot = { reply: null };
    this.#slots.push(slot);
    this.#node.execute(command, (reply) => {
      this.#inFlightCount -= 1;
      if (this.#closed) return;
      slot.reply = toRespReply(reply);
      this.#work();
    });
    return true;
  }

  #writeReplies(): void {
    if (this.#closed) return;
    const pending = this.#slots.findIndex(({ reply }) => reply === null);
    const answered = this.#slots.splice(0, pending < 0 ? this.#slots.length : pending);
    const replies = answered.flatMap(({ reply }) => (reply === null ? [] : [encodeReply(reply)]));
    const [first] = replies;
    if (first !== undefined) {
      this.#output.write(replies.length === 1 ? first : Buffer.concat(replies));
    }
    if (!this.#ending || this.#slots.length > 0) return;
    this.#closed = true;
    this.#output.close();
  }

  #end(complaint: string): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#held = null;
    this.#slots.push({ reply: toRespError(createErrorReply('ERR', complaint)) });
  }

  #regulate(): void {
    const full = this.#held !== null || this.#inFlightCount >= inFlightMax;
    if (full === this.#paused || this.#closed) return;
    this.#paused = full;
    if (full) this.#output.pause?.();
    else this.#output.resume?.();
  }
}

function toRespReply(reply: Reply): RespReply {
  switch (reply.type) {
    case 'ok':
      return { type: 'simple', text: 'OK' };
    case 'error':
      return toRespError(reply);
    default:
      return reply;
  }
}
