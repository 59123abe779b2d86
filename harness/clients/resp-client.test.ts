import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Client, Completion, Invocation } from '../client.ts';
import { connectTcpStream } from '../cluster/tcp-stream.ts';
import type { Cluster } from '../cluster.ts';
import { createRealTimers } from '../run/real-timers.ts';
import { RespClient } from './resp-client.ts';
import { RespLink } from './resp-link.ts';
import { respObjects } from './resp-objects.ts';
import { done, failed, hasRead, type RespOperations } from './resp-script.ts';
import { type Closed, type Script, TestNodes } from './test-nodes.ts';

const definiteErrors = new Set(['MOVED', 'NOLEADER']);

/** A change that looks twice, and the read of the same. */
const operations: RespOperations = {
  *change(invocation) {
    for (const name of ['first', 'second']) yield { kind: 'look', command: ['LOOK', name] };
    yield { kind: 'change', command: ['CHANGE', String(invocation.value)] };
    return done(invocation);
  },
  *read() {
    const reply = yield { kind: 'read', command: ['READ'] };
    return hasRead(reply.type === 'simple' ? reply.value : null);
  },
  *'look-only'() {
    yield { kind: 'look', command: ['LOOK', 'only'] };
    return failed('held', 'by somebody');
  },
};

interface Asked {
  readonly nodes: TestNodes;
  readonly completion: Completion;
}

interface Ask {
  readonly f?: string;
  readonly followRedirects?: boolean;
  readonly home?: string;
}

function clientOf(nodes: TestNodes, followRedirects: boolean): Client {
  const { cluster, timers } = nodes;
  return new RespClient({ cluster, timers, operations, followRedirects, definiteErrors });
}

const invocation = (f: string): Invocation => ({ process: 0, f, key: 'k', value: 7 });

async function ask(scripts: readonly (Script | Closed)[], asked: Ask = {}): Promise<Asked> {
  const nodes = new TestNodes(...scripts);
  const client = clientOf(nodes, asked.followRedirects ?? false);
  const completion = await nodes.run(async () => {
    await client.open(asked.home ?? 'n1');
    return client.invoke(invocation(asked.f ?? 'change'), 1000);
  });
  return { nodes, completion };
}

/** Answers `+OK`, but the given command in its own way. */
const okBut =
  (at: number, reaction: ReturnType<Script>): Script =>
  (_, count) =>
    count === at ? reaction : '+OK\r\n';

const ok: Script = () => '+OK\r\n';
const to =
  (node: string): Script =>
  () =>
    `-MOVED 0 ${node}:1\r\n`;

describe('a change that looks before', () => {
  it('sends one step after the other, each after the answer to the one before', async () => {
    const { nodes, completion } = await ask([ok]);
    expect(completion).toEqual({ type: 'ok', value: 7, node: 'n1' });
    expect(nodes.log).toEqual(['n1 LOOK first', 'n1 LOOK second', 'n1 CHANGE 7']);
  });

  it('has not happened when a look is unanswered, and may have when the change is', async () => {
    const ends = ['silence', 'hang-up', '-WEIRD thing\r\n', 'nonsense\r\n'] as const;
    const codes = ['timeout', 'connection-lost', 'WEIRD', 'connection-lost'];
    for (const [which, reaction] of ends.entries()) {
      for (const [at, type] of ['fail', 'fail', 'info'].entries()) {
        const { nodes, completion } = await ask([okBut(at, reaction)]);
        const code = codes[which];
        expect(completion, `${reaction} at ${at}`).toMatchObject({ type, error: { code } });
        expect(nodes.log, `${reaction} at ${at}`).toHaveLength(at + 1);
        expect(nodes.nowMs <= 1000).toBe(true);
      }
    }
  });

  it('has not happened when any step is definitely refused', async () => {
    for (const at of [0, 1, 2]) {
      const { nodes, completion } = await ask([okBut(at, '-NOLEADER none\r\n')]);
      expect(completion).toMatchObject({
        type: 'fail',
        value: null,
        error: { code: 'NOLEADER', message: 'none' },
      });
      expect(nodes.log).toHaveLength(at + 1);
    }
  });

  it('shares one deadline among its steps', async () => {
    const slow: Script = () => ({ afterMs: 400, text: '+OK\r\n' });
    const { nodes, completion } = await ask([slow]);
    expect(completion).toMatchObject({ type: 'info', error: { code: 'timeout' } });
    expect(nodes.log).toHaveLength(3);
    expect(nodes.nowMs).toBe(1000);
  });

  it('sends nothing when there is no time left', async () => {
    const nodes = new TestNodes(ok);
    const link = new RespLink(nodes);
    link.goTo('n1');
    expect(await link.ask(['CHANGE'], 0)).toEqual({ type: 'unsent', error: { code: 'timeout' } });
    expect(nodes.log).toEqual([]);
  });

  it('goes on at the leader with the step that was refused, not from the start', async () => {
    const followed = await ask([okBut(1, '-MOVED 0 n2:1\r\n'), ok], { followRedirects: true });
    expect(followed.completion).toMatchObject({ type: 'ok', node: 'n2' });
    const steps = ['n1 LOOK first', 'n1 LOOK second', 'n2 LOOK second', 'n2 CHANGE 7'];
    expect(followed.nodes.log).toEqual(steps);
    expect(followed.nodes.openCount).toBe(1);
  });

  it('has the end that its script gives it, where the answers have said it all', async () => {
    const { completion } = await ask([ok], { f: 'look-only' });
    expect(completion).toMatchObject({ type: 'fail', error: { code: 'held' }, node: 'n1' });
  });
});

