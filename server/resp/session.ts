/**
 * A client's session: bytes in, commands to the node, replies out in the order of the commands.
 *
 * It knows no socket: whoever owns the connection gives it bytes and a place to write to. Commands
 * of one session take effect in their order, as in Redis: writes may be on their way together, and
 * so may reads, but a read waits for the writes before it and a write for the reads.
 */
import { type Command, isRead, type Reply } from '../kv/command.ts';
import type { AdminReply, ServerNode } from '../server-node.ts';
import type { Action } from './command-spec.ts';
import { parseRequest } from './command-table.ts';
import { Connection, type SessionOptions } from './connection.ts';
import { refuse } from './error-texts.ts';
import { type Protocol, ReplyWriter, type RespReply, writeReply } from './reply-encoder.ts';
import { RequestParser, respLimits, strangerLimits } from './request-parser.ts';
import { RespProtocolError } from './resp-protocol-error.ts';

export interface SessionOutput {
  /** The bytes are never written to again; they may be a value of the state machine. */
  write(bytes: Uint8Array): void;
  /** Close the connection once what has been written is out. Nothing is written after it. */
  close(): void;
  /** More came than is worked on: bring no more bytes until `resume`. Bytes may still come. */
  pause?(): void;
  resume?(): void;
  /** Much was written and has not left: the session waits for `drained`. */
  isFull?(): boolean;
}

export interface Session {
  /** Everything that came has been answered, and no request is half here. */
  readonly isIdle: boolean;
  /** The bytes must not be written to again: requests are views on them. */
  receive(bytes: Uint8Array): void;
  /** What was written has left, after `isFull` was true. */
  drained(): void;
  /** The connection is gone: replies that are still to come are dropped. */
  closed(): void;
}

export function createSession(
  node: ServerNode,
  output: SessionOutput,
  options: SessionOptions = { password: null },
): Session {
  return new RespSession(new Connection(node, options), output);
}

/** Weight of the commands at the node at once; further ones wait as bytes. */
const inFlightMax = 1024;
/** Of a read whose answer may be long. */
const longReadWeight = 64;
/** Replies that wait for those before them. */
const slotCountMax = 4096;
/** Of bytes that wait because so many commands do: beyond it the connection is to bring no more. */
const pausedBytesMin = 256 * 1024;
/** A paused connection does not get there. */
const waitingBytesMax = 64 * 1024 * 1024;
/** Of a list or set that is answered as a whole. */
const replyBytesMax = 32 * 1024 * 1024;

/** The place of a reply in the order of replies, in the protocol of when it was asked. */
interface Slot {
  reply: RespReply | null;
  readonly protocol: Protocol;
}

/** What may be at the node together. */
type Kind = 'read' | 'write' | 'admin';

type NodeAction = Command | Extract<Action, { readonly type: 'stale' | 'admin' }>;

class RespSession implements Session {
  readonly #connection: Connection;
  readonly #node: ServerNode;
  readonly #output: SessionOutput;
  readonly #write: (bytes: Uint8Array) => void;
  readonly #parser: RequestParser;
  /** Replies that are not written yet, in the order of their commands: those from #head on. */
  #slots: Slot[] = [];
  #head = 0;
  /** The command that waits for those of another kind before it. */
  #held: NodeAction | null = null;
  #inFlight = 0;
  #inFlightKind: Kind = 'read';
  #paused = false;
  /** Nothing more is read; the connection is closed when the last reply is out. */
  #ending = false;
  #closed = false;
  #working = false;

  constructor(connection: Connection, output: SessionOutput) {
    this.#connection = connection;
    this.#node = connection.node;
    this.#output = output;
    this.#write = (bytes) => output.write(bytes);
    this.#parser = new RequestParser(connection.authenticated ? respLimits : strangerLimits);
  }

