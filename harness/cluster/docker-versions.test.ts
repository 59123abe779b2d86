/** Another version of a node is another container: what the earlier ones wrote is not lost. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createDockerCluster } from './docker.ts';
import { whySkipDockerTests } from './docker-available.ts';
import { pingSourceRoot, pingSystem } from './ping-system.ts';

const whySkip = await whySkipDockerTests();

describe.skipIf(whySkip !== null)('versions in containers', { timeout: 60_000 }, () => {
  test('the log and the trace of a node hold its lives in every version', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rafture-versions-'));
    const sourceRoot = join(folder, 'other');
    await cp(pingSourceRoot, sourceRoot, { recursive: true });
    await writeFile(join(sourceRoot, 'server/version.ts'), "export const version = 'two';\n");
    const cluster = await createDockerCluster({
      ...{ system: pingSystem, nodes: ['n1'], images: 'auto', sourceRoot: pingSourceRoot },
      ...{ runId: `test-${process.pid}-versions`, traces: true },
      otherVersion: { name: 'other', sourceRoot },
    });
    try {
      const address = cluster.clientAddress('n1');
      for (const version of ['other', 'first']) {
        await cluster.kill('n1');
        await cluster.start('n1', { version });
      }
      expect(cluster.lives('n1')).toBe(3);
      expect(cluster.clientAddress('n1')).toBe(address);
      expect(cluster.unexpectedExits()).toEqual([]);
      await cluster.collectLogs(folder);
      const log = await readFile(join(folder, 'n1/server.log'), 'utf8');
      const versions = [...log.matchAll(/^n1 version (\S+) started/gm)].map((match) => match[1]);
      expect(versions).toEqual(['one', 'two', 'one']);
      const trace = await readFile(join(folder, 'n1/trace.jsonl'), 'utf8');
      expect(trace).toBe('{"node":"n1","event":"started"}\n'.repeat(3));
    } finally {
      await cluster.tearDown();
      await rm(folder, { recursive: true });
    }
  });
});
