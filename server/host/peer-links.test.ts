import { connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { PeerIdentity, PeerPolicy } from '../host.ts';
import { encodeMessage } from '../peer-codec.ts';
import {
  encodeFrame,
  encodeHello,
  encodeMessageFrame,
  FrameReader,
  frameBytesMax,
  parseRefusal,
} from '../peer-codec-frames.ts';
import type { Message } from '../raft/message.ts';
import { type Address, describeAddress } from './address.ts';
import { PeerLinks } from './peer-links.ts';
import type { PeerTls } from './peer-tls.ts';
import { createRealTimers } from './real-timers.ts';
import { freeAddress } from './test-address.ts';
import { type Authority, createAuthority } from './test-certificates.ts';

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

interface Received {
  readonly from: string;
  readonly message: Message;
}

type Answer = (refusal: string | null) => void;

interface Setup {
  readonly id: string;
  readonly addresses?: ReadonlyMap<string, Address>;
  readonly tls?: PeerTls;
  readonly admit?: (peer: PeerIdentity, answer: Answer) => void;
  /** Delays are so many times shorter. */
  readonly hurry?: number;
}

const welcome = (_: PeerIdentity, answer: Answer) => answer(null);

function createLinks(setup: Setup) {
  const { id, addresses = new Map(), tls, admit = welcome, hurry = 1 } = setup;
  const timers = createRealTimers();
  const received: Received[] = [];
  const states: string[] = [];
  const warnings: Record<string, unknown>[] = [];
  let notify: () => void = () => {};
  const links = new PeerLinks({
    addresses,
    tls: tls ?? null,
    timers: {
      now: () => timers.now(),
      after: (delayMs, callback) => timers.after(delayMs / hurry, callback),
      cancel: (timer) => timers.cancel(timer),
    },
    log: {
      event: (level, name, fields) => {
        if (level !== 'warn') return;
        warnings.push({ name, ...fields });
        notify();
      },
    },
  });
  closers.push(() => links.close());
  links.onMessage((from, message) => {
    received.push({ from, message });
    notify();
  });
  links.onPeer((peer, connected) => {
    states.push(`${peer} ${connected ? 'up' : 'down'}`);
    notify();
  });
  const until = async (what: () => boolean) => {
    while (!what()) {
      await new Promise<void>((resolve) => {
        notify = resolve;
      });
    }
  };
  const own = { clusterId: 'test', nodeId: id, directoryId: `directory of ${id}` };
  const policy: PeerPolicy = { own, admit };
  const setPeers = (...peers: readonly (readonly [string, Address])[]) => {
    links.setPeers(new Map(peers.map(([peer, address]) => [peer, describeAddress(address)])));
  };
  const start = async (address: Address, ...peers: readonly (readonly [string, Address])[]) => {
    await links.listen(address);
    links.join(policy);
    setPeers(...peers);
  };
  return { links, received, states, warnings, until, start, setPeers };
}

const vote: Message = { type: 'requestVoteResponse', term: 3, voteGranted: true, preVote: false };

test('messages arrive in their order, with the name of their sender', async () => {
  const [address1, address2] = [await freeAddress(), await freeAddress()];
  const one = createLinks({ id: 'n1' });
  const two = createLinks({ id: 'n2' });
  await two.start(address2, ['n1', address1]);
  one.links.send('n2', vote);
  await one.start(address1, ['n2', address2]);
  await one.until(() => one.states.includes('n2 up'));
  for (const term of [4, 5, 6]) one.links.send('n2', { ...vote, term });
  await two.until(() => two.received.length === 3);
  // The first one was sent before there was a link, and is lost.
  expect(two.received.map(({ from, message }) => `${from} ${message.term}`)).toEqual([
    'n1 4',
    'n1 5',
    'n1 6',
  ]);
});

test('a peer that starts later, or starts again, is connected', async () => {
  const [address1, address2] = [await freeAddress(), await freeAddress()];
  const one = createLinks({ id: 'n1' });
  await one.start(address1, ['n2', address2]);
  const first = createLinks({ id: 'n2' });
  await first.start(address2);
  await one.until(() => one.states.includes('n2 up'));
  first.links.close();
  await one.until(() => one.states.includes('n2 down'));
  const second = createLinks({ id: 'n2' });
  await second.start(address2);
  await one.until(() => one.states.length === 3);
  one.links.send('n2', vote);
  await second.until(() => second.received.length === 1);
});

test('a link that carries nothing any more is given up and made anew', async () => {
  const [address2, proxyAddress] = [await freeAddress(), await freeAddress()];
  const two = createLinks({ id: 'n2' });
  await two.start(address2);
  const blackHole = await createBlackHole(proxyAddress, address2);
  const one = createLinks({ id: 'n1' });
  await one.start(await freeAddress(), ['n2', proxyAddress]);
  await one.until(() => one.states.length === 1);
  blackHole.swallow(true);
  await one.until(() => one.states.length === 2);
  blackHole.swallow(false);
  await one.until(() => one.states.length === 3);
  expect(one.states).toEqual(['n2 up', 'n2 down', 'n2 up']);
  one.links.send('n2', vote);
  await two.until(() => two.received.length === 1);
});

/** A proxy which, when told to, keeps its connections open and passes nothing on. */
async function createBlackHole(listen: Address, target: Address) {
  const sockets: Socket[] = [];
  let swallowing = false;
  const server = createServer((socket) => {
    const onward = connect(target);
    for (const [from, to] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      from.on('data', (bytes) => {
        if (!swallowing) to.write(bytes);
      });
      from.on('error', () => {});
      from.on('close', () => to.destroy());
      sockets.push(from);
    }
  });
  closers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(listen, () => resolve()));
  return {
    swallow: (on: boolean) => {
      swallowing = on;
    },
  };
}

