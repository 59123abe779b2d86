/**
 * What stays in the log before a snapshot.
 */
import { expect, test } from 'vitest';
import { configurationOf } from './configuration.ts';
import type { Entry } from './entry.ts';
import { TestServer } from './test-server.ts';

function leaderOf(sizes: readonly number[], trailing: Partial<Record<string, number>>): TestServer {
  const entries = sizes.map((size, position): Entry => {
    return { index: position + 1, term: 1, kind: 'command', data: new Uint8Array(size) };
  });
  const server = new TestServer({
    initialConfiguration: configurationOf(['n1']),
    hardState: { currentTerm: 1, votedFor: null },
    entries,
    ...trailing,
  });
  server.ticks(20);
  return server;
}

function snapshotAt(server: TestServer, index: number): number {
  const snapshot = server.raft.snapshotMetaAt(index);
  server.step({ type: 'snapshotTaken', snapshot });
  return server.status.firstLogIndex;
}

test('so many entries stay before a snapshot for slow followers', () => {
  const sizes = [1, 1, 1, 1, 1, 1];
  expect(snapshotAt(leaderOf(sizes, { trailingEntryCount: 2 }), 5)).toBe(4);
  expect(snapshotAt(leaderOf(sizes, { trailingEntryCount: 0 }), 5)).toBe(6);
  expect(snapshotAt(leaderOf(sizes, { trailingEntryCount: 50 }), 5)).toBe(1);
});

test('large entries do not stay, however few they are', () => {
  const trailing = { trailingEntryCount: 5, trailingBytesMax: 100 };
  expect(snapshotAt(leaderOf([60, 60, 60, 60, 30, 1], trailing), 5)).toBe(4);
  expect(snapshotAt(leaderOf([60, 60, 60, 60, 101, 1], trailing), 5)).toBe(6);
});
