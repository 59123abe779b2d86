/**
 * INFO and RAFT.INFO: what a node says of itself, as `name:value` lines.
 */
import type { NodeInfo } from '../node.ts';
import { serverVersion } from '../version.ts';

const everything = ['default', 'all', 'everything'];

/** The sections that were asked for, or all; as in Redis, an unknown one is left out. */
export function describeInfo(info: NodeInfo, sections: readonly string[]): string {
  const all = sections.length === 0 || sections.some((section) => everything.includes(section));
  const known: readonly (readonly [string, string])[] = [
    ['server', `# Server\r\nserver_name:rafture\r\nrafture_version:${serverVersion}\r\n`],
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
  const lines: readonly (readonly [string, string | number | null])[] = [
    ['id', info.id],
    ['role', info.role],
    ['term', info.term],
    ['leader_id', info.leaderId],
    ['leader_client_address', info.leaderClientAddress],
    ['voted_for', info.votedFor],
    ['commit_index', info.commitIndex],
    ['applied_index', info.appliedIndex],
    ['last_log_index', info.lastLogIndex],
    ['last_log_term', info.lastLogTerm],
    ['configuration', info.voters.join(',')],
  ];
  return lines.map(([name, value]) => `${name}:${value ?? ''}\r\n`).join('');
}
