/**
 * Nodes for the tests of the protocol: one whose answers the test gives when it wants, and one that
 * is a state machine by itself. Nothing but tests may use it.
 */
import { type Command, isRead, type Reply } from '../kv/command.ts';
import { encodeCommand } from '../kv/command-codec.ts';
import { StateMachine } from '../kv/state-machine.ts';
import type { AdminCommand, AdminReply, NodeInfo, ServerNode } from '../server-node.ts';
import type { SessionOptions } from './connection.ts';
import { createSession, type Session } from './session.ts';

const testInfo: NodeInfo = {
  id: 'n1',
  clusterId: 'tests',
  role: 'follower',
  term: 3,
  leaderId: 'n2',
  leaderClientAddress: 'host2:7002',
  votedFor: null,
  commitIndex: 10,
  appliedIndex: 9,
  durableIndex: 11,
  firstLogIndex: 6,
  lastLogIndex: 12,
  lastLogTerm: 2,
  snapshotIndex: 5,
  configuration: {
    index: 4,
    configuration: {
      voters: ['n1', 'n2', 'n3'],
      outgoingVoters: ['n1', 'n2'],
      learners: ['n4'],
      addresses: {},
    },
  },
  followers: [
    { id: 'n1', mode: 'replicate', matchIndex: 12, nextIndex: 13, inflightCount: 0 },
    { id: 'n3', mode: 'probe', matchIndex: 0, nextIndex: 7, inflightCount: 1 },
  ],
  transferringTo: null,
  keyCount: 4,
  sessionCount: 2,
  waitingWrites: 1,
  waitingReads: 0,
  serving: true,
  counters: {
    elections: 1,
    leaderChanges: 1,
    writesAccepted: 20,
    entriesApplied: 9,
    readsServed: 30,
    fsyncs: 12,
    bytesWritten: 4096,
    messagesSent: 100,
    messagesReceived: 90,
    snapshotsTaken: 1,
    snapshotsInstalled: 0,
    overloads: 0,
  },
};

type Asked = {
  readonly command: Command;
  readonly reply: (reply: Reply) => void;
};

/** A node that does nothing by itself. */
export class ScriptedNode implements ServerNode {
  readonly asked: Asked[] = [];
  readonly administered: {
    readonly command: AdminCommand;
    readonly reply: (reply: AdminReply) => void;
  }[] = [];

  execute(command: Command, reply: (reply: Reply) => void): void {
    this.asked.push({ command, reply });
  }

  staleCount = 0;

  readStale(): Reply {
    this.staleCount += 1;
    return { type: 'bulk', value: Buffer.from('stale') };
  }

  administer(command: AdminCommand, reply: (reply: AdminReply) => void): void {
    this.administered.push({ command, reply });
  }

  info(): NodeInfo {
    return testInfo;
  }

  stop(done: () => void): void {
    done();
  }
}

/** A cluster of one that needs no agreement: it applies and answers at once. */
export class LonelyNode extends ScriptedNode {
  readonly #machine = new StateMachine();

  override execute(command: Command, reply: (reply: Reply) => void): void {
    if (isRead(command)) {
      reply(this.#machine.read(command));
      return;
    }
    const index = this.#machine.appliedIndex + 1;
    const entry = { term: 1, index, kind: 'command', data: encodeCommand(command) } as const;
    reply(this.#machine.apply(entry) ?? { type: 'ok' });
  }

  hash(): string {
    return this.#machine.hash();
  }
}

/** A session and its client's end. */
export class TestClient {
  readonly session: Session;
  text = '';
  closeCount = 0;
  paused = false;
  /** Of what was not taken: from here on it says that it is full. */
  fullBytes: number = Number.POSITIVE_INFINITY;

  constructor(node: ServerNode, options: SessionOptions = { password: null }) {
    const output = {
      write: (bytes: Uint8Array): void => {
        if (this.closeCount > 0) throw new Error('written after the end');
        this.text += Buffer.from(bytes).toString('latin1');
      },
      close: (): void => {
        this.closeCount += 1;
      },
      pause: (): void => {
        this.paused = true;
      },
      resume: (): void => {
        this.paused = false;
      },
      isFull: (): boolean => this.text.length >= this.fullBytes,
    };
    this.session = createSession(node, output, options);
  }

  send(text: string): void {
    this.session.receive(Buffer.from(text, 'latin1'));
  }

  /** What came since the last time. */
  take(): string {
    const { text } = this;
    this.text = '';
    return text;
  }

  /** Inline; the answer must come at once. */
  ask(line: string): string {
    this.send(`${line}\r\n`);
    return this.take();
  }
}

export function encodeRequest(parts: readonly (string | Uint8Array)[]): Uint8Array {
  const pieces = parts.flatMap((part) => {
    const bytes = Buffer.from(part);
    return [Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n')];
  });
  return Buffer.concat([Buffer.from(`*${parts.length}\r\n`), ...pieces]);
}
