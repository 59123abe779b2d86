/**
 * Reads under a lease, planted in a server that has none: what both bugs of leases begin with.
 *
 * By itself the lease is sound where all nodes count ticks at the same pace and leadership is never
 * handed over: it begins when the heartbeat left that a quorum has answered, and ends before any of
 * them would vote for another. A node that has just started votes for nobody until then.
 */
import type { Edit } from '../bug.ts';

export const leaseEdits: readonly Edit[] = [
  {
    file: 'server/raft/read-queue.ts',
    find: '  return { round: 0, waiting: [], unconfirmed: [] };',
    replace:
      '  return { round: 0, waiting: [], unconfirmed: [], ticks: 0, sent: [], leaseUntilTick: 0 };',
  },
  {
    file: 'server/raft/read-queue.ts',
    find: `  unconfirmed: ReadBatch[];
`,
    replace: `  unconfirmed: ReadBatch[];
  ticks: number;
  sent: { readonly round: number; readonly tick: number }[];
  leaseUntilTick: number;
`,
  },
  {
    file: 'server/raft/replication.ts',
    find: '  core.checkQuorumElapsedTicks += 1;',
    replace: `  core.checkQuorumElapsedTicks += 1;
  core.reads.ticks += 1;`,
  },
  {
    file: 'server/raft/sending.ts',
    find: '  core.heartbeatElapsedTicks = 0;',
    replace: `  core.heartbeatElapsedTicks = 0;
  core.reads.round += 1;
  core.reads.sent.push({ round: core.reads.round, tick: core.reads.ticks });`,
  },
  {
    file: 'server/raft/read-index.ts',
    find: `  if (reads.unconfirmed.length === 0) return;
  const confirmedRound = confirmedReadRound(core);`,
    replace: `  const confirmedRound = confirmedReadRound(core);
  while (reads.sent[0] !== undefined && reads.sent[0].round <= confirmedRound) {
    reads.leaseUntilTick = reads.sent[0].tick + core.options.electionTimeoutTicks - 1;
    reads.sent.shift();
  }`,
  },
  {
    file: 'server/raft/read-index.ts',
    find: `  reads.round += 1;
`,
    replace: `  if (reads.ticks < reads.leaseUntilTick) {
    for (const origin of reads.waiting) answerRead(core, origin, core.commitIndex);
    reads.waiting = [];
    return false;
  }
  reads.round += 1;
`,
  },
  {
    file: 'server/raft/role.ts',
    find: `  core.role = 'leader';
`,
    replace: `  core.role = 'leader';
  core.reads.sent = [];
  core.reads.leaseUntilTick = 0;
`,
  },
  {
    file: 'server/raft/core.ts',
    find: `  electionElapsedTicks: number;
`,
    replace: `  electionElapsedTicks: number;
  youngTicks: number;
`,
  },
  {
    file: 'server/raft/core.ts',
    find: `    electionElapsedTicks: 0,
`,
    replace: `    electionElapsedTicks: 0,
    youngTicks: options.electionTimeoutTicks,
`,
  },
  {
    file: 'server/raft/election.ts',
    find: `  core.electionElapsedTicks += 1;
`,
    replace: `  core.electionElapsedTicks += 1;
  core.youngTicks -= 1;
`,
  },
  {
    file: 'server/raft/election.ts',
    find: '  if (core.leaderId === null) return false;',
    replace: '  if (core.leaderId === null) return core.youngTicks > 0;',
  },
];
