/**
 * The conformance suite of clusters of real processes: what each must do, whatever it is made of.
 *
 * It runs a small server (testdata/ping) which tells what it has heard from whom and what it has
 * kept, so that every fault and every recovery is seen from inside. Its parts are beside it.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ability, abilities, type Cluster } from '../cluster.ts';
import type { System } from '../systems/system.ts';
import {
  testDamage,
  testFullDisks,
  testPowerLoss,
  testSlowDisks,
} from './cluster-conformance-disks.ts';
import { testBadLinks, testCuts, testJams } from './cluster-conformance-network.ts';
import {
  testExits,
  testLives,
  testLogLines,
  testSpares,
  testVersions,
} from './cluster-conformance-processes.ts';
import {
  allLinks,
  expectRules,
  type GetCluster,
  nodes,
  spare,
  untilHeard,
} from './cluster-conformance-rig.ts';
import { pingSourceRoot, pingSystem } from './ping-system.ts';
import type { ClusterRequest } from './select.ts';

/** What a factory is given: `sourceRoot` holds the server of the suite. */
export interface ConformanceOptions
  extends Pick<ClusterRequest, 'prepare' | 'spares' | 'otherVersion'> {
  readonly system: System;
  readonly nodes: readonly string[];
  readonly sourceRoot: string;
  readonly traces: boolean;
}

export interface Conformance {
  create(options: ConformanceOptions): Promise<Cluster>;
  /** What it must be able to do here; of all else it may say that it cannot. */
  readonly musts: readonly Ability[];
}

/** Registers the suite. The tests of it build on each other and run in order. */
export function describeClusterConformance(name: string, { create, musts }: Conformance): void {
  describe(`a cluster of ${name}`, { timeout: 60_000 }, () => {
    let created: Cluster | undefined;
    let otherRoot = '';
    const cluster = (): Cluster => {
      if (created === undefined) throw new Error('the cluster was not created');
      return created;
    };

    beforeAll(async () => {
      otherRoot = await mkdtemp(join(tmpdir(), 'rafture-other-version-'));
      await cp(pingSourceRoot, otherRoot, { recursive: true });
      const source = "export const version: string = 'two';\n";
      await writeFile(join(otherRoot, 'server/version.ts'), source);
      created = await create({
        ...{ system: pingSystem, nodes, sourceRoot: pingSourceRoot, traces: true },
        ...{ prepare: new Set(abilities), spares: [spare] },
        otherVersion: { name: 'other', sourceRoot: otherRoot },
      });
    }, 120_000);

    afterAll(async () => {
      await created?.tearDown();
      await rm(otherRoot, { recursive: true, force: true });
    }, 60_000);

    testReadiness(cluster, musts);
    testCuts(cluster);
    testBadLinks(cluster);
    testJams(cluster);
    testLives(cluster);
    testLogLines(cluster);
    testExits(cluster);
    testSpares(cluster);
    testVersions(cluster);
    testPowerLoss(cluster);
    testFullDisks(cluster);
    testSlowDisks(cluster);
    testDamage(cluster);
    testEnds(cluster);
  });
}

function testReadiness(cluster: GetCluster, musts: readonly Ability[]): void {
  test('is ready when it resolves: every node answers and hears every other', async () => {
    for (const node of nodes) expect(await cluster().nodeState(node)).toBe('running');
    await untilHeard(cluster(), allLinks(), 3);
    await expectRules(cluster(), []);
  });

  test(`says what it can do, and that is at least: ${musts.join(' ')}`, () => {
    const capabilities = cluster().capabilities();
    const missing = musts.filter((ability) => !capabilities[ability].available);
    expect(missing.map((ability) => [ability, capabilities[ability]])).toEqual([]);
    expect(cluster().describe()).not.toBe('');
  });
}

function testEnds(cluster: GetCluster): void {
  test('the logs and the traces hold every incarnation of a node', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rafture-logs-'));
    try {
      await cluster().collectLogs(folder);
      const log = await readFile(join(folder, 'n1/server.log'), 'utf8');
      const starts = log.split('\n').filter((line) => line.includes(' started with '));
      expect(starts).toHaveLength(cluster().lives('n1'));
      expect(starts[0]).toBe('n1 version one started with 0 values');
      const trace = await readFile(join(folder, 'n1/trace.jsonl'), 'utf8');
      const started = '{"node":"n1","event":"started"}\n';
      expect(trace).toBe(started.repeat(cluster().lives('n1')));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('is torn down twice without complaint, and then nobody listens', async () => {
    await cluster().tearDown();
    await cluster().tearDown();
    for (const node of nodes) await expect(cluster().connect(node)).rejects.toThrow();
  });
}
