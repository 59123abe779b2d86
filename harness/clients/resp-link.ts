/**
 * A client's road to its node: one connection, made when it is needed, given up when in doubt.
 *
 * It sends a command once and tells what came of that. What it means for an operation, and where
 * to go next, is for the clients above it.
 */
import type { OpError } from '../../checker/history.ts';
import type { Cluster } from '../cluster.ts';
import type { HarnessTimers } from '../run/timers.ts';
import { RespConnection, type RespReply } from './resp-connection.ts';

export type Exchange =
  | { readonly type: 'answered'; readonly reply: RespReply }
  /** The command never left. */
  | { readonly type: 'unsent'; readonly error: OpError }
  /** The command left, and no answer will come. */
  | { readonly type: 'lost'; readonly error: OpError };

export interface RespLinkOptions {
  readonly cluster: Cluster;
  readonly timers: HarnessTimers;
}

export class RespLink {
  readonly #options: RespLinkOptions;
  #node = '';
  #connection: RespConnection | null = null;
  /** Connections that are still being made belong to an earlier one, and are not wanted. */
  #generation = 0;

  constructor(options: RespLinkOptions) {
    this.#options = options;
  }

  get node(): string {
    return this.#node;
  }

  /** Stays connected when it is there already. */
  goTo(node: string): void {
    if (node === this.#node) return;
    this.close();
    this.#node = node;
  }

  close(): void {
    this.#generation++;
    this.#connection?.close();
    this.#connection = null;
  }

  /** Resolves within the limit, and never rejects. */
  ask(command: readonly string[], limitMs: number): Promise<Exchange> {
    if (limitMs <= 0) return Promise.resolve({ type: 'unsent', error: { code: 'timeout' } });
    return new Promise((resolve) => {
      let isSent = false;
      const finish = (exchange: Exchange): void => {
        cancel();
        resolve(exchange);
      };
      const cancel = this.#options.timers.after(limitMs, () => {
        if (isSent) finish({ type: 'lost', error: { code: 'timeout' } });
        else finish({ type: 'unsent', error: { code: 'connect-timeout' } });
        // What is asked next must not wait behind an answer that is still owed.
        this.close();
      });
      const send = (connection: RespConnection): void => {
        isSent = true;
        connection.call(command, (reply) => {
          if (reply.type !== 'lost') finish({ type: 'answered', reply });
          else finish({ type: 'lost', error: { code: 'connection-lost', message: reply.reason } });
        });
      };
      if (this.#connection?.isOpen === true) send(this.#connection);
      else this.#connect(send, (error) => finish({ type: 'unsent', error }));
    });
  }

  #connect(connected: (to: RespConnection) => void, refused: (error: OpError) => void): void {
    const generation = ++this.#generation;
    this.#options.cluster.connect(this.#node).then(
      (stream) => {
        if (generation !== this.#generation) {
          stream.close();
          return;
        }
        this.#connection = new RespConnection(stream);
        connected(this.#connection);
      },
      (error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        refused({ code: 'connection-refused', message });
      },
    );
  }
}
