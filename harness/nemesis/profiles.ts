/**
 * Shapes of trouble that subtle bugs of Raft need, each a small record: which faults, one after the
 * other or beside one another, what begins and what ends them. `profile-script.ts` draws a script
 * from one; `--nemesis-schedule` takes their names.
 *
 * A shape says what published bugs have in common, never what one of them needs. [Ongaro §6.4]
 */
import type { Profile } from './profile.ts';

/** How long the rounds go on, and how long the cluster is let be before the next ones. */
export const profileStorm = { stormOperations: [60, 200], calmSuccesses: [5, 25] } as const;

/** Right away, soon, a while. */
const now = { after: [0, 3] } as const;
const soon = { after: [2, 15] } as const;
const later = { after: [10, 50] } as const;
/** Many election timeouts, perhaps to the end. */
const long = { after: [150, 2000] } as const;
const elected = { on: 'leader-elected', orAfter: [30, 80] } as const;
const triggered = { nodes: ['triggered'] } as const;

export const profiles: readonly Profile[] = [
  {
    name: 'leader-hunt',
    description: 'whoever is elected is killed, frozen or cut off, at once or a little later',
    nodesMin: 3,
    rounds: [
      [{ oneOf: ['kill:leader', 'pause:leader'], with: triggered, begin: elected, end: elected }],
      [{ oneOf: ['partition:leader', 'power:leader'], begin: elected, end: elected }],
      [{ oneOf: ['kill:leader', 'power:leader'], begin: soon, end: now }],
      [
        {
          oneOf: ['crash-point:leader', 'crash-step:leader'],
          begin: now,
          end: { after: [10, 40] },
        },
      ],
    ],
  },
  {
    name: 'tails',
    description:
      'leaders that nobody follows take commands, and are back before the next ones fall',
    nodesMin: 3,
    rounds: [
      [
        { oneOf: ['partition:leader'], begin: soon, end: elected },
        { oneOf: ['kill:leader', 'partition:leader'], begin: now, end: elected },
        { oneOf: ['kill:leader'], begin: elected, end: soon },
      ],
      [
        {
          beside: [
            [{ oneOf: ['partition:leader'], begin: soon, end: { after: [10, 60] } }],
            [{ oneOf: ['kill:leader', 'power:leader'], begin: elected, end: soon }],
          ],
        },
      ],
      [
        { oneOf: ['partition:oneway'], with: { direction: 'in' }, begin: soon, end: elected },
        { oneOf: ['transfer:any', 'kill:leader'], begin: now, end: soon },
      ],
      [
        { oneOf: ['loss:leader'], with: { percent: 90 }, begin: soon, end: elected },
        { oneOf: ['kill:majority', 'power:minority', 'kill:leader'], begin: now, end: soon },
      ],
    ],
  },
  {
    name: 'stale-leader',
    description: 'a leader is replaced without knowing it, and its clients go on asking it',
    nodesMin: 3,
    rounds: [
      [{ oneOf: ['transfer:unheard'], begin: soon }],
      [{ oneOf: ['partition:leader'], begin: soon, end: { after: [20, 80] } }],
      [{ oneOf: ['pause:leader'], begin: soon, end: elected }],
      [{ oneOf: ['hold:leader'], begin: soon, end: elected }],
      [
        {
          beside: [
            [{ oneOf: ['delay:leader'], with: { ms: 150 }, begin: now, end: later }],
            [{ oneOf: ['transfer:follower'], begin: soon }],
          ],
        },
      ],
      [{ oneOf: ['partition:oneway', 'partition:bridge'], begin: soon, end: later }],
    ],
  },
  {
    name: 'restarts',
    description: 'all nodes or most of them go at once, and are asked as soon as they are back',
    nodesMin: 1,
    rounds: [
      [{ oneOf: ['kill:all', 'power:all'], begin: later, end: now }],
      [{ oneOf: ['kill:majority', 'power:majority'], begin: later, end: { after: [0, 20] } }],
      [
        { oneOf: ['partition:leader', 'pause:leader'], begin: soon, end: soon },
        { oneOf: ['kill:all', 'power:all'], begin: now, end: now },
      ],
      [{ oneOf: ['rolling-restart:kill', 'rolling-restart:stop'], begin: later, end: now }],
    ],
  },
  {
    name: 'laggards',
    description: 'a follower lags until it needs a snapshot, and while it gets one, others fall',
    nodesMin: 3,
    rounds: [
      [
        { oneOf: ['until-snapshot:cut', 'until-snapshot:kill'], begin: soon, end: now },
        { oneOf: ['kill:leader', 'transfer:any', 'power:one'], begin: now, end: soon },
      ],
      [
        {
          beside: [
            [{ oneOf: ['partition:one', 'kill:follower'], begin: now, end: { after: [40, 120] } }],
            [
              { oneOf: ['snapshot:all'], begin: { after: [20, 40] } },
              { oneOf: ['snapshot:all'], begin: { after: [10, 30] } },
            ],
          ],
        },
        {
          oneOf: ['kill:leader', 'kill:follower', 'crash-point:follower', 'partition:leader'],
          begin: { on: 'snapshot-installed', orAfter: [0, 20] },
          end: soon,
        },
      ],
      [
        // The one that lags has a tail of its own.
        { oneOf: ['partition:leader'], begin: soon, end: { on: { lag: 20 }, orAfter: [60, 150] } },
        { oneOf: ['snapshot:all'], begin: now },
        { oneOf: ['transfer:any', 'kill:leader'], begin: soon, end: soon },
      ],
    ],
  },
  {
    name: 'members',
    description:
      'members come and go while leaders change, links fail and leadership is handed over',
    nodesMin: 3,
    rounds: [
      [
        // Who sees a part of the cluster changes it, and what has come of it is to be agreed on.
        {
          beside: [
            [{ oneOf: ['members-apart'], begin: soon, end: later }],
            [
              { oneOf: ['snapshot:all', 'transfer:any', 'kill:one'], begin: now, end: soon },
              { oneOf: ['partition:random-pairs', 'kill:leader'], begin: soon, end: soon },
            ],
          ],
        },
      ],
      [
        {
          beside: [
            [{ oneOf: ['members'], begin: soon, end: later }],
            [
              {
                oneOf: ['partition:leader', 'partition:one', 'kill:leader'],
                begin: now,
                end: soon,
              },
              { oneOf: ['transfer:any', 'transfer:follower'], begin: now },
            ],
          ],
        },
      ],
      [
        // A change takes so long that a leader can lose its place in the midst of it.
        {
          beside: [
            [{ oneOf: ['delay:all'], with: { ms: 120 }, begin: now, end: later }],
            [{ oneOf: ['members'], begin: now, end: soon }],
            [
              {
                oneOf: ['partition:halves', 'partition:leader', 'kill:leader', 'pause:leader'],
                begin: soon,
                end: elected,
              },
            ],
          ],
        },
      ],
      [
        { oneOf: ['members:remove-leader', 'members:replace'], begin: soon, end: soon },
        { oneOf: ['kill:leader', 'power:leader'], begin: now, end: soon },
      ],
      [
        { oneOf: ['crash-point:leader'], begin: now, end: later },
        { oneOf: ['members'], begin: now, end: now },
      ],
    ],
  },
  {
    name: 'readmission',
    description: 'a member is removed and added again at once, while messages of before are held',
    nodesMin: 3,
    rounds: [
      [
        { oneOf: ['members-apart:leavers', 'members-apart:both-sides'], begin: soon, end: now },
        { oneOf: ['partition:halves', 'partition:one', 'kill:leader'], begin: now, end: soon },
      ],
      [
        {
          beside: [
            [
              {
                oneOf: ['hold:one', 'hold:pair', 'delay:one', 'delay:few'],
                begin: now,
                end: later,
              },
            ],
            [{ oneOf: ['members:remove-follower'], begin: soon, end: now }],
          ],
        },
      ],
      [
        { oneOf: ['members:remove-follower', 'members:remove-leader'], begin: soon, end: now },
        { oneOf: ['partition:halves', 'partition:leader', 'kill:leader'], begin: now, end: soon },
      ],
    ],
  },
  {
    name: 'late-messages',
    description: 'links jam, leaders change, and what was sent before comes after',
    nodesMin: 3,
    rounds: [
      [
        {
          beside: [
            [{ oneOf: ['hold:leader', 'hold:pair', 'hold:one'], begin: soon, end: later }],
            [{ oneOf: ['transfer:any', 'kill:leader', 'pause:leader'], begin: soon, end: soon }],
          ],
        },
      ],
      [
        { oneOf: ['delay:leader', 'delay:few'], with: { ms: 120 }, begin: now, end: later },
        { oneOf: ['transfer:follower'], begin: now },
      ],
      [{ oneOf: ['pause:leader', 'pause:follower'], begin: soon, end: { after: [5, 60] } }],
    ],
  },
  {
    name: 'partial-links',
    description: 'one-way links, bridges and rings of majorities, for long',
    nodesMin: 3,
    rounds: [
      [
        {
          oneOf: ['partition:majorities-ring', 'partition:bridge'],
          begin: soon,
          end: { after: [40, 150] },
        },
      ],
      [{ oneOf: ['partition:oneway'], begin: soon, end: { after: [30, 150] } }],
      [
        {
          beside: [
            [{ oneOf: ['partition:random-pairs', 'partition:oneway'], begin: now, end: later }],
            [{ oneOf: ['transfer:follower', 'kill:leader', 'client-cut'], begin: soon, end: soon }],
          ],
        },
      ],
    ],
  },
  {
    name: 'handovers',
    description:
      'leadership is handed over again and again, to nodes that are late, cut off or gone',
    nodesMin: 2,
    rounds: [
      [{ oneOf: ['transfer:unheard'], begin: soon }],
      [{ oneOf: ['transfer:any', 'transfer:follower'], begin: soon }],
      [
        {
          beside: [
            [
              {
                oneOf: ['partition:one', 'pause:follower', 'loss:few', 'hold:one'],
                begin: now,
                end: later,
              },
            ],
            [
              { oneOf: ['transfer:follower'], begin: now },
              { oneOf: ['transfer:follower'], begin: soon },
            ],
          ],
        },
      ],
    ],
  },
  {
    name: 'crash-points',
    description: 'nodes crash at named places of their code, again and again',
    nodesMin: 1,
    rounds: [
      [{ oneOf: ['crash-point:one', 'crash-point:leader'], begin: now, end: { after: [10, 60] } }],
      [
        { oneOf: ['transfer:any', 'partition:leader', 'snapshot:one'], begin: now, end: soon },
        { oneOf: ['crash-point:follower', 'crash-step'], begin: now, end: later },
      ],
      [{ oneOf: ['power:one', 'power:all', 'kill:leader'], begin: soon, end: now }],
    ],
  },
  {
    name: 'disks',
    description: 'disks are slow, full, torn and damaged, and power fails, while leaders change',
    nodesMin: 3,
    rounds: [
      [
        // Who has lost something is there while others are not.
        {
          beside: [
            [{ oneOf: ['wipe', 'truncate', 'corruption'], begin: soon, end: later }],
            [{ oneOf: ['kill:leader', 'partition:one', 'pause:one'], begin: soon, end: soon }],
          ],
        },
      ],
      [
        {
          beside: [
            [{ oneOf: ['disk-slow:one', 'disk-slow:leader'], begin: now, end: later }],
            [{ oneOf: ['power:one', 'power:leader', 'kill:leader'], begin: soon, end: now }],
          ],
        },
      ],
      [{ oneOf: ['power:majority', 'power:all', 'power:minority'], begin: soon, end: now }],
      [
        { oneOf: ['torn', 'bit-flip', 'truncate', 'wipe'], begin: soon, end: soon },
        { oneOf: ['kill:leader', 'power:leader'], begin: now, end: soon },
      ],
      [{ oneOf: ['disk-full'], begin: soon, end: soon }],
      [
        { oneOf: ['disk-error'], begin: soon, end: soon },
        { oneOf: ['power:majority', 'power:all', 'power:one'], begin: now, end: now },
      ],
      [{ oneOf: ['corruption'], begin: soon, end: later }],
    ],
  },
  {
    name: 'steady',
    description:
      'one fault that leaves a majority connected stays for long, and nothing else happens',
    nodesMin: 3,
    isPatient: true,
    // Little else is amiss, and timeouts are short: what goes wrong again and again shows soon.
    world: {
      ...{ drop: [0, 0, 0.01], slow: [0], pace: [0, 0, 0.1] },
      ...{ tick: [10, 20, 20], heartbeat: [1], election: [3, 3, 4, 5, 8] },
    },
    rounds: [
      [{ oneOf: ['partition:oneway'], with: { direction: 'in' }, begin: soon, end: long }],
      [{ oneOf: ['partition:oneway'], with: { direction: 'out' }, begin: soon, end: long }],
      [
        {
          oneOf: ['partition:one', 'partition:leader', 'partition:halves'],
          begin: soon,
          end: long,
        },
      ],
      [{ oneOf: ['kill:one', 'kill:leader', 'kill:minority'], begin: soon, end: long }],
      [{ oneOf: ['pause:one', 'pause:leader', 'pause:minority'], begin: soon, end: long }],
      [
        // What nodes do at almost the same time crosses on its way. [Raft §5.2]
        {
          beside: [
            [{ oneOf: ['delay:all'], with: { ms: 10, jitterMs: 0 }, begin: now, end: long }],
            [
              {
                oneOf: ['kill:leader', 'pause:leader', 'kill:minority', 'partition:halves'],
                begin: soon,
                end: long,
              },
            ],
          ],
        },
      ],
    ],
  },
];
