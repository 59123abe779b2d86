import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectPlainly, createServer } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { execa, execaSync } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { crashPoints } from './crash-points.ts';
import { type Authority, createAuthority } from './host/test-certificates.ts';
import {
  ask,
  type Ended,
  freePorts,
  runServer,
  type TestNode,
  TestProcesses,
  until,
} from './host/test-processes.ts';

// By a name, so that nobody takes it for a command that comes with a package.
const redisCliFile = 'redis-cli';
const hasRedisCli = execaSync(redisCliFile, ['--version'], { reject: false }).exitCode === 0;
if (!hasRedisCli && process.env['CI'] !== 'true') {
  console.warn('skipped: redis-cli is not installed (Debian: apt-get install redis-tools)');
}

async function redisCli(port: number, ...words: readonly string[]): Promise<string> {
  const { stdout } = await execa(redisCliFile, ['-h', '127.0.0.1', '-p', `${port}`, ...words]);
  return stdout.trim();
}

// First, because processes that end of themselves leave what Node compiled to the others.
describe('a node that can not start', { timeout: 20_000 }, () => {
  let processes: TestProcesses;

  beforeAll(async () => {
    processes = await TestProcesses.create(['n1']);
  });

  afterAll(() => processes.tearDown());

  function expectOneLine({ stderr }: Ended, ...parts: readonly string[]): void {
    expect(stderr.split('\n')).toHaveLength(1);
    for (const part of parts) expect(stderr).toContain(part);
  }

  /** Flags that work, with some of them replaced. */
  function run(changes: Readonly<Record<string, string>>): Promise<Ended> {
    const flags = [...processes.flags('n1')];
    for (const [name, value] of Object.entries(changes)) {
      const place = flags.indexOf(name);
      if (place < 0) flags.push(name, value);
      else flags[place + 1] = value;
    }
    return runServer(flags).ended;
  }

  test('a bad flag is named in one line, exit code 254', async () => {
    const ended = await run({ '--crash-at': 'wal.after-fsnyc' });
    expect(ended.exitCode).toBe(254);
    expectOneLine(ended, '--crash-at', 'wal.after-fsync', '--help');
  });

  test('--help lists the flags and the exit codes', async () => {
    const { exitCode, stdout } = await runServer(['--help']).ended;
    expect(exitCode).toBe(0);
    for (const code of ['0', '249', '250', '251', '252', '254', '255']) {
      expect(stdout).toMatch(new RegExp(`^ +${code} {2}`, 'm'));
    }
  });

  test('a busy port is named in one line, exit code 250', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    const address = server.address();
    const busy = typeof address === 'object' ? `127.0.0.1:${address?.port}` : '';
    for (const flag of ['--listen-client', '--listen-peer']) {
      const ended = await run({ [flag]: busy });
      expect(ended.exitCode).toBe(250);
      expectOneLine(ended, busy, flag, 'EADDRINUSE');
    }
    server.close();
  });

  test('a data directory that can not be used is named in one line, exit code 251', async () => {
    const file = join(processes.folder, 'file');
    writeFileSync(file, '');
    const folder = join(file, 'below');
    const ended = await run({ '--data-dir': folder });
    expect(ended.exitCode).toBe(251);
    expectOneLine(ended, folder);
  });

  test('two nodes do not share a data directory', async () => {
    const node = processes.start('n1');
    await processes.leader([node]);
    const ended = await runServer(processes.flags('n1')).ended;
    expect(ended.exitCode).toBe(251);
    expectOneLine(ended, 'in use by process');
    node.kill('SIGKILL');
    await node.ended;
  });

  test('a data directory of another node is refused, exit code 249', async () => {
    const ended = await run({ '--id': 'n7' });
    expect(ended.exitCode).toBe(249);
    expectOneLine(ended, processes.dataDirectory('n1'), 'n7');
  });

  test('a log that is damaged in the middle is refused with its place, exit code 251', async () => {
    const folder = processes.dataDirectory('n1');
    const segment = readdirSync(folder).find((file) => file.startsWith('wal'));
    const file = join(folder, segment ?? 'no segment');
    const bytes = readFileSync(file);
    bytes[20] = (bytes[20] ?? 0) ^ 0xff;
    writeFileSync(file, bytes);
    const ended = await run({});
    expect(ended.exitCode).toBe(251);
    expectOneLine(ended, `${segment} is corrupt at byte`);
  });
});

