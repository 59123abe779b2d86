import { describe, expect, it } from 'vitest';
import type { Op } from '../../checker/history.ts';
import type { FaultFamily, FaultPlan, FaultReading, Nemesis, PlanContext } from '../nemesis.ts';
import type { NemesisRecord } from '../report/run-record.ts';
import { createRandomStream, type RandomSource } from '../run/random.ts';
import { createRealTimers } from '../run/real-timers.ts';
import { Recorder } from '../run/recorder.ts';
import { type ConductedFamily, Conductor, type ConductorOptions } from './conductor.ts';
import type { ScheduledAction } from './schedule.ts';

const nodes = ['n1', 'n2', 'n3'];
const effect: FaultReading = { tookEffect: true, evidence: {} };
const nothing: FaultReading = { tookEffect: false, evidence: {} };

function planOf(variant: string, over: Partial<FaultPlan> = {}): FaultPlan {
  return {
    ...{ variant, description: `${variant}: n1`, nodes: ['n1'], claims: [], value: {} },
    ...{ impairs: { cut: [], down: [] }, ...over },
  };
}

/** A family that does what it is told; one variant where nothing else is said. */
function conducted(
  name: string,
  nemesis: Partial<Nemesis> = {},
  family: Partial<FaultFamily> = {},
): ConductedFamily {
  const whole: FaultFamily = {
    ...{ name, group: 'process', description: name, parameters: {}, evidence: '' },
    variants: [{ name: 'one', description: '', needs: [], nodesMin: 1 }],
    isMomentary: false,
    ...family,
  };
  return {
    family: whole,
    variants: whole.variants.map((variant) => variant.name),
    nemesis: {
      setup: () => Promise.resolve(),
      plan: (variant) => planOf(variant),
      begin: async () => effect,
      end: async () => effect,
      teardown: () => Promise.resolve(),
      ...nemesis,
    },
  };
}

interface Rig {
  readonly conductor: Conductor;
  readonly records: NemesisRecord[];
  readonly begun: [number, boolean][];
  /** Takes the action, and waits until it is done. */
  act(family: string, phase: 'begin' | 'end', id?: number): Promise<void>;
}

function rig(families: readonly ConductedFamily[], over: Partial<ConductorOptions> = {}): Rig {
  const records: NemesisRecord[] = [];
  const begun: [number, boolean][] = [];
  const conductor = new Conductor({
    families,
    recorder: new Recorder(createRealTimers(), []),
    random: createRandomStream(1, 'nemesis'),
    randomFrom: (drawn) => streamFrom(drawn),
    members: () => nodes,
    running: () => Promise.resolve(nodes),
    findLeader: () => Promise.resolve('n1'),
    lastLeader: () => 'n2',
    onEvidence: (record) => records.push(record),
    onBegun: (id, inForce) => begun.push([id, inForce]),
    ...over,
  });
  const act = async (family: string, phase: 'begin' | 'end', id = 0): Promise<void> => {
    conductor.take(actionOf(family, phase, id));
    await conductor.settled();
  };
  return { conductor, records, begun, act };
}

function streamFrom(drawn: number): RandomSource {
  const random = createRandomStream(1, 'nemesis');
  for (let skipped = 0; skipped < drawn; skipped++) random();
  return random;
}

function actionOf(family: string, phase: 'begin' | 'end', id: number): ScheduledAction {
  return { id, phase, family, variant: null, parameters: {}, trigger: 'progress' };
}

