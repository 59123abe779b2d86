import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { execa, execaSync } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, type Ended, runServer, TestProcesses } from './host/test-processes.ts';

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

  test('a follower names the leader', async () => {
    const leader = await processes.leader(processes.running);
    for (const { id, clientPort } of processes.running) {
      if (id === leader.id) continue;
      for (const request of [
        ['GET', 'k'],
        ['SET', 'k', '1'],
      ]) {
        expect(await ask(clientPort, request)).toBe(`-MOVED 0 127.0.0.1:${leader.clientPort}`);
      }
    }
  });

  test('what was acknowledged outlives the leader, and the killed node comes back', async () => {
    const leader = await processes.leader(processes.running);
    expect(await ask(leader.clientPort, ['SET', 'kept', 'value'])).toBe('+OK');
    leader.kill('SIGKILL');
    expect(await leader.ended).toMatchObject({ signal: 'SIGKILL' });
    const successor = await processes.leader(processes.running);
    expect(successor.id).not.toBe(leader.id);
    expect(await ask(successor.clientPort, ['GET', 'kept'])).toBe('value');
    const again = processes.start(leader.id);
    const applied = (info: string | null) => /applied_index:(\d+)/.exec(info ?? '')?.[1];
    const goal = applied(await ask(successor.clientPort, ['RAFT.INFO']));
    for (;;) {
      const info = await ask(again.clientPort, ['RAFT.INFO']).catch(() => null);
      if (Number(applied(info)) >= Number(goal)) break;
    }
  });

  test('all nodes killed at once lose nothing that was acknowledged', async () => {
    const leader = await processes.leader(processes.running);
    expect(await ask(leader.clientPort, ['SET', 'all', 'killed'])).toBe('+OK');
    const killed = processes.running;
    for (const node of killed) node.kill('SIGKILL');
    await Promise.all(killed.map(({ ended }) => ended));
    for (const id of ids) processes.start(id);
    const next = await processes.leader(processes.running);
    expect(await ask(next.clientPort, ['GET', 'all'])).toBe('killed');
  });

  test('SIGTERM and the end of stdin both stop a node in good order', async () => {
    const [first, second, third] = processes.running;
    first?.kill('SIGTERM');
    expect(await first?.ended).toMatchObject({ exitCode: 0, stderr: '' });
    second?.endStdin();
    expect(await second?.ended).toMatchObject({ exitCode: 0, stderr: '' });
    third?.endStdin();
    expect(await third?.ended).toMatchObject({ exitCode: 0, stderr: '' });
  });
});

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
    for (const [flag, value] of [
      ['--bogus', '1'],
      ['--listen-client', 'nowhere'],
      ['--peer', 'n2'],
      ['--peer', 'n1=127.0.0.1:1'],
      ['--election-ticks', '2'],
      ['--tick-ms', 'soon'],
      ['--log-level', 'loud'],
    ] as const) {
      const ended = await run({ [flag]: value });
      expect(ended.exitCode).toBe(254);
      expectOneLine(ended, flag.slice(2), '--help');
    }
  });

  test('a missing flag is named in one line, exit code 254', async () => {
    const ended = await runServer(['--id', 'n1']).ended;
    expect(ended.exitCode).toBe(254);
    expectOneLine(ended, 'data-dir');
  });

  test('--help lists the flags and the exit codes', async () => {
    const { exitCode, stdout } = await runServer(['--help']).ended;
    expect(exitCode).toBe(0);
    for (const code of ['0', '250', '251', '252', '254', '255']) {
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
    for (const folder of [file, join(file, 'below'), '/proc/nobody/can']) {
      const ended = await run({ '--data-dir': folder });
      expect(ended.exitCode).toBe(251);
      expectOneLine(ended, folder);
    }
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

  test('a log that is damaged in the middle is refused with its place, exit code 251', async () => {
    const wal = join(processes.folder, 'n1', 'wal');
    const bytes = readFileSync(wal);
    bytes[20] = (bytes[20] ?? 0) ^ 0xff;
    writeFileSync(wal, bytes);
    const ended = await run({});
    expect(ended.exitCode).toBe(251);
    expectOneLine(ended, 'wal is corrupt at byte 16');
  });
});
