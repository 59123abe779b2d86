/** Each mode of a proxied link, seen from its two ends: real sockets on loopback. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { LinkMode } from '../cluster.ts';
import { createRandomStream } from '../run/random.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { changeLines, ProxyLine } from './tcp-proxy-line.ts';

/** One end of a connection, and what has come in on it. */
class End {
  readonly socket: Socket;
  text = '';
  ended = false;
  failure: string | null = null;
  arrivedAtMs: number[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => {
      this.text += bytes.toString('latin1');
      this.arrivedAtMs.push(performance.now());
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.failure = error.code ?? error.message;
    });
    socket.on('end', () => {
      this.ended = true;
    });
  }
}

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function createRig() {
  const forward = new ProxyLine(createRandomStream(1, 'forward'));
  const backward = new ProxyLine(createRandomStream(1, 'backward'));
  const accepted: End[] = [];
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    accepted.push(new End(socket));
  });
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const address = server.address();
  const target = {
    host: '127.0.0.1',
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
  };
  const proxy = new TcpProxy({ target, forward, backward });
  const port = await proxy.listen();
  const sockets: Socket[] = [];
  closers.push(async () => {
    for (const socket of [...sockets, ...accepted.map((end) => end.socket)]) socket.destroy();
    await proxy.close();
    await new Promise((resolve) => server.close(resolve));
  });
  const open = async (): Promise<End> => {
    const socket = connect({ host: '127.0.0.1', port });
    sockets.push(socket);
    await once(socket, 'connect');
    return new End(socket);
  };
  /** A connection, and the far end of it. */
  const openBoth = async (): Promise<readonly [End, End]> => {
    const count = accepted.length;
    const near = await open();
    return [near, await until(() => accepted[count])];
  };
  const set = (there: readonly LinkMode[], back: readonly LinkMode[] = []): void =>
    changeLines(
      new Map([
        [forward, there],
        [backward, back],
      ]),
    );
  return { forward, backward, accepted, server, proxy, open, openBoth, set };
}

function until<T>(look: () => T | undefined | false): Promise<T> {
  return vi.waitFor(
    () => {
      const seen = look();
      if (seen === undefined || seen === false) throw new Error('not yet');
      return seen;
    },
    { timeout: 5000, interval: 1 },
  );
}

/** Everything that could have passed has: a connection through a proxy without modes carries it. */
async function exchangeElsewhere(): Promise<void> {
  const { openBoth } = await createRig();
  const [near, far] = await openBoth();
  for (let turn = 0; turn < 20; turn++) {
    near.socket.write('x');
    await until(() => far.text.length > turn);
    far.socket.write('y');
    await until(() => near.text.length > turn);
  }
}

describe('a proxied connection', () => {
  test('carries both directions, and the end of each by itself', async () => {
    const { openBoth } = await createRig();
    const [near, far] = await openBoth();
    near.socket.end('question');
    await until(() => far.text === 'question' && far.ended);
    far.socket.end('answer');
    await until(() => near.text === 'answer' && near.ended);
  });

  test('is slowed by a reader who does not read, and holds no more than it may', async () => {
    const { openBoth } = await createRig();
    const [near, far] = await openBoth();
    far.socket.pause();
    const block = Buffer.alloc(1 << 20, 'x');
    let blocks = 0;
    while (near.socket.write(block) || blocks < 4) blocks++;
    for (let more = 0; more < 60; more++) near.socket.write(block);
    // What the kernel and the proxy do not take stays with the sender.
    for (let left = 0; left !== near.socket.writableLength; ) {
      left = near.socket.writableLength;
      await exchangeElsewhere();
    }
    expect(near.socket.writableLength).toBeGreaterThan(20 << 20);
    far.socket.resume();
    await until(() => far.text.length === (blocks + 61) << 20);
  });

  test('whose target refuses is closed, and whoever waits for it is told', async () => {
    const { open, proxy, server } = await createRig();
    await new Promise((resolve) => server.close(resolve));
    const near = await open();
    await expect(proxy.reached(near.socket.localPort ?? 0)).rejects.toThrow('ECONNREFUSED');
    await until(() => near.socket.closed || near.ended);
  });

  test('that reaches its target resolves', async () => {
    const { open, proxy, accepted } = await createRig();
    const near = await open();
    await proxy.reached(near.socket.localPort ?? 0);
    await until(() => accepted.length === 1);
  });
});

