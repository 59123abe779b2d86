import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { workloads } from '../../workloads/index.ts';
import { register } from '../../workloads/register.ts';
import { families } from '../nemesis/families.ts';
import { reference } from '../systems/reference.ts';
import { askedFamilies } from './nemesis-settings.ts';
import {
  describeLack,
  describeRepeat,
  missingOperations,
  parseSettings,
  type TestFlags,
} from './settings.ts';

const flags: TestFlags = {
  ...{
    system: 'reference',
    workload: 'register',
    cluster: 'sim',
    images: 'auto',
    nodes: '3',
    processNetwork: 'auto',
  },
  ...{ concurrency: '2n', rate: 500, timeLimit: 30, ops: undefined, deadlineMs: 2000 },
  ...{ keys: undefined, opsPerKey: undefined, recoveryLimit: 60, nemesis: 'none' },
  ...{ nemesisEvery: 400, nemesisInterval: undefined, seed: 1, testCount: 1, bug: undefined },
  ...{ results: 'results', check: 'after', checkTimeLimit: 120, checkMemoryLimit: 2000 },
  ...{ availability: undefined, trace: 'auto', world: undefined, requireAllFaults: false },
  ...{ nemesisSchedule: undefined, nemesisFile: undefined },
};

const file: Partial<TestFlags> = { nemesis: undefined, nemesisFile: 'every-fault' };