it('writes the begin before a fault and the end after its healing; finish ends all', async () => {
  const log: string[] = [];
  const done = (name: string, phase: string) => async (): Promise<FaultReading> => {
    log.push(`${name} ${phase} is done`);
    return effect;
  };
  const nemesis = (name: string): ConductedFamily =>
    conducted(name, { begin: done(name, 'begin'), end: done(name, 'end') });
  const note = (op: Op): void => {
    log.push(`${op.f} ${(op.value as { readonly phase: string }).phase} is recorded`);
  };
  const recorder = new Recorder(createRealTimers(), [note]);
  const { conductor } = rig([nemesis('partition'), nemesis('kill')], { recorder });
  for (const [id, family] of ['partition', 'kill'].entries()) {
    conductor.take(actionOf(family, 'begin', id));
    expect(conductor.busy).toBe(true);
    await conductor.settled();
    expect(conductor.busy).toBe(false);
  }
  expect(conductor.inForce).toEqual(['partition one: n1', 'kill one: n1']);
  await conductor.finish();
  expect(conductor.inForce).toEqual([]);
  expect(log).toEqual([
    'partition begin is recorded',
    'partition begin is done',
    'kill begin is recorded',
    'kill begin is done',
    'kill end is done',
    'kill end is recorded',
    'partition end is done',
    'partition end is recorded',
  ]);
});

it('plans a fault with the chance that it had in another run', async () => {
  const planned: number[] = [];
  const plan: Nemesis['plan'] = (variant, { random }) => {
    planned.push(random(), random());
    return planOf(variant);
  };
  const first = rig([conducted('kill', { plan })]).conductor;
  first.take(actionOf('kill', 'begin', 0));
  first.take(actionOf('kill', 'begin', 1));
  await first.settled();
  const [, again] = first.faults;
  const other = rig([conducted('kill', { plan })]).conductor;
  other.take({ ...actionOf('kill', 'begin', 7), variant: 'one', chance: again?.chance ?? -1 });
  await other.settled();
  expect(planned.slice(4)).toEqual(planned.slice(2, 4));
  expect(other.faults).toMatchObject([{ id: 7, chance: again?.chance }]);
});

describe('what is said of a fault', () => {
  const outcomeOf = async (nemesis: Partial<Nemesis>): Promise<readonly unknown[]> => {
    const { conductor, records, act } = rig([conducted('kill', nemesis)]);
    await act('kill', 'begin');
    await act('kill', 'end');
    const [fault] = conductor.faults;
    expect(records.map(({ outcome }) => outcome).at(-1)).toBe(fault?.outcome);
    // What came of it is not known before its end, but that it could not be done.
    expect([undefined, 'failed']).toContain(records[0]?.outcome);
    return [fault?.outcome, fault?.tookEffect, fault?.reason];
  };

  it('is what the last reading says', async () => {
    expect(await outcomeOf({})).toEqual(['injected', true, null]);
    const noEffect = ['failed', false, 'it had no effect'];
    expect(await outcomeOf({ end: async () => nothing })).toEqual(noEffect);
    expect(await outcomeOf({ begin: async () => nothing })).toEqual(['injected', true, null]);
  });

  it('is that it failed, when it could not be done or undone, with the reason', async () => {
    const refuse = (): Promise<never> => Promise.reject(new Error('no engine'));
    expect(await outcomeOf({ begin: refuse })).toEqual(['failed', false, 'no engine']);
    expect(await outcomeOf({ end: refuse })).toEqual(['failed', false, 'no engine']);
    const stay = (): Promise<never> => Promise.reject(new Error('still there'));
    expect(await outcomeOf({ begin: refuse, end: stay })).toEqual(['failed', false, 'still there']);
  });

  it('is that it was not reached, where what it waited for did not come', async () => {
    const end = async (): Promise<FaultReading> => ({ ...nothing, notReached: 'never passed' });
    expect(await outcomeOf({ end })).toEqual(['not-reached', false, 'never passed']);
  });

  it('has the name that the plan gave it, and goes with who leads before and after', async () => {
    const plan = (): FaultPlan => planOf('grudge', { value: { shape: 'grudge' } });
    const { conductor, records, act } = rig([conducted('partition', { plan })]);
    await act('partition', 'begin');
    await act('partition', 'end');
    expect(conductor.faults[0]).toMatchObject({ variant: 'grudge', description: 'grudge: n1' });
    expect(records).toMatchObject([
      { value: { phase: 'begin', variant: 'grudge', shape: 'grudge', leader: 'n2' } },
      { value: { phase: 'end', begin: 0 }, evidence: { leaderAfter: 'n1' } },
    ]);
  });
});

