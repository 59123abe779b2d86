/**
 * The bytes of the identity file: one line with version, length and checksum, one of JSON that a
 * person can read.
 */
import { crc32 } from 'node:zlib';
import { narrowConfiguration } from '../raft/configuration.ts';
import type { Configuration, NodeId } from '../raft/entry.ts';

/** Whose data directory this is, and whom it has met. */
export interface StoredIdentity {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  readonly directoryId: string;
  /** Which first configuration its cluster has; empty for who joins and has met nobody. */
  readonly foundation: string;
  /** The configuration before any in the log, as it was told at the first start. */
  readonly initialConfiguration: Configuration;
  /** The directory id of every peer that was ever admitted and not removed since. */
  readonly peers: ReadonlyMap<NodeId, string>;
  /** Which configuration removed a member last: its index. */
  readonly removals: ReadonlyMap<NodeId, number>;
}

/** The data directory cannot be used by this node, or not at all. The message says what to do. */
export class IdentityError extends Error {
  override readonly name = 'IdentityError';
}

/** Of names: they stand in messages between peers and in this file. */
const nameLengthMax = 200;
const directoryIdPattern = /^[0-9a-f]{16}$/;
const foundationPattern = /^([0-9a-f]{8})?$/;

export function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= nameLengthMax;
}

export function isDirectoryId(value: unknown): value is string {
  return typeof value === 'string' && directoryIdPattern.test(value);
}

/**
 * Two clusters of one name (the default one, say) are told apart by whom they began with: their
 * logs may hold entries of the same index and term, and a server of the one would be believed by
 * the other. Names only: nodes may see each other at different addresses.
 */
export function foundationOf(configuration: Configuration): string {
  const { voters, learners } = configuration;
  if (voters.length === 0) return '';
  const members = JSON.stringify([[...voters].sort(), [...learners].sort()]);
  return crc32(members).toString(16).padStart(8, '0');
}

export function isFoundation(value: unknown): value is string {
  return typeof value === 'string' && foundationPattern.test(value);
}

export function encodeIdentity(identity: StoredIdentity): Uint8Array {
  const { clusterId, nodeId, directoryId, foundation, initialConfiguration, peers } = identity;
  const fields = { clusterId, nodeId, directoryId, foundation, initialConfiguration };
  const lists = { peers: [...peers], removals: [...identity.removals] };
  const body = Buffer.from(`${JSON.stringify({ ...fields, ...lists })}\n`);
  return Buffer.concat([Buffer.from(headOf(body)), body]);
}

function headOf(body: Uint8Array): string {
  const checksum = crc32(body).toString(16).padStart(8, '0');
  return `rafture-identity 1 ${body.length} ${checksum}\n`;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Throws IdentityError. */
export function parseIdentity(bytes: Uint8Array): StoredIdentity {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const bodyStart = file.indexOf('\n') + 1;
  const body = file.subarray(bodyStart);
  // The head is what would be written for this body, to the byte.
  if (bodyStart === 0 || file.toString('latin1', 0, bodyStart) !== headOf(body)) {
    throw damaged('its checksum does not match');
  }
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(body));
  } catch {
    throw damaged('it is not JSON');
  }
  const identity = narrowIdentity(value);
  if (identity === null) throw damaged('a field is missing or has another form');
  return identity;
}

function damaged(what: string): IdentityError {
  return new IdentityError(
    `the file "identity" is damaged: ${what}; restore the data directory from a copy, or remove ` +
      'this node from the cluster and add it under a new id with an empty data directory',
  );
}

function narrowIdentity(value: unknown): StoredIdentity | null {
  if (typeof value !== 'object' || value === null) return null;
  const fields = value as Record<string, unknown>;
  const { clusterId, nodeId, directoryId, foundation } = fields;
  if (!isName(clusterId) || !isName(nodeId) || !isDirectoryId(directoryId)) return null;
  if (!isFoundation(foundation)) return null;
  const initialConfiguration = narrowConfiguration(fields['initialConfiguration']);
  const peers = narrowMap(fields['peers'], isDirectoryId);
  const removals = narrowMap(fields['removals'], isIndex);
  if (initialConfiguration === null || peers === null || removals === null) return null;
  return { clusterId, nodeId, directoryId, foundation, initialConfiguration, peers, removals };
}

function isIndex(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function narrowMap<T>(
  value: unknown,
  isValue: (value: unknown) => value is T,
): ReadonlyMap<NodeId, T> | null {
  if (!Array.isArray(value)) return null;
  const map = new Map<NodeId, T>();
  for (const pair of value as readonly unknown[]) {
    if (!Array.isArray(pair) || pair.length !== 2) return null;
    const [id, found] = pair as readonly unknown[];
    if (!isName(id) || !isValue(found) || map.has(id)) return null;
    map.set(id, found);
  }
  return map;
}
