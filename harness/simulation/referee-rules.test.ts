import { describe, expect, test } from 'vitest';
import type { Message } from '../../server/raft/message.ts';
import type { TracedEntry, TraceEvent } from '../../server/trace.ts';
import { Referee } from './referee.ts';

/** What a node tells, or sends to another. */
type Step =
  | readonly [node: string, told: TraceEvent]
  | readonly [node: string, to: string, message: Message];

const nodes = ['n1', 'n2', 'n3'];
const members = { voters: nodes, outgoingVoters: [], learners: [], addresses: {} };

const entry = (index: number, term: number, kind: TracedEntry['kind'] = 'command') => ({
  ...{ index, term, kind, checksum: 10 * index + term },
});
const append = (term: number, ...entries: readonly TracedEntry[]): TraceEvent => {
  return { event: 'append', term, entries };
};
const durable = (term: number, index: number): TraceEvent => ({ event: 'durable', term, index });
const commit = (term: number, index: number): TraceEvent => ({ event: 'commit', term, index });
const voted = (term: number, votedFor: string): TraceEvent => {
  return { event: 'persisted', term, votedFor };
};

function status(
  role: 'follower' | 'candidate' | 'leader',
  term: number,
  changes: Partial<Extract<TraceEvent, { event: 'status' }>> = {},
): TraceEvent {
  const end = { lastLogIndex: 0, lastLogTerm: 0, commitIndex: 0 };
  return { event: 'status', role, term, votedFor: null, leaderId: null, ...end, ...changes };
}

const begin: readonly Step[] = nodes.flatMap((node): readonly Step[] => [
  [
    node,
    {
      event: 'start',
      ...{ term: 0, votedFor: null, snapshotIndex: 0, firstLogIndex: 1 },
      ...{ lastLogIndex: 0, lastLogTerm: 0 },
    },
  ],
  [node, { event: 'configuration', index: 0, configuration: members }],
]);

const elects = (node: string, term: number, voter: string): readonly Step[] => [
  [node, status('candidate', term, { votedFor: node })],
  [node, voted(term, node)],
  [voter, status('follower', term, { votedFor: node })],
  [voter, voted(term, node)],
  [node, status('leader', term, { votedFor: node, leaderId: node })],
];

/** n1 leads term 1; n1 and n2 have 1@1 on disk, and it is committed. */
const good: readonly Step[] = [
  ...begin,
  ...elects('n1', 1, 'n2'),
  ['n1', append(1, entry(1, 1))],
  ['n2', append(1, entry(1, 1))],
  ['n2', durable(1, 1)],
  ['n1', durable(1, 1)],
  ['n1', { event: 'match', term: 1, peer: 'n2', index: 1 }],
  ['n1', commit(1, 1)],
];

function judge(steps: readonly Step[]): readonly string[] {
  const referee = new Referee();
  for (const [timeUs, step] of steps.entries()) {
    const [node, told, message] = step;
    if (typeof told !== 'string') referee.observe({ node, life: 1, timeUs, told });
    else if (message !== undefined) {
      referee.observeMessage({ node, life: 1, timeUs, to: told, message });
    }
  }
  return referee.violations;
}

const appendEntries = {
  type: 'appendEntries',
  ...{ term: 1, leaderId: 'n1', prevLogIndex: 1, prevLogTerm: 1 },
  ...{ entries: [], leaderCommit: 1, readRound: 0, replicationId: 0, transferEpoch: 0 },
} as const;
const answer = {
  type: 'appendEntriesResponse',
  ...{ term: 1, success: true, matchIndex: 1, conflictIndex: 0 },
  ...{ conflictTerm: 0, readRound: 0, replicationId: 0 },
} as const;
const grant = {
  type: 'requestVoteResponse',
  ...{ term: 1, voteGranted: true, preVote: false },
} as const;
const asks = {
  type: 'requestVote',
  ...{ term: 1, candidateId: 'n1', lastLogIndex: 0, lastLogTerm: 0 },
  ...{ preVote: false, transfer: false },
} as const;
const readIndex = { type: 'readIndexResponse', term: 1, requestId: 1, readIndex: 1 } as const;
const change = entry(2, 1, 'configuration');
const changed = (node: string, index: number): Step => {
  const configuration = { ...members, learners: ['n4'] };
  return [node, { event: 'configuration', index, configuration }];
};

test('a term in which all goes well breaks nothing, with what is sent in it', () => {
  const sent: readonly Step[] = [
    ['n1', 'n2', asks],
    ['n2', 'n1', grant],
    ['n1', 'n2', appendEntries],
    ['n2', 'n1', answer],
    ['n1', 'n2', readIndex],
    ['n1', append(1, change)],
    changed('n1', 2),
  ];
  expect(judge([...good, ...sent])).toEqual([]);
});

