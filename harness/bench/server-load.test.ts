import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isLeaderStatus } from './bench-cluster-etcd.ts';
import { parseInfo } from './bench-connection.ts';
import {
  buildLoad,
  encodeLoadFlags,
  goProgram,
  type LoadRequest,
  parseComeback,
  parseLoadResult,
  runLoad,
} from './server-load.ts';

const hasGo = spawnSync(goProgram, ['version']).status === 0;
const request: LoadRequest = {
  store: 'resp',
  endpoints: ['127.0.0.1:1', '127.0.0.1:2'],
  workload: 'write',
  clients: 2,
  keys: 10,
  valueBytes: 8,
  warmUpMs: 0,
  durationMs: 50,
  seed: 1,
};

it('tells the generator durations in milliseconds, and nothing that was not asked for', () => {
  const flags = encodeLoadFlags(request);
  expect(flags).toContain('-endpoints=127.0.0.1:1,127.0.0.1:2');
  expect(flags).toContain('-duration=50ms');
  expect(flags.join(' ')).not.toContain('operations');
});

it('refuses a line of the generator that lacks a figure', () => {
  expect(() => parseLoadResult('{"operations":1}')).toThrow('no serverCpuMs in');
  expect(() => parseLoadResult('[]')).toThrow('no serverCpuMs in');
});

it('reads a comeback, and that none came', () => {
  expect(parseComeback('{"msUntilOk":12.5,"endpoint":"a:1","writesBefore":3}')).toEqual({
    msUntilOk: 12.5,
    writesBefore: 3,
  });
  expect(parseComeback('{"msUntilOk":null,"writesBefore":0}').msUntilOk).toBeNull();
});

it('knows the leader by what a node says of itself', () => {
  expect(parseInfo('# Raft\r\nrole:leader\r\nleader_client_address:h:1\r\n').get('role')).toBe(
    'leader',
  );
  expect(isLeaderStatus('{"header":{"member_id":"12"},"leader":"12"}')).toBe(true);
  expect(isLeaderStatus('{"header":{"member_id":"12"},"leader":"13"}')).toBe(false);
  expect(isLeaderStatus('{}')).toBe(false);
});

it.skipIf(!hasGo)(
  'the generator counts what was answered, and what was refused',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rafture-load-test-'));
    let commands = 0;
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () => {
        commands += 1;
        socket.write(commands % 10 === 0 ? '-OVERLOADED later\r\n' : '+OK\r\n');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const program = buildLoad(folder, { etcd: false });
      const result = await runLoad(program, {
        ...request,
        endpoints: [`127.0.0.1:${port}`],
        workload: 'fill',
        operations: 100,
        pids: [process.pid],
      });
      expect(commands).toBe(100);
      expect(result).toMatchObject({ operations: 90, errors: 10, firstError: 'OVERLOADED later' });
      expect(result.serverCpuMs).toHaveLength(1);
      expect(result.p99Ms).toBeLessThanOrEqual(result.maxMs * 1.02);
    } finally {
      server.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
  120_000,
);
