import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { noCrashPoints } from './crash-points.ts';
import { FileDisk } from './host/file-disk.ts';
import { createRealRandom } from './host/real-random.ts';
import type { Host, Timers } from './host.ts';
import type { Command, Reply } from './kv/command.ts';
import { startNode } from './node.ts';
import { configurationOf } from './raft/configuration.ts';
import type { Envelope, Message } from './raft/message.ts';
import type { ServerNode } from './server-node.ts';
import { DiskError, type Done } from './storage/disk.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rafture-node-'));
  folders.push(folder);
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

interface Rig {
  readonly node: ServerNode;
  readonly disk: UnrulyDisk;
  readonly timers: SteppedTimers;
  readonly sent: Envelope[];
  readonly fatal: Error[];
  deliver(from: string, message: Message): void;
  /** Until this holds, time passes; it stands still while the real disk works. */
  until(what: () => boolean): Promise<void>;
  ask(command: Command): Promise<Reply>;
}

function start(folder: string, voters: readonly string[] = ['n1']): Rig {
  const disk = new UnrulyDisk(folder);
  const timers = new SteppedTimers();
  const sent: Envelope[] = [];
  const fatal: Error[] = [];
  let deliver: (from: string, message: Message) => void = () => {};
  const host: Host = {
    disk,
    timers,
    random: createRealRandom(),
    log: { event: () => {} },
    crashPoints: noCrashPoints,
    trace: null,
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
  return { node, disk, timers, sent, fatal, deliver: (...args) => deliver(...args), until, ask };
}

function set(key: string, value: string): Command {
  const condition = { type: 'always' } as const;
  return { type: 'set', key: Buffer.from(key), value: Buffer.from(value), condition, get: false };
}

function get(key: string): Command {
  return { type: 'get', key: Buffer.from(key) };
}

function bulk(text: string): Reply {
  return { type: 'bulk', value: new Uint8Array(Buffer.from(text)) };
}

function stop({ node, until, disk }: Rig): Promise<void> {
  let stopped = false;
  node.stop(() => {
    stopped = true;
  });
  return until(() => stopped).then(() => disk.close());
}

/** Makes n1 of three the leader of term 1, by the votes of n2. */
async function becomeLeader(rig: Rig): Promise<void> {
  const { node, sent, until, deliver } = rig;
  for (const preVote of [true, false]) {
    const isAsked = () =>
      sent.some(({ message }) => message.type === 'requestVote' && message.preVote === preVote);
    await until(isAsked);
    deliver('n2', { type: 'requestVoteResponse', term: 1, voteGranted: true, preVote });
  }
  await until(() => node.info().role === 'leader');
}

test('one node alone elects itself, serves, and has its data after a restart', async () => {
  const folder = createFolder();
  const first = start(folder);
  await first.until(() => first.node.info().role === 'leader');
  expect(await first.ask(set('k', '1'))).toEqual({ type: 'ok' });
  expect(await first.ask(get('k'))).toEqual(bulk('1'));
  await stop(first);
  const second = start(folder);
  await second.until(() => second.node.info().role === 'leader');
  expect(await second.ask(get('k'))).toEqual(bulk('1'));
  expect(second.node.info()).toMatchObject({ term: 2, appliedIndex: 3, keyCount: 1 });
  await stop(second);
});

test('a write is not answered before it is durable', async () => {
  const rig = start(createFolder());
  await rig.until(() => rig.node.info().commitIndex === 1);
  const held: (() => void)[] = [];
  rig.disk.held = held;
  const replies: Reply[] = [];
  rig.node.execute(set('k', '1'), (reply) => replies.push(reply));
  await rig.until(() => held.length === 1);
  rig.timers.pass(500);
  expect(replies).toEqual([]);
  held[0]?.();
  expect(replies).toEqual([{ type: 'ok' }]);
  rig.disk.held = null;
  await stop(rig);
});

test('a vote leaves only when it is durable', async () => {
  const rig = start(createFolder(), ['n1', 'n2', 'n3']);
  await rig.until(() => rig.node.info().role !== 'follower');
  rig.sent.length = 0;
  const held: (() => void)[] = [];
  rig.disk.held = held;
  rig.deliver('n2', {
    type: 'requestVote',
    term: 7,
    candidateId: 'n2',
    lastLogIndex: 0,
    lastLogTerm: 0,
    preVote: false,
    transfer: false,
  });
  await rig.until(() => held.length === 1);
  const votes = () => rig.sent.filter(({ message }) => message.type === 'requestVoteResponse');
  expect(votes()).toEqual([]);
  held[0]?.();
  expect(votes()).toMatchObject([{ to: 'n2', message: { term: 7, voteGranted: true } }]);
  rig.disk.held = null;
  await stop(rig);
});

test('many writes of one turn share one message and one append', async () => {
  const rig = start(createFolder(), ['n1', 'n2', 'n3']);
  await becomeLeader(rig);
  await rig.until(() => rig.sent.some(({ message }) => message.type === 'appendEntries'));
  // The answer to the no-op opens the way for more than a probe.
  await rig.until(() => rig.node.info().lastLogIndex === 1);
  rig.deliver('n2', {
    type: 'appendEntriesResponse',
    term: 1,
    success: true,
    matchIndex: 1,
    conflictIndex: 0,
    conflictTerm: 0,
    readRound: 0,
    replicationId: 1,
  });
  await rig.until(() => rig.node.info().commitIndex === 1);
  rig.sent.length = 0;
  for (let n = 0; n < 50; n += 1) rig.node.execute(set(`k${n}`, 'v'), () => {});
  rig.timers.pass(0);
  const lengths = rig.sent.flatMap(({ to, message }) =>
    to === 'n2' && message.type === 'appendEntries' ? [message.entries.length] : [],
  );
  expect(lengths).toEqual([50]);
  await stop(rig);
});

test('a follower names the leader, and nobody when it knows none', async () => {
  const rig = start(createFolder(), ['n1', 'n2', 'n3']);
  await rig.until(() => rig.node.info().role !== 'follower');
  expect(await rig.ask(set('k', '1'))).toMatchObject({ type: 'error', code: 'NOLEADER' });
  rig.deliver('n2', {
    type: 'appendEntries',
    term: 1,
    leaderId: 'n2',
    prevLogIndex: 0,
    prevLogTerm: 0,
    entries: [],
    leaderCommit: 0,
    readRound: 0,
    replicationId: 1,
    transferEpoch: 0,
  });
  const moved = { type: 'error', code: 'MOVED', text: '0 n2.test:1' };
  expect(await rig.ask(set('k', '1'))).toEqual(moved);
  await stop(rig);
});

test('a write whose place another leader took is refused for certain', async () => {
  const rig = start(createFolder(), ['n1', 'n2', 'n3']);
  await becomeLeader(rig);
  const replies: Reply[] = [];
  rig.node.execute(set('k', 'lost'), (reply) => replies.push(reply));
  await rig.until(() => rig.node.info().lastLogIndex === 2);
  const noOp = { kind: 'no-op', data: Buffer.alloc(0) } as const;
  rig.deliver('n2', {
    type: 'appendEntries',
    term: 2,
    leaderId: 'n2',
    prevLogIndex: 0,
    prevLogTerm: 0,
    entries: [{ term: 2, index: 1, ...noOp }],
    leaderCommit: 1,
    readRound: 0,
    replicationId: 1,
    transferEpoch: 0,
  });
  expect(rig.node.info()).toMatchObject({ lastLogIndex: 1, appliedIndex: 1 });
  expect(replies).toEqual([{ type: 'error', code: 'MOVED', text: '0 n2.test:1' }]);
  await stop(rig);
});

test('a write of which nothing more is heard is uncertain once leadership is lost', async () => {
  const rig = start(createFolder(), ['n1', 'n2', 'n3']);
  await becomeLeader(rig);
  const replies: Reply[] = [];
  rig.node.execute(set('k', '1'), (reply) => replies.push(reply));
  await rig.until(() => rig.node.info().role !== 'leader');
  expect(replies).toEqual([]);
  await rig.until(() => replies.length > 0);
  expect(replies).toMatchObject([{ type: 'error', code: 'UNCERTAIN' }]);
  await stop(rig);
});

test('a stop refuses reads for certain, and calls proposed writes uncertain', async () => {
  const rig = start(createFolder(), ['n1', 'n2', 'n3']);
  await becomeLeader(rig);
  const replies: (readonly [string, Reply])[] = [];
  rig.node.execute(set('k', '1'), (reply) => replies.push(['write', reply]));
  rig.node.execute(get('k'), (reply) => replies.push(['read', reply]));
  rig.timers.pass(0);
  rig.node.execute(set('k', '2'), (reply) => replies.push(['unproposed', reply]));
  await stop(rig);
  expect(new Map(replies)).toMatchObject(
    new Map([
      ['unproposed', { code: 'NOLEADER' }],
      ['read', { code: 'NOLEADER' }],
      ['write', { code: 'UNCERTAIN' }],
    ]),
  );
});

test('a failed sync ends the node: it answers and sends nothing more', async () => {
  const rig = start(createFolder());
  await rig.until(() => rig.node.info().commitIndex === 1);
  rig.disk.failing = true;
  const replies: Reply[] = [];
  rig.node.execute(set('k', '1'), (reply) => replies.push(reply));
  await rig.until(() => rig.fatal.length > 0);
  expect(rig.fatal).toMatchObject([{ name: 'DiskError', code: 'EIO' }]);
  rig.disk.failing = false;
  rig.node.execute(get('k'), (reply) => replies.push(reply));
  rig.timers.pass(1000);
  expect(replies).toEqual([]);
  rig.disk.close();
});

test('more writes than may wait are turned away for certain', async () => {
  const rig = start(createFolder(), ['n1', 'n2', 'n3']);
  await becomeLeader(rig);
  const codes: string[] = [];
  const value = 'x'.repeat(1024 * 1024);
  for (let n = 0; n < 70; n += 1) {
    rig.node.execute(set('k', value), (reply) => {
      codes.push(reply.type === 'error' ? reply.code : reply.type);
    });
  }
  expect(codes).toEqual(Array(codes.length).fill('OVERLOADED'));
  expect(codes.length).toBeGreaterThan(5);
  expect(codes.length).toBeLessThan(10);
  await stop(rig);
});
