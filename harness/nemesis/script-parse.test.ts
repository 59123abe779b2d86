import { describe, expect, it } from 'vitest';
import type { FaultFamily } from '../nemesis.ts';
import { alternativesOf, describeTrigger, phasesOf, type ScriptPhase } from './script.ts';
import { ScriptError } from './script-complaints.ts';
import { parseScript } from './script-parse.ts';

function family(name: string, variants: readonly string[], isMomentary = false): FaultFamily {
  return {
    name,
    group: 'process',
    description: '',
    variants: variants.map((each) => ({ name: each, description: '', needs: [], nodesMin: 1 })),
    parameters: name === 'snapshot' ? {} : { nodes: 'which', percent: 'how many' },
    isMomentary,
    evidence: '',
  };
}

const families = [
  family('kill', ['one', 'leader', 'majorities-ring']),
  family('loss', ['all']),
  family('snapshot', ['one'], true),
];

const parse = (text: string) => parseScript({ path: 'f.yaml', text, families });
const phases = (text: string): readonly ScriptPhase[] => phasesOf(parse(text).steps);
const phase = (words: string): string => `phases:\n  - { fault: 'kill:one', ${words} }\n`;
const triggerOf = (words: string): string => {
  const [found] = phases(phase(`begin: ${words}`));
  return found === undefined ? '' : describeTrigger(found.begin);
};

function complaintsOf(text: string): readonly string[] {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof ScriptError) return error.message.split('\n');
    throw error;
  }
  return [];
}

describe('a script', () => {
  it('is phases, each a fault with its begin, its end and its bound', () => {
    const text = [
      'description: for people',
      'phases:',
      '  - fault: kill:leader',
      '    with: { nodes: [n1, n2], percent: 5 }',
      '    chance: 17',
      '    begin: { after: 200 }',
      '    end: leader-elected',
      '    not-reached-after: 700',
      '  - fault: loss',
    ].join('\n');
    expect(phases(text)).toEqual([
      {
        ...{ type: 'phase', line: 3, family: 'kill', variant: 'leader' },
        parameters: { nodes: ['n1', 'n2'], percent: 5 },
        chance: 17,
        begin: { type: 'after', operations: 200 },
        end: { type: 'leader-elected', node: null },
        notReachedAfter: 700,
      },
      {
        ...{ type: 'phase', line: 9, family: 'loss', variant: null, parameters: {} },
        chance: null,
        begin: { type: 'after', operations: 100 },
        end: { type: 'after', operations: 100 },
        notReachedAfter: 3000,
      },
    ]);
  });

  it('has no end for what is over as soon as it is done', () => {
    expect(phases('phases: [{ fault: snapshot }]')[0]).toMatchObject({ end: null });
  });

  it('has phases beside one another, lists of them, and phases that are repeated', () => {
    const text = [
      'phases:',
      '  - parallel:',
      '      - fault: kill',
      '      - - fault: loss',
      '        - fault: snapshot',
      '  - repeat: 3',
      '    phases: [{ fault: loss }]',
    ].join('\n');
    const { steps } = parse(text);
    expect(steps.map(({ type }) => type)).toEqual(['parallel', 'phase', 'phase', 'phase']);
    const [first] = steps;
    if (first?.type !== 'parallel') throw new Error('the first is no parallel step');
    expect(first.branches.map((branch) => branch.length)).toEqual([1, 2]);
    expect(phasesOf(steps)).toHaveLength(6);
  });

  it('knows every trigger, long and short', () => {
    const known: readonly [string, string][] = [
      ['{ after: 200 }', 'after 200 operations'],
      ['leader-elected', 'leader-elected'],
      ['{ leader-elected: { node: n2 } }', 'leader-elected n2'],
      ['{ leader-elected: }', 'leader-elected'],
      ['term-changed', 'term-changed'],
      ['{ lag: { node: n3, entries: 500 } }', 'lag n3 500 entries'],
      ['{ lag: 500 }', 'lag 500 entries'],
      ['snapshot-installed', 'snapshot-installed'],
      ['{ snapshot-installed: { node: n3 } }', 'snapshot-installed n3'],
      ['{ log-starts-after: { node: n3, index: 9 } }', 'log-starts-after n3 index 9'],
      ['{ log-starts-after: 9 }', 'log-starts-after index 9'],
      ['needs-snapshot', 'needs-snapshot'],
      ['{ needs-snapshot: { node: n1 } }', 'needs-snapshot n1'],
      ['{ line: { node: n1, pattern: "a.b" } }', 'line n1 /a.b/'],
      ['{ line: leads }', 'line /leads/'],
      ['node-ended', 'node-ended'],
      ['{ node-ended: { node: n4 } }', 'node-ended n4'],
      ['{ crash-point: { name: x, passage: 4, node: n1 } }', 'crash-point n1 x passage 4'],
      ['{ crash-point: x }', 'crash-point x passage 1'],
      ['stalled', 'stalled'],
      ['{ any: [{ after: 3 }, stalled] }', 'any of after 3 operations, stalled'],
    ];
    for (const [words, told] of known) expect(triggerOf(words), words).toBe(told);
    const [nested] = phases(phase('begin: { any: [stalled, { any: [{ after: 1 }] }] }'));
    expect(alternativesOf(nested?.begin ?? { type: 'stalled' })).toHaveLength(2);
  });
});

