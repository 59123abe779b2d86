import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IntrospectionSample } from '../checker.ts';
import type { FaultFamily } from '../nemesis.ts';
import { createRandomStream, randomInteger, randomItem } from '../run/random.ts';
import type { Schedule, ScheduledAction, ScheduleEvent } from './schedule.ts';
import { parseScript } from './script-parse.ts';
import { ScriptSchedule } from './script-schedule.ts';

function family(name: string, isMomentary = false): FaultFamily {
  const variants = ['one', 'leader'].map((each) => ({
    ...{ name: each, description: '', needs: [], nodesMin: 1 },
  }));
  const shared = { group: 'process', description: '', evidence: '' } as const;
  return { name, variants, parameters: { nodes: '' }, isMomentary, ...shared };
}

const families = [family('kill'), family('pause'), family('crash-point'), family('snap', true)];

/** Plays a run by hand: what a schedule wants is carried out at once. */
class Play {
  readonly schedule: Schedule;
  readonly taken: ScheduledAction[] = [];
  readonly active = new Map<number, ScheduledAction>();
  readonly #refused: readonly string[];

  constructor(phases: string, refused: readonly string[] = [], impossible: readonly string[] = []) {
    const text = phases.startsWith('hurry') ? phases : `phases:\n${phases}\n`;
    const script = parseScript({ path: 'f.yaml', text, families });
    const whyNot = (name: string) => (impossible.includes(name) ? `no ${name} here` : null);
    this.schedule = new ScriptSchedule(script, whyNot);
    this.#refused = refused;
  }

  /** `begin kill`, `end kill`. */
  send(event: ScheduleEvent): readonly string[] {
    const done: string[] = [];
    for (const action of this.schedule.take(event)) {
      const { id, phase, family: name } = action;
      this.taken.push(action);
      done.push(`${phase} ${name}`);
      if (phase === 'end') {
        expect(this.active.get(id)).toMatchObject({ family: name, variant: action.variant });
        this.active.delete(id);
        continue;
      }
      const inForce = !this.#refused.includes(name) && name !== 'snap';
      if (inForce) this.active.set(id, action);
      done.push(...this.send({ type: 'begun', id, inForce }));
    }
    return done;
  }

  complete(count: number): readonly string[] {
    return Array.from({ length: count }, () => this.send({ type: 'completed' })).flat();
  }

  look(...samples: readonly Partial<IntrospectionSample>[]): readonly string[] {
    return this.send({ type: 'looked', samples: samples.map(sampleOf) });
  }

  get last(): ScheduledAction | undefined {
    return this.taken.at(-1);
  }

  get unreached(): readonly string[] {
    return this.schedule.unreached.map((each) => `${each.outcome} ${each.family} ${each.reason}`);
  }
}

function sampleOf(over: Partial<IntrospectionSample>): IntrospectionSample {
  return {
    ...{ askedNs: 0, timeNs: 0, node: 'n1', life: 1, role: 'follower', term: 1, leader: null },
    ...{ commitIndex: 0, appliedIndex: 0, lastLogIndex: 0, ...over },
  };
}

const kill = (words: string): string => `  - { fault: 'kill:one', ${words} }`;