test('links follow the members: made to new ones, given up to removed ones, moved', async () => {
  const [address2, address3, moved] = [
    await freeAddress(),
    await freeAddress(),
    await freeAddress(),
  ];
  const one = createLinks({ id: 'n1' });
  await createLinks({ id: 'n2' }).start(address2);
  await createLinks({ id: 'n3' }).start(address3);
  await one.start(await freeAddress(), ['n2', address2]);
  await one.until(() => one.states.length === 1);
  one.setPeers(['n2', address2], ['n3', address3]);
  await one.until(() => one.states.length === 2);
  one.setPeers(['n3', address3]);
  await one.until(() => one.states.length === 3);
  expect(one.states).toEqual(['n2 up', 'n3 up', 'n2 down']);
  expect(one.links.status().map(({ peer }) => peer)).toEqual(['n3']);
  const elsewhere = createLinks({ id: 'n3' });
  await elsewhere.start(moved);
  one.setPeers(['n3', moved], ['n4', { host: '', port: 0 }]);
  await one.until(() => one.states.length === 5);
  one.links.send('n3', vote);
  await elsewhere.until(() => elsewhere.received.length === 1);
});

test('an address told by a flag wins over the one of the members', async () => {
  const [real, wrong] = [await freeAddress(), await freeAddress()];
  const two = createLinks({ id: 'n2' });
  await two.start(real);
  const one = createLinks({ id: 'n1', addresses: new Map([['n2', real]]) });
  await one.start(await freeAddress(), ['n2', wrong]);
  await one.until(() => one.states.includes('n2 up'));
});

test('who is admitted later is heard later, and nothing of it is lost', async () => {
  const address = await freeAddress();
  const asked: { peer: PeerIdentity; answer: Answer }[] = [];
  let wake: () => void = () => {};
  const questioned = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const one = createLinks({
    id: 'n1',
    admit: (peer, answer) => {
      asked.push({ peer, answer });
      wake();
    },
  });
  await one.start(address);
  const socket = connect(address);
  closers.push(() => socket.destroy());
  const hello = { clusterId: 'test', nodeId: 'n2', to: 'n1', directoryId: 'd2' };
  const frames = [encodeFrame(encodeHello(hello)), encodeMessageFrame(vote)];
  socket.write(Buffer.concat(frames));
  await questioned;
  socket.write(encodeMessageFrame({ ...vote, term: 4 }));
  expect(asked.map(({ peer }) => peer)).toEqual([
    { clusterId: 'test', nodeId: 'n2', directoryId: 'd2' },
  ]);
  expect(one.received).toEqual([]);
  asked[0]?.answer(null);
  await one.until(() => one.received.length === 2);
  expect(one.received.map(({ message }) => message.term)).toEqual([3, 4]);
});