describe('drop', () => {
  test('in one direction silences both, as TCP without acknowledgements', async () => {
    const { openBoth, set, forward, backward } = await createRig();
    const [near, far] = await openBoth();
    set([{ type: 'drop' }]);
    near.socket.write('there');
    far.socket.write('back');
    await until(() => forward.met.drop === 2);
    await exchangeElsewhere();
    expect([near.text, far.text]).toEqual(['', '']);
    expect(backward.met).toEqual({});
    set([]);
    await until(() => far.text === 'there' && near.text === 'back');
  });

  test('keeps a new connection from its target until it heals', async () => {
    const { open, set, accepted, backward } = await createRig();
    set([], [{ type: 'drop' }]);
    const near = await open();
    await until(() => backward.met.drop === 1);
    near.socket.write('hello');
    await exchangeElsewhere();
    expect(accepted).toEqual([]);
    set([]);
    await until(() => accepted[0]?.text === 'hello');
  });

  test('loses what its sender had not got through when it closed', async () => {
    const { openBoth, set, forward } = await createRig();
    const [near, far] = await openBoth();
    set([{ type: 'drop' }]);
    near.socket.write('lost');
    await until(() => forward.met.drop === 1);
    near.socket.destroy();
    await exchangeElsewhere();
    expect(far.ended).toBe(false);
    set([]);
    await until(() => far.ended);
    expect(far.text).toBe('');
  });
});

describe('oneway', () => {
  test('silences its direction only, and delivers in order when it heals', async () => {
    const { openBoth, set, forward } = await createRig();
    const [near, far] = await openBoth();
    set([{ type: 'oneway' }]);
    near.socket.write('one ');
    far.socket.write('back');
    await until(() => near.text === 'back' && forward.met.oneway === 1);
    near.socket.write('two');
    await until(() => forward.met.oneway === 2);
    expect(far.text).toBe('');
    set([]);
    await until(() => far.text === 'one two');
  });

  test('lets a connection be opened against it, but not along it', async () => {
    const { openBoth, open, set, accepted, forward } = await createRig();
    set([], [{ type: 'oneway' }]);
    const [near, far] = await openBoth();
    near.socket.write('against');
    await until(() => far.text === 'against');
    set([{ type: 'oneway' }]);
    await open();
    await until(() => forward.met.oneway === 1);
    await exchangeElsewhere();
    expect(accepted).toHaveLength(1);
  });
});

describe('hold', () => {
  test('delivers later, in order, although the sender has gone', async () => {
    const { openBoth, set, forward } = await createRig();
    const [near, far] = await openBoth();
    set([{ type: 'hold' }]);
    near.socket.write('one ');
    await until(() => forward.met.hold === 1);
    near.socket.write('two');
    await until(() => forward.met.hold === 2);
    near.socket.destroy();
    await exchangeElsewhere();
    expect([far.text, far.ended]).toEqual(['', false]);
    set([]);
    await until(() => far.ended);
    expect(far.text).toBe('one two');
  });

  test('delivers a connection that was opened and closed meanwhile', async () => {
    const { open, set, accepted, forward } = await createRig();
    set([{ type: 'hold' }]);
    const near = await open();
    near.socket.write('from the past');
    await until(() => forward.met.hold === 2);
    near.socket.resetAndDestroy();
    await exchangeElsewhere();
    expect(accepted).toEqual([]);
    set([]);
    const far = await until(() => accepted[0]?.ended && accepted[0]);
    expect(far.text).toBe('from the past');
    // Nobody takes its answer.
    await until(() => {
      far.socket.write('answer');
      return far.failure !== null;
    });
  });

  test('leaves the other direction alone', async () => {
    const { openBoth, set } = await createRig();
    const [near, far] = await openBoth();
    set([{ type: 'hold' }]);
    far.socket.write('back');
    await until(() => near.text === 'back');
  });
});

describe('reset', () => {
  test('breaks what is there and what is opened, and lets all work when it heals', async () => {
    const { open, openBoth, set, backward } = await createRig();
    const [near, far] = await openBoth();
    set([], [{ type: 'reset' }]);
    await until(() => near.failure === 'ECONNRESET' && far.failure === 'ECONNRESET');
    expect(backward.met.reset).toBe(1);
    const late = await open().catch(() => null);
    if (late !== null) await until(() => late.failure === 'ECONNRESET');
    expect(backward.met.reset).toBe(2);
    set([]);
    const [again, target] = await openBoth();
    again.socket.write('again');
    await until(() => target.text === 'again');
  });

  test('loses what was on hold', async () => {
    const { open, set, accepted, forward } = await createRig();
    set([{ type: 'hold' }]);
    const near = await open();
    near.socket.write('held');
    await until(() => forward.met.hold === 2);
    set([{ type: 'hold' }, { type: 'reset' }]);
    await until(() => near.failure === 'ECONNRESET');
    set([]);
    await exchangeElsewhere();
    expect(accepted).toEqual([]);
  });
});

