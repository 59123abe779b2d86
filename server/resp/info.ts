/**
 * INFO and RAFT.INFO: what a node says of itself, as `name:value` lines.
 */
import type { FollowerStatus } from '../raft/ready.ts';
import type { NodeInfo } from '../server-node.ts';
import { serverVersion } from '../version.ts';

const everything = ['default', 'all', 'everything'];

type Lines = readonly (readonly [string, string | number | null])[];

/** The sections that were asked for, or all; as in Redis, an unknown one is left out. */
export function describeInfo(
  info: NodeInfo,
  sections: readonly string[],
  clientCount: number,
): string {
  const all = sections.length === 0 || sections.some((section) => everything.includes(section));
  const known: readonly (readonly [string, string])[] = [
    ['server', `# Server\r\n${describeLines(serverLines)}`],
    ['clients', `# Clients\r\n${describeLines([['connected_clients', clientCount]])}`],
    ['stats', `# Stats\r\n${describeLines(statsLines(info))}`],
    ['raft', `# Raft\r\n${describeRaftInfo(info)}`],
    ['keyspace', `# Keyspace\r\ndb0:keys=${info.keyCount}\r\n`],
  ];
  return known
    .filter(([name]) => all || sections.includes(name))
    .map(([, text]) => text)
    .join('\r\n');
}

/** A name that is not known (no leader, no vote) has nothing behind its colon. */
export function describeRaftInfo(info: NodeInfo): string {
  const { index, configuration } = info.configuration;
  return describeLines([
    ['id', info.id],
    ['version', serverVersion],
    ['cluster_id', info.clusterId],
    ['role', info.role],
    ['term', info.term],
    ['leader_id', info.leaderId],
    ['leader_client_address', info.leaderClientAddress],
    ['voted_for', info.votedFor],
    ['commit_index', info.commitIndex],
    ['applied_index', info.appliedIndex],
    ['durable_index', info.durableIndex],
    ['first_log_index', info.firstLogIndex],
    ['last_log_index', info.lastLogIndex],
    ['last_log_term', info.lastLogTerm],
    ['snapshot_index', info.snapshotIndex],
    ['snapshots_installed', info.counters.snapshotsInstalled],
    ['configuration', configuration.voters.join(',')],
    ['configuration_id', index],
    ['voters', configuration.voters.join(',')],
    ['outgoing_voters', configuration.outgoingVoters.join(',')],
    ['learners', configuration.learners.join(',')],
    ...info.followers.map((each) => [`follower_${each.id}`, describeFollower(each)] as const),
    ['transferring_to', info.transferringTo],
    ['sessions', info.sessionCount],
    ['waiting_writes', info.waitingWrites],
    ['waiting_reads', info.waitingReads],
  ]);
}

function describeFollower({ mode, matchIndex, nextIndex, inflightCount }: FollowerStatus): string {
  return `mode=${mode},match=${matchIndex},next=${nextIndex},inflight=${inflightCount}`;
}

const serverLines: Lines = [
  ['server_name', 'rafture'],
  ['rafture_version', serverVersion],
  // For clients that look whether they may begin, or how to name other servers.
  ['redis_mode', 'standalone'],
  ['loading', 0],
];

function statsLines({ counters }: NodeInfo): Lines {
  return [
    ['elections', counters.elections],
    ['leader_changes', counters.leaderChanges],
    ['writes_accepted', counters.writesAccepted],
    ['entries_applied', counters.entriesApplied],
    ['reads_served', counters.readsServed],
    ['fsyncs', counters.fsyncs],
    ['bytes_written', counters.bytesWritten],
    ['messages_sent', counters.messagesSent],
    ['messages_received', counters.messagesReceived],
    ['snapshots_taken', counters.snapshotsTaken],
    ['snapshots_installed', counters.snapshotsInstalled],
    ['overloads', counters.overloads],
  ];
}

function describeLines(lines: Lines): string {
  let text = '';
  for (const [name, value] of lines) text += `${name}:${value ?? ''}\r\n`;
  return text;
}