test('a peer that is no member may speak, and is answered on its own connection', async () => {
  const joining = createLinks({ id: 'n4' });
  const address = await freeAddress();
  await joining.start(address);
  const leader = createLinks({ id: 'n1' });
  await leader.start(await freeAddress(), ['n4', address]);
  await leader.until(() => leader.states.includes('n4 up'));
  leader.links.send('n4', { ...vote, term: 7 });
  await joining.until(() => joining.received.length === 1);
  joining.links.send('n1', { ...vote, term: 8 });
  await leader.until(() => leader.received.length === 1);
  expect(leader.received).toEqual([{ from: 'n4', message: { ...vote, term: 8 } }]);
});

test('who is to be met again is asked about anew, on both links, or refused', async () => {
  const [address1, address2] = [await freeAddress(), await freeAddress()];
  const asked: string[] = [];
  let refusal: string | null = null;
  const one = createLinks({
    id: 'n1',
    admit: ({ nodeId }, answer) => {
      asked.push(nodeId);
      answer(refusal);
    },
  });
  const two = createLinks({ id: 'n2' });
  const soon = async (what: () => boolean) => {
    while (!what()) await new Promise<void>((resolve) => setImmediate(resolve));
  };
  await one.start(address1, ['n2', address2]);
  await two.start(address2, ['n1', address1]);
  await one.until(() => one.states.includes('n2 up'));
  await two.until(() => two.states.includes('n1 up'));
  expect(asked).toEqual(['n2', 'n2']);
  one.links.meetAgain('n2');
  await soon(() => asked.length >= 4);
  await two.until(() => two.states.join() === 'n1 up,n1 down,n1 up');
  two.links.send('n1', vote);
  await one.until(() => one.received.length === 1);
  refusal = 'n2 has another directory';
  one.links.meetAgain('n2');
  two.links.send('n1', vote);
  await soon(() => asked.length >= 6 && one.links.status()[0]?.refusal === refusal);
  expect(one.received.length).toBe(1);
  expect(one.links.status()).toMatchObject([{ peer: 'n2', connected: false }]);
});

test('members are never answered on their own connections: a one-way cut stays one', async () => {
  const address2 = await freeAddress();
  const two = createLinks({ id: 'n2' });
  // Nobody listens where n2 looks for n1.
  await two.start(address2, ['n1', await freeAddress()]);
  const one = createLinks({ id: 'n1' });
  await one.start(await freeAddress(), ['n2', address2]);
  await one.until(() => one.states.includes('n2 up'));
  two.links.send('n1', vote);
  one.links.send('n2', vote);
  await two.until(() => two.received.length === 1);
  expect(one.received).toEqual([]);
  expect(two.links.status()).toMatchObject([{ peer: 'n1', connected: false, droppedCount: 1 }]);
});

test('a refused peer is told why, warns once and shows the reason', async () => {
  const address = await freeAddress();
  let refused = 0;
  const one = createLinks({
    id: 'n1',
    admit: (_, answer) => {
      refused += 1;
      answer('n2 has another directory');
    },
  });
  await one.start(address);
  const two = createLinks({ id: 'n2' });
  await two.start(await freeAddress(), ['n1', address]);
  await one.until(() => one.warnings.length > 0);
  await two.until(() => two.warnings.length > 0);
  while (refused < 2) await new Promise<void>((resolve) => setImmediate(resolve));
  expect(two.warnings).toEqual([
    { name: 'peer link refused', to: 'n1', reason: 'n2 has another directory' },
  ]);
  expect(one.warnings).toEqual([
    { name: 'peer refused', from: 'n2', reason: 'n2 has another directory' },
  ]);
  expect(two.links.status()).toMatchObject([
    { peer: 'n1', connected: false, refusal: 'n2 has another directory' },
  ]);
});

test('the end that connects refuses, too', async () => {
  const address = await freeAddress();
  const wiped = createLinks({ id: 'n2' });
  await wiped.start(address);
  const one = createLinks({
    id: 'n1',
    admit: ({ directoryId }, answer) => answer(`not from ${directoryId}`),
  });
  await one.start(await freeAddress(), ['n2', address]);
  await one.until(() => one.warnings.length > 0);
  expect(one.links.status()).toMatchObject([
    { peer: 'n2', connected: false, refusal: 'not from directory of n2' },
  ]);
  expect(one.states).toEqual([]);
  // It has let n1 in, and would else not know why it hears nothing.
  const reason = 'not from directory of n2';
  await wiped.until(() => wiped.warnings.length > 0);
  expect(wiped.warnings).toEqual([{ name: 'peer link refused', to: 'n1', reason }]);
  expect(wiped.links.status()).toMatchObject([{ peer: 'n1', connected: false, refusal: reason }]);
  // Once n1 speaks, it is over.
  expect(wiped.received).toEqual([]);
  one.links.close();
  const changed = createLinks({ id: 'n1' });
  await changed.start(await freeAddress(), ['n2', address]);
  await changed.until(() => changed.states.includes('n2 up'));
  changed.links.send('n2', vote);
  await wiped.until(() => wiped.received.length > 0);
  expect(wiped.links.status()).toEqual([]);
});

