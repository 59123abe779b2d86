/** Tests of `rafture doctor`: as a person runs it, and with clusters that are late or broken. */
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { createSimulatedCluster } from '../cluster/simulated.ts';
import { type Cluster, capabilitiesOf } from '../cluster.ts';
import { families } from '../nemesis/families.ts';
import { type ClusterReport, examineCluster } from './doctor-clusters.ts';
import { examineMachine } from './doctor-machine.ts';
import { chooseFrom, type DoctorReport, describeDoctor } from './doctor-words.ts';

const command = join(import.meta.dirname, '../rafture.js');
const faultCount = families.flatMap(({ family }) => family.variants).length;

describe('rafture doctor', { timeout: 90_000 }, () => {
  test('lists each fault for each cluster, also for one that does not work', async () => {
    const result = await execa(process.execPath, [command, 'doctor', '--json', '--limit', '80'], {
      env: { DOCKER_HOST: 'unix:///nonexistent/docker.sock' },
      reject: false,
    });
    expect(result.exitCode).toBe(0);
    const { machine, clusters, choices } = JSON.parse(result.stdout) as DoctorReport;
    expect(machine).toMatchObject({ node: process.versions.node, isRoot: expect.any(Boolean) });
    expect(clusters[0]).toMatchObject({
      ...{ kind: 'docker', works: false },
      why: expect.stringMatching(/^no container engine answers at .*\)$/),
      remedy: expect.stringContaining('install Docker'),
    });
    expect(clusters[0]?.faults[0]).toMatchObject({
      ...{ available: false, how: null },
      why: expect.stringMatching(/^docker does not work here: no container engine answers/),
      remedy: expect.stringContaining('install Docker'),
    });
    const kinds = clusters.filter(({ works }) => works === true).map(({ kind }) => kind);
    expect(kinds).toContain('process');
    expect(kinds).toContain('sim');
    for (const { faults } of clusters) {
      expect(faults).toHaveLength(faultCount);
      for (const fault of faults) {
        // Available with how, or not with why and remedy: never neither.
        const told = fault.available === true ? [fault.how] : [fault.why, fault.remedy];
        expect(told.every((text) => text !== null && text !== '')).toBe(true);
      }
    }
    expect(clusters[2]?.faults).toContainEqual(
      expect.objectContaining({ family: 'kill', variant: 'one', available: true }),
    );
    expect(JSON.stringify(clusters)).not.toContain('as was asked for');
    expect(choices[0]).toMatchObject({ flags: '--cluster auto', takes: 'process' });
    expect(choices[0]?.why).toMatch(/^docker does not work: no container engine answers/);
  });

  test('tells its exit codes', async () => {
    const { stdout } = await execa(process.execPath, [command, 'doctor', '--help']);
    expect(stdout).toMatch(/Exit codes: 0 a cluster works.*1 none works,\s+2 not known/);
  });
});

describe('a cluster that is looked at', () => {
  const working = (tearDown: () => Promise<void>): Cluster =>
    Object.assign(createSimulatedCluster({ seed: 1, nodes: ['n1'] }), {
      describe: () => 'one node (as was asked for)',
      capabilities: () => capabilitiesOf({}, 'nothing', 'nothing'),
      tearDown,
    });

  test('and is slow is not called broken: its step is told, and what waits longer', async () => {
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
    expect(report).toMatchObject({ name: 'slow', works: 'unknown' });
    const why = 'it was not ready after 0.02 s, at the step: building an image';
    expect(report).toMatchObject({ why, remedy: '--limit 60 waits longer' });
    expect(report.faults).toHaveLength(faultCount);
    expect(report.faults[0]).toMatchObject({
      ...{ available: 'unknown', how: null, remedy: '--limit 60 waits longer' },
      why: `whether slow works is not known: ${why}`,
    });
  });

  test('and cannot be made does not work, for the reason that it gives', async () => {
    const create = (): Promise<never> => Promise.reject(new Error('no luck'));
    const report = await examineCluster({ name: 'x', kind: 'process', create }, 1000);
    expect(report).toMatchObject({ works: false, why: 'no luck', remedy: 'use --cluster docker' });
    expect(report.faults).toHaveLength(faultCount);
    const known = Object.assign(new Error('no luck: try again'), { remedy: 'try again' });
    const other = { name: 'x', kind: 'process', create: () => Promise.reject(known) } as const;
    expect(await examineCluster(other, 1000)).toMatchObject({
      why: 'no luck',
      remedy: 'try again',
    });
  });

  test('and is slow to go works all the same', async () => {
    const create = () => Promise.resolve(working(() => new Promise(() => {})));
    const report = await examineCluster({ name: 'x', kind: 'sim', create }, 20);
    expect(report).toMatchObject({ works: true, description: 'one node' });
    expect(report).toMatchObject({ trouble: 'it was not removed yet after 0.02 s' });
    const failing = () => Promise.resolve(working(() => Promise.reject(new Error('stuck'))));
    const other = await examineCluster({ name: 'x', kind: 'sim', create: failing }, 60_000);
    expect(other).toMatchObject({ works: true, trouble: 'stuck' });
  });
});

