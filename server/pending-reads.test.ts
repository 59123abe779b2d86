import { expect, test } from 'vitest';
import type { Reply } from './kv/command.ts';
import { PendingReads } from './pending-reads.ts';

function createReads(...ids: readonly number[]): PendingReads {
  const reads = new PendingReads();
  for (const id of ids) {
    const command = { type: 'get', key: Buffer.from(`${id}`) } as const;
    reads.ask(id, { command, reply: (_: Reply) => undefined });
  }
  return reads;
}

function keys(reads: readonly { readonly command: { readonly type: string } }[]): string[] {
  return reads.map(({ command }) => {
    return 'key' in command && command.key instanceof Uint8Array ? `${command.key}` : '?';
  });
}

test('a read is ready once it is confirmed and its index is applied, not before', () => {
  const reads = createReads(1, 2, 3);
  expect(reads.takeReady(100)).toEqual([]);
  reads.confirm(2, 7);
  reads.confirm(1, 5);
  expect(keys(reads.takeReady(4))).toEqual([]);
  expect(keys(reads.takeReady(5))).toEqual(['1']);
  expect(keys(reads.takeReady(6))).toEqual([]);
  expect(keys(reads.takeReady(8))).toEqual(['2']);
  expect(reads.count).toBe(1);
});

test('each read is handed out once, and one that was given up is confirmed in vain', () => {
  const reads = createReads(1, 2);
  expect(reads.take(1)).not.toBeNull();
  expect(reads.take(1)).toBeNull();
  reads.confirm(1, 1);
  expect(reads.takeReady(9)).toEqual([]);
  reads.confirm(2, 1);
  expect(reads.count).toBe(1);
  expect(keys(reads.takeAll())).toEqual(['2']);
  expect(reads.count).toBe(0);
  expect(reads.takeReady(9)).toEqual([]);
});