test('who connects and says nothing is cut off', async () => {
  const address = await freeAddress();
  const one = createLinks({ id: 'n1', hurry: 100 });
  await one.start(address);
  expect(await converse(address, new Uint8Array(0))).toEqual([]);
});

/** What comes back on a connection that says this, until it is closed. */
async function converse(address: Address, bytes: Uint8Array): Promise<readonly Uint8Array[]> {
  const socket = connect(address);
  const reader = new FrameReader(frameBytesMax);
  const frames: Uint8Array[] = [];
  socket.on('data', (chunk) => frames.push(...reader.push(chunk)));
  socket.on('error', () => {});
  socket.write(bytes);
  await new Promise<void>((resolve) => socket.on('close', () => resolve()));
  return frames;
}

test('so many may be connected, no more, and who leaves makes room', async () => {
  const address = await freeAddress();
  const one = createLinks({ id: 'n1' });
  await one.start(address);
  const knocking: Socket[] = [];
  for (let count = 0; count < 512; count += 1) {
    const socket = connect(address);
    socket.on('error', () => {});
    closers.push(() => socket.destroy());
    knocking.push(socket);
    await new Promise<void>((resolve) => socket.on('connect', () => resolve()));
  }
  const hello = { clusterId: 'test', nodeId: 'n2', to: 'n1', directoryId: 'd2' };
  expect(await converse(address, encodeFrame(encodeHello(hello)))).toEqual([]);
  knocking[0]?.destroy();
  const two = createLinks({ id: 'n2' });
  await two.start(await freeAddress(), ['n1', address]);
  await two.until(() => two.states.includes('n1 up'));
  // Nobody else had to go for it.
  expect(knocking.filter(({ readyState }) => readyState !== 'open')).toHaveLength(1);
});