describe('the settings of a test', () => {
  it('let the workload choose its size, and the user go before it', async () => {
    const chosen = await parseSettings(flags);
    const request = { keyCount: null, opsPerKey: null, opCount: null };
    const load = { concurrency: 6, rate: 500, timeLimitS: 30 };
    expect(chosen.size).toEqual(register.size({ ...request, ...load }));
    const asked = await parseSettings({ ...flags, keys: 2, opsPerKey: 7 });
    expect(asked.size).toMatchObject({ keyCount: 2, opsPerKey: 7 });
  });

  it('name the operations that a system lacks, and the object', async () => {
    const objects = { register: ['read', 'write'], list: ['append'] };
    expect(missingOperations(register, { objects })).toEqual([]);
    expect(missingOperations({ object: 'register', fs: ['read', 'cas'] }, { objects })).toEqual([
      'cas',
    ]);
    expect(missingOperations({ object: 'toString', fs: ['read'] }, { objects })).toEqual(['read']);
    const system = { name: 'mine', objects };
    expect(describeLack({ object: 'register', fs: ['read', 'cas'] }, system)).toBe(
      'mine lacks cas of register; it has read, write',
    );
    expect(describeLack({ object: 'sets', fs: ['add'] }, system)).toBe(
      'mine has no object sets; it has register, list',
    );
    expect(describeLack(register, system)).toBe(null);
    for (const workload of workloads) {
      expect(missingOperations(workload, reference), workload.name).toEqual([]);
    }
  });

  it('refuse what cannot be, with what to write instead', async () => {
    const refused: readonly [Partial<TestFlags>, RegExp][] = [
      [{ availability: 1.5 }, /--availability takes a share from 0 to 1, such as 0.9; not 1.5/],
      [{ availability: 'abc' }, /--availability takes a share from .*; not abc$/],
      [{ rate: -1 }, /--rate takes a number above 0, or 0 for as fast as they go; not -1$/],
      [{ rate: 'fast' }, /--rate takes .*; not fast$/],
      [{ seed: 'abc' }, /--seed takes a whole number from 0 up; not abc$/],
      [{ timeLimit: 'abc' }, /--time-limit takes a number above 0; not abc$/],
      [{ timeLimit: '' }, /--time-limit takes a number above 0; not nothing$/],
      [{ ops: '12 ' }, /--ops takes a whole number above 0; not "12 "$/],
      [{ nemesis: 'all,none' }, /--nemesis all stands alone, without none$/],
      [{ nemesis: 'kill,none' }, /--nemesis none stands alone, without kill$/],
      [{ nemesis: 'partition,,kill' }, /--nemesis partition,,kill has a comma too many$/],
      [{ nemesis: '' }, /--nemesis takes none, all, partition, client-cut, .*; not nothing$/],
      [{ nemesis: 'none', requireAllFaults: true }, /^--require-all-faults wants faults, and/],
      [{ cluster: 'sim', processNetwork: 'proxies' }, /is for --cluster process; leave it out/],
      [{ nemesis: 'all:leader' }, /--nemesis all:leader: all has no variants; it stands alone$/],
      [{ nemesis: 'kill:' }, /--nemesis kill: has a colon too many; there are one, leader/],
      [{ nemesis: ',' }, /--nemesis , has a comma too many$/],
      [{ nemesis: 'KILL' }, /; not KILL \(did you mean kill\?\)$/],
      [{ nemesis: 'kil,puase:lead' }, /did you mean kill\?\)\n--nemesis takes .* mean pause\?\)$/],
      [{ ...file, nemesisFile: 'every-fault.yaml' }, /here \(did you mean every-fault, which ship/],
      [{ nemesis: 'earthquake' }, /--nemesis takes none, all, .*; not earthquake$/],
      [{ nemesis: 'partitoin' }, /not partitoin \(did you mean partition\?\)$/],
      [{ nemesis: 'kill:leadr' }, /kill has no variant leadr \(did you mean leader\?\); there are/],
      [{ nemesis: 'kill:one:two' }, /--nemesis kill:one:two: kill has no variant one:two; /],
      [{ nodes: '1', nemesis: 'kill,partition' }, /--nemesis partition takes 2 nodes or more; /],
      [{ nodes: '1', nemesis: 'kill,partition' }, /with --nodes 1 take .*kill, pause/],
      [{ nodes: '2', nemesis: 'partition:bridge' }, /--nemesis partition:bridge takes 3 nodes/],
      [{ nemesisSchedule: 'often' }, /--nemesis-schedule takes random, single, .*; not often$/],
      [
        { nemesis: 'none', nemesisFile: 'every-fault' },
        /--nemesis-file says which .*: leave --nem/,
      ],
      [{ ...file, nemesisSchedule: 'single' }, /and when: leave --nemesis-schedule out$/],
      [{ ...file, nemesisFile: 'evry-fault' }, /no script is called evry-fault \(did you mean eve/],
      [{ ...file, nemesisFile: './none.yaml' }, /the script \.\/none\.yaml cannot be read: ENOENT/],
      [{ keys: 0 }, /--keys takes a whole number above 0; not 0/],
      [{ keys: 10_001 }, /--keys takes a whole number up to 10000; not 10001$/],
      [{ results: fileURLToPath(import.meta.url) }, /--results takes a folder; not \S*, a file$/],
      [{ opsPerKey: 1.5 }, /--ops-per-key takes a whole number above 0/],
      [{ system: 'oracle' }, /--system takes reference; not oracle$/],
      [{ cluster: 'cloud' }, /--cluster takes auto, docker, process, sim; not cloud$/],
      [{ concurrency: 'many' }, /--concurrency takes a number such as 10, or 2n; not many$/],
      [{ nodes: '0' }, /--nodes takes 1 to 9; not 0$/],
      [{ nodes: 'five' }, /--nodes takes how many nodes there are, such as 5; not five$/],
      [{ seed: -1 }, /--seed takes a whole number from 0 up; not -1$/],
      [{ timeLimit: 0 }, /--time-limit takes a number above 0; not 0$/],
      [{ bug: 'none-such' }, /--bug takes .*\bstale-read, .*; not none-such$/],
      [{ trace: 'maybe' }, /--trace takes auto, on, off; not maybe/],
      [{ workload: 'regster' }, /--workload/],
      [{ nemesisInterval: 5 }, /--nemesis-every/],
    ];
    for (const [over, message] of refused) {
      await expect(parseSettings({ ...flags, ...over }), JSON.stringify(over)).rejects.toThrow(
        message,
      );
    }
  });

  it('go up to their bounds', async () => {
    const wide = await parseSettings({ ...flags, rate: 0, keys: 10_000 });
    expect(wide).toMatchObject({ rate: null, size: { keyCount: 10_000 } });
    const two = await parseSettings({ ...flags, nodes: '2', nemesis: 'partition' });
    expect(two.nemesis).toEqual(['partition']);
  });

  it('take the faults that there can be, where nobody names any', async () => {
    const left = { ...flags, nemesis: undefined };
    expect(await parseSettings(left)).toMatchObject({ nemesis: ['partition', 'kill'] });
    const alone = await parseSettings({ ...left, nodes: '1' });
    expect(alone.nemesis).toEqual(['kill']);
    expect(describeRepeat(alone, 'sim')).toContain('--nodes 1 ');
    expect(describeRepeat(alone, 'sim')).toContain('--nemesis kill ');
    const all = await parseSettings({ ...flags, nemesis: 'all' });
    expect(all.nemesis).toEqual(families.map(({ family }) => family.name));
    expect(describeRepeat(all, 'sim')).toContain('--nemesis all ');
    const lonely = await parseSettings({ ...flags, nemesis: 'all', nodes: '1' });
    expect(lonely.nemesis).toContain('kill');
    expect(lonely.nemesis).not.toContain('partition');
    expect(await parseSettings({ ...flags, nemesis: 'kill, kill' })).toMatchObject({
      nemesis: ['kill'],
    });
  });

  it('take variants of a family, and repeat them', async () => {
    const words = 'kill:leader,partition:one,kill:all,pause';
    const settings = await parseSettings({ ...flags, nemesis: words });
    expect(settings).toMatchObject({
      nemesis: ['kill', 'partition', 'pause'],
      nemesisAsked: [
        { family: 'kill', variants: ['leader', 'all'] },
        { family: 'partition', variants: ['one'] },
        { family: 'pause', variants: null },
      ],
      nemesisIsNamed: true,
      eachFamilyCounts: true,
    });
    expect(askedFamilies(settings).flatMap(({ variants }) => variants).length).toBe(
      3 + (families.find(({ family }) => family.name === 'pause')?.family.variants.length ?? 0),
    );
    const line = describeRepeat(settings, 'sim');
    expect(line).toContain('--nemesis kill:leader,kill:all,partition:one,pause ');
    for (const nemesis of ['kill:leader,kill', 'kill,kill:leader']) {
      const whole = await parseSettings({ ...flags, nemesis });
      expect(whole.nemesisAsked).toEqual([{ family: 'kill', variants: null }]);
    }
  });

  it('take a schedule; a swarm is of all faults where nobody names any', async () => {
    const left = { ...flags, nemesis: undefined };
    const swarm = await parseSettings({ ...left, nemesisSchedule: 'swarm' });
    expect(swarm.nemesis).toEqual(families.map(({ family }) => family.name));
    expect(swarm.eachFamilyCounts).toBe(false);
    const words = describeRepeat(swarm, 'sim');
    expect(words).toContain('--nemesis all --nemesis-every 400 --nemesis-schedule swarm ');
    const single = await parseSettings({ ...left, nemesisSchedule: 'single' });
    expect(single).toMatchObject({ nemesis: ['partition', 'kill'], eachFamilyCounts: true });
    const none = await parseSettings({ ...flags, nemesis: 'none', nemesisSchedule: 'swarm' });
    expect(describeRepeat(none, 'sim')).toContain('--nemesis none ');
  });

  it('take a script, with the families that it names and those that its triggers use', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rafture-settings-test-'));
    const path = join(folder, 'mine.yaml');
    const text = [
      'phases:',
      '  - fault: kill:leader',
      '  - fault: kill:one',
      '  - fault: pause',
      '    begin: { crash-point: x }',
    ].join('\n');
    writeFileSync(path, text);
    const asked = { ...flags, nemesis: undefined, requireAllFaults: true };
    const settings = await parseSettings({ ...asked, nemesisFile: path });
    writeFileSync(path, 'phases:\n  - fault: kil\n  - faut: kill\n');
    const broken = parseSettings({ ...asked, nemesisFile: path });
    await expect(broken).rejects.toThrow(/^--nemesis-file: .*mine\.yaml:2: .*\n.*mine\.yaml:3: /);
    rmSync(folder, { recursive: true });
    expect(settings.nemesisAsked).toEqual([
      { family: 'kill', variants: ['leader', 'one'] },
      { family: 'pause', variants: null },
      { family: 'crash-point', variants: null },
    ]);
    expect(settings).toMatchObject({ nemesisIsNamed: false, eachFamilyCounts: false });
    const words = describeRepeat(settings, 'sim');
    expect(words).toContain(`--nemesis-file ${path} --require-all-faults `);
    expect(words).not.toContain('--nemesis kill');
    expect(settings).toMatchObject({ endsWithFaults: false, timeLimitS: 30 });
  });

  it('end with the script, where nobody says how long', async () => {
    const left = { ...flags, timeLimit: undefined };
    const scripted = await parseSettings({ ...left, ...file });
    expect(scripted.endsWithFaults).toBe(true);
    expect(describeRepeat(scripted, 'sim')).not.toContain('--time-limit');
    const usual = await parseSettings(left);
    expect(usual).toMatchObject({ endsWithFaults: false, timeLimitS: 30 });
    expect(describeRepeat(usual, 'sim')).toContain('--time-limit 30 ');
  });

  it('are all in the line that repeats the run, as they were decided', async () => {
    const settings = await parseSettings({ ...flags, availability: 0.5, trace: 'off', ops: 9 });
    const line = describeRepeat(settings, 'sim');
    const { keyCount, opsPerKey } = settings.size;
    for (const words of [
      '--availability 0.5',
      '--trace off',
      '--ops 9',
      '--seed 1',
      '--recovery-limit 60',
    ]) {
      expect(line).toContain(words);
    }
    expect(line).toContain(`--keys ${keyCount} --ops-per-key ${opsPerKey}`);
  });
});
