import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { encodeFrame, encodeHello, encodeMessage } from '../peer-codec.ts';
import type { Message } from '../raft/message.ts';
import type { Address } from './address.ts';
import { PeerLinks } from './peer-links.ts';
import { createRealTimers } from './real-timers.ts';

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const localhost = { host: '127.0.0.1', port: 0 };

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('not listening');
  return address.port;
}

/** A port that was free a moment ago. */
async function freeAddress(): Promise<Address> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(localhost, () => resolve()));
  const port = portOf(server);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return { host: localhost.host, port };
}

interface Received {
  readonly from: string;
  readonly message: Message;
}

function createLinks(id: string, peers: readonly (readonly [string, Address])[]) {
  const received: Received[] = [];
  const links = new PeerLinks({
    id,
    peers: new Map(peers),
    timers: createRealTimers(),
    log: { event: () => {} },
  });
  closers.push(() => links.close());
  let notify: () => void = () => {};
  const states: boolean[] = [];
  links.onMessage((from, message) => {
    received.push({ from, message });
    notify();
  });
  links.onPeer((_, connected) => {
    states.push(connected);
    notify();
  });
  const until = async (what: () => boolean) => {
    while (!what()) {
      await new Promise<void>((resolve) => {
        notify = resolve;
      });
    }
  };
  return { links, received, states, until };
}

const vote: Message = { type: 'requestVoteResponse', term: 3, voteGranted: true, preVote: false };

test('messages arrive in their order, with the name of their sender', async () => {
  const [address1, address2] = [await freeAddress(), await freeAddress()];
  const one = createLinks('n1', [['n2', address2]]);
  const two = createLinks('n2', [['n1', address1]]);
  await one.links.listen(address1);
  await two.links.listen(address2);
  one.links.send('n2', vote);
  one.links.connect();
  await one.until(() => one.states.includes(true));
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
  const one = createLinks('n1', [['n2', address2]]);
  one.links.connect();
  const first = createLinks('n2', [['n1', address1]]);
  await first.links.listen(address2);
  await one.until(() => one.states.includes(true));
  first.links.close();
  await one.until(() => one.states.includes(false));
  const second = createLinks('n2', [['n1', address1]]);
  await second.links.listen(address2);
  await one.until(() => one.states.length === 3);
  one.links.send('n2', vote);
  await second.until(() => second.received.length === 1);
});

test('a link that carries nothing any more is given up and made anew', async () => {
  const [address2, proxyAddress] = [await freeAddress(), await freeAddress()];
  const two = createLinks('n2', [['n1', await freeAddress()]]);
  await two.links.listen(address2);
  const blackHole = await createBlackHole(proxyAddress, address2);
  const one = createLinks('n1', [['n2', proxyAddress]]);
  one.links.connect();
  await one.until(() => one.states.length === 1);
  blackHole.swallow(true);
  await one.until(() => one.states.length === 2);
  blackHole.swallow(false);
  await one.until(() => one.states.length === 3);
  expect(one.states).toEqual([true, false, true]);
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

test('who is no peer, looks for another node, or speaks nonsense is cut off', async () => {
  const address = await freeAddress();
  const one = createLinks('n1', [['n2', await freeAddress()]]);
  await one.links.listen(address);
  const greetings = [
    encodeFrame(encodeHello({ from: 'n9', to: 'n1' })),
    encodeFrame(encodeHello({ from: 'n2', to: 'n7' })),
    encodeFrame(encodeMessage(vote)),
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
  ];
  for (const greeting of greetings) {
    const socket = connect(address);
    socket.on('error', () => {});
    socket.write(Buffer.concat([greeting, encodeFrame(encodeMessage(vote))]));
    await new Promise<void>((resolve) => socket.on('close', () => resolve()));
  }
  expect(one.received).toEqual([]);
});