describe('a phase of a script', () => {
  it('begins and ends after so many operations, counted from the step before', () => {
    const play = new Play(
      [kill('begin: { after: 3 }, end: { after: 2 }'), kill('begin: { after: 1 }')].join('\n'),
    );
    expect(play.complete(2)).toEqual([]);
    expect(play.complete(1)).toEqual(['begin kill']);
    expect(play.last).toMatchObject({ variant: 'one', trigger: 'f.yaml:2 after 3 operations' });
    expect(play.complete(1)).toEqual([]);
    expect(play.complete(1)).toEqual(['end kill']);
    expect(play.complete(1)).toEqual(['begin kill']);
    expect(play.last?.trigger).toBe('f.yaml:3 after 1 operations');
  });

  it('goes on at once after 0 operations, and with the next phase', () => {
    const both = [kill('begin: { after: 0 }, end: { after: 0 }'), kill('begin: { after: 0 }')];
    const play = new Play(both.join('\n'));
    expect(play.complete(1)).toEqual(['begin kill', 'end kill', 'begin kill']);
  });

  it('waits for nothing after what is over as soon as it is done, or could not be', () => {
    const play = new Play(
      ['  - { fault: snap, begin: { after: 1 } }', kill('begin: { after: 1 }, end: { after: 1 }')]
        .concat(kill('begin: { after: 1 }'))
        .join('\n'),
      ['kill'],
    );
    expect(play.complete(3)).toEqual(['begin snap', 'begin kill', 'begin kill']);
    expect(play.unreached).toEqual([]);
  });

  it('does not begin before the workload', () => {
    const play = new Play(kill('begin: leader-elected'));
    expect(play.look({ role: 'leader' })).toEqual([]);
    expect(play.send({ type: 'log-line', node: 'n1', line: 'x' })).toEqual([]);
    expect(play.complete(1)).toEqual(['begin kill']);
    expect(play.last?.trigger).toBe('f.yaml:2 leader-elected n1 in term 1');
  });

  it('passes its parameters on, and the node that its trigger is about', () => {
    const named = new Play(kill('begin: node-ended, with: { nodes: [triggered, n5] }'));
    named.complete(1);
    named.send({ type: 'ended', node: 'n3' });
    expect(named.last?.parameters).toEqual({ nodes: ['n3', 'n5'] });
    const nobody = new Play(kill('begin: { after: 1 }, with: { nodes: triggered }'));
    nobody.complete(1);
    expect(nobody.last?.parameters).toEqual({});
    const plain = new Play(kill('begin: { after: 1 }, with: { nodes: n2 }'));
    plain.complete(1);
    expect(plain.last?.parameters).toEqual({ nodes: 'n2' });
  });
});