describe('three nodes', { timeout: 30_000 }, () => {
  const ids = ['n1', 'n2', 'n3'];
  let processes: TestProcesses;

  beforeAll(async () => {
    processes = await TestProcesses.create(ids);
    for (const id of ids) processes.start(id);
    await processes.leader(processes.running);
  }, 30_000);

  afterAll(() => processes.tearDown());

  test.skipIf(!hasRedisCli && process.env['CI'] !== 'true')(
    'redis-cli sets, gets, swaps, deletes and asks for information',
    async () => {
      const { clientPort: port, id } = await processes.leader(processes.running);
      expect(await redisCli(port, 'PING')).toBe('PONG');
      expect(await redisCli(port, 'SET', 'k', 'v 1')).toBe('OK');
      expect(await redisCli(port, 'GET', 'k')).toBe('v 1');
      expect(await redisCli(port, 'SET', 'k', '2', 'IFEQ', 'v 1', 'GET')).toBe('v 1');
      expect(await redisCli(port, 'DEL', 'k', 'nothing')).toBe('1');
      expect(await redisCli(port, 'GET', 'k')).toBe('');
      const info = await redisCli(port, 'INFO', 'raft');
      expect(info).toContain(`role:leader`);
      expect(info).toContain(`leader_id:${id}`);
      expect(info).toContain('configuration:n1,n2,n3');
    },
  );

  test('a follower answers reads, and names the leader for writes', async () => {
    const leader = await processes.leader(processes.running);
    expect(await ask(leader.clientPort, ['SET', 'k', '1'])).toBe('+OK');
    for (const { id, clientPort } of processes.running) {
      if (id === leader.id) continue;
      expect(await read(clientPort, 'k')).toBe('1');
      const refusal = await ask(clientPort, ['SET', 'k', '2']);
      expect(refusal).toBe(`-MOVED 0 127.0.0.1:${leader.clientPort}`);
    }
  });

  test('what was acknowledged outlives the leader, and the killed node comes back', async () => {
    const leader = await processes.leader(processes.running);
    expect(await ask(leader.clientPort, ['SET', 'kept', 'value'])).toBe('+OK');
    leader.kill('SIGKILL');
    expect(await leader.ended).toMatchObject({ signal: 'SIGKILL' });
    const successor = await processes.leader(processes.running);
    expect(successor.id).not.toBe(leader.id);
    expect(await read(successor.clientPort, 'kept')).toBe('value');
    const again = processes.start(leader.id);
    await again.serving;
    await untilApplied([again], successor);
  });

  test('all nodes killed at once lose nothing that was acknowledged', async () => {
    const leader = await processes.leader(processes.running);
    expect(await ask(leader.clientPort, ['SET', 'all', 'killed'])).toBe('+OK');
    const killed = processes.running;
    for (const node of killed) node.kill('SIGKILL');
    await Promise.all(killed.map(({ ended }) => ended));
    for (const id of ids) processes.start(id);
    const next = await processes.leader(processes.running);
    expect(await read(next.clientPort, 'all')).toBe('killed');
  });

  test('a leader that is stopped hands over, loses nothing, and exits 0', async () => {
    const leader = await processes.leader(processes.running);
    expect(await ask(leader.clientPort, ['SET', 'before', 'stop'])).toBe('+OK');
    const term = Number(await field(leader, 'term'));
    const others = processes.running.filter((node) => node !== leader);
    const answers = await stopUnderLoad(leader);
    expect(await leader.ended).toMatchObject({ exitCode: 0, stderr: '' });
    // Handed over, and not lost: when it has ended there is a next term already, and just one.
    const terms = await Promise.all(others.map((node) => field(node, 'term')));
    expect(Math.max(...terms.map(Number))).toBe(term + 1);
    const successor = await processes.leader(processes.running);
    expect(await read(successor.clientPort, 'before')).toBe('stop');
    // Everything was answered, and nobody was left in doubt.
    expect(answers).toHaveLength(loadCount);
    expect(answers.filter((answer) => answer === '+OK').length).toBeGreaterThan(0);
    expect(answers.filter((answer) => !/^(?:\+OK|-NOLEADER .*|-MOVED .*)$/.test(answer))).toEqual(
      [],
    );
    processes.start(leader.id);
  });

  test('a node that knows nobody joins when the leader is told of it', async () => {
    const leader = await processes.leader(processes.running);
    const joining = await processes.join('n4');
    await joining.serving;
    const address = (port: number) => `127.0.0.1:${port}`;
    const { clientPort } = joining;
    const place = [address(processes.peerPort('n4')), address(clientPort)];
    expect(await ask(leader.clientPort, ['RAFT.ADD', 'n4', ...place])).toMatch(
      /^\+n4 is a learner now/,
    );
    await until(async () => {
      const promoted = await ask(leader.clientPort, ['RAFT.PROMOTE', 'n4']);
      return promoted?.startsWith('-LAGGING') ? null : promoted;
    });
    expect(await ask(leader.clientPort, ['SET', 'joined', 'yes'])).toBe('+OK');
    expect(await read(clientPort, 'joined')).toBe('yes');
    joining.kill('SIGKILL');
    await joining.ended;
    const again = processes.start('n4');
    await again.serving;
    // It looks for the leader, by the members that its log names.
    expect(await read(clientPort, 'joined')).toBe('yes');
    expect(await ask(leader.clientPort, ['RAFT.REMOVE', 'n4'])).toMatch(/^\+n4 /);
    again.kill('SIGKILL');
    await again.ended;
  });

  test('a node without its data is refused under its old name, and the others go on', async () => {
    const leader = await processes.leader(processes.running);
    const victim = processes.running.find(({ id }) => id !== leader.id);
    if (victim === undefined) throw new Error('no follower');
    // Each link was there at least once.
    await untilApplied(processes.running, leader);
    victim.kill('SIGKILL');
    await victim.ended;
    rmSync(processes.dataDirectory(victim.id), { recursive: true });
    const [port = 0] = await freePorts(1);
    const wiped = processes.start(victim.id, ['--listen-http', `127.0.0.1:${port}`]);
    await wiped.serving;
    const health = await untilHealth(port, ({ refusals }) => refusals.length === 2);
    expect(health.status).toBe(503);
    expect(health.reasons).toContain('no leader is known');
    const after = await processes.leader(processes.running.filter((node) => node !== wiped));
    expect(await ask(after.clientPort, ['SET', 'without', 'it'])).toBe('+OK');
    wiped.kill('SIGTERM');
    const { exitCode, stdout } = await wiped.ended;
    expect(exitCode).toBe(0);
    expect(stdout).toContain('peer link refused');
  });

  test('the end of stdin stops a node in good order', async () => {
    const [first, second] = processes.running;
    first?.endStdin();
    expect(await first?.ended).toMatchObject({ exitCode: 0, stderr: '' });
    second?.endStdin();
    expect(await second?.ended).toMatchObject({ exitCode: 0, stderr: '' });
  });
});

