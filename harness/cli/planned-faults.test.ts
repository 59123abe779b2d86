import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createSimulatedCluster } from '../cluster/simulated.ts';
import { families } from '../nemesis/families.ts';
import { createRandomStream } from '../run/random.ts';
import type { NemesisFlags } from './nemesis-settings.ts';
import { type PlannedFaults, planFaults } from './planned-faults.ts';
import { parseSettings, type TestSettings } from './settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'rafture-planned-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function settingsOf(over: Partial<NemesisFlags>): Promise<TestSettings> {
  return parseSettings({
    ...{ system: 'reference', workload: 'register', cluster: 'sim', images: 'auto', nodes: '3' },
    ...{ concurrency: '2n', rate: 500, timeLimit: 3, ops: undefined, deadlineMs: 2000 },
    ...{ keys: undefined, opsPerKey: undefined, recoveryLimit: 60, nemesis: undefined },
    ...{ nemesisEvery: 400, nemesisInterval: undefined, seed: 1, testCount: 1, bug: undefined },
    ...{ results: folder, check: 'after', checkTimeLimit: 120, checkMemoryLimit: 2000 },
    ...{ availability: undefined, trace: 'auto', world: undefined, requireAllFaults: false },
    ...{ nemesisSchedule: undefined, nemesisFile: undefined, processNetwork: 'auto' },
    ...over,
  });
}

const nodes = ['n1', 'n2', 'n3'];

async function plan(over: Partial<NemesisFlags>): Promise<PlannedFaults> {
  const cluster = createSimulatedCluster({ seed: 1, nodes });
  return planFaults(await settingsOf(over), { cluster, timers: cluster.timers });
}

/** What the schedule begins in so many operations. */
function begun(planned: PlannedFaults, completions: number): readonly string[] {
  const schedule = planned.createSchedule(createRandomStream(1, 'schedule'));
  return Array.from({ length: completions }, () => schedule.take({ type: 'completed' }))
    .flat()
    .filter(({ phase }) => phase === 'begin')
    .map(({ family, variant }) => `${family}:${variant}`);
}

function script(...lines: readonly string[]): string {
  const path = join(folder, 'faults.yaml');
  writeFileSync(path, ['phases:', ...lines].join('\n'));
  return path;
}

