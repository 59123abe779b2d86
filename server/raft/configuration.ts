/**
 * Configurations: who votes, which sets of servers decide, and how one lies in the log. [Raft §6]
 *
 * Pure functions on the shape; which configuration is in force is configuration-history.ts's.
 */
import type { Configuration, ConfigurationAt, MemberAddress, NodeId } from './entry.ts';
import { InvariantError } from './invariant-error.ts';
import { isQuorum, quorumReached } from './quorum.ts';

/** An initial configuration of voters only. */
export function configurationOf(
  voters: readonly NodeId[],
  addresses: Readonly<Record<NodeId, MemberAddress>> = {},
): Configuration {
  return { voters, outgoingVoters: [], learners: [], addresses };
}

export function isJoint(configuration: Configuration): boolean {
  return configuration.outgoingVoters.length > 0;
}

export function isVoter({ voters, outgoingVoters }: Configuration, id: NodeId): boolean {
  return voters.includes(id) || outgoingVoters.includes(id);
}

/** Voters old and new, and learners; each once. */
export function membersOf(configuration: Configuration): readonly NodeId[] {
  const { voters, outgoingVoters, learners } = configuration;
  return [...new Set([...voters, ...outgoingVoters, ...learners])];
}

/** Whether these servers may decide: a majority of each set that votes. [Raft §6] */
export function isQuorumOf(configuration: Configuration, granted: ReadonlySet<NodeId>): boolean {
  const decides = (voters: readonly NodeId[]): boolean =>
    isQuorum(voters.filter((voter) => granted.has(voter)).length, voters.length);
  if (configuration.voters.length === 0) return false;
  return (
    decides(configuration.voters) &&
    (!isJoint(configuration) || decides(configuration.outgoingVoters))
  );
}

/** The greatest number that a quorum has reached; both majorities of a joint configuration. */
export function quorumReachedOf(
  configuration: Configuration,
  reached: (voter: NodeId) => number,
): number {
  const { voters, outgoingVoters } = configuration;
  const incoming = quorumReached(voters.map(reached));
  if (!isJoint(configuration)) return incoming;
  return Math.min(incoming, quorumReached(outgoingVoters.map(reached)));
}

/** Whether they name the same servers, in the same order, at the same addresses. */
export function sameConfiguration(one: Configuration, other: Configuration): boolean {
  return (
    sameNames(one.voters, other.voters) &&
    sameNames(one.outgoingVoters, other.outgoingVoters) &&
    sameNames(one.learners, other.learners) &&
    sameAddresses(one.addresses, other.addresses)
  );
}

function sameNames(names: readonly NodeId[], others: readonly NodeId[]): boolean {
  return names.length === others.length && names.every((name, place) => name === others[place]);
}

function sameAddresses(
  addresses: Configuration['addresses'],
  others: Configuration['addresses'],
): boolean {
  const names = Object.keys(addresses);
  if (!sameNames(names, Object.keys(others))) return false;
  return names.every((name) => {
    const one = addresses[name];
    const other = others[name];
    return one?.peer === other?.peer && one?.client === other?.client;
  });
}

/** Why this cannot be a configuration, or null. */
export function configurationFault(configuration: Configuration): string | null {
  const { voters, learners } = configuration;
  if (voters.length === 0) return 'it has no voter';
  const all = [...voters, ...learners];
  if (all.includes('')) return 'a member has no name';
  if (new Set(all).size !== all.length) return 'it names a member twice';
  return null;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** As the data of an entry: JSON, so that a person can read it in a log. */
export function encodeConfiguration(configuration: Configuration): Uint8Array {
  const { voters, outgoingVoters, learners, addresses } = configuration;
  return encoder.encode(JSON.stringify({ voters, outgoingVoters, learners, addresses }));
}

/** Throws InvariantError: only leaders write such entries, and every log's are checked. */
export function parseConfiguration(data: Uint8Array): Configuration {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(data));
  } catch {
    throw new InvariantError('a configuration in the log is JSON', { bytes: data.length });
  }
  const configuration = narrowConfiguration(value);
  if (configuration === null) {
    throw new InvariantError('a configuration in the log has voters, learners and addresses', {
      found: JSON.stringify(value) ?? 'undefined',
    });
  }
  return configuration;
}

/** Null when the value is none. */
export function narrowConfiguration(value: unknown): Configuration | null {
  if (typeof value !== 'object' || value === null) return null;
  const { voters, outgoingVoters, learners, addresses } = value as Record<string, unknown>;
  if (!isNames(voters) || !isNames(outgoingVoters) || !isNames(learners)) return null;
  if (!isAddresses(addresses)) return null;
  return { voters, outgoingVoters, learners, addresses };
}

/** Null when the value is none. */
export function narrowConfigurationAt(value: unknown): ConfigurationAt | null {
  if (typeof value !== 'object' || value === null) return null;
  const { index, configuration } = value as Record<string, unknown>;
  const narrowed = narrowConfiguration(configuration);
  if (typeof index !== 'number' || !Number.isSafeInteger(index) || index < 0) return null;
  return narrowed === null ? null : { index, configuration: narrowed };
}

function isNames(value: unknown): value is readonly NodeId[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== '');
}

function isAddresses(value: unknown): value is Configuration['addresses'] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((address: unknown) => {
    if (typeof address !== 'object' || address === null) return false;
    const { peer, client } = address as Record<string, unknown>;
    return typeof peer === 'string' && typeof client === 'string';
  });
}