describe('a node of its own', { timeout: 30_000 }, () => {
  let processes: TestProcesses;

  beforeAll(async () => {
    processes = await TestProcesses.create(['n1'], ['--election-ticks', '4', '--tick-ms', '5']);
  });

  afterAll(() => processes.tearDown());

  test('the crash points are listed', async () => {
    const { exitCode, stdout } = await runServer(['--list-crash-points']).ended;
    expect(exitCode).toBe(0);
    expect(stdout.split('\n').map((line) => line.split(' ')[0])).toEqual(Object.keys(crashPoints));
  });

  test('a crash point is armed while a node runs only where that was allowed', async () => {
    const crash = ['RAFT.CRASH-AT', 'raft.after-reply', '2'];
    const node = processes.start('n1', ['--allow-crash-points']);
    await processes.leader([node]);
    const answer = '+this node ends at passage 2 of raft.after-reply';
    expect(await ask(node.clientPort, crash)).toBe(answer);
    expect(await ask(node.clientPort, ['RAFT.CRASH-AT', 'NONE'])).toMatch(/^\+/);
    for (const value of ['1', '2', '3']) await ask(node.clientPort, ['SET', 'k', value]);
    await ask(node.clientPort, crash);
    await ask(node.clientPort, ['SET', 'k', '4']).catch(() => null);
    await ask(node.clientPort, ['SET', 'k', '5']).catch(() => null);
    const { signal, stdout } = await node.ended;
    expect([signal, stdout.includes('"passage":2')]).toEqual(['SIGKILL', true]);
    const careful = processes.start('n1');
    await processes.leader([careful]);
    expect(await ask(careful.clientPort, crash)).toMatch(/^-ERR .* --allow-crash-points$/);
    expect(await read(careful.clientPort, 'k')).toMatch(/^[45]$/);
    careful.kill('SIGKILL');
    await careful.ended;
  });

  test('--crash-at kills the node where it says, and it comes back, over HTTP too', async () => {
    const traceFile = join(processes.folder, 'trace');
    const compaction = ['--snapshot-entries', '10', '--trailing-entries', '2'];
    let acknowledged = 0;
    for (const at of [
      'wal.after-append-before-fsync#3',
      'raft.after-apply-before-reply#4',
      'snapshot.after-fsync-before-rename',
    ]) {
      const flags = [...compaction, '--trace', traceFile, '--crash-at', at];
      acknowledged = await untilCrash(processes.start('n1', flags), acknowledged, at);
      // What happened before is in the trace, line by line.
      const events = readFileSync(traceFile, 'utf8').trimEnd().split('\n');
      expect(JSON.parse(events[0] ?? '')).toMatchObject({ node: 'n1', event: 'start' });
      expect(JSON.parse(events.at(-1) ?? '')).toMatchObject({ node: 'n1' });
    }
    const [port = 0] = await freePorts(1);
    const node = processes.start('n1', [...compaction, '--listen-http', `127.0.0.1:${port}`]);
    await processes.leader([node]);
    expect(Number(await read(node.clientPort, 'counted'))).toBeGreaterThanOrEqual(acknowledged);
    const health = await untilHealth(port, ({ status }) => status === 200);
    expect(health.reasons).toEqual([]);
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(text).toMatch(/^rafture_role\{role="leader",.*\} 1$/m);
    expect(text).toMatch(/^rafture_commit_index\{.*\} [1-9]/m);
    const syncs = /^rafture_disk_sync_seconds_count\{.*\} (\d+)$/m.exec(text)?.[1];
    expect(Number(syncs)).toBeGreaterThan(0);
    node.kill('SIGTERM');
    expect(await node.ended).toMatchObject({ exitCode: 0 });
  });

  /** Counts until the node is gone; the highest number that was acknowledged before. */
  async function untilCrash(node: TestNode, before: number, at: string): Promise<number> {
    let ended = false;
    void node.ended.then(() => {
      ended = true;
    });
    await node.serving;
    let acknowledged = before;
    for (let value = before + 1; !ended; value += 1) {
      const reply = await ask(node.clientPort, ['SET', 'counted', `${value}`]).catch(() => null);
      if (reply === '+OK') acknowledged = value;
    }
    const { signal, stdout } = await node.ended;
    expect(signal).toBe('SIGKILL');
    const [name, passage] = at.split('#');
    const evidence = stdout.split('\n').filter((line) => line.includes('crash point reached'));
    expect(evidence.map((line): unknown => JSON.parse(line))).toMatchObject([
      { node: 'n1', crashPoint: name, passage: Number(passage ?? 1) },
    ]);
    return acknowledged;
  }
});

