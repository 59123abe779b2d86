/**
 * A client whose changes take effect once, however often they are sent: in a session of the server.
 *
 * The one client that sends an operation twice. It goes on under the same sequence number, at one
 * node after the other, until one answers or the deadline has come; and some calls it sends again
 * although they were answered, so that a server that carries out a repetition is found out: when
 * that has another answer, the completion is marked with an error, which the checker exactly-once
 * reads. What only reads goes the ordinary way, from the client's own node.
 */
import type { OpError } from '../../checker/history.ts';
import type { Client, Completion, Invocation } from '../client.ts';
import { pause } from '../run/introspect.ts';
import { RespClient, type RespClientOptions } from './resp-client.ts';
import type { RespReply } from './resp-connection.ts';
import { type Exchange, RespLink } from './resp-link.ts';
import { failed, unexpected, unknown } from './resp-script.ts';

/** Every fourth call is sent again, the first of a session among them: few of them live long. */
const repeatEvery = 4;
/** Attempts that are not answered share the deadline. */
const attemptsPerDeadline = 4;
/** Before the next round, when all nodes have refused: an election takes longer than a refusal. */
const roundPauseMs = 20;

/** The mark of an `ok` whose repetition was answered otherwise. */
const anotherAnswer = 'another-answer';
/**
 * A refusal that is no answer of a session that remembers its last one. Others say that a node
 * cannot answer here, or not now.
 */
const forgetful: ReadonlySet<string> = new Set(['NOSESSION', 'STALESEQ', 'ERR', 'WRONGTYPE']);

export class SessionClient implements Client {
  readonly #options: RespClientOptions;
  readonly #reader: RespClient;
  readonly #link: RespLink;
  #sessionId: number | null = null;
  #sequence = 0;

  constructor(options: RespClientOptions) {
    this.#options = options;
    this.#reader = new RespClient(options);
    this.#link = new RespLink(options);
  }

  open(node: string): Promise<void> {
    this.#link.close();
    this.#link.goTo(node);
    this.#sessionId = null;
    return this.#reader.open(node);
  }

  close(): void {
    this.#reader.close();
    this.#link.close();
  }

