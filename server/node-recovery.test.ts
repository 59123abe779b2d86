import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { noCrashPoints } from './crash-points.ts';
import { FileDisk } from './host/file-disk.ts';
import { createRealRandom } from './host/real-random.ts';
import { createRealTimers } from './host/real-timers.ts';
import type { Host } from './host.ts';
import { recoverNode } from './node-recovery.ts';
import { configurationOf } from './raft/configuration.ts';
import { IdentityError } from './storage/identity-format.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function createHost(): Host & { readonly disk: FileDisk } {
  const folder = mkdtempSync(join(tmpdir(), 'rafture-recovery-'));
  folders.push(folder);
  return {
    disk: new FileDisk(folder),
    timers: createRealTimers(),
    random: createRealRandom(),
    log: { event: () => {} },
    crashPoints: noCrashPoints,
    trace: null,
    network: {
      send: () => {},
      onMessage: () => {},
      onPeer: () => {},
      join: () => {},
      setPeers: () => {},
      meetAgain: () => {},
    },
  };
}

function recover(host: Host) {
  return recoverNode(host, {
    id: 'n1',
    clusterId: 'test',
    initialConfiguration: configurationOf(['n1', 'n2']),
    segmentBytes: 4096,
    failed: (error) => {
      throw error;
    },
  });
}

test('a node that has met others and lost its log does not start with an empty one', async () => {
  const host = createHost();
  const first = recover(host);
  await new Promise((resolve) => first.repair(resolve));
  const { own } = first.identity.policy;
  const n2 = { ...own, nodeId: 'n2', directoryId: '0123456789abcdef' };
  await new Promise((resolve) => first.identity.policy.admit(n2, resolve));
  recover(host);
  for (const file of host.disk.list().filter((name) => name.startsWith('wal-'))) {
    await new Promise((resolve) => host.disk.remove(file, resolve));
  }
  expect(() => recover(host)).toThrow(IdentityError);
  expect(() => recover(host)).toThrow(/"wal-\*" were lost/);
  host.disk.close();
});
