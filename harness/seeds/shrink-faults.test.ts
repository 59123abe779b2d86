import fc from 'fast-check';
import { expect, it } from 'vitest';
import { families as modules } from '../nemesis/families.ts';
import type { ScheduledAction } from '../nemesis/schedule.ts';
import { parseScript } from '../nemesis/script-parse.ts';
import { ScriptSchedule } from '../nemesis/script-schedule.ts';
import {
  faultAnywhere,
  faultOnNodes,
  nodesNamedBy,
  renderScript,
  type ScriptedFault,
} from './shrink-faults.ts';
import { ScheduleRecording } from './shrink-recording.ts';

const families = modules.map(({ family }) => family);
const text = { header: ['npx rafture test --seed 7', ''], description: 'a "test": of quotes' };
const isMomentary = (name: string) => families.find((each) => each.name === name)?.isMomentary;

/** What a schedule wants, each at how many completed operations; faults take hold at once. */
function played(script: string, operations: number): readonly [number, ScheduledAction][] {
  const schedule = new ScriptSchedule(parseScript({ path: 'f.yaml', text: script, families }));
  const taken: [number, ScheduledAction][] = [];
  const take = (at: number, actions: readonly ScheduledAction[]): void => {
    for (const action of actions) {
      taken.push([at, action]);
      if (action.phase === 'end') continue;
      const inForce = isMomentary(action.family) !== true;
      take(at, schedule.take({ type: 'begun', id: action.id, inForce }));
    }
  };
  for (let at = 1; at <= operations; at++) take(at, schedule.take({ type: 'completed' }));
  return taken;
}

const someFault = fc
  .record({
    family: fc.constantFrom('kill', 'pause', 'partition', 'snapshot', 'transfer'),
    begin: fc.integer({ min: 1, max: 60 }),
    length: fc.integer({ min: 1, max: 40 }),
    chance: fc.option(fc.integer({ min: 0, max: 99 })),
    nodes: fc.constantFrom(['n1'], ['n2', 'n3']),
  })
  .map(({ family, begin, length, chance, nodes }): ScriptedFault => {
    const variant = family === 'transfer' ? 'any' : 'one';
    const parameters = family === 'transfer' ? { to: nodes[0] } : { nodes };
    const lasts = isMomentary(family) === true ? null : length;
    return { family, variant, parameters, chance, begin, lasts };
  });

it('a script does each fault when it says, whatever overlaps', () => {
  const property = fc.property(fc.array(someFault, { minLength: 1, maxLength: 8 }), (faults) => {
    const taken = played(renderScript(faults, text), 120);
    const begun = taken.filter(([, { phase }]) => phase === 'begin');
    const wanted = faults.map(({ family, begin, parameters, chance }) => ({
      ...{ begin, family, parameters },
      ...(chance === null ? {} : { chance }),
    }));
    const got = begun.map(([begin, { family, parameters, chance }]) => ({
      ...{ begin, family, parameters },
      ...(chance === undefined ? {} : { chance }),
    }));
    const inOrder = <T>(list: readonly T[]) => list.map((each) => JSON.stringify(each)).sort();
    expect(inOrder(got)).toEqual(inOrder(wanted));
    const ends = taken.filter(([, { phase }]) => phase === 'end').map(([at]) => at);
    const due = faults.flatMap(({ begin, lasts }) => (lasts === null ? [] : [begin + lasts]));
    expect(ends.sort()).toEqual(due.sort());
  });
  fc.assert(property);
});

const partition: ScriptedFault = {
  ...{ family: 'partition', variant: 'one', chance: null, begin: 5, lasts: 10 },
  parameters: { links: ['n1>n2', 'n4>n1'], mode: 'oneway' },
};

it('of fewer nodes a fault keeps what is about them, under their new names', () => {
  const names = new Map([
    ['n1', 'n1'],
    ['n4', 'n2'],
  ]);
  expect(faultOnNodes(partition, names)?.parameters).toEqual({ links: ['n2>n1'], mode: 'oneway' });
  expect(faultOnNodes(partition, new Map([['n3', 'n1']]))).toBe(null);
  const groups = { ...partition, parameters: { groups: [['n1', 'n3'], ['n4'], ['n2']] } };
  expect(faultOnNodes(groups, names)?.parameters).toEqual({ groups: [['n1'], ['n2']] });
  const to = { ...partition, family: 'transfer', parameters: { to: 'n3' } };
  expect(faultOnNodes(to, names)).toBe(null);
  expect(nodesNamedBy(partition)).toEqual(['n1', 'n2', 'n4']);
  expect(faultAnywhere(partition).parameters).toEqual({});
});

it('what a schedule did is told as it was asked for, and spelled out', () => {
  const recording = new ScheduleRecording();
  const faults: readonly ScriptedFault[] = [
    { ...partition, parameters: {} },
    { ...partition, family: 'snapshot', begin: 7, lasts: null, parameters: {} },
    { ...partition, family: 'kill', begin: 9, lasts: 400, parameters: {} },
  ];
  const script = parseScript({ path: 'f.yaml', text: renderScript(faults, text), families });
  const schedule = recording.watch(new ScriptSchedule(script));
  for (let at = 0; at < 50; at++) {
    for (const { id, phase } of schedule.take({ type: 'completed' })) {
      if (phase === 'begin') schedule.take({ type: 'begun', id, inForce: true });
    }
  }
  const rules = ['n1>n2 oneway', 'n4>n1 oneway'];
  const recorded = recording.faults([
    {
      ...{ id: 0, family: 'partition', variant: 'grudge', nodes: ['n1'], chance: 17 },
      value: { rules },
    },
  ]);
  expect(recorded.map(({ asked }) => [asked.family, asked.begin, asked.lasts])).toEqual([
    ['partition', 5, 10],
    ['snapshot', 7, null],
    ['kill', 9, 141],
  ]);
  expect(recorded[0]).toMatchObject({
    asked: { variant: 'one', parameters: {}, chance: 17 },
    spelled: { variant: 'one', parameters: partition.parameters, chance: null },
  });
  expect(recorded[1]?.spelled).toBe(null);
});

it('what is done about starving clients is put where a script can do it', () => {
  const recording = new ScheduleRecording();
  const end = { id: 0, family: 'kill', variant: 'one', parameters: {}, trigger: 'starved' };
  const schedule = recording.watch({
    ...{ wantsLooks: false, isOver: false, unreached: [] },
    take: ({ type }) => {
      if (type === 'completed') return [];
      return [{ ...end, phase: type === 'starved' ? 'end' : 'begin' }];
    },
  });
  schedule.take({ type: 'completed' });
  schedule.take({ type: 'stalled' });
  schedule.take({ type: 'completed' });
  schedule.take({ type: 'starved' });
  expect(recording.faults([])[0]?.asked).toMatchObject({ begin: 1, lasts: 2 });
});