describe('the referee sees', () => {
  const bad: Readonly<Record<string, readonly [promise: string, steps: readonly Step[]]>> = {
    'a leader with votes of less than a majority': [
      'elected',
      [
        ['n3', voted(2, 'n3')],
        ['n3', status('leader', 2, { votedFor: 'n3', leaderId: 'n3' })],
      ],
    ],
    'a vote for who has less in its log': [
      'vote rule',
      [
        ['n3', status('candidate', 2, { votedFor: 'n3' })],
        ['n2', status('follower', 2, { votedFor: 'n3', lastLogIndex: 1, lastLogTerm: 1 })],
      ],
    ],
    'two nodes that follow two leaders of a term': [
      'election safety',
      [['n3', status('follower', 1, { leaderId: 'n2' })]],
    ],
    'a leader that commits an entry of an old term by counting': [
      'commit rule',
      [
        ['n1', append(1, entry(2, 1))],
        ['n1', durable(1, 2)],
        ['n2', append(1, entry(2, 1))],
        ['n2', durable(1, 2)],
        ...elects('n1', 2, 'n2').map((step): Step => {
          const [node, told] = step;
          if (typeof told === 'string' || told.event !== 'status') return step;
          return [node, { ...told, lastLogIndex: 2, lastLogTerm: 1, commitIndex: 1 }];
        }),
        ['n1', commit(2, 2)],
      ],
    ],
    'a leader that appends an entry of another term': [
      'leader appends',
      [['n1', append(1, entry(2, 0))]],
    ],
    'a committed entry that a follower gives up before it knows': [
      'committed stays',
      [['n2', append(1, { ...entry(1, 1), term: 2 })]],
    ],
    'a leader that counts what is not on the disk of another': [
      'match index',
      [['n1', { event: 'match', term: 1, peer: 'n3', index: 1 }]],
    ],
    'a second change before the first is committed': [
      'one change at a time',
      [
        ['n1', append(1, change)],
        changed('n1', 2),
        ['n1', append(1, entry(3, 1, 'configuration'))],
        changed('n1', 3),
        ['n1', { event: 'hash', index: 0, hash: 'a' }],
      ],
    ],
    'a configuration in the log that is not in force': [
      'configuration in force',
      [
        ['n1', append(1, change)],
        ['n1', durable(1, 1)],
      ],
    ],
    'one entry that holds two configurations': [
      'one configuration',
      [
        ['n1', append(1, change)],
        changed('n1', 2),
        ['n2', append(1, change)],
        ['n2', { event: 'configuration', index: 2, configuration: members }],
      ],
    ],
    'a vote that is told before it is on disk': ['durable before told', [['n3', 'n1', grant]]],
    'a candidate that asks before its own vote is on disk': [
      'durable before told',
      [['n3', 'n2', { ...asks, candidateId: 'n3' }]],
    ],
    'an acknowledgement of what is not on disk': [
      'durable before told',
      [
        ['n2', append(1, entry(2, 1))],
        ['n2', 'n1', { ...answer, matchIndex: 2 }],
      ],
    ],
    'an acknowledgement in a term that is not on disk': [
      'durable before told',
      [['n3', 'n1', { ...answer, matchIndex: 0 }]],
    ],
    'who speaks as a leader and was never elected': [
      'election safety',
      [['n2', 'n3', appendEntries]],
    ],
    'a leader that sends what is not in its log': [
      'log matching',
      [['n1', 'n2', { ...appendEntries, prevLogTerm: 0 }]],
    ],
    'a leader that sends entries with a gap': [
      'log order',
      [
        ['n1', append(1, entry(2, 1), entry(3, 1))],
        [
          ...(['n1', 'n2'] as const),
          {
            ...appendEntries,
            entries: [{ index: 3, term: 1, kind: 'command', data: new Uint8Array() }],
          },
        ],
      ],
    ],
    'a leader that tells of a commit that it does not know': [
      'commit index',
      [['n1', 'n2', { ...appendEntries, leaderCommit: 2 }]],
    ],
    'a read that is confirmed before anything of the term is committed': [
      'reads',
      [
        ...elects('n2', 2, 'n3').map((step): Step => {
          const [node, told] = step;
          if (node !== 'n2' || typeof told === 'string' || told.event !== 'status') return step;
          return ['n2', { ...told, lastLogIndex: 1, lastLogTerm: 1 }];
        }),
        ['n2', commit(2, 1)],
        ['n2', 'n3', { ...readIndex, term: 2 }],
      ],
    ],
  };
  for (const [title, [promise, steps]] of Object.entries(bad)) {
    test(title, () => {
      const promises = judge([...good, ...steps]).map((violation) => violation.split(':')[0]);
      expect(promises).toContain(promise);
    });
  }

  test('a read that does not see what was committed when it was asked', () => {
    const referee = new Referee();
    const read = { node: 'n1', life: 1, timeUs: 0, askedAt: 3 };
    referee.observeRead({ ...read, appliedIndex: 3 });
    expect(referee.violations).toEqual([]);
    referee.observeRead({ ...read, appliedIndex: 2 });
    expect(referee.violations[0]).toMatch(
      /^reads: a read was answered from the state after entry 2/,
    );
  });
});