describe('what is taken', () => {
  it('is each variant in its turns before any comes again', async () => {
    const variants = [
      ['one', 1],
      ['leader', 2],
      ['all', 1],
    ].map(([name, turns]) => ({
      ...{ name: String(name), turns: Number(turns), description: '', needs: [], nodesMin: 1 },
    }));
    const taken: string[] = [];
    const plan = (variant: string): FaultPlan => {
      taken.push(variant);
      return planOf(variant);
    };
    const { act } = rig([conducted('partition', { plan }, { variants })]);
    for (let id = 0; id < 8; id++) await act('partition', 'begin', id);
    const turn = ['all', 'leader', 'leader', 'one'];
    expect([taken.slice(0, 4).sort(), taken.slice(4).sort()]).toEqual([turn, turn]);
  });

  it('is planned with nodes that run and that no fault in force has laid claim to', async () => {
    const free: (readonly string[])[] = [];
    const plan = (variant: string, context: PlanContext): FaultPlan => {
      free.push(context.free);
      return planOf(variant, { claims: context.free.slice(0, 1) });
    };
    const running = (): Promise<readonly string[]> => Promise.resolve(['n2', 'n3']);
    const network = conducted('client-cut', { plan }, { group: 'network' });
    const { act } = rig([conducted('kill', { plan }), network], { running });
    await act('kill', 'begin', 0);
    await act('kill', 'begin', 1);
    await act('client-cut', 'begin', 2);
    await act('kill', 'end', 0);
    await act('kill', 'begin', 3);
    expect(free).toEqual([['n2', 'n3'], ['n3'], ['n1'], ['n2']]);
  });

  it('waits for a look at the nodes where it aims at one of them for its role', async () => {
    const leaders: (string | null)[] = [];
    const plan = (variant: string, { leader }: PlanContext): FaultPlan => {
      leaders.push(leader);
      return planOf(variant);
    };
    const { conductor } = rig([conducted('kill', { plan })]);
    for (const [id, variant] of ['leader', 'follower', 'one'].entries()) {
      conductor.take({ ...actionOf('kill', 'begin', id), variant });
      await conductor.settled();
    }
    expect(leaders).toEqual(['n1', 'n1', 'n2']);
  });

  it('is noted as skipped, and not in force, when it cannot be now', async () => {
    const { conductor, begun, act } = rig([conducted('kill', { plan: () => ({ skip: 'busy' }) })]);
    await act('kill', 'begin', 7);
    await act('kill', 'end', 7);
    const skipped = { family: 'kill', variant: 'one', outcome: 'skipped', reason: 'busy' };
    expect([conductor.skipped, conductor.faults, begun]).toEqual([[skipped], [], [[7, false]]]);
  });

  it('is over at once where it is but a moment', async () => {
    const { conductor, begun, act } = rig([conducted('power', {}, { isMomentary: true })]);
    await act('power', 'begin', 4);
    expect(conductor.faults[0]?.end).not.toBeNull();
    expect([conductor.inForce, begun]).toEqual([[], [[4, false]]]);
  });

  it('is nothing that was not prepared: that is the harness, which has failed', async () => {
    await expect(rig([conducted('kill')]).act('power', 'begin')).rejects.toThrow('family power');
  });
});

it('undoes the network first, and goes on whatever cannot be undone', async () => {
  const undone: string[] = [];
  const family = (name: string, group: FaultFamily['group'], fails = false): ConductedFamily => {
    const teardown = async (): Promise<void> => {
      undone.push(name);
      if (fails) throw new Error('gone');
    };
    return conducted(name, { teardown }, { group });
  };
  const families = [
    ...[family('members', 'cluster'), family('disk-full', 'disk'), family('power', 'power')],
    ...[family('kill', 'process'), family('partition', 'network', true)],
  ];
  const problems = await rig(families).conductor.teardown();
  expect(undone).toEqual(['partition', 'kill', 'power', 'disk-full', 'members']);
  expect(problems).toEqual(['partition could not be undone: gone']);
});