describe('a mistake in a script', () => {
  const clock = 'no fault begins or ends by a clock: write how many operations must have completed';
  const mistakes: readonly [string, readonly (string | RegExp)[]][] = [
    ['phases: [', [/^f\.yaml:1: this is not YAML: /]],
    ['a: 1\nb: 2: 3\n', [/^f\.yaml:2: this is not YAML: /]],
    [
      '',
      [
        'f.yaml:1: a list of words with values belongs here (description:, hurry:, phases:); ' +
          'not nothing',
      ],
    ],
    ['phases: []', ['f.yaml:1: a list of phases, such as - fault: kill:leader belongs here, one ']],
    ['phases: kill', [/one or more; not "kill"$/]],
    ['phases:\n  - kill\n', [/^f\.yaml:2: a list of words .*fault:.*; not "kill"$/]],
    [
      'fases: [{ fault: kill }]',
      [/^f\.yaml:1: fases: there is no such word here \(did you mean phases\?\); there are desc/],
    ],
    [
      'phases:\n  - fault: kill\n    begn: stalled\n',
      [/^f\.yaml:3: begn: there is no such word here \(did you mean begin\?\); there are fault/],
    ],
    [
      'phases:\n  - with: {}\n',
      [/^f\.yaml:2: fault takes a family of faults, or .*; not nothing$/],
    ],
    ['phases:\n  - fault: 7\n', [/^f\.yaml:2: fault takes a family .*; not 7$/]],
    [
      'phases:\n  - fault: kil\n',
      ['f.yaml:2: no family of faults is kil (did you mean kill?); there are kill, loss, snapshot'],
    ],
    [
      'phases:\n  - fault: kill:majority-ring\n',
      [/^f\.yaml:2: kill has no variant majority-ring \(did you mean majorities-ring\?\); there/],
    ],
    [
      'phases:\n  - fault: kill:one:two\n',
      [/^f\.yaml:2: kill has no variant one:two; there are one/],
    ],
    [
      'phases:\n  - fault: kill\n    with:\n      nods: [n1]\n',
      ['f.yaml:4: kill has no parameter nods (did you mean nodes?); it takes nodes, percent'],
    ],
    [
      'phases: [{ fault: snapshot, with: { ms: 1 } }]',
      [/snapshot has no parameter ms; it takes none$/],
    ],
    ['phases: [{ fault: kill, with: [n1] }]', [/with takes parameters by name, .*; not \["n1"\]$/]],
    [
      'phases:\n  - fault: snapshot\n    end: stalled\n',
      ['f.yaml:3: snapshot is over as soon as it is done: leave the end out, not "stalled"'],
    ],
    [
      phase('not-reached-after: 0'),
      [/not-reached-after takes a whole number of completed op.*; not 0$/],
    ],
    ['phases: [{ repeat: 3 }]', [/a list of phases, .* not nothing$/]],
    [
      'phases: [{ repeat: 0, phases: [{ fault: kill }] }]',
      [/repeat takes a whole number from 1 to/],
    ],
    [
      'phases: [{ repeat: 2, fault: kill }]',
      [/fault: there is no such word here; there are repeat/],
    ],
    [
      'phases: [{ parallel: [], fault: kill }]',
      [/fault: there is no such word .* there are parallel$/, /a list of phases, or of lists/],
    ],
    ['phases: [{ parallel: kill }]', [/a list of phases, or of lists of phases belongs here/]],
    [
      phase('begin: [stalled]'),
      [/a trigger belongs here, such as after: 200, .*; not \["stalled"\]$/],
    ],
    [phase('begin: {}'), [/a trigger is one word, not none; of several write any: \[/]],
    [
      phase('begin: { after: 1, stalled: }'),
      [/a trigger is one word, not after and stalled; of sev/],
    ],
    [phase('begin: after'), ['f.yaml:2: after wants to know more: after: 200']],
    [phase('begin: lag'), [/^f\.yaml:2: lag wants to know more: lag: \{ /]],
    [
      phase('begin: leader-electd'),
      [/leader-electd: there is no such word here \(did you mean leader/],
    ],
    [phase('begin: { lag: { entrys: 5 } }'), [/entries takes a whole/, /entrys: .* mean entries/]],
    [
      phase('begin: { lag: many }'),
      [/entries takes a whole number of entries, such as 500; not "many/],
    ],
    [phase('begin: { line: "(" }'), [/pattern takes a regular expression, such as .*; not "\("$/]],
    [
      phase('begin: { line: { node: 3, pattern: x } }'),
      [/node takes the name of a node, .*; not 3$/],
    ],
    [
      phase('begin: { crash-point: { name: x, passage: 0 } }'),
      [/passage takes which passage of it, a/],
    ],
    [
      phase('begin: { leader-elected: n2 }'),
      [/leader-elected takes \{ node: n2 \}, or nothing; not "n2"$/],
    ],
    [phase('begin: { stalled: now }'), [/stalled takes nothing; not "now"$/]],
    [phase('begin: { any: [] }'), [/a list of triggers belongs here, one or more; not \[\]$/]],
    [phase('begin: { any: [stalled, lag] }'), [/^f\.yaml:2: lag wants to know more/]],
    [
      phase('begin: { stalled: { node: n1 } }'),
      [/node: there is no such word here; nothing belongs/],
    ],
    [
      phase('begin: { after: -1 }'),
      [/after takes a whole number of completed operations, .*; not -1$/],
    ],
    [phase('begin: { after: 1.5 }'), [/after takes a whole number .*; not 1\.5$/]],
    [phase('begin: { after: 5s }'), [new RegExp(`after takes .*; not "5s"; ${clock}`)]],
    [phase('begin: { seconds: 5 }'), [new RegExp(`^f\\.yaml:2: seconds: ${clock}`)]],
    [phase('begin: 5 s'), [new RegExp(`^f\\.yaml:2: "5 s" is no trigger; ${clock}`)]],
    [phase('begin: timeout'), [new RegExp(`"timeout" is no trigger; ${clock}`)]],
    [phase('wait: 3'), [new RegExp(`^f\\.yaml:2: wait: ${clock}`)]],
    [phase('begin: { lag: { entries: 5, ms: 3 } }'), [new RegExp(`ms: ${clock}`)]],
  ];

  it.each(mistakes)('is told with its line and what to write: %j', (text, expected) => {
    const told = complaintsOf(text);
    expect(told).toHaveLength(expected.length);
    for (const [at, words] of expected.entries()) {
      if (typeof words === 'string') expect(told[at]).toContain(words);
      else expect(told[at]).toMatch(words);
    }
  });

  it('above others hides none of them, and what it was meant to be is read as that', () => {
    const text = [
      'descripton: for people',
      'phases:',
      '  - falt: kil',
      '    begn: { aftr: 5s }',
      '  - fault: los',
      '    wait: 3',
      '    with: { x: 1 }',
      '    begin: { lagg: { entrys: none }, bogus: 1 }',
      '  - parallel:',
      '      - { fault: loss, with: { x: 1 } }',
      '    begin: stalled',
      '  - repeat: 0',
      '    phases: [{ fault: kil }]',
      '    zzzzzz: 1',
    ].join('\n');
    const told = complaintsOf(text);
    expect(told.map((line) => Number(/^f\.yaml:(\d+): /.exec(line)?.[1]))).toEqual([
      ...[1, 3, 3, 4, 4, 4, 5, 6, 8, 8, 8, 8, 10, 11, 12, 13, 14],
    ]);
    for (const words of ['descripton: there is', 'no family of faults is kil ', 'after takes']) {
      expect(told.join('\n')).toContain(words);
    }
  });

  it('stands in the order of the file, whatever was looked at first', () => {
    const text = [
      'phases:',
      '  - not-reached-after: 0',
      '    end: lag',
      '    begin: after',
      '    fault: kil',
    ].join('\n');
    expect(complaintsOf(text).map((line) => line.slice(0, 8))).toEqual([
      ...['f.yaml:2', 'f.yaml:3', 'f.yaml:4', 'f.yaml:5'],
    ]);
  });

  it('does not hide the others: all are told, in the order of the file', () => {
    const text = [
      'phases:',
      '  - fault: kil',
      '  - parallel:',
      '      - fault: loss',
      '        begin: { lag: none }',
      '  - repeat: 2',
      '    phases:',
      '      - { fault: kill, with: { x: 1 } }',
    ].join('\n');
    expect(complaintsOf(text).map((line) => line.slice(0, 8))).toEqual([
      'f.yaml:2',
      'f.yaml:5',
      'f.yaml:8',
    ]);
  });
});
