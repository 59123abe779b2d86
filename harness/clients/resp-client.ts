/**
 * A client of the register operations over RESP, pinned to one node at a time.
 *
 * It retries nothing. With `followRedirects` it goes on to the node that a definite refusal names,
 * which is no retry: the refused operation did not happen. What it cannot know is `info`.
 */
import type { CasResult, OpError } from '../../checker/history.ts';
import type { Client, Completion, Invocation } from '../client.ts';
import type { Cluster } from '../cluster.ts';
import type { HarnessTimers } from '../run/timers.ts';
import { RespConnection, type RespLost, type RespReply } from './resp-connection.ts';

export interface RespClientOptions {
  readonly cluster: Cluster;
  readonly timers: HarnessTimers;
  readonly followRedirects: boolean;
  /** Error codes of the system after which the operation definitely did not happen. */
  readonly definiteErrors: ReadonlySet<string>;
}

/** A client that is sent from node to node for ever has found a bug, not a leader. */
const redirectsMax = 5;

export class RespClient implements Client {
  readonly #options: RespClientOptions;
  #home = '';
  #node = '';
  #connection: RespConnection | null = null;

  constructor(options: RespClientOptions) {
    this.#options = options;
  }

  open(node: string): Promise<void> {
    this.close();
    this.#home = node;
    this.#node = node;
    return Promise.resolve();
  }

  close(): void {
    this.#connection?.close();
    this.#connection = null;
  }

  invoke(invocation: Invocation, deadlineMs: number): Promise<Completion> {
    return new Promise((resolve) => {
      const call: Call = { invocation, redirects: 0, sent: false, finished: false };
      const cancel = this.#options.timers.after(deadlineMs, () => {
        finish(call.sent ? unknown('timeout') : refused('connect-timeout'));
        // A late reply must not be taken for the reply to a later command.
        this.close();
      });
      const finish = (completion: Completion): void => {
        if (call.finished) return;
        call.finished = true;
        cancel();
        resolve({ ...completion, node: this.#node });
      };
      this.#attempt(call, finish);
    });
  }

  #attempt(call: Call, finish: (completion: Completion) => void): void {
    if (call.finished) return;
    const connection = this.#connection;
    if (connection?.isOpen === true) {
      call.sent = true;
      connection.call(encodeOperation(call.invocation), (reply) => {
        if (!call.finished) this.#answer(call, reply, finish);
      });
      return;
    }
    this.#options.cluster.connect(this.#node).then(
      (stream) => {
        if (call.finished) {
          stream.close();
          return;
        }
        this.#connection = new RespConnection(stream);
        this.#attempt(call, finish);
      },
      (error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        // Only a floating client may look elsewhere next time: a pinned one stays at its node.
        if (this.#options.followRedirects) this.#node = this.#home;
        finish(refused('connection-refused', message));
      },
    );
  }

  #answer(call: Call, reply: RespReply | RespLost, finish: (completion: Completion) => void): void {
    if (reply.type === 'lost') {
      this.#connection = null;
      finish(unknown('connection-lost', reply.reason));
      return;
    }
    if (reply.type !== 'error') {
      finish(decodeOperation(call.invocation, reply));
      return;
    }
    if (!this.#options.definiteErrors.has(reply.code)) {
      finish(unknown(reply.code, reply.message));
      return;
    }
    const next = reply.code === 'MOVED' ? this.#nodeAt(reply.message) : null;
    if (!this.#options.followRedirects || next === null || call.redirects >= redirectsMax) {
      if (this.#options.followRedirects && next === null) this.#goHome();
      finish(refused(reply.code, reply.message));
      return;
    }
    call.redirects++;
    call.sent = false;
    this.close();
    this.#node = next;
    this.#attempt(call, finish);
  }

  /** After a refusal that names nobody, the next operation starts at the client's own node. */
  #goHome(): void {
    if (this.#node === this.#home) return;
    this.close();
    this.#node = this.#home;
  }

  /** `0 host:port`, as in `-MOVED 0 host:port`. */
  #nodeAt(message: string): string | null {
    const address = message.split(' ')[1];
    const { cluster } = this.#options;
    return cluster.nodes.find((node) => cluster.clientAddress(node) === address) ?? null;
  }
}

interface Call {
  readonly invocation: Invocation;
  redirects: number;
  /** Whether a command that has not been definitely refused has left. */
  sent: boolean;
  finished: boolean;
}

function refused(code: string, message?: string): Completion {
  return { type: 'fail', value: null, error: describeError(code, message) };
}

function unknown(code: string, message?: string): Completion {
  return { type: 'info', value: null, error: describeError(code, message) };
}

function describeError(code: string, message: string | undefined): OpError {
  return message === undefined ? { code } : { code, message };
}

function encodeOperation(invocation: Invocation): readonly string[] {
  const key = invocation.key ?? '';
  switch (invocation.f) {
    case 'read':
      return ['GET', key];
    case 'write':
      return ['SET', key, encodeValue(invocation.value)];
    case 'cas': {
      const [expected, next] = parseCas(invocation.value);
      // Nothing equals an absent value, so that case has a word of its own.
      return expected === null
        ? ['SET', key, encodeValue(next), 'NX', 'GET']
        : ['SET', key, encodeValue(next), 'IFEQ', encodeValue(expected), 'GET'];
    }
    default:
      throw new RangeError(`this client has no operation ${invocation.f}`);
  }
}

function decodeOperation(invocation: Invocation, reply: RespReply): Completion {
  const { f, value } = invocation;
  if (f === 'read' && reply.type === 'bulk') return { type: 'ok', value: decodeValue(reply.value) };
  if (f === 'write' && reply.type === 'simple') return { type: 'ok', value };
  if (f === 'cas' && reply.type === 'bulk') {
    const [expected] = parseCas(value);
    const seen = decodeValue(reply.value);
    const result: CasResult = { swapped: seen === expected, seen };
    return { type: 'ok', value, result };
  }
  return unknown('unexpected-reply', `${f} was answered by ${JSON.stringify(reply)}`);
}

function parseCas(value: unknown): readonly [unknown, unknown] {
  if (!Array.isArray(value) || value.length !== 2) {
    throw new TypeError(`a compare-and-set takes [expected, new], not ${JSON.stringify(value)}`);
  }
  return [value[0], value[1]];
}

function encodeValue(value: unknown): string {
  return typeof value === 'number' ? String(value) : JSON.stringify(value);
}

/** What was written as a number is read as one; anything else stays the text that it is. */
function decodeValue(text: string | null): unknown {
  return text !== null && /^-?\d{1,15}$/.test(text) ? Number(text) : text;
}
