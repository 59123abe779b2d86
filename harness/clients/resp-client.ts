/**
 * A client over RESP, pinned to one node at a time, for any object whose operations are scripts.
 *
 * It retries nothing. With `followRedirects` it goes on to the node that a definite refusal names,
 * which is no retry: the refused command did not happen. What it cannot know is `info`.
 */
import type { Client, Completion, Invocation } from '../client.ts';
import type { Cluster } from '../cluster.ts';
import type { HarnessTimers } from '../run/timers.ts';
import type { RespReply } from './resp-connection.ts';
import { RespLink } from './resp-link.ts';
import { failed, type RespOperations, type RespStep, unknown } from './resp-script.ts';

export interface RespClientOptions {
  readonly cluster: Cluster;
  readonly timers: HarnessTimers;
  readonly operations: RespOperations;
  readonly followRedirects: boolean;
  /** Error codes of the system after which a command definitely did not happen. */
  readonly definiteErrors: ReadonlySet<string>;
}

/** A client that is sent from node to node for ever has found a bug, not a leader. */
const redirectsMax = 5;

export class RespClient implements Client {
  readonly #options: RespClientOptions;
  readonly #link: RespLink;
  #home = '';

  constructor(options: RespClientOptions) {
    this.#options = options;
    this.#link = new RespLink(options);
  }

  open(node: string): Promise<void> {
    this.#link.close();
    this.#home = node;
    this.#link.goTo(node);
    return Promise.resolve();
  }

  close(): void {
    this.#link.close();
  }

  async invoke(invocation: Invocation, deadlineMs: number): Promise<Completion> {
    const { operations, timers } = this.#options;
    const operation = operations[invocation.f];
    if (operation === undefined) {
      throw new RangeError(`this client has no operation ${invocation.f}`);
    }
    const call: Call = { endNs: timers.nowNs() + deadlineMs * 1e6, redirects: 0 };
    const script = operation(invocation);
    let turn = script.next();
    while (turn.done !== true) {
      const { reply, completion } = await this.#ask(turn.value, call);
      if (reply === undefined) return { ...completion, node: this.#link.node };
      turn = script.next(reply);
    }
    return { ...turn.value, node: this.#link.node };
  }

  /** The answer to a step, or what becomes of the operation without one. */
  async #ask(step: RespStep, call: Call): Promise<StepOutcome> {
    const { followRedirects, definiteErrors, timers } = this.#options;
    for (;;) {
      const limitMs = (call.endNs - timers.nowNs()) / 1e6;
      const exchange = await this.#link.ask(step.command, limitMs);
      if (exchange.type !== 'answered') {
        const { code, message } = exchange.error;
        if (code === 'connection-refused') this.#link.goTo(this.#home);
        const neverLeft = exchange.type === 'unsent';
        return { completion: (neverLeft ? failed : unanswered(step))(code, message) };
      }
      const { reply } = exchange;
      if (reply.type !== 'error') return { reply };
      const { code, message } = reply;
      if (!definiteErrors.has(code)) return { completion: unanswered(step)(code, message) };
      const next = code === 'MOVED' ? this.#nodeAt(message) : null;
      if (!followRedirects || next === null || call.redirects >= redirectsMax) {
        // After a refusal that names nobody, the next operation starts at the client's own node.
        if (next === null) this.#link.goTo(this.#home);
        return { completion: failed(code, message) };
      }
      call.redirects++;
      this.#link.goTo(next);
    }
  }

  /** `0 host:port`, as in `-MOVED 0 host:port`. */
  #nodeAt(message: string): string | null {
    const address = message.split(' ')[1];
    const { cluster } = this.#options;
    return cluster.nodes.find((node) => cluster.clientAddress(node) === address) ?? null;
  }
}

/** An answer that the script goes on with, or the end of the operation. */
type StepOutcome =
  | { readonly reply: Exclude<RespReply, { readonly type: 'error' }>; readonly completion?: never }
  | { readonly reply?: never; readonly completion: Completion };

interface Call {
  readonly endNs: number;
  redirects: number;
}

/** Nothing has changed up to a look; of anything else nobody knows. */
function unanswered({ kind }: RespStep): typeof failed {
  return kind === 'look' ? failed : unknown;
}
