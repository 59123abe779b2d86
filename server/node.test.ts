import { expect, test } from 'vitest';
import { becomeLeader, createFolder, get, set, start, stop } from './host/test-node-rig.ts';
import type { Reply } from './kv/command.ts';
import { TestMachine as TestKv } from './kv/test-machine.ts';
import type { EntryId } from './raft/entry.ts';
import type { InstallSnapshot } from './raft/message.ts';
import { TestMachine } from './storage/snapshot-test-disk.ts';
import { chunkOf, finish, metaOf, startStore } from './storage/snapshot-test-state.ts';

function bulk(text: string): Reply {
  return { type: 'bulk', value: new Uint8Array(Buffer.from(text)) };
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

test('a trace tells of a vote that is given, and that it is durable before it leaves', async () => {
  const rig = start(createFolder(), ['n1', 'n2', 'n3']);
  await rig.until(() => rig.node.info().role !== 'follower');
  rig.traced.length = 0;
  const held: (() => void)[] = [];
  rig.disk.held = held;
  const asked = { term: 7, lastLogIndex: 0, lastLogTerm: 0, preVote: false, transfer: false };
  rig.deliver('n2', { type: 'requestVote', candidateId: 'n2', ...asked });
  await rig.until(() => held.length === 1);
  const votes = () =>
    rig.traced.flatMap((told) =>
      told.event === 'status' || told.event === 'persisted'
        ? [[told.event, told.term, told.votedFor]]
        : [],
    );
  expect(votes()).toEqual([['status', 7, 'n2']]);
  // A term that comes while that write runs is not yet durable with it.
  rig.deliver('n3', { type: 'requestVote', candidateId: 'n3', ...asked, term: 8 });
  held[0]?.();
  expect(votes().slice(1)).toEqual([
    ['status', 8, 'n3'],
    ['persisted', 7, 'n2'],
  ]);
  await rig.until(() => held.length === 2);
  rig.disk.held = null;
  held[1]?.();
  await rig.until(() => votes().length === 4);
  expect(votes().at(-1)).toEqual(['persisted', 8, 'n3']);
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

test('more reads than may wait are turned away for certain', async () => {
  const rig = start(createFolder(), ['n1', 'n2', 'n3']);
  await rig.until(() => rig.node.info().role !== 'follower');
  const codes = new Map<string, number>();
  const asked = get('k');
  for (let n = 0; n < 65_536 + 3; n += 1) {
    rig.node.execute(asked, (reply) => {
      const code = reply.type === 'error' ? reply.code : reply.type;
      codes.set(code, (codes.get(code) ?? 0) + 1);
    });
  }
  expect([...codes]).toEqual([['OVERLOADED', 3]]);
  await stop(rig);
  expect(codes.get('NOLEADER')).toBe(65_536);
});

test('the entries before a snapshot that stay in the log are there after a restart', async () => {
  const folder = createFolder();
  const options = { segmentBytes: 4096, snapshotEntries: 1000, trailingEntries: 20 };
  const first = start(folder, ['n1'], options);
  await first.until(() => first.node.info().role === 'leader');
  for (let n = 0; n < 60; n += 1) await first.ask(set('k', 'x'.repeat(500)));
  const answers: string[] = [];
  first.node.administer({ type: 'snapshot' }, ({ type }) => answers.push(type));
  await first.until(() => answers.length > 0);
  expect(answers).toEqual(['snapshot']);
  expect(first.node.info()).toMatchObject({ snapshotIndex: 61, firstLogIndex: 42 });
  await stop(first);
  const second = start(folder, ['n1'], options);
  const { snapshotIndex, firstLogIndex } = second.node.info();
  expect(snapshotIndex).toBe(61);
  expect(firstLogIndex).toBeLessThanOrEqual(42);
  // Whole files go, and most of them did.
  expect(firstLogIndex).toBeGreaterThan(30);
  await stop(second);
});

test('so many bytes of log as the options say are worth a snapshot', async () => {
  const rig = start(createFolder(), ['n1'], { snapshotBytes: 2000 });
  await rig.until(() => rig.node.info().role === 'leader');
  const taken = () => rig.node.info().counters.snapshotsTaken;
  expect(await rig.ask(set('k', 'x'.repeat(1000)))).toEqual({ type: 'ok' });
  expect(rig.traced.filter(({ event }) => event === 'snapshot')).toEqual([]);
  expect(await rig.ask(set('k', 'x'.repeat(1000)))).toEqual({ type: 'ok' });
  await rig.until(() => taken() === 1);
  await stop(rig);
});

test('a write that a snapshot may hold is uncertain, whatever is applied behind it', async () => {
  const rig = start(createFolder(), ['n1', 'n2', 'n3']);
  await becomeLeader(rig);
  const replies: Reply[] = [];
  rig.node.execute(set('k', '1'), (reply) => replies.push(reply));
  await rig.until(() => rig.node.info().lastLogIndex === 2);
  rig.deliver('n2', { ...snapshotAt({ term: 2, index: 3 }), leaderId: 'n2' });
  await rig.until(() => rig.node.info().snapshotIndex === 3);
  rig.deliver('n2', {
    ...{ type: 'appendEntries', term: 2, leaderId: 'n2', prevLogIndex: 3, prevLogTerm: 2 },
    entries: [{ term: 2, index: 4, kind: 'no-op', data: Buffer.alloc(0) }],
    ...{ leaderCommit: 4, readRound: 0, replicationId: 1, transferEpoch: 0 },
  });
  await rig.until(() => rig.node.info().appliedIndex === 4);
  expect(replies).toMatchObject([{ type: 'error', code: 'UNCERTAIN' }]);
  await stop(rig);
});

/** Of a state in which that many commands were applied, as a leader of this term sends it. */
function snapshotAt({ term, index }: EntryId): InstallSnapshot {
  const machine = new TestMachine(1);
  const { store } = startStore(machine);
  const kv = new TestKv();
  for (let at = 1; at <= index; at += 1)
    kv.apply({ type: 'append', key: Buffer.from('k'), value: Buffer.from(`${at}`) });
  const source = kv.machine.beginSnapshot();
  finish(machine, (done) => store.write(metaOf(index, term), source, done));
  const [file] = machine.files();
  if (store.current === null || file === undefined) throw new RangeError('nothing was written');
  const snapshot = { stored: store.current, bytes: machine.bytesOf(file), state: '' };
  return chunkOf(snapshot, { offset: 0, length: store.current.fileBytes, term });
}