/** What makes it come, after what does not; each with `begin:` of the first phase. */
const triggers: readonly [string, (play: Play) => void, (play: Play) => unknown, string][] = [
  [
    'leader-elected',
    (play) => play.look({ term: 3 }),
    (play) => play.look({ node: 'n2', role: 'leader', term: 3 }),
    'leader-elected n2 in term 3',
  ],
  [
    '{ leader-elected: { node: n2 } }',
    (play) => play.look({ node: 'n1', role: 'leader', term: 3 }),
    (play) => play.look({ node: 'n2', role: 'leader', term: 4 }),
    'leader-elected n2 in term 4',
  ],
  [
    'term-changed',
    (play) => [play.look({ term: 3 }), play.look({ term: 3 }, { node: 'n2', term: 2 })],
    (play) => play.look({ node: 'n2', term: 4 }),
    'term-changed from 3 to 4',
  ],
  [
    '{ lag: { node: n2, entries: 50 } }',
    (play) => [
      play.look({ commitIndex: 100, appliedIndex: 10 }, { node: 'n2', appliedIndex: 51 }),
      play.look({ commitIndex: 100, appliedIndex: 100 }),
    ],
    (play) => play.look({ commitIndex: 101, appliedIndex: 101 }),
    'lag n2 50 entries',
  ],
  [
    '{ lag: 50 }',
    (play) => play.look({ commitIndex: 59, appliedIndex: 10 }),
    (play) => play.look({ commitIndex: 60, appliedIndex: 10 }),
    'lag n1 50 entries',
  ],
  [
    'snapshot-installed',
    (play) => [play.look({ life: 2 }), play.look({ life: 2, snapshotsInstalled: 0 })],
    (play) => play.look({ life: 2, snapshotsInstalled: 1 }),
    'snapshot-installed n1 1 time',
  ],
  [
    '{ log-starts-after: { node: n2, index: 9 } }',
    (play) => play.look({ firstLogIndex: 50 }, { node: 'n2', firstLogIndex: 9 }),
    (play) => play.look({ node: 'n2', firstLogIndex: 10 }),
    'log-starts-after n2 index 10',
  ],
  [
    'needs-snapshot',
    (play) => [
      play.look({ role: 'leader', firstLogIndex: 10, lastLogIndex: 90 }),
      play.look({ node: 'n2', lastLogIndex: 9 }),
      play.look({ node: 'n3', role: 'leader', term: 0, firstLogIndex: 99, lastLogIndex: 99 }),
    ],
    (play) => play.look({ role: 'leader', firstLogIndex: 11, lastLogIndex: 90 }),
    "needs-snapshot n2 ends at 9, the leader's log begins at 11",
  ],
  [
    '{ line: { node: n2, pattern: "lea.er" } }',
    (play) => [
      play.send({ type: 'log-line', node: 'n1', line: 'leader' }),
      play.send({ type: 'log-line', node: 'n2', line: 'lear' }),
    ],
    (play) => play.send({ type: 'log-line', node: 'n2', line: 'a leader!' }),
    'line n2 /lea.er/',
  ],
  [
    '{ node-ended: { node: n2 } }',
    (play) => play.send({ type: 'ended', node: 'n1' }),
    (play) => play.send({ type: 'ended', node: 'n2' }),
    'node-ended n2',
  ],
  ['stalled', (play) => play.complete(3), (play) => play.send({ type: 'stalled' }), 'stalled'],
  [
    '{ any: [{ after: 9 }, { line: x }] }',
    (play) => play.complete(7),
    (play) => play.send({ type: 'log-line', node: 'n4', line: 'x' }),
    'line n4 /x/',
  ],
  [
    '{ any: [{ line: x }, { after: 9 }] }',
    (play) => play.complete(7),
    (play) => play.complete(1),
    'after 9 operations',
  ],
];