describe('a read', () => {
  it('is of unknown outcome when it is not answered, and fails when it is refused', async () => {
    const reactions = ['silence', 'hang-up', '-WEIRD thing\r\n', '-NOLEADER none\r\n'] as const;
    for (const [which, reaction] of reactions.entries()) {
      const { completion } = await ask([() => reaction], { f: 'read' });
      expect(completion.type, reaction).toBe(which === 3 ? 'fail' : 'info');
    }
  });
});

describe('the road to a node', () => {
  it('fails when nobody listens or nobody accepts: nothing has left', async () => {
    const refused = { type: 'fail', error: { code: 'connection-refused' } };
    expect((await ask(['refuses'])).completion).toMatchObject(refused);
    expect((await ask(['refuses'], { f: 'read' })).completion).toMatchObject(refused);
    const { nodes, completion } = await ask(['never-accepts'], { f: 'read' });
    expect(completion).toMatchObject({ type: 'fail', error: { code: 'connect-timeout' } });
    expect(nodes.nowMs).toBe(1000);
  });

  /** Nodes that take a while to accept. */
  function slowly({ cluster, timers }: TestNodes, delayMs: number): Client {
    const slow: Cluster = {
      ...cluster,
      connect: (node) =>
        new Promise((resolve, reject) => {
          timers.after(delayMs, () => cluster.connect(node).then(resolve, reject));
        }),
    };
    return new RespClient({
      ...{ cluster: slow, timers, operations, followRedirects: false, definiteErrors },
    });
  }

  it('is no longer wanted when it opens after the deadline', async () => {
    const nodes = new TestNodes(ok);
    const client = slowly(nodes, 1500);
    await nodes.run(async () => {
      await client.open('n1');
      const late = await client.invoke(invocation('read'), 1000);
      expect(late).toMatchObject({ type: 'fail', error: { code: 'connect-timeout' } });
      const next = await client.invoke(invocation('read'), 2000);
      expect(next).toMatchObject({ type: 'ok' });
    });
    expect([nodes.openCount, nodes.log]).toEqual([1, ['n1 READ']]);
  });

  it('is no longer wanted when it opens after the client has been closed', async () => {
    const nodes = new TestNodes(ok);
    const client = slowly(nodes, 500);
    const completion = await nodes.run(async () => {
      await client.open('n1');
      const asked = client.invoke(invocation('read'), 1000);
      client.close();
      return asked;
    });
    expect(completion).toMatchObject({ type: 'fail', error: { code: 'connect-timeout' } });
    expect([nodes.connectCount, nodes.openCount, nodes.log]).toEqual([1, 0, []]);
  });

  it('is given up at a timeout: what is asked next does not wait behind the answer', async () => {
    const nodes = new TestNodes((_, count) =>
      count === 0 ? { afterMs: 1500, text: '+late\r\n' } : { afterMs: 900, text: '+own\r\n' },
    );
    const client = clientOf(nodes, false);
    const completions = await nodes.run(async () => {
      await client.open('n1');
      const first = await client.invoke(invocation('read'), 1000);
      expect(nodes.openCount).toBe(0);
      return [first, await client.invoke(invocation('read'), 1000)];
    });
    expect(completions).toMatchObject([{ type: 'info' }, { type: 'ok', value: 'own' }]);
  });

  it('is kept from one operation to the next, and made anew when it was lost between', async () => {
    const nodes = new TestNodes((_, count) => (count === 2 ? 'hang-up' : '+OK\r\n'));
    const client = clientOf(nodes, false);
    const types = await nodes.run(async () => {
      await client.open('n1');
      const seen: string[] = [];
      for (let turn = 0; turn < 4; turn++) {
        seen.push((await client.invoke(invocation('read'), 1000)).type);
      }
      return seen;
    });
    expect(types).toEqual(['ok', 'ok', 'info', 'ok']);
    expect(nodes.openCount).toBe(1);
  });
});