test('who looks for another node, lies about itself or speaks nonsense is cut off', async () => {
  const address = await freeAddress();
  const one = createLinks({ id: 'n1' });
  await one.start(address);
  const hello = { clusterId: 'test', nodeId: 'n2', to: 'n1', directoryId: 'd2' };
  const message = encodeFrame(encodeMessage(vote));
  const after = (greeting: Uint8Array) => Buffer.concat([encodeFrame(greeting), message]);

  const lost = await converse(address, after(encodeHello({ ...hello, to: 'n7' })));
  expect(lost.map(parseRefusal)).toEqual(['n2 looked for n7, but this is n1']);
  expect(await converse(address, after(encodeMessage(vote)))).toEqual([]);
  expect(await converse(address, Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toEqual([]);
  expect(one.received).toEqual([]);

  const forged: Message = { type: 'timeoutNow', term: 9, leaderId: 'n3', transferEpoch: 1 };
  const greeting = encodeFrame(encodeHello(hello));
  await converse(address, Buffer.concat([greeting, encodeMessageFrame(forged)]));
  expect(one.received).toEqual([]);
  expect(one.warnings.at(-1)).toMatchObject({
    from: 'n2',
    reason: 'n2 sent a timeoutNow in the name of n3',
  });
});

test('before the node has joined, every peer is turned away', async () => {
  const address = await freeAddress();
  const one = createLinks({ id: 'n1' });
  await one.links.listen(address);
  const hello = { clusterId: 'test', nodeId: 'n2', to: 'n1', directoryId: 'd2' };
  expect(await converse(address, encodeFrame(encodeHello(hello)))).toEqual([]);
});

test('a peer that reads nothing costs a bounded number of bytes', async () => {
  const address = await freeAddress();
  const server = createServer((socket) => {
    closers.push(() => socket.destroy());
    socket.on('error', () => {});
    const own = { clusterId: 'test', nodeId: 'n2', to: 'n1', directoryId: 'd2' };
    socket.write(encodeFrame(encodeHello(own)));
    socket.pause();
  });
  closers.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(address, () => resolve()));
  const one = createLinks({ id: 'n1' });
  await one.start(await freeAddress(), ['n2', address]);
  await one.until(() => one.states.includes('n2 up'));
  const chunk: Message = {
    type: 'installSnapshot',
    ...{ term: 1, leaderId: 'n1', lastIncludedIndex: 1, lastIncludedTerm: 1, offset: 0 },
    ...{ fileBytes: 1 << 20, fileChecksum: 0, replicationId: 0, data: Buffer.alloc(1 << 20) },
  };
  for (let sent = 0; sent < 40; sent += 1) one.links.send('n2', chunk);
  const [status] = one.links.status();
  expect(status?.droppedCount).toBeGreaterThan(25);
  expect(status?.bufferedBytes).toBeLessThan(12 * 1024 * 1024);
});

async function tlsFor(authority: Authority, id: string, ca = authority.ca): Promise<PeerTls> {
  const { cert, key } = await authority.sign(id);
  return { cert: Buffer.from(cert), key: Buffer.from(key), ca: Buffer.from(ca) };
}

test('with TLS, members talk; strangers, other names and plain text do not', async () => {
  const [ours, theirs] = [await createAuthority('ours'), await createAuthority('theirs')];
  const [address1, address2] = [await freeAddress(), await freeAddress()];
  const one = createLinks({ id: 'n1', tls: await tlsFor(ours, 'n1') });
  const two = createLinks({ id: 'n2', tls: await tlsFor(ours, 'n2') });
  await one.start(address1, ['n2', address2]);
  await two.start(address2, ['n1', address1]);
  await one.until(() => one.states.includes('n2 up'));
  one.links.send('n2', vote);
  await two.until(() => two.received.length === 1);
  one.links.close();

  const refusals = [
    // Signed by another authority, though it trusts ours.
    [await tlsFor(theirs, 'n3', ours.ca), 'n3', /it hung up: is the own certificate/],
    // Signed by ours, for another node.
    [await tlsFor(ours, 'n9'), 'n3', /its certificate is for n9, n9, not for the node id n3/],
    // It trusts another authority.
    [await tlsFor(ours, 'n3', theirs.ca), 'n3', /certificate/],
  ] as const;
  for (const [tls, id, reason] of refusals) {
    const stranger = createLinks({ id, tls });
    await stranger.start(await freeAddress(), ['n2', address2]);
    await stranger.until(() => stranger.warnings.length > 0);
    expect(stranger.links.status()[0]?.refusal).toMatch(reason);
    expect(stranger.states).toEqual([]);
    stranger.links.close();
  }
  const hello = { clusterId: 'test', nodeId: 'n1', to: 'n2', directoryId: 'directory of n1' };
  expect(await converse(address2, encodeFrame(encodeHello(hello)))).toEqual([]);
});

test('one end with TLS and the other without: both say that it is this', async () => {
  const ours = await createAuthority('ours');
  const [address1, address2] = [await freeAddress(), await freeAddress()];
  const secret = createLinks({ id: 'n1', tls: await tlsFor(ours, 'n1') });
  const open = createLinks({ id: 'n2' });
  await secret.start(address1, ['n2', address2]);
  await open.start(address2, ['n1', address1]);
  const told = (warnings: readonly Record<string, unknown>[], text: string) =>
    warnings.some(({ reason }) => String(reason).includes(text));
  await open.until(() => told(open.warnings, 'it speaks TLS and this node does not'));
  await secret.until(() => told(secret.warnings, 'TLS: it does not speak TLS'));
  await secret.until(() => told(secret.warnings, 'it hung up before TLS was made'));
  expect(secret.links.status()[0]?.refusal).toContain('does it speak TLS?');
});

test('with TLS, a node that answers in the place of another is refused', async () => {
  const ours = await createAuthority('ours');
  const address = await freeAddress();
  const impostor = createLinks({ id: 'n2', tls: await tlsFor(ours, 'n9') });
  await impostor.start(address);
  const one = createLinks({ id: 'n1', tls: await tlsFor(ours, 'n1') });
  await one.start(await freeAddress(), ['n2', address]);
  await one.until(() => one.warnings.length > 0);
  expect(one.links.status()[0]?.refusal).toMatch('not for the node id n2');
});
