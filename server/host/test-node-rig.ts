/**
 * A node on a real disk, whose time, peers and syncs are the test's to give: nothing but tests may
 * use it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { noCrashPoints } from '../crash-points.ts';
import type { Host, Timers } from '../host.ts';
import type { Command, Reply } from '../kv/command.ts';
import { startNode } from '../node.ts';
import type { NodeOptions } from '../node-options.ts';
import { configurationOf } from '../raft/configuration.ts';
import type { Envelope, Message } from '../raft/message.ts';
import type { ServerNode } from '../server-node.ts';
import { DiskError, type Done } from '../storage/disk.ts';
import type { TraceEvent } from '../trace.ts';
import { FileDisk } from './file-disk.ts';
import { createRealRandom } from './real-random.ts';

/** It goes when the test is over. */
export function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rafture-node-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Time that passes when the test says so. */
class SteppedTimers implements Timers {
  #nowMs = 0;
  #nextId = 1;
  readonly #waiting = new Map<number, { readonly atMs: number; readonly callback: () => void }>();

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): number {
    const id = this.#nextId++;
    this.#waiting.set(id, { atMs: this.#nowMs + delayMs, callback });
    return id;
  }

  cancel(timer: number): void {
    this.#waiting.delete(timer);
  }

  pass(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (let next = this.#due(untilMs); next !== null; next = this.#due(untilMs)) {
      this.#waiting.delete(next.id);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.callback();
    }
    this.#nowMs = untilMs;
  }

  #due(untilMs: number) {
    const due = [...this.#waiting].map(([id, { atMs, callback }]) => ({ id, atMs, callback }));
    due.sort((a, b) => a.atMs - b.atMs || a.id - b.id);
    const [first] = due;
    return first !== undefined && first.atMs <= untilMs ? first : null;
  }
}

/** A real disk whose syncs can be held back, or made to fail. */
class UnrulyDisk extends FileDisk {
  held: (() => void)[] | null = null;
  failing = false;
  busyCount = 0;

  override writeAt(file: string, offset: number, bytes: Uint8Array, done: Done): void {
    super.writeAt(file, offset, bytes, this.#busy(done));
  }

  override truncate(file: string, length: number, done: Done): void {
    super.truncate(file, length, this.#busy(done));
  }

  override rename(from: string, to: string, done: Done): void {
    super.rename(from, to, this.#busy(done));
  }

  override remove(file: string, done: Done): void {
    super.remove(file, this.#busy(done));
  }

  override syncDirectory(done: Done): void {
    super.syncDirectory(this.#busy(done));
  }

  #busy(done: Done): Done {
    this.busyCount += 1;
    return (error) => {
      this.busyCount -= 1;
      done(error);
    };
  }

  override sync(file: string, done: Done): void {
    const failure = this.failing ? new DiskError('EIO', file, 'the sync failed') : null;
    this.busyCount += 1;
    super.sync(file, (error) => {
      this.busyCount -= 1;
      if (this.held === null) done(failure ?? error);
      else this.held.push(() => done(failure ?? error));
    });
  }
}

export interface Rig {
  readonly node: ServerNode;
  readonly disk: UnrulyDisk;
  readonly timers: SteppedTimers;
  readonly sent: Envelope[];
  readonly fatal: Error[];
  readonly traced: TraceEvent[];
  deliver(from: string, message: Message): void;
  /** Until this holds, time passes; it stands still while the real disk works. */
  until(what: () => boolean): Promise<void>;
  ask(command: Command): Promise<Reply>;
}

export function start(
  folder: string,
  voters: readonly string[] = ['n1'],
  options: Partial<NodeOptions> = {},
): Rig {
  const disk = new UnrulyDisk(folder);
  const timers = new SteppedTimers();
  const sent: Envelope[] = [];
  const fatal: Error[] = [];
  const traced: TraceEvent[] = [];
  let deliver: (from: string, message: Message) => void = () => {};
  const host: Host = {
    disk,
    timers,
    random: createRealRandom(),
    log: { event: () => {} },
    crashPoints: noCrashPoints,
    trace: { event: (event) => traced.push(event) },
    network: {
      send: (to, message) => sent.push({ to, message }),
      onMessage: (handler) => {
        deliver = handler;
      },
      onPeer: () => {},
      join: () => {},
      setPeers: () => {},
      meetAgain: () => {},
    },
  };
  const node = startNode(host, {
    id: 'n1',
    clusterId: 'test',
    initialConfiguration: configurationOf(voters),
    clientAddresses: new Map(voters.map((id) => [id, `${id}.test:1`])),
    tickMs: 10,
    heartbeatTicks: 2,
    electionTicks: 10,
    segmentBytes: 1024 * 1024,
    snapshotEntries: 1000,
    trailingEntries: 100,
    checkDeeply: true,
    ...options,
    onFatal: (error) => fatal.push(error),
  });
  const until = async (what: () => boolean) => {
    const startMs = timers.now();
    while (!what()) {
      expect(timers.now() - startMs).toBeLessThan(5000);
      if (disk.busyCount === 0) timers.pass(1);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const ask = async (command: Command) => {
    const replies: Reply[] = [];
    node.execute(command, (reply) => replies.push(reply));
    await until(() => replies.length > 0);
    const [reply] = replies;
    if (reply === undefined) throw new Error('no reply');
    return reply;
  };
  return {
    node,
    disk,
    timers,
    sent,
    fatal,
    traced,
    deliver: (...args) => deliver(...args),
    until,
    ask,
  };
}

export function set(key: string, value: string): Command {
  const condition = { type: 'always' } as const;
  return { type: 'set', key: Buffer.from(key), value: Buffer.from(value), condition, get: false };
}

export function get(key: string): Command {
  return { type: 'get', key: Buffer.from(key) };
}

export function stop({ node, until, disk }: Rig): Promise<void> {
  let stopped = false;
  node.stop(() => {
    stopped = true;
  });
  return until(() => stopped).then(() => disk.close());
}

/** Makes n1 of three the leader of term 1, by the votes of n2. */
export async function becomeLeader(rig: Rig): Promise<void> {
  const { node, sent, until, deliver } = rig;
  for (const preVote of [true, false]) {
    const isAsked = () =>
      sent.some(({ message }) => message.type === 'requestVote' && message.preVote === preVote);
    await until(isAsked);
    deliver('n2', { type: 'requestVoteResponse', term: 1, voteGranted: true, preVote });
  }
  await until(() => node.info().role === 'leader');
}
