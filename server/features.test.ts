/**
 * The features of the whole server on real processes: what the simulation shows many times over is
 * shown here once, with real disks, sockets and signals.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { crashPoints } from './crash-points.ts';
import { ask, type TestNode, TestProcesses } from './host/test-processes.ts';

test('each crash point is reached by exactly one line of the sources', () => {
  const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' });
  const sources = files.filter((file) => file.endsWith('.ts') && !file.includes('test'));
  const text = sources.map((file) => readFileSync(join(import.meta.dirname, file), 'utf8'));
  const lines = text.flatMap((source) => source.split('\n'));
  for (const name of Object.keys(crashPoints)) {
    const reached = lines.filter((line) => line.includes(`reach('${name}')`));
    expect(reached.length, name).toBe(1);
  }
});

describe('three nodes and one that joins', { timeout: 60_000 }, () => {
  let processes: TestProcesses;

  beforeAll(async () => {
    const flags = ['--snapshot-entries', '40', '--trailing-entries', '5', '--check-invariants'];
    processes = await TestProcesses.create(['n1', 'n2', 'n3'], flags);
    for (const id of ['n1', 'n2', 'n3']) processes.start(id);
    await processes.leader(processes.running);
  }, 30_000);

  afterAll(() => processes.tearDown());

  async function told(words: readonly string[]): Promise<string> {
    const leader = await processes.leader(processes.running);
    return (await ask(leader.clientPort, words).catch(() => null)) ?? '';
  }

  async function field(node: TestNode, name: string): Promise<string> {
    const info = await ask(node.clientPort, ['RAFT.INFO']).catch(() => null);
    return new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info ?? '')?.[1] ?? '';
  }

  /** Asks until the answer begins so. */
  async function until(words: readonly string[], beginning: string): Promise<string> {
    for (;;) {
      const answer = await told(words);
      if (answer.startsWith(beginning)) return answer;
    }
  }

  /** Equal hashes at an equal index, on all that run. */
  async function untilEqual(): Promise<void> {
    for (;;) {
      const asked = processes.running.map(({ clientPort }) =>
        ask(clientPort, ['RAFT.HASH']).catch(() => null),
      );
      const [first, ...others] = await Promise.all(asked);
      if (first?.startsWith('+') && others.every((hash) => hash === first)) return;
    }
  }

  test('calls of a session take effect once, though their leaders are killed', async () => {
    const id = (await until(['RAFT.SESSION', 'OPEN'], ':')).slice(1);
    for (let sequence = 1; sequence <= 40; sequence += 1) {
      const call = ['RAFT.SESSION', 'CALL', id, `${sequence}`, 'INCR', 'once'];
      if (sequence % 20 === 0) {
        const leader = await processes.leader(processes.running);
        // Whether it took effect before the kill or not: nobody has the answer.
        const lost = ask(leader.clientPort, call).catch(() => null);
        leader.kill('SIGKILL');
        await Promise.all([lost, leader.ended]);
        await until(call, `:${sequence}`);
        await processes.start(leader.id).serving;
      } else {
        await until(call, `:${sequence}`);
      }
    }
    expect(await told(['GET', 'once'])).toBe('40');
    expect(await told(['RAFT.SESSION', 'CALL', id, '1', 'INCR', 'once'])).toMatch(/^-STALESEQ/);
    expect(await told(['RAFT.SESSION', 'CALL', '1', '1', 'INCR', 'x'])).toMatch(/^-NOSESSION/);
    await untilEqual();
  });

  test('a node joins, votes, leads, is removed, and comes back with an empty disk', async () => {
    let joined = await processes.join('n4');
    const add = ['RAFT.ADD', 'n4', `127.0.0.1:${processes.peerPort('n4')}`];
    const adding = [...add, `127.0.0.1:${joined.clientPort}`];
    expect(await told([...adding, 'EXPECT', '999999'])).toMatch(/^-MISMATCH/);
    await until(adding, '+');
    await until(['RAFT.PROMOTE', 'n4'], '+');
    await until(['RAFT.TRANSFER', 'n4'], '+');
    expect(await told(['SET', 'led', 'by n4'])).toBe('+OK');
    expect(await field(joined, 'role')).toBe('leader');
    // The leader itself is removed.
    expect(await told(['RAFT.REMOVE', 'n4'])).toMatch(/^\+n4 is a member no more/);
    joined.kill('SIGTERM');
    expect((await joined.ended).exitCode).toBe(0);
    rmSync(processes.dataDirectory('n4'), { recursive: true });
    joined = processes.start('n4');
    await joined.serving;
    await until(adding, '+');
    await until(['RAFT.PROMOTE', 'n4'], '+');
    await untilEqual();
    expect(await ask(joined.clientPort, ['GET', 'led'])).toBe('by n4');
    expect(Number(await field(joined, 'snapshot_index'))).toBeGreaterThan(0);
  });
});