describe('with TLS between peers and for clients', { timeout: 30_000 }, () => {
  const ids = ['n1', 'n2', 'n3'];
  let processes: TestProcesses;
  let authority: Authority;

  /** The flags of a node whose certificates this authority has signed. */
  async function tlsFlags(id: string, signer: Authority): Promise<readonly string[]> {
    const { cert, key } = await signer.sign(id);
    const file = (name: string, text: string) => {
      const path = join(processes.folder, `${id}-${name}`);
      writeFileSync(path, text);
      return path;
    };
    const [certFile, keyFile] = [file('cert.pem', cert), file('key.pem', key)];
    return [
      ...['--tls-peer-cert', certFile, '--tls-peer-key', keyFile],
      ...['--tls-peer-ca', file('ca.pem', signer.ca)],
      ...['--tls-client-cert', certFile, '--tls-client-key', keyFile],
      ...['--password-file', file('password', 'a secret\n')],
    ];
  }

  beforeAll(async () => {
    processes = await TestProcesses.create(ids);
    authority = await createAuthority('ours');
    for (const id of ids) processes.start(id, await tlsFlags(id, authority));
  }, 30_000);

  afterAll(() => processes.tearDown());

  /** What is answered to these lines over TLS, with the password given first. */
  function tell(node: TestNode, line: string): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port: node.clientPort, ca: authority.ca });
      let answer = '';
      socket.on('error', () => resolve(''));
      socket.on('data', (bytes) => {
        answer += bytes.toString();
        if (answer.split('\r\n').length > 2) socket.destroy();
      });
      socket.on('close', () => resolve(answer));
      socket.write(`AUTH "a secret"\r\n${line}\r\n`);
    });
  }

  async function leader(): Promise<TestNode> {
    await Promise.all(processes.running.map(({ serving }) => serving));
    return until(async () => {
      for (const node of processes.running) {
        if ((await tell(node, 'SET k v')) === '+OK\r\n+OK\r\n') return node;
      }
      return null;
    });
  }

  test('the members agree, and a stranger is no member', async () => {
    await leader();
    const victim = processes.running.at(-1);
    victim?.kill('SIGKILL');
    await victim?.ended;
    const [port = 0] = await freePorts(1);
    const theirs = await createAuthority('theirs');
    const flags = [...(await tlsFlags('n3', theirs)), '--listen-http', `127.0.0.1:${port}`];
    const stranger = processes.start('n3', flags);
    await stranger.serving;
    const health = await untilHealth(port, ({ refusals }) => refusals.length === 2);
    expect(health).toMatchObject({ status: 503 });
    stranger.kill('SIGKILL');
    await stranger.ended;
    expect(await tell(await leader(), 'GET k')).toBe('+OK\r\n$1\r\nv\r\n');
  });
});