  async invoke(invocation: Invocation, deadlineMs: number): Promise<Completion> {
    const script = this.#options.operations[invocation.f]?.(invocation);
    const step = script?.next().value;
    if (script === undefined || step === undefined || !('kind' in step) || step.kind !== 'change') {
      return this.#reader.invoke(invocation, deadlineMs);
    }
    const patience: Patience = {
      endNs: this.#options.timers.nowNs() + deadlineMs * 1e6,
      attemptMs: deadlineMs / attemptsPerDeadline,
    };
    const ended = await this.#change(step.command, patience);
    if (ended.reply === undefined) return { ...ended.completion, node: this.#link.node };
    const turn = script.next(ended.reply);
    if (turn.done !== true) throw new TypeError(`${invocation.f} in a session is one step`);
    const mark = ended.error === undefined ? {} : { error: ended.error };
    return { ...turn.value, ...mark, node: this.#link.node };
  }

  async #change(command: readonly string[], patience: Patience): Promise<Ended> {
    if (this.#sessionId === null) {
      const opened = await this.#untilAnswered(['RAFT.SESSION', 'OPEN'], patience);
      // A session that nobody knows of changes nothing.
      if (opened.reply === undefined) return { completion: failed(...wordsOf(opened.error)) };
      if (opened.reply.type !== 'integer') {
        return { completion: unexpected('RAFT.SESSION OPEN', opened.reply) };
      }
      this.#sessionId = opened.reply.value;
      this.#sequence = 0;
    }
    const sequence = ++this.#sequence;
    const call = ['RAFT.SESSION', 'CALL', `${this.#sessionId}`, `${sequence}`, ...command];
    const first = await this.#untilAnswered(call, patience);
    if (first.reply === undefined) {
      const end = first.mayHaveHappened ? unknown : failed;
      return { completion: end(...wordsOf(first.error)) };
    }
    if (sequence % repeatEvery !== 1) return first;
    const again = await this.#ask(call, patience);
    if (again.type !== 'answered') return first;
    const { reply } = again;
    if (reply.type === 'error' && !forgetful.has(reply.code)) return first;
    if (reply.type === 'error' && reply.code === 'NOSESSION') this.#sessionId = null;
    const [before, after] = [describeReply(first.reply), describeReply(reply)];
    if (before === after) return first;
    const message = `number ${sequence} was answered ${before}, and when sent again ${after}`;
    return { ...first, error: { code: anotherAnswer, message } };
  }

  /** Sends the command to one node after the other. */
  async #untilAnswered(command: readonly string[], patience: Patience): Promise<Attempts> {
    const { cluster, timers } = this.#options;
    /** Of the attempt that may have happened; else of the last one. */
    let error: OpError = { code: 'timeout' };
    let mayHaveHappened = false;
    for (let attempts = 1; leftMs(patience, timers.nowNs()) > 0; attempts++) {
      const exchange = await this.#ask(command, patience);
      if (exchange.type === 'answered' && exchange.reply.type !== 'error') {
        return { reply: exchange.reply };
      }
      const refusal = this.#judge(exchange);
      if (refusal.isLast) return { error: refusal.error, mayHaveHappened };
      if (!refusal.isDefinite || !mayHaveHappened) error = refusal.error;
      mayHaveHappened ||= !refusal.isDefinite;
      const { nodes } = cluster;
      this.#link.goTo(nodes[(nodes.indexOf(this.#link.node) + 1) % nodes.length] ?? '');
      if (attempts % nodes.length !== 0) continue;
      const pauseMs = Math.min(roundPauseMs, leftMs(patience, timers.nowNs()));
      if (pauseMs > 0) await pause(timers, pauseMs);
    }
    return { error, mayHaveHappened };
  }

  #ask(command: readonly string[], patience: Patience): Promise<Exchange> {
    const left = leftMs(patience, this.#options.timers.nowNs());
    return this.#link.ask(command, Math.min(patience.attemptMs, left));
  }

  #judge(exchange: Exchange): Refusal {
    if (exchange.type !== 'answered') {
      return { error: exchange.error, isDefinite: exchange.type === 'unsent', isLast: false };
    }
    if (exchange.reply.type !== 'error') throw new TypeError('an answer is no refusal');
    const { code, message } = exchange.reply;
    // This attempt did nothing, nor will another; an earlier one is not judged by it.
    const isLast = code === 'NOSESSION' || code === 'STALESEQ';
    if (code === 'NOSESSION') this.#sessionId = null;
    const isDefinite = this.#options.definiteErrors.has(code);
    return { error: { code, message }, isDefinite, isLast };
  }
}

interface Patience {
  readonly endNs: number;
  readonly attemptMs: number;
}

function leftMs({ endNs }: Patience, nowNs: number): number {
  return (endNs - nowNs) / 1e6;
}

interface Refusal {
  readonly error: OpError;
  readonly isDefinite: boolean;
  readonly isLast: boolean;
}

type Answer = Exclude<RespReply, { readonly type: 'error' }>;

type Ended =
  | { readonly reply: Answer; readonly error?: OpError; readonly completion?: never }
  | { readonly reply?: never; readonly completion: Completion };

type Attempts =
  | { readonly reply: Answer }
  | { readonly reply?: never; readonly error: OpError; readonly mayHaveHappened: boolean };

function describeReply(reply: RespReply): string {
  if (reply.type === 'error') return `${reply.code} ${reply.message}`.trim();
  return reply.type === 'array' ? JSON.stringify(reply.value) : `${reply.value ?? 'nothing'}`;
}

function wordsOf({ code, message }: OpError): readonly [code: string, message?: string] {
  return message === undefined ? [code] : [code, message];
}