describe('delay', () => {
  test('comes later by so much, in one direction', async () => {
    const { openBoth, set, forward } = await createRig();
    const [near, far] = await openBoth();
    set([{ type: 'delay', ms: 60, jitterMs: 0 }]);
    const beginMs = performance.now();
    near.socket.write('there');
    await until(() => far.text === 'there');
    const thereMs = performance.now();
    expect(thereMs - beginMs).toBeGreaterThanOrEqual(59);
    expect(forward.met).toEqual({ delay: 1 });
  });

  test('with jitter overtakes nothing on a connection', async () => {
    const { openBoth, set, forward } = await createRig();
    const [near, far] = await openBoth();
    set([{ type: 'delay', ms: 30, jitterMs: 30 }]);
    const letters = 'abcdefghijklmnop';
    for (const [position, letter] of [...letters].entries()) {
      near.socket.write(letter);
      await until(() => forward.met.delay === position + 1);
    }
    await until(() => far.text.length === letters.length);
    expect(far.text).toBe(letters);
  });

  test('keeps its jitter within bounds, from the seed', () => {
    const lateness = (): readonly number[] => {
      const line = new ProxyLine(createRandomStream(7, 'jitter'));
      changeLines(new Map([[line, [{ type: 'delay', ms: 50, jitterMs: 20 }]]]));
      return Array.from({ length: 200 }, () => line.passesAtMs(1, 0));
    };
    const all = lateness();
    expect(Math.min(...all)).toBeGreaterThanOrEqual(30);
    expect(Math.min(...all)).toBeLessThan(35);
    expect(Math.max(...all)).toBeLessThanOrEqual(70);
    expect(Math.max(...all)).toBeGreaterThan(65);
    expect(lateness()).toEqual(all);
  });

  test('ends for what is on its way when the mode ends', async () => {
    const { openBoth, set, forward } = await createRig();
    const [near, far] = await openBoth();
    set([{ type: 'delay', ms: 3_600_000, jitterMs: 0 }]);
    near.socket.write('late');
    await until(() => forward.met.delay === 1);
    set([]);
    await until(() => far.text === 'late');
  });
});

describe('rate', () => {
  test('is shared by all connections of the direction', () => {
    const line = new ProxyLine(() => 0);
    changeLines(new Map([[line, [{ type: 'rate', kilobitsPerS: 8 }]]]));
    // 8 kbit/s is a byte in a millisecond.
    expect(line.passesAtMs(100, 1000)).toBe(1100);
    expect(line.passesAtMs(50, 1000)).toBe(1150);
    expect(line.passesAtMs(50, 5000)).toBe(5050);
    // What waited under the old rate is given to the new one anew.
    changeLines(new Map([[line, [{ type: 'rate', kilobitsPerS: 16 }]]]));
    expect(line.passesAtMs(100, 5000)).toBe(5050);
  });

  test('takes its time', async () => {
    const { openBoth, set } = await createRig();
    const [near, far] = await openBoth();
    set([{ type: 'rate', kilobitsPerS: 800 }]);
    const beginMs = performance.now();
    near.socket.write(Buffer.alloc(8000, 'x'));
    await until(() => far.text.length === 8000);
    expect(performance.now() - beginMs).toBeGreaterThanOrEqual(79);
  });
});

describe('loss', () => {
  test('makes a lost packet wait until it was sent again, from the seed', () => {
    const draws = [0.1, 0.1, 0.9, 0.9];
    const line = new ProxyLine(() => draws.shift() ?? 1);
    changeLines(new Map([[line, [{ type: 'loss', percent: 30 }]]]));
    expect(line.passesAtMs(10, 1000)).toBe(1600);
    expect(line.passesAtMs(10, 1000)).toBe(1000);
    expect(line.met).toEqual({ loss: 2 });
  });

  test('strikes so many of a hundred packets, of large chunks each packet', () => {
    const line = new ProxyLine(createRandomStream(3, 'loss'));
    changeLines(new Map([[line, [{ type: 'loss', percent: 20 }]]]));
    const late = Array.from({ length: 1000 }, () => line.passesAtMs(100, 0)).filter((at) => at > 0);
    expect(late.length).toBeGreaterThan(150);
    expect(late.length).toBeLessThan(250);
    const large = Array.from({ length: 100 }, () => line.passesAtMs(65_536, 0));
    expect(large.filter((at) => at > 0).length).toBeGreaterThan(95);
  });

  test('of everything lets nothing through until it ends', async () => {
    const { openBoth, set, forward } = await createRig();
    const [near, far] = await openBoth();
    set([{ type: 'loss', percent: 100 }]);
    near.socket.write('sent often');
    await until(() => (forward.met.loss ?? 0) > 0);
    await exchangeElsewhere();
    expect(far.text).toBe('');
    set([]);
    await until(() => far.text === 'sent often');
  });
});

test('modes that stay start nothing anew', async () => {
  const { openBoth, set, forward } = await createRig();
  const [near] = await openBoth();
  const late: readonly LinkMode[] = [{ type: 'delay', ms: 3_600_000, jitterMs: 0 }];
  set(late);
  near.socket.write('late');
  await until(() => forward.met.delay === 1);
  set([...late]);
  set(late, [{ type: 'oneway' }]);
  expect(forward.met).toEqual({ delay: 1 });
});

test('two directions change together', async () => {
  const { openBoth, set } = await createRig();
  const [near, far] = await openBoth();
  set([{ type: 'oneway' }]);
  near.socket.write('kept back');
  far.socket.write('passes');
  await until(() => near.text === 'passes');
  // The cut moves to the other direction: at no moment is there none.
  set([], [{ type: 'drop' }]);
  await exchangeElsewhere();
  expect(far.text).toBe('');
  set([]);
  await until(() => far.text === 'kept back');
});