describe('redirects', () => {
  it('are refusals to a pinned client, which stays where it is', async () => {
    const { nodes, completion } = await ask([to('n2'), ok], { f: 'read' });
    expect(completion).toMatchObject({ type: 'fail', error: { code: 'MOVED' }, node: 'n1' });
    expect(nodes.log).toEqual(['n1 READ']);
  });

  it('lead a floating client on, and it stays there for the next operation', async () => {
    const nodes = new TestNodes(to('n2'), to('n3'), ok);
    const client = clientOf(nodes, true);
    await nodes.run(async () => {
      await client.open('n1');
      for (let turn = 0; turn < 2; turn++) {
        const completion = await client.invoke(invocation('read'), 1000);
        expect(completion).toMatchObject({ type: 'ok', node: 'n3' });
      }
    });
    expect(nodes.log).toEqual(['n1 READ', 'n2 READ', 'n3 READ', 'n3 READ']);
    expect(nodes.openCount).toBe(1);
  });

  it('end after five, also when they go round in circles', async () => {
    const { nodes, completion } = await ask([to('n2'), to('n1')], {
      f: 'read',
      followRedirects: true,
    });
    expect(completion).toMatchObject({ type: 'fail', error: { code: 'MOVED' } });
    expect(nodes.log).toHaveLength(6);
  });

  it('that lead nowhere bring a floating client home for the next operation', async () => {
    const lost: readonly Script[] = [to('n9'), () => '-NOLEADER none\r\n'];
    for (const second of [...lost, 'refuses' as const]) {
      const home: Script = (_, count) => (count === 0 ? '-MOVED 0 n2:1\r\n' : '+OK\r\n');
      const nodes = new TestNodes(home, second);
      const client = clientOf(nodes, true);
      const ends = await nodes.run(async () => {
        await client.open('n1');
        const first = await client.invoke(invocation('read'), 1000);
        return [first, await client.invoke(invocation('read'), 1000)];
      });
      expect(ends).toMatchObject([{ type: 'fail' }, { type: 'ok', node: 'n1' }]);
    }
  });
});

describe('a refusal that is no redirect', () => {
  it('leads nowhere, even if it names an address, and costs no connection', async () => {
    const nodes = new TestNodes(() => '-NOLEADER 0 n2:1\r\n', ok);
    const client = clientOf(nodes, true);
    await nodes.run(async () => {
      await client.open('n1');
      for (let turn = 0; turn < 2; turn++) await client.invoke(invocation('read'), 1000);
    });
    expect(nodes.log).toEqual(['n1 READ', 'n1 READ']);
    expect(nodes.connectCount).toBe(1);
  });
});

describe('the RESP client', () => {
  it('refuses an operation that the object does not have', async () => {
    await expect(ask([ok], { f: 'fly' })).rejects.toThrow('no operation fly');
  });

  it('has a new connection when it is opened again', async () => {
    const nodes = new TestNodes(ok);
    const client = clientOf(nodes, false);
    await nodes.run(async () => {
      for (const home of ['n1', 'n1']) {
        await client.open(home);
        await client.invoke(invocation('read'), 1000);
      }
    });
    expect([nodes.connectCount, nodes.openCount]).toEqual([2, 1]);
  });

  it('begins at its own node again when it is opened again', async () => {
    const nodes = new TestNodes(to('n2'), ok);
    const client = clientOf(nodes, true);
    await nodes.run(async () => {
      for (const home of ['n1', 'n1']) {
        await client.open(home);
        await client.invoke(invocation('read'), 1000);
      }
      client.close();
    });
    expect(nodes.log).toEqual(['n1 READ', 'n2 READ', 'n1 READ', 'n2 READ']);
    expect(nodes.openCount).toBe(0);
  });
});

describe('the RESP client on real sockets', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  /** Resolves with the port of a server that reacts to whatever a client sends. */
  function listen(react: (socket: Socket) => void): Promise<number> {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () => react(socket));
    });
    servers.push(server);
    return new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(address !== null && typeof address === 'object' ? address.port : 0);
      });
    });
  }

  async function askPort(port: number, deadlineMs: number): Promise<Completion> {
    const part: Pick<Cluster, 'nodes' | 'clientAddress' | 'connect'> = {
      nodes: ['n1'],
      clientAddress: () => `127.0.0.1:${port}`,
      connect: () => connectTcpStream('127.0.0.1', port),
    };
    const client = new RespClient({
      cluster: part as Cluster,
      timers: createRealTimers(),
      operations: respObjects['register'] ?? {},
      followRedirects: false,
      definiteErrors,
    });
    await client.open('n1');
    const completion = await client.invoke({ ...invocation('write'), value: 1 }, deadlineMs);
    client.close();
    return completion;
  }

  it('is answered, hung up on, and refused', async () => {
    const ports = [
      await listen((socket) => socket.write('+OK\r\n')),
      await listen((socket) => socket.destroy()),
      1,
    ];
    const ends: unknown[] = [];
    for (const port of ports) ends.push(await askPort(port, 5000));
    expect(ends).toMatchObject([
      { type: 'ok' },
      { type: 'info', error: { code: 'connection-lost' } },
      { type: 'fail', error: { code: 'connection-refused' } },
    ]);
  });

  it('gives up the connection at the deadline', async () => {
    let closed = (): void => {};
    const isClosed = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const port = await listen((socket) => socket.once('close', closed));
    const completion = await askPort(port, 30);
    expect(completion).toMatchObject({ type: 'info', error: { code: 'timeout' } });
    await isClosed;
  });
});