describe('the trigger', () => {
  it.each(triggers)('%s begins a fault', (words, others, comes, told) => {
    const play = new Play(kill(`begin: ${words}`));
    play.complete(1);
    others(play);
    expect(play.taken).toEqual([]);
    comes(play);
    expect(play.taken).toMatchObject([{ phase: 'begin', trigger: `f.yaml:2 ${told}` }]);
  });

  it.each(triggers)('%s ends a fault', (words, others, comes, told) => {
    const play = new Play(kill(`begin: { after: 0 }, end: ${words}`));
    play.complete(1);
    expect(play.taken).toHaveLength(1);
    play.complete(1);
    others(play);
    expect(play.taken).toHaveLength(1);
    comes(play);
    expect(play.taken.slice(1)).toMatchObject([{ phase: 'end', trigger: `f.yaml:2 ${told}` }]);
  });

  it('looks at the nodes only while a state is waited for', () => {
    const play = new Play(
      [kill('begin: { after: 1 }, end: term-changed'), kill('begin: { line: x }')].join('\n'),
    );
    expect(play.schedule.wantsLooks).toBe(false);
    play.complete(1);
    expect(play.schedule.wantsLooks).toBe(true);
    play.look({ term: 1 });
    play.look({ term: 2 });
    expect(play.schedule.wantsLooks).toBe(false);
    const ends = new Play(kill('begin: node-ended'));
    ends.complete(1);
    expect(ends.schedule.wantsLooks).toBe(true);
  });

  it('leader-elected is one of a later term than when the fault before began', () => {
    const hunted = kill('begin: leader-elected, end: leader-elected');
    const play = new Play([hunted, hunted].join('\n'));
    const leads = (node: string, term: number) => play.look({ node, role: 'leader', term });
    play.complete(1);
    expect(leads('n1', 1)).toEqual(['begin kill']);
    expect(leads('n1', 1)).toEqual([]);
    // The one that ends a fault is a later one for the next as well.
    expect(leads('n2', 2)).toEqual(['end kill', 'begin kill']);
    expect(leads('n3', 1)).toEqual([]);
    expect(leads('n3', 3)).toEqual(['end kill']);
  });

  it('term-changed and snapshot-installed count from the begin of the fault before', () => {
    const play = new Play(
      [
        kill('begin: { after: 1 }, end: { after: 3 }'),
        kill('begin: term-changed, end: snapshot-installed'),
      ].join('\n'),
    );
    play.look({ term: 5, snapshotsInstalled: 2 });
    play.complete(1);
    play.look({ term: 6, snapshotsInstalled: 2 });
    expect(play.complete(3)).toEqual(['end kill', 'begin kill']);
    expect(play.look({ term: 6, snapshotsInstalled: 2 })).toEqual([]);
    // A new life counts from nothing.
    expect(play.look({ term: 6, life: 2, snapshotsInstalled: 0 })).toEqual([]);
    expect(play.look({ term: 6, life: 3, snapshotsInstalled: 1 })).toEqual(['end kill']);
  });

  it('term-changed counts from the last look before the script, where there was one', () => {
    const play = new Play(kill('begin: term-changed'));
    play.look({ term: 5 });
    play.complete(1);
    expect(play.look({ term: 6 })).toEqual(['begin kill']);
    expect(play.last?.trigger).toBe('f.yaml:2 term-changed from 5 to 6');
  });

  it('counts from the fault that began last, behind branches', () => {
    const text = [
      '  - parallel:',
      "      - { fault: 'kill:one', begin: { after: 1 }, end: { after: 9 } }",
      "      - { fault: 'pause:one', begin: leader-elected, end: { after: 1 } }",
      kill('begin: leader-elected'),
    ];
    const leads = (play: Play, term: number) => play.look({ role: 'leader', term });
    const play = new Play(text.join('\n'));
    expect(play.complete(1)).toEqual(['begin kill']);
    expect(leads(play, 2)).toEqual(['begin pause']);
    expect(play.complete(9)).toEqual(['end pause', 'end kill']);
    expect(leads(play, 2)).toEqual([]);
    expect(leads(play, 3)).toEqual(['begin kill']);
    const during = new Play(text.join('\n'));
    during.complete(1);
    leads(during, 2);
    leads(during, 3);
    expect(during.complete(9)).toEqual(['end pause', 'end kill', 'begin kill']);
  });
});

describe('a crash point as a trigger', () => {
  const begin = 'begin: { crash-point: { name: x, passage: 4, node: n2 } }';

  it('is armed when it is waited for, and its node is restarted when the phase is over', () => {
    const play = new Play(kill(`${begin}, end: { after: 2 }`));
    expect(play.complete(1)).toEqual(['begin crash-point']);
    expect(play.last?.parameters).toEqual({ point: 'x', passage: 4, nodes: ['n2'] });
    expect(play.last?.trigger).toBe('f.yaml:2 arms crash-point n2 x passage 4');
    expect(play.send({ type: 'ended', node: 'n1' })).toEqual([]);
    expect(play.send({ type: 'ended', node: 'n2' })).toEqual(['begin kill']);
    expect(play.last?.trigger).toBe('f.yaml:2 crash-point n2 x');
    expect(play.complete(2)).toEqual(['end kill', 'end crash-point']);
    expect(play.active.size).toBe(0);
  });

  it('is taken back when it does not come', () => {
    const play = new Play(kill(`${begin}, not-reached-after: 5`));
    expect(play.complete(5)).toEqual(['begin crash-point', 'end crash-point']);
    expect(play.unreached).toEqual([
      'not-reached kill f.yaml:2: crash-point n2 x passage 4 did not come in 5 operations',
    ]);
  });

  it('is not waited for where there are none, unless something else may come', () => {
    const alone = new Play(
      [kill(begin), kill('begin: { after: 0 }')].join('\n'),
      [],
      ['crash-point'],
    );
    expect(alone.complete(1)).toEqual(['begin kill']);
    expect(alone.unreached[0]).toBe('skipped kill f.yaml:2: no crash-point here');
    const or = 'begin: { any: [{ crash-point: x }, { after: 2 }] }';
    expect(new Play(kill(or), [], ['crash-point']).complete(2)).toEqual(['begin kill']);
  });
});

