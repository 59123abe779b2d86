import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Completion, Invocation } from '../client.ts';
import { connectTcpStream } from '../cluster/tcp-stream.ts';
import type { Cluster } from '../cluster.ts';
import { createRealTimers } from '../run/real-timers.ts';
import { RespClient } from './resp-client.ts';
import { encodeCommand, RespConnection } from './resp-connection.ts';
import { respObjects } from './resp-objects.ts';

type Reaction = (socket: Socket, command: string) => void;

const servers: Server[] = [];
const register = respObjects['register'] ?? {};

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server that reacts to whatever a client sends; resolves with its port. */
function listen(react: Reaction): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => react(socket, bytes.toString()));
  });
  servers.push(server);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(address !== null && typeof address === 'object' ? address.port : 0);
    });
  });
}

/** The part of a cluster that a client uses. */
function clusterOf(ports: readonly number[]): Cluster {
  const port = (node: string): number => ports[Number(node.slice(1)) - 1] ?? 1;
  const part: Pick<Cluster, 'nodes' | 'clientAddress' | 'connect'> = {
    nodes: ports.map((_, position) => `n${position + 1}`),
    clientAddress: (node) => `127.0.0.1:${port(node)}`,
    connect: (node) => connectTcpStream('127.0.0.1', port(node)),
  };
  return part as Cluster;
}

interface Ask {
  readonly ports: readonly number[];
  readonly followRedirects?: boolean;
  readonly invocation?: Partial<Invocation>;
  readonly deadlineMs?: number;
}

async function ask({ ports, followRedirects, invocation, deadlineMs }: Ask): Promise<Completion> {
  const client = new RespClient({
    cluster: clusterOf(ports),
    timers: createRealTimers(),
    operations: register,
    followRedirects: followRedirects ?? false,
    definiteErrors: new Set(['MOVED', 'NOLEADER']),
  });
  await client.open('n1');
  const completion = await client.invoke(
    { process: 0, f: 'write', key: 'k', value: 1, ...invocation },
    deadlineMs ?? 5000,
  );
  client.close();
  return completion;
}

const reply =
  (text: string): Reaction =>
  (socket) =>
    socket.write(text);

describe('the RESP client', () => {
  it('tells a compare-and-set that found another value, with the value seen', async () => {
    const ports = [await listen(reply('$1\r\n7\r\n'))];
    const cas = (expected: unknown): Promise<Completion> =>
      ask({ ports, invocation: { f: 'cas', value: [expected, 9] } });
    expect(await cas(7)).toMatchObject({ type: 'ok', result: { swapped: true, seen: 7 } });
    expect(await cas(8)).toMatchObject({ type: 'ok', result: { swapped: false, seen: 7 } });
  });

  it('asks for a compare-and-set from nothing as SET NX', async () => {
    const commands: string[] = [];
    const port = await listen((socket, command) => {
      commands.push(command);
      socket.write('$-1\r\n');
    });
    const completion = await ask({ ports: [port], invocation: { f: 'cas', value: [null, 9] } });
    expect(completion).toMatchObject({ type: 'ok', result: { swapped: true, seen: null } });
    expect(commands.join('')).toContain('NX');
  });

  it('reports a refusal that is definite as fail, and any other error as info', async () => {
    const definite = await ask({ ports: [await listen(reply('-NOLEADER none\r\n'))] });
    expect(definite).toMatchObject({ type: 'fail', error: { code: 'NOLEADER' } });
    const other = await ask({ ports: [await listen(reply('-WEIRD thing\r\n'))] });
    expect(other).toMatchObject({ type: 'info', error: { code: 'WEIRD' } });
  });

  it('stays at its node when pinned, and follows a redirect when floating', async () => {
    const leader = await listen(reply('+OK\r\n'));
    const follower = await listen((socket) => socket.write(`-MOVED 0 127.0.0.1:${leader}\r\n`));
    const ports = [follower, leader];
    expect(await ask({ ports })).toMatchObject({ type: 'fail', error: { code: 'MOVED' } });
    const followed = await ask({ ports, followRedirects: true });
    expect(followed).toMatchObject({ type: 'ok', node: 'n2' });
  });

  it('gives up on redirects that go round in circles', async () => {
    const ports: number[] = [];
    ports.push(await listen((socket) => socket.write(`-MOVED 0 127.0.0.1:${ports[1]}\r\n`)));
    ports.push(await listen((socket) => socket.write(`-MOVED 0 127.0.0.1:${ports[0]}\r\n`)));
    expect(await ask({ ports, followRedirects: true })).toMatchObject({ type: 'fail' });
  });

  it('does not know what became of an operation when no answer comes by the deadline', async () => {
    const ports = [await listen(() => {})];
    const completion = await ask({ ports, deadlineMs: 50 });
    expect(completion).toMatchObject({ type: 'info', error: { code: 'timeout' } });
  });

  it('gives up the connection at the deadline, so that a late reply is nobody’s', async () => {
    let closed = (): void => {};
    const isClosed = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const port = await listen((socket) => socket.once('close', closed));
    const client = new RespClient({
      cluster: clusterOf([port]),
      timers: createRealTimers(),
      operations: register,
      followRedirects: false,
      definiteErrors: new Set(),
    });
    await client.open('n1');
    const invocation = { process: 0, f: 'read', key: 'k', value: null };
    expect(await client.invoke(invocation, 30)).toMatchObject({ type: 'info' });
    await isClosed;
  });

  it('does not know what became of an operation when the connection is lost', async () => {
    const ports = [await listen((socket) => socket.destroy())];
    expect(await ask({ ports })).toMatchObject({
      type: 'info',
      error: { code: 'connection-lost' },
    });
  });

  it('fails when nobody listens: the operation never left', async () => {
    expect(await ask({ ports: [1] })).toMatchObject({
      type: 'fail',
      error: { code: 'connection-refused' },
    });
  });

  it('does not take nonsense for an answer', async () => {
    for (const nonsense of ['hello\r\n', '$abc\r\n', ':x\r\n', '+OK\n']) {
      const completion = await ask({ ports: [await listen(reply(nonsense))] });
      expect(completion.type, nonsense).toBe('info');
    }
  });
});

describe('the RESP connection', () => {
  it('reads replies that come in pieces, in the order of the commands', async () => {
    const replies: unknown[] = [];
    let deliver = (_: Uint8Array): void => {};
    const connection = new RespConnection({
      write: () => {},
      onData: (handler) => {
        deliver = handler;
      },
      onClose: () => {},
      close: () => {},
    });
    for (let call = 0; call < 3; call++) connection.call(['X'], (each) => replies.push(each));
    for (const byte of new TextEncoder().encode('+OK\r\n$5\r\na\r\nbc\r\n:-3\r\n')) {
      deliver(Uint8Array.of(byte));
    }
    expect(replies).toEqual([
      { type: 'simple', value: 'OK' },
      { type: 'bulk', value: 'a\r\nbc' },
      { type: 'integer', value: -3 },
    ]);
  });

  it('counts the bytes of a command, not its characters', () => {
    const text = new TextDecoder().decode(encodeCommand(['SET', 'ü', '1']));
    expect(text).toBe('*3\r\n$3\r\nSET\r\n$2\r\nü\r\n$1\r\n1\r\n');
  });
});
