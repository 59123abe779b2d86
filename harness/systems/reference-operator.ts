/**
 * What an operator asks of the reference server, in its own commands, over RESP.
 *
 * A change of members may be asked for again: it is looked first whether it is made, and each
 * request holds the configuration that was looked at (EXPECT), so that none is made twice.
 */
import type { RespLost, RespReply } from '../clients/resp-connection.ts';
import { pause } from '../run/introspect.ts';
import { ask, parseFields } from './reference-ask.ts';
import type { Operator, OperatorDesk } from './system.ts';

/** The server has refused, or has not answered. */
class RefusalError extends Error {
  override readonly name = 'RefusalError';
}

/** A change of members is committed before it is answered, a snapshot written. */
const changeDeadlineMs = 5000;
/** A learner that does not have the log yet, or a term that is too new, is asked again so soon. */
const againMs = 50;
const attemptsMax = 100;

/** Where a member is that nobody told where it is; in the harness everybody is told. */
const peerPort = 7000;

/**
 * Every point but for those of a first start, and those that a run comes to only with faults of
 * their own. Of the first ones each node passes many in any run.
 */
const crashPointNames: readonly string[] = [
  'wal.before-append',
  'wal.after-append-before-fsync',
  'wal.after-fsync',
  'raft.before-send-after-write',
  'raft.after-send-after-write',
  'raft.before-apply',
  'raft.after-apply-before-reply',
  'raft.after-reply',
  'raft.before-send',
  'raft.before-read-reply',
  'wal.before-hard-state',
  'wal.after-hard-state',
  'raft.after-become-leader',
  'snapshot.before-write',
  'snapshot.during-write',
  'snapshot.after-write-before-fsync',
  'snapshot.after-fsync-before-rename',
  'snapshot.after-rename-before-directory-fsync',
  'snapshot.after-write-before-compact',
  'wal.before-roll',
  'wal.after-roll',
  'wal.before-compact',
  'wal.after-remove-before-directory-fsync',
  'snapshot.after-chunk',
  'snapshot.received-before-install',
  'snapshot.after-install-before-log-reset',
  'snapshot.after-install',
  'membership.after-append-joint',
  'membership.joint-committed',
  'membership.new-committed',
  'transfer.before-timeout-now',
  'transfer.after-timeout-now',
];

export const referenceOperator: Operator = {
  transferLeadership: (desk, to) =>
    must(desk, leaderOf(desk), ['RAFT.TRANSFER', ...(to === null ? [] : [to])]),
  members: {
    add,
    remove: (desk, node) =>
      untilMade(desk, ({ voters, learners }) =>
        voters.includes(node) || learners.includes(node) ? ['RAFT.REMOVE', node] : null,
      ),
    list: async (desk, node) => (await readMembers(desk, node)).voters,
  },
  forceSnapshot: (desk, node) => must(desk, node, ['RAFT.SNAPSHOT']),
  crashPoints: {
    names: crashPointNames,
    arm: (desk, node, name, passage) => must(desk, node, ['RAFT.CRASH-AT', name, `${passage}`]),
    disarm: (desk, node) => must(desk, node, ['RAFT.CRASH-AT', 'NONE']),
    isReached: (line, name) =>
      line.includes(`"${name}"`) && /"crash point reached"|"simulation\.crash-point"/.test(line),
  },
};

interface MembersNow {
  /** For EXPECT. */
  readonly id: string;
  readonly voters: readonly string[];
  readonly learners: readonly string[];
  /** No change is under way, as far as this node knows. */
  readonly isSettled: boolean;
}

/** First a learner, then, once it has the log, a voter. */
function add(desk: OperatorDesk, node: string): Promise<string> {
  const addresses = [`${node}:${peerPort}`, desk.cluster.clientAddress(node)];
  return untilMade(desk, ({ voters, learners }) => {
    if (voters.includes(node)) return null;
    return learners.includes(node) ? ['RAFT.PROMOTE', node] : ['RAFT.ADD', node, ...addresses];
  });
}

/** Asks for one step after the other, until there is none. Resolves to the last answer. */
async function untilMade(
  desk: OperatorDesk,
  nextStep: (members: MembersNow) => readonly string[] | null,
): Promise<string> {
  const leader = leaderOf(desk);
  let last = 'it is so already';
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const members = await readMembers(desk, leader);
    const step = nextStep(members);
    if (step === null && members.isSettled) return last;
    if (step === null) {
      await pause(desk.timers, againMs);
      continue;
    }
    const reply = await request(desk, leader, [...step, 'EXPECT', members.id]);
    if (reply.type === 'simple') last = reply.value;
    else if (reply.type === 'error' && isPassing(reply.code)) await pause(desk.timers, againMs);
    else throw refusalOf(leader, step, reply);
  }
  throw new RefusalError(`${leader} did not do it after ${attemptsMax} requests: ${last}`);
}

/** Of the leader: another change is under way, or was just made; the learner is behind. */
function isPassing(code: string): boolean {
  return code === 'BUSY' || code === 'LAGGING' || code === 'MISMATCH';
}

async function readMembers(desk: OperatorDesk, node: string): Promise<MembersNow> {
  const reply = await request(desk, node, ['RAFT.INFO']);
  if (reply.type !== 'bulk' || reply.value === null) throw refusalOf(node, ['RAFT.INFO'], reply);
  const fields = parseFields(reply.value);
  const ids = (name: string): readonly string[] =>
    (fields.get(name) ?? '').split(',').filter((id) => id !== '');
  // While a change is under way both the old voters and the new ones vote.
  const voters = new Set([...ids('voters'), ...ids('outgoing_voters')]);
  return {
    id: fields.get('configuration_id') ?? '',
    voters: [...voters].sort(),
    learners: ids('learners'),
    isSettled:
      ids('outgoing_voters').length === 0 &&
      Number(fields.get('commit_index')) >= Number(fields.get('configuration_id')),
  };
}

function leaderOf({ leader }: OperatorDesk): string {
  if (leader !== null) return leader;
  throw new RefusalError('nobody leads, as far as anybody knows');
}

/** What was answered; rejects unless it was done. */
async function must(desk: OperatorDesk, node: string, words: readonly string[]): Promise<string> {
  const reply = await request(desk, node, words);
  if (reply.type === 'simple') return reply.value;
  throw refusalOf(node, words, reply);
}

async function request(
  { cluster, timers }: OperatorDesk,
  node: string,
  words: readonly string[],
): Promise<RespReply | RespLost> {
  return ask(await cluster.connect(node), timers, { words, deadlineMs: changeDeadlineMs });
}

function refusalOf(
  node: string,
  words: readonly string[],
  reply: RespReply | RespLost,
): RefusalError {
  const why =
    reply.type === 'error'
      ? `${reply.code} ${reply.message}`
      : reply.type === 'lost'
        ? `no answer: ${reply.reason}`
        : `an answer of another kind: ${reply.type}`;
  return new RefusalError(`${node} did not do ${words.join(' ')}: ${why}`);
}