describe('what does not come', () => {
  it('is not reached after so many operations, and holds nothing up', () => {
    const play = new Play(
      [kill('begin: stalled, not-reached-after: 4'), kill('begin: { after: 1 }')].join('\n'),
    );
    expect(play.complete(4)).toEqual([]);
    expect(play.unreached[0]).toBe(
      'not-reached kill f.yaml:2: stalled did not come in 4 operations',
    );
    expect(play.complete(1)).toEqual(['begin kill']);
  });

  it('ends a fault that has begun, and is told', () => {
    const play = new Play(kill('begin: { after: 1 }, end: node-ended, not-reached-after: 3'));
    expect(play.complete(3)).toEqual(['begin kill']);
    expect(play.complete(1)).toEqual(['end kill']);
    const missed = 'node-ended did not come in 3 operations';
    expect(play.last?.trigger).toBe(`f.yaml:2 not-reached: ${missed}`);
    expect(play.unreached).toEqual([
      `not-reached kill f.yaml:2: it began, but for its end ${missed}`,
    ]);
  });

  it('has no bound where progress alone brings it', () => {
    const play = new Play(kill('begin: { after: 9 }, not-reached-after: 2'));
    expect(play.complete(9)).toEqual(['begin kill']);
  });

  it('is told at the end of the run: what waited, and what had no turn', () => {
    const text = [kill('begin: stalled'), '  - parallel:', `    ${kill('begin: stalled')}`];
    const play = new Play(text.join('\n'));
    play.complete(1);
    expect(play.unreached).toEqual([
      'not-reached kill f.yaml:2: the run ended while it waited for stalled',
      'not-reached kill f.yaml:4: the run ended before its turn',
    ]);
    const begun = new Play(kill('begin: { after: 1 }, end: node-ended'));
    begun.complete(1);
    expect(begun.unreached).toEqual([
      'not-reached kill f.yaml:2: it began, and the run ended before node-ended',
    ]);
    const progress = new Play(kill('begin: { after: 1 }, end: { after: 9 }'));
    progress.complete(1);
    expect(progress.unreached).toEqual([]);
  });

  it('is skipped where it is not possible, without waiting for it', () => {
    const play = new Play(
      ['  - { fault: pause, begin: stalled }', kill('begin: { after: 1 }')].join('\n'),
      [],
      ['pause'],
    );
    expect(play.complete(1)).toEqual(['begin kill']);
    expect(play.unreached).toEqual(['skipped pause f.yaml:2: no pause here']);
  });
});

describe('when every client is blocked', () => {
  it('the oldest fault in force ends, one at a time', () => {
    const text = [
      '  - parallel:',
      "      - { fault: 'pause:one', begin: { after: 2 }, end: { after: 50 } }",
      "      - { fault: 'kill:one', begin: { after: 1 }, end: node-ended }",
    ];
    const play = new Play(text.join('\n'));
    expect(play.complete(2)).toEqual(['begin kill', 'begin pause']);
    expect(play.send({ type: 'stalled' })).toEqual(['end kill']);
    expect(play.last?.trigger).toContain('not-reached: node-ended did not come before every');
    expect(play.send({ type: 'stalled' })).toEqual(['end pause']);
    expect(play.last?.trigger).toBe('f.yaml:3 stalled');
    expect(play.unreached).toHaveLength(1);
  });

  it('what waits for progress begins, and what waits for something else does not', () => {
    const progress = new Play(kill('begin: { after: 100 }'));
    progress.complete(1);
    expect(progress.send({ type: 'stalled' })).toEqual(['begin kill']);
    const state = new Play(kill('begin: node-ended'));
    state.complete(1);
    expect(state.send({ type: 'stalled' })).toEqual([]);
  });

  it('nothing is brought forward in a script that does not hurry', () => {
    const phases = kill('begin: { after: 2 }, end: { after: 2 }, chance: 17');
    const play = new Play(`hurry: false\nphases:\n${phases}\n`);
    play.complete(1);
    expect(play.send({ type: 'stalled' })).toEqual([]);
    expect(play.complete(1)).toEqual(['begin kill']);
    expect(play.last?.chance).toBe(17);
    expect(play.send({ type: 'stalled' })).toEqual([]);
  });
});