describe('what is taken where nobody names it', () => {
  const none = capabilitiesOf({}, 'nothing', 'nothing');
  const report = (name: string, works: ClusterReport['works']): ClusterReport => {
    const shared = { name, kind: 'process', tookMs: 1, faults: [] } as const;
    return works === true
      ? { ...shared, works, description: '', abilities: none, trouble: null }
      : { ...shared, works, why: 'why', remedy: 'remedy' };
  };
  const chosen = (docker: ClusterReport['works'], namespaces: ClusterReport['works']) =>
    chooseFrom([report('docker', docker), report('process (namespaces)', namespaces)]);

  test('is the better of two that work, the other with the reason, or not known', () => {
    expect(chosen(true, true)).toMatchObject([
      { flags: '--cluster auto', takes: 'docker' },
      { flags: '--cluster process', takes: '--process-network namespaces' },
    ]);
    expect(chosen(false, false)).toMatchObject([
      { takes: 'process', why: 'docker does not work: why' },
      { takes: '--process-network proxies', why: 'process (namespaces) does not work: why' },
    ]);
    expect(chosen('unknown', 'unknown')).toMatchObject([{ takes: null }, { takes: null }]);
  });
});

describe('the words', () => {
  const fault = { group: 'network', family: 'delay', variant: 'one' } as const;
  const can = { ...fault, available: true, how: 'by proxies', why: null, remedy: null } as const;
  const lacks = {
    ...fault,
    available: false,
    how: null,
    why: 'no netem',
    remedy: 'a kernel',
  } as const;
  const slow = { ...fault, available: 'unknown', how: null, why: 'slow', remedy: 'wait' } as const;
  const none = capabilitiesOf({}, 'nothing', 'nothing');
  const working = { tookMs: 1234, works: true, description: 'two nodes', abilities: none } as const;
  const reports: readonly ClusterReport[] = [
    { ...working, name: 'docker', kind: 'docker', faults: [can], trouble: null },
    { ...working, name: 'process', kind: 'process', faults: [lacks], trouble: 'it is stuck' },
    {
      ...{ name: 'sim', kind: 'sim', tookMs: 1, works: 'unknown', why: 'it is slow' },
      ...{ remedy: 'wait', faults: [slow] },
    },
    {
      ...{ name: 'none', kind: 'sim', tookMs: 1, works: false, why: 'no code', remedy: 'code' },
      faults: [],
    },
  ];
  const choices = [{ flags: '--cluster auto', takes: 'docker', why: 'there is one' }];
  const wordsOf = (clusters: readonly ClusterReport[]) =>
    describeDoctor({ machine: examineMachine(), clusters, choices });

  test('have a column for each cluster, and the reasons below', () => {
    expect(wordsOf(reports).slice(3)).toEqual([
      'docker: works (1.2 s): two nodes',
      'process: works (1.2 s): two nodes; it is stuck',
      'sim: not known: it is slow; wait',
      'none: does not work: no code; code',
      '--cluster auto takes docker: there is one',
      '',
      'fault      docker  process  sim    none',
      'delay one  yes     no [1]   ? [2]  not told',
      '',
      '[1] no netem. Remedy: a kernel',
      '[2] slow. Remedy: wait',
      '',
      'How each of them is done: rafture doctor --json',
    ]);
  });

  test('say so when nothing works, and not when it is only not known', () => {
    const nothing = 'No cluster works here, so no fault can be had.';
    expect(wordsOf(reports.slice(3))).toContain(nothing);
    expect(wordsOf(reports.slice(2))).not.toContain(nothing);
    expect(wordsOf(reports.slice(2)).join()).not.toContain('--cluster auto');
  });

  test('say what is taken when that is not known', () => {
    const why = 'docker if it works, which is not known, else process';
    const slow = [{ flags: '--cluster auto', takes: null, why }];
    const report = { machine: examineMachine(), clusters: reports, choices: slow };
    expect(describeDoctor(report)).toContain(`--cluster auto takes ${why}`);
  });
});
