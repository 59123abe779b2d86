import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { noCrashPoints } from '../crash-points.ts';
import type { Reply } from '../kv/command.ts';
import { startNode } from '../node.ts';
import { configurationOf } from '../raft/configuration.ts';
import { ScriptedNode } from '../resp/test-node.ts';
import type { ServerNode } from '../server-node.ts';
import type { Address } from './address.ts';
import { ClientListener, type ClientListenerOptions } from './client-listener.ts';
import { FileDisk } from './file-disk.ts';
import { PeerLinks } from './peer-links.ts';
import { createRealRandom } from './real-random.ts';
import { createRealTimers } from './real-timers.ts';
import { freeAddress } from './test-address.ts';
import { createAuthority } from './test-certificates.ts';

const log = { event: () => {} };
let folder: string;
let disk: FileDisk;
let network: PeerLinks;
let node: ServerNode;
const closers: (() => void)[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rafture-clients-'));
  disk = new FileDisk(folder);
  const timers = createRealTimers();
  network = new PeerLinks({ addresses: new Map(), tls: null, timers, log });
  const random = createRealRandom();
  const host = { disk, network, timers, random, log, crashPoints: noCrashPoints, trace: null };
  node = startNode(host, {
    ...{ id: 'n1', clusterId: 'test', initialConfiguration: configurationOf(['n1']) },
    ...{ clientAddresses: new Map(), tickMs: 1, heartbeatTicks: 1, electionTicks: 2 },
    ...{ segmentBytes: 1 << 20, snapshotEntries: 1000, trailingEntries: 10, checkDeeply: false },
    onFatal: (error) => {
      throw error;
    },
  });
  while (!node.info().serving || node.info().role !== 'leader') {
    await new Promise((resolve) => setImmediate(resolve));
  }
});

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

afterAll(async () => {
  await new Promise<void>((resolve) => node.stop(resolve));
  network.close();
  disk.close();
  rmSync(folder, { recursive: true, force: true });
});

async function listen(options: Partial<ClientListenerOptions> = {}) {
  const defaults = { node, log, clientsMax: 100, tls: null, password: null };
  const listener = new ClientListener({ ...defaults, ...options });
  const address = await freeAddress();
  await listener.listen(address);
  closers.push(() => listener.close());
  return { listener, address };
}

function open(address: Address): Socket {
  const socket = connect(address);
  socket.on('error', () => {});
  closers.push(() => socket.destroy());
  return socket;
}

/** What comes back, until this much of it is there or the connection ends. */
function say(socket: Socket, text: string, bytes = 1): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const finish = () => {
      socket.off('data', receive);
      socket.off('close', finish);
      resolve(answer);
    };
    const receive = (chunk: Buffer) => {
      answer += chunk.toString('latin1');
      if (answer.length >= bytes) finish();
    };
    socket.on('data', receive);
    socket.on('close', finish);
    socket.write(text);
  });
}

test('commands are answered in their order, however they are cut', async () => {
  const { address } = await listen();
  const socket = open(address);
  const expected = '+OK\r\n$3\r\nabc\r\n+PONG\r\n';
  const request = '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$3\r\nabc\r\nGET k\r\nPING\r\n';
  socket.write(request.slice(0, 15));
  expect(await say(socket, request.slice(15), expected.length)).toBe(expected);
});

test('each connection has an id of its own', async () => {
  const { address } = await listen();
  const ids = [
    await say(open(address), 'CLIENT ID\r\n', 4),
    await say(open(address), 'CLIENT ID\r\n', 4),
  ];
  expect(ids).toEqual([':1\r\n', ':2\r\n']);
});

test('one client too many is told so, and a place that is given up is taken again', async () => {
  const { listener, address } = await listen({ clientsMax: 2 });
  const [first, second] = [open(address), open(address)];
  await say(first, 'PING\r\n', 7);
  await say(second, 'PING\r\n', 7);
  const third = open(address);
  expect(await say(third, 'PING\r\n', 100)).toBe('-ERR max number of clients reached\r\n');
  expect(listener.status).toEqual({ connected: 2, turnedAway: 1 });
  first.destroy();
  while (listener.status.connected > 1) await new Promise((resolve) => setImmediate(resolve));
  expect(await say(open(address), 'PING\r\n', 7)).toBe('+PONG\r\n');
});

test('with a password, nothing is done before it is given', async () => {
  const { address } = await listen({ password: 'secret' });
  expect(await say(open(address), 'GET k\r\n', 5)).toMatch(/^-NOAUTH/);
  expect(await say(open(address), 'AUTH wrong\r\n', 5)).toMatch(/^-WRONGPASS/);
  expect(await say(open(address), 'AUTH secret\r\nPING\r\n', 12)).toBe('+OK\r\n+PONG\r\n');
});