describe('steps of a script', () => {
  it('beside one another overlap; the next comes when all of them are over', () => {
    const text = [
      '  - parallel:',
      "      - { fault: 'kill:one', begin: { after: 1 }, end: { after: 5 } }",
      "      - - { fault: 'pause:one', begin: { after: 2 }, end: { after: 1 } }",
      "        - { fault: 'pause:leader', begin: { after: 1 }, end: { after: 1 } }",
      kill('begin: { after: 1 }'),
    ];
    const play = new Play(text.join('\n'));
    expect(play.complete(5)).toEqual([
      ...['begin kill', 'begin pause', 'end pause', 'begin pause', 'end pause'],
    ]);
    expect(play.complete(2)).toEqual(['end kill', 'begin kill']);
  });

  it('are over a while after the last end, and not before', () => {
    const play = new Play(kill('begin: { after: 1 }, end: { after: 1 }'));
    expect(play.schedule.isOver).toBe(false);
    play.complete(2);
    expect(play.active.size).toBe(0);
    expect(play.schedule.isOver).toBe(false);
    play.complete(250);
    expect(play.schedule.isOver).toBe(true);
  });
});

describe('any script, whatever happens', () => {
  const events: readonly ScheduleEvent[] = [
    ...Array.from({ length: 6 }, (): ScheduleEvent => ({ type: 'completed' })),
    { type: 'stalled' },
    { type: 'ended', node: 'n1' },
    { type: 'log-line', node: 'n2', line: 'x' },
  ];
  const words = ['after: 3', 'stalled:', 'term-changed:', 'line: x', 'node-ended:', 'lag: 4'];

  it('ends only what has begun, ends everything, and tells of each phase what became of it', () => {
    const seeds = fc.integer({ min: 0, max: 1e6 });
    fc.assert(
      fc.property(seeds, (seed) => {
        const random = createRandomStream(seed, 'script');
        const trigger = () => `{ any: [{ ${randomItem(random, words)} }] }`;
        const single = (indent: string) =>
          `${indent}- { fault: ${randomItem(random, families).name}, begin: ${trigger()}, ` +
          'not-reached-after: 9 }';
        const text = Array.from({ length: 4 }, () =>
          randomInteger(random, 2) === 0
            ? single('  ')
            : ['  - parallel:', single('      '), single('      ')].join('\n'),
        ).join('\n');
        const play = new Play(text, randomInteger(random, 2) === 0 ? ['pause'] : []);
        const phaseCount = text.match(/fault:/g)?.length ?? 0;
        for (let step = 0; step < 1500; step++) {
          const event = randomItem(random, events);
          play.send(event);
          const term = randomInteger(random, 5);
          if (step % 5 === 0) play.look({ term, commitIndex: step, appliedIndex: step - term });
        }
        expect(play.active.size).toBe(0);
        expect(play.schedule.isOver).toBe(true);
        const begun = play.taken.filter(({ phase }) => phase === 'begin').length;
        const never = play.schedule.unreached.filter(({ reason }) => !reason.includes('it began'));
        expect(begun + never.length).toBe(phaseCount);
      }),
      { numRuns: 40 },
    );
  });
});