describe('the faults of a run', () => {
  it('that were named and cannot be had are refused, with why and what to do', async () => {
    await expect(plan({ nemesis: 'kill,upgrade' })).rejects.toThrow(
      /^--nemesis upgrade is not possible here: the simulation runs one version.* \(use --cluster/,
    );
    await expect(plan({ nemesis: 'upgrade:rolling' })).rejects.toThrow(
      /^--nemesis upgrade:rolling is not possible here: /,
    );
  });

  it('that were not named are left out, and the console says so', async () => {
    const planned = await plan({ nemesis: 'all' });
    const names = planned.nemesis.map(({ name }) => name);
    expect(names).toHaveLength(families.length - 1);
    expect(names).not.toContain('upgrade');
    expect(planned.notes).toEqual([expect.stringMatching(/^not possible here: upgrade: the sim/)]);
    expect(planned.names).toEqual(names);
    expect((await plan({ nemesis: 'kill' })).notes).toEqual([]);
  });

  it('are offered with the variants that are possible, or that were named', async () => {
    const planned = await plan({ nemesis: 'kill:leader,partition' });
    const [kill, partition] = ['kill', 'partition'].map((name) =>
      planned.nemesis.find((each) => each.name === name),
    );
    expect(kill?.variants).toEqual(['leader']);
    // Of three nodes there is no third that is a minority.
    expect(partition?.variants).toContain('majorities-ring');
    expect(partition?.variants).not.toContain('minority-third');
    const words = begun(planned, 3000);
    expect(words).toContain('kill:leader');
    expect(words.filter((each) => each.startsWith('kill') && each !== 'kill:leader')).toEqual([]);
  });

  it('have their first turns early in a short run', async () => {
    const words = begun(await plan({ nemesis: 'kill:one,pause:one,partition:one' }), 1000);
    expect([...new Set(words)].sort()).toEqual(['kill:one', 'partition:one', 'pause:one']);
  });

  it('of a swarm are chosen by the seed, and told', async () => {
    const [one, same] = [
      await plan({ nemesisSchedule: 'swarm' }),
      await plan({ nemesisSchedule: 'swarm' }),
    ];
    expect(one.swarm).toMatch(/^swarm: \S+, every \d+ operations: /);
    expect(same.swarm).toBe(one.swarm);
    expect(begun(same, 500)).toEqual(begun(one, 500));
    for (const word of begun(one, 500)) expect(one.swarm).toContain(word.split(':')[0]);
    expect(one.notes).toContain(one.swarm);
    expect(one.every).toBe(Number(/every (\d+) /.exec(one.swarm ?? '')?.[1]));
    expect(one.names.length).toBeLessThan(one.nemesis.length);
    for (const name of one.names) expect(one.swarm).toContain(`${name} `);
    const without = await plan({ nemesis: 'kill' });
    expect(without).toMatchObject({ swarm: null, notes: [], names: ['kill'], every: 400 });
    const none = await plan({ nemesisSchedule: 'swarm', nemesis: 'none' });
    expect(begun(none, 500)).toEqual([]);
  });

  it('of a script are skipped where they are not possible', async () => {
    const nemesisFile = script('  - fault: upgrade', '  - { fault: "kill:one", begin: stalled }');
    const planned = await plan({ nemesisFile });
    const schedule = planned.createSchedule(createRandomStream(1, 'schedule'));
    schedule.take({ type: 'completed' });
    expect(schedule.unreached).toMatchObject([
      { family: 'upgrade', outcome: 'skipped' },
      { family: 'kill', outcome: 'not-reached' },
    ]);
    expect(schedule.unreached[0]?.reason).toContain('faults.yaml:2: the simulation runs one');
  });

  it('of a script are refused where a trigger names what nobody has', async () => {
    const phases = [
      '  - { fault: kill, begin: { crash-point: nowhere } }',
      '  - { fault: kill, end: { any: [{ lag: { node: n9, entries: 5 } }, { line: x }] } }',
      '  - { fault: kill, begin: { line: { node: n8, pattern: x } } }',
      '  - { fault: kill, begin: { after: 5 }, with: { nodes: [triggered] } }',
      '  - { fault: kill, begin: { any: [stalled, node-ended] }, with: { nodes: [triggered] } }',
      '  - { fault: kill, begin: { lag: { node: n3, entries: 5 } } }',
      '  - { fault: kill, with: { nodes: [] } }',
      '  - { fault: loss, with: { nodes: [] } }',
    ];
    const complaint = await plan({ nemesisFile: script(...phases) }).then(String, String);
    const told = complaint.split('\n').map((line) => line.replace(/^.*faults\.yaml:/, ''));
    expect(told).toEqual([
      expect.stringMatching(/^2: crash-point: there is none called nowhere; there are /),
      '3: lag: node: takes one of n1, n2, n3; not n9',
      '4: line: node: takes one of n1, n2, n3; not n8',
      '5: nodes: after 5 operations is about no node, so none is triggered',
      '8: nodes: takes some of n1, n2, n3; not none',
      '9: nodes: takes some of n1, n2, n3; not none',
    ]);
  });

  it('of a script are refused where they never could be planned, with the line', async () => {
    const phases = [
      '  - fault: loss:all',
      '    with: { percent: 500 }',
      '  - repeat: 3',
      '    phases: [{ fault: "kill:one", with: { nodes: [n9] } }]',
      '  - { fault: kill, begin: node-ended, with: { nodes: [triggered] } }',
    ];
    await expect(plan({ nemesisFile: script(...phases) })).rejects.toThrow(
      /^--nemesis-file: \S*faults\.yaml:2: percent: .*not 500\n\S*faults\.yaml:5: nodes: .*n9$/,
    );
  });
});