  get isIdle(): boolean {
    if (this.#closed || this.#ending) return true;
    return this.#head === this.#slots.length && this.#parser.isBetweenRequests;
  }

  receive(bytes: Uint8Array): void {
    if (this.#closed || this.#ending || bytes.length === 0) return;
    this.#parser.push(bytes);
    this.#work();
  }

  drained(): void {
    this.#work();
  }

  closed(): void {
    this.#closed = true;
    this.#slots = [];
    this.#head = 0;
    this.#held = null;
    this.#connection.closed();
  }

  /** Takes requests until there is none or one must wait; writes what is answered. */
  #work(): void {
    if (this.#working || this.#closed) return;
    this.#working = true;
    try {
      do {
        while (this.#takeRequest());
        this.#writeReplies();
        // Written replies make room for requests.
      } while (this.#takeRequest());
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

  get #isBlocked(): boolean {
    return (
      this.#held !== null ||
      this.#inFlight >= inFlightMax ||
      this.#slots.length - this.#head >= slotCountMax
    );
  }

  /** False when there is nothing to take now. */
  #takeRequest(): boolean {
    if (this.#closed || this.#ending) return false;
    if (this.#held !== null) return this.#maybePerform(this.#held);
    if (this.#isBlocked) return false;
    const parts = this.#parser.next();
    if (parts === null) return false;
    this.#handle(parseRequest(parts, this.#connection));
    return true;
  }

  #handle(action: Action): void {
    switch (action.type) {
      case 'error':
        this.#answer(action);
        return;
      case 'answer':
        // The password, or RESET, may have changed what this client may send.
        this.#parser.limits = this.#connection.authenticated ? respLimits : strangerLimits;
        this.#answer(action.reply);
        return;
      case 'quit':
        this.#ending = true;
        if (action.reply !== null) this.#answer(action.reply);
        return;
      default:
        this.#maybePerform(action);
    }
  }

  #answer(reply: RespReply): void {
    this.#slots.push({ reply, protocol: this.#connection.protocol });
  }

  /** False when it has to wait for others. */
  #maybePerform(action: NodeAction): boolean {
    const kind = kindOf(action);
    if (this.#inFlight > 0 && (this.#inFlightKind !== kind || kind === 'admin')) {
      this.#held = action;
      return false;
    }
    this.#held = null;
    this.#inFlightKind = kind;
    this.#perform(action);
    return true;
  }

  #perform(action: NodeAction): void {
    const slot: Slot = { reply: null, protocol: this.#connection.protocol };
    this.#slots.push(slot);
    switch (action.type) {
      case 'stale':
        slot.reply = toRespReply(this.#node.readStale(action.command));
        return;
      case 'admin':
        this.#inFlight += 1;
        this.#node.administer(action.command, (reply) => {
          this.#settle(slot, toAdminReply(reply, action.describe), 1);
        });
        return;
      default: {
        const weight = weightOf(action);
        this.#inFlight += weight;
        this.#node.execute(action, (reply) => this.#settle(slot, toRespReply(reply), weight));
      }
    }
  }

  #settle(slot: Slot, reply: RespReply, weight: number): void {
    this.#inFlight -= weight;
    slot.reply = reply;
    this.#work();
  }

  #writeReplies(): void {
    if (this.#closed) return;
    const first = this.#slots[this.#head];
    if (first !== undefined && first.reply !== null && this.#output.isFull?.() !== true) {
      const second = this.#slots[this.#head + 1];
      if (second === undefined || second.reply === null) {
        this.#head += 1;
        writeReply(first.reply, first.protocol, this.#write);
        first.reply = null;
      } else {
        this.#writeTogether();
      }
      this.#forgetWritten();
    }
    if (!this.#ending || this.#head < this.#slots.length) return;
    this.closed();
    this.#output.close();
  }

  #writeTogether(): void {
    const writer = new ReplyWriter(this.#write);
    for (let slot = this.#slots[this.#head]; slot?.reply; slot = this.#slots[this.#head]) {
      if (this.#output.isFull?.() === true) break;
      this.#head += 1;
      writer.reply(slot.reply, slot.protocol);
      slot.reply = null;
    }
    writer.flush();
  }

  #forgetWritten(): void {
    if (this.#head === this.#slots.length) this.#slots = [];
    else if (this.#head < inFlightMax) return;
    else this.#slots = this.#slots.slice(this.#head);
    this.#head = 0;
  }

  #end(complaint: string): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#held = null;
    this.#answer(refuse(complaint));
  }

  #regulate(): void {
    const full = this.#isBlocked && this.#parser.bufferedBytes >= pausedBytesMin;
    if (full === this.#paused || this.#closed) return;
    this.#paused = full;
    if (full) this.#output.pause?.();
    else this.#output.resume?.();
  }
}

function kindOf(action: NodeAction): Kind {
  if (action.type === 'admin') return 'admin';
  return action.type === 'stale' || isRead(action) ? 'read' : 'write';
}

function weightOf({ type }: Command): number {
  return type === 'listRange' || type === 'setMembers' ? longReadWeight : 1;
}

function toRespReply(reply: Reply): RespReply {
  if (reply.type !== 'array' && reply.type !== 'set') return reply;
  let byteCount = 0;
  for (const item of reply.items) byteCount += item.length + 16;
  if (byteCount <= replyBytesMax) return reply;
  return refuse(`the answer is larger than ${replyBytesMax} bytes; ask for less of it`);
}

function toAdminReply(
  reply: AdminReply,
  describe: Extract<Action, { readonly type: 'admin' }>['describe'],
): RespReply {
  return reply.type === 'error' ? reply : { type: 'simple', text: describe(reply) };
}
