/**
 * Nodes that answer by a script, on virtual time: for the tests of clients.
 *
 * Nothing takes time but what says so. `run` drives time until the story has ended.
 */
import type { ByteStream, Cluster } from '../cluster.ts';
import type { HarnessTimers } from '../run/timers.ts';
import { VirtualTime } from '../simulation/virtual-time.ts';

/** What a node does with a command: bytes, now or later; nothing; or it hangs up. */
export type Reaction =
  | string
  | { readonly afterMs: number; readonly text: string }
  | 'silence'
  | 'hang-up';

/** `count` is 0 for the first command that this node gets. */
export type Script = (command: readonly string[], count: number) => Reaction;

/** Nobody listens; or nobody ever accepts. */
export type Closed = 'refuses' | 'never-accepts';

export class TestNodes {
  readonly time: VirtualTime = new VirtualTime();
  /** `n1 GET k`, in the order of arrival. */
  readonly log: string[] = [];
  readonly cluster: Cluster;
  /** Streams that a client has opened and not closed. */
  openCount = 0;
  /** All that it has ever opened. */
  connectCount = 0;
  readonly #scripts: ReadonlyMap<string, Script | Closed>;
  readonly #counts = new Map<string, number>();

  /** Called n1, n2 and so on. */
  constructor(...scripts: readonly (Script | Closed)[]) {
    this.#scripts = new Map(scripts.map((script, at) => [`n${at + 1}`, script]));
    const part: Pick<Cluster, 'nodes' | 'clientAddress' | 'connect'> = {
      nodes: [...this.#scripts.keys()],
      clientAddress: (node) => `${node}:1`,
      connect: (node) => this.#connect(node),
    };
    this.cluster = part as Cluster;
  }

  readonly timers: HarnessTimers = {
    nowNs: () => this.time.nowUs * 1000,
    after: (delayMs, callback) => {
      const event = this.time.schedule(delayMs * 1000, callback);
      return () => this.time.cancel(event);
    },
  };

  get nowMs(): number {
    return this.time.nowUs / 1000;
  }

  async run<T>(story: () => Promise<T>): Promise<T> {
    let isOver = false;
    const ended = story().finally(() => {
      isOver = true;
    });
    // Whoever awaits it below hears of it.
    ended.catch(() => {});
    for (;;) {
      // Everything that needs no time first.
      await new Promise((resolve) => setImmediate(resolve));
      if (isOver) return ended;
      if (!this.time.runNext()) throw new Error('the story waits for nothing');
    }
  }

  #connect(node: string): Promise<ByteStream> {
    const script = this.#scripts.get(node) ?? 'refuses';
    if (script === 'refuses') return Promise.reject(new Error('nobody listens'));
    if (script === 'never-accepts') return new Promise(() => {});
    return Promise.resolve(this.#open(node, script));
  }

  #open(node: string, script: Script): ByteStream {
    let onData = (_: Uint8Array): void => {};
    let onClose = (_: string): void => {};
    let isOpen = true;
    this.openCount++;
    this.connectCount++;
    const close = (reason: string): void => {
      if (!isOpen) return;
      isOpen = false;
      this.openCount--;
      onClose(reason);
    };
    const answer = (text: string): void => {
      if (isOpen) onData(new TextEncoder().encode(text));
    };
    return {
      onData: (handler) => {
        onData = handler;
      },
      onClose: (handler) => {
        onClose = handler;
      },
      close: () => close('closed by the client'),
      write: (bytes) => {
        const command = parseCommand(bytes);
        const count = this.#counts.get(node) ?? 0;
        this.#counts.set(node, count + 1);
        this.log.push(`${node} ${command.join(' ')}`);
        const reaction = script(command, count);
        if (reaction === 'silence') return;
        if (reaction === 'hang-up') this.time.schedule(0, () => close('the node hung up'));
        else if (typeof reaction === 'string') this.time.schedule(0, () => answer(reaction));
        else this.time.schedule(reaction.afterMs * 1000, () => answer(reaction.text));
      },
    };
  }
}

function parseCommand(bytes: Uint8Array): readonly string[] {
  const parts = new TextDecoder().decode(bytes).split('\r\n');
  return parts.filter((_, at) => at > 0 && at % 2 === 0);
}