const loadCount = 400;

/** Stops a node while so many writes are on their way; what was answered, until it hung up. */
function stopUnderLoad(node: TestNode): Promise<readonly string[]> {
  const value = 'x'.repeat(2000);
  return new Promise((resolve) => {
    const socket = connectPlainly({ host: '127.0.0.1', port: node.clientPort });
    let received = '';
    socket.once('data', () => node.kill('SIGTERM'));
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(received.split('\r\n').slice(0, -1)));
    socket.write(`SET load ${value}\r\n`.repeat(loadCount));
  });
}

/** A field of INFO. */
async function field(node: TestNode, name: string): Promise<string | undefined> {
  const info = await ask(node.clientPort, ['RAFT.INFO']).catch(() => null);
  return new RegExp(`^${name}:(.*)\r?$`, 'm').exec(info ?? '')?.[1]?.trim();
}

/** Once the node knows a leader: before, it refuses. */
function read(port: number, key: string): Promise<string> {
  return until(async () => {
    const reply = await ask(port, ['GET', key]);
    return reply?.startsWith('-NOLEADER') ? null : reply;
  });
}

/** All these nodes have what the leader has. */
async function untilApplied(nodes: readonly TestNode[], leader: TestNode): Promise<void> {
  const goal = Number(await field(leader, 'applied_index'));
  for (const node of nodes) {
    await until(async () => Number(await field(node, 'applied_index')) >= goal || null);
  }
}

interface SeenHealth {
  readonly status: number;
  readonly reasons: readonly string[];
  readonly refusals: readonly string[];
}

/** The first answer of /health that is as it should be. */
function untilHealth(port: number, fits: (seen: SeenHealth) => boolean): Promise<SeenHealth> {
  return until(async () => {
    const response = await fetch(`http://127.0.0.1:${port}/health`).catch(() => null);
    if (response === null) return null;
    const { reasons, refusals } = (await response.json()) as SeenHealth;
    const seen = { status: response.status, reasons, refusals };
    return fits(seen) ? seen : null;
  });
}