async function store(address: Address, key: string, bytes: number): Promise<void> {
  const request = `*3\r\n$3\r\nSET\r\n$3\r\n${key}\r\n$${bytes}\r\n${'v'.repeat(bytes)}\r\n`;
  expect(await say(open(address), request, 5)).toBe('+OK\r\n');
}

test('a client that does not read its replies is held up, and nobody else', async () => {
  const { listener, address } = await listen();
  await store(address, 'mid', 16 * 1024);
  const served = () => node.info().counters.readsServed;
  const before = served();
  const lazy = open(address);
  lazy.pause();
  lazy.write('GET mid\r\n'.repeat(20_000));
  const other = open(address);
  for (let round = 0; round < 100; round += 1) {
    expect(await say(other, 'GET none\r\n', 5)).toBe('$-1\r\n');
  }
  expect(served() - before).toBeGreaterThan(100);
  // Some megabytes lie in the system's buffers; most were never asked of the node.
  expect(served() - before).toBeLessThan(5000);
  expect(listener.status.connected).toBeGreaterThanOrEqual(2);
});

test('whoever has too much to read still is cut off', async () => {
  const events: unknown[] = [];
  const noting: ClientListenerOptions['log'] = {
    event: (level, name, fields) => {
      if (level === 'warn') events.push({ name, ...fields });
    },
  };
  const value = new Uint8Array(64 * 1024 * 1024 + 1);
  class GenerousNode extends ScriptedNode {
    override readStale(): Reply {
      return { type: 'bulk', value };
    }
  }
  const { listener, address } = await listen({ node: new GenerousNode(), log: noting });
  const lazy = open(address);
  lazy.pause();
  lazy.write('RAFT.STALE GET k\r\n');
  while (events.length === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(events).toEqual([{ name: 'client cut off', unreadBytes: expect.any(Number) }]);
  while (listener.status.connected > 0) await new Promise((resolve) => setImmediate(resolve));
});

test('TLS is spoken, and client certificates are wanted, where that is asked for', async () => {
  const [ours, theirs] = [await createAuthority('ours'), await createAuthority('theirs')];
  const [server, client, stranger] = [
    await ours.sign('server'),
    await ours.sign('client'),
    await theirs.sign('client'),
  ];
  const cert = Buffer.from(server.cert);
  const key = Buffer.from(server.key);
  const secured = async (address: Address, own: { cert?: string; key?: string }) => {
    const socket = connectTls({ ...address, ca: ours.ca, ...own });
    socket.on('error', () => {});
    closers.push(() => socket.destroy());
    return say(socket, 'PING\r\n', 7);
  };
  const { address } = await listen({ tls: { cert, key, ca: null } });
  expect(await secured(address, {})).toBe('+PONG\r\n');
  expect(await say(open(address), 'PING\r\n', 7)).not.toContain('PONG');
  const mutual = await listen({ tls: { cert, key, ca: Buffer.from(ours.ca) } });
  expect(await secured(mutual.address, client)).toBe('+PONG\r\n');
  expect(await secured(mutual.address, stranger)).toBe('');
  expect(await secured(mutual.address, {})).toBe('');
});

test('a drained listener answers what was sent before, however much it is', async () => {
  const { listener, address } = await listen();
  const socket = open(address);
  const drained = new Promise<void>((resolve) => {
    socket.once('data', () => listener.drain(resolve));
  });
  const count = 400;
  const request = `*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2000\r\n${'x'.repeat(2000)}\r\n`;
  const answers = await say(socket, request.repeat(count), Infinity);
  expect(answers).toBe('+OK\r\n'.repeat(count));
  await drained;
});

test('a drained listener lets a request come to its end, and answers it', async () => {
  const { listener, address } = await listen();
  const socket = open(address);
  const idle = open(address);
  expect(await say(idle, 'PING\r\n', 7)).toBe('+PONG\r\n');
  expect(await say(socket, 'PING\r\n*1\r\n$4\r\nPI', 7)).toBe('+PONG\r\n');
  const idleEnded = new Promise((resolve) => idle.once('end', resolve).resume());
  const drained = new Promise<void>((resolve) => listener.drain(resolve));
  await idleEnded;
  expect(await say(socket, 'NG\r\n', Infinity)).toBe('+PONG\r\n');
  await drained;
});

test('a drained listener gives up on a client that never ends its request', async () => {
  const { listener, address } = await listen();
  const socket = open(address);
  expect(await say(socket, 'PING\r\n*1\r\n$4\r\nPI', 7)).toBe('+PONG\r\n');
  await new Promise<void>((resolve) => listener.drain(resolve));
  expect(listener.status.connected).toBe(1);
});
