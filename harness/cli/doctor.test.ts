/** Tests of `rafture doctor`: as a person runs it, and with clusters that do not come. */
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { capabilitiesOf } from '../cluster.ts';
import { families } from '../nemesis/families.ts';
import { type ClusterReport, examineCluster } from './doctor-clusters.ts';
import { examineMachine } from './doctor-machine.ts';
import { type DoctorReport, describeDoctor } from './doctor-words.ts';

const command = join(import.meta.dirname, '../rafture.js');
const faultCount = families.flatMap(({ family }) => family.variants).length;

describe('rafture doctor', { timeout: 60_000 }, () => {
  test('lists each fault for each cluster that works, and says why one does not', async () => {
    const result = await execa(process.execPath, [command, 'doctor', '--json', '--limit', '50'], {
      env: { DOCKER_HOST: 'unix:///nonexistent/docker.sock' },
      reject: false,
    });
    expect(result.exitCode).toBe(0);
    const { machine, clusters } = JSON.parse(result.stdout) as DoctorReport;
    expect(machine).toMatchObject({ node: process.versions.node, isRoot: expect.any(Boolean) });
    expect(clusters[0]).toMatchObject({ kind: 'docker', works: false });
    expect(clusters[0]).toHaveProperty('why', expect.stringContaining('install Docker'));
    const kinds = clusters.filter(({ works }) => works).map(({ kind }) => kind);
    expect(kinds).toContain('process');
    expect(kinds).toContain('sim');
    for (const { works, faults } of clusters) {
      expect(faults).toHaveLength(works ? faultCount : 0);
      for (const fault of faults) {
        // Available with how, or not with why and remedy: never neither.
        const told = fault.available ? [fault.how] : [fault.why, fault.remedy];
        expect(told.every((text) => text !== null && text !== '')).toBe(true);
      }
    }
    expect(clusters[2]?.faults).toContainEqual(
      expect.objectContaining({ family: 'kill', variant: 'one', available: true }),
    );
  });
});

describe('a cluster that is looked at', () => {
  test('and never comes does not work, and its last step is told', async () => {
    const report = await examineCluster(
      {
        ...{ name: 'slow', kind: 'docker' },
        create: (onProgress) => {
          onProgress('building an image');
          return new Promise(() => {});
        },
      },
      20,
    );
    expect(report).toMatchObject({ name: 'slow', works: false, faults: [] });
    expect(report).toHaveProperty('why', expect.stringContaining('the last step: building an'));
  });

  test('and cannot be made does not work, for the reason that it gives', async () => {
    const create = (): Promise<never> => Promise.reject(new Error('no luck'));
    const report = await examineCluster({ name: 'x', kind: 'process', create }, 1000);
    expect(report).toMatchObject({ works: false, why: 'no luck' });
  });
});

describe('the words', () => {
  const fault = { group: 'network', family: 'delay', variant: 'one' } as const;
  const can = { ...fault, available: true, how: 'by proxies', why: null, remedy: null };
  const cannot = { ...fault, available: false, how: null, why: 'no netem', remedy: 'a kernel' };
  const none = capabilitiesOf({}, 'nothing', 'nothing');
  const working = { tookMs: 1234, works: true, description: 'two nodes' } as const;
  const reports: readonly ClusterReport[] = [
    { ...working, name: 'docker', kind: 'docker', faults: [can], abilities: none },
    { ...working, name: 'process', kind: 'process', faults: [cannot], abilities: none },
    { name: 'sim', kind: 'sim', tookMs: 1, works: false, why: 'no code', faults: [] },
  ];

  test('have a column for each cluster that works, and the reasons below', () => {
    const lines = describeDoctor({ machine: examineMachine(), clusters: reports });
    expect(lines.slice(3)).toEqual([
      'docker: works (1.2 s): two nodes',
      'process: works (1.2 s): two nodes',
      'sim: does not work: no code',
      '',
      'fault      docker  process',
      'delay one  yes     no [1]',
      '',
      '[1] no netem. Remedy: a kernel',
    ]);
  });

  test('say so when nothing works', () => {
    const lines = describeDoctor({ machine: examineMachine(), clusters: reports.slice(2) });
    expect(lines.at(-1)).toBe('No cluster works here, so no fault can be had.');
  });
});
