/**
 * Who this data directory belongs to, and whom it lets in.
 *
 * A server that comes back under its old id without what it had promised (votes, entries that
 * others counted) can lose what was acknowledged. So each directory draws an id of its own at its
 * first start, each node remembers the ids of its peers', durably and before it lets them in, and
 * what comes under a known name from another directory is refused.
 */
import type { CrashPoints } from '../crash-points.ts';
import type { PeerIdentity, PeerPolicy, Random } from '../host.ts';
import type { Configuration, NodeId } from '../raft/entry.ts';
import type { Disk, DiskError, Done } from './disk.ts';
import { type DiskStep, runInOrder } from './disk-steps.ts';
import {
  encodeIdentity,
  foundationOf,
  IdentityError,
  isDirectoryId,
  isFoundation,
  isName,
  parseIdentity,
  type StoredIdentity,
} from './identity-format.ts';
import { PeerMemory } from './identity-memory.ts';

export interface IdentityOptions {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  /** Taken at the first start of a directory, and never again. */
  readonly initialConfiguration: Configuration;
  readonly random: Random;
  readonly crashPoints: CrashPoints;
  /** The disk failed: the node must end, as after any write that failed. At most once. */
  readonly failed: (error: DiskError) => void;
}

export interface RecoveredIdentity {
  readonly identity: PeerIdentity;
  /** As told at the first start. */
  readonly initialConfiguration: Configuration;
  readonly policy: PeerPolicy;
  /** The peers that were admitted and not forgotten. */
  knownPeers(): readonly NodeId[];
  /**
   * A committed configuration has removed this member: what comes under its name next is another.
   * Not before it is committed: a vote of a server that has forgotten could count until then.
   * `configurationIndex` names the configuration: when the log is applied once more after a start,
   * that is no second removal, and who has come under the name since stays known.
   */
  forget(id: NodeId, configurationIndex?: number): void;
  /**
   * A committed configuration has taken in a member that was removed before. Whoever has spoken
   * under the name since was no member, such as the removed server that went on running: it is
   * forgotten too, once. False: there was no such removal, or it was done.
   */
  readmit(id: NodeId, configurationIndex: number): boolean;
  /**
   * Makes the identity durable. Before any other file of the directory is created: a log without
   * an identity is refused.
   */
  repair(done: Done): void;
}

export const identityFile = 'identity';
export const temporaryIdentityFile = 'identity.new';

/** Synchronous. Throws DiskError, and IdentityError: the directory is not this node's to use. */
export function recoverIdentity(disk: Disk, options: IdentityOptions): RecoveredIdentity {
  checkName('cluster id', options.clusterId);
  checkName('node id', options.nodeId);
  const files = disk.list();
  checkFormerVersion(files);
  const found = files.includes(identityFile) ? readIdentity(disk) : null;
  if (found === null) checkEmpty(files);
  else checkOwner(found, options);
  const stored = found ?? drawIdentity(options);
  const { clusterId, nodeId, directoryId, initialConfiguration } = stored;
  const memory = new PeerMemory(stored, {
    store: (known, done) => storeIdentity(disk, { ...stored, ...known }, done),
    failed: options.failed,
  });
  const identity: PeerIdentity = {
    // As it stands in a hello: the name, and whom the cluster began with.
    get clusterId(): string {
      return `${clusterId}${foundationMark}${memory.foundation}`;
    },
    nodeId,
    directoryId,
  };
  return {
    identity,
    initialConfiguration,
    policy: {
      own: identity,
      admit: (peer, answer) => admit({ clusterId, identity, memory }, peer, answer),
    },
    knownPeers: () => memory.ids(),
    forget: (id, configurationIndex) => memory.forget(id, configurationIndex),
    readmit: (id, configurationIndex) => memory.readmit(id, configurationIndex),
    repair: (done) => {
      if (found !== null) settle(disk, files, done);
      else createIdentity(disk, stored, { crashPoints: options.crashPoints, done });
    },
  };
}

function checkName(what: string, name: string): void {
  if (name.includes(foundationMark)) {
    throw new IdentityError(`the ${what} "${name}" must not hold a "${foundationMark}"`);
  }
  if (isName(name)) return;
  throw new IdentityError(`the ${what} must have 1 to 200 characters, "${name}" has not`);
}

function checkFormerVersion(files: readonly string[]): void {
  if (!files.includes('wal')) return;
  throw new IdentityError(
    'the data directory holds a log of a former version (the file "wal"), which this one cannot ' +
      'read: start with an empty data directory',
  );
}

/** A log whose owner nobody knows may be another node's, and its votes with it. */
function checkEmpty(files: readonly string[]): void {
  const orphan = files.find((file) => file.startsWith('wal-') || file.startsWith('snapshot-'));
  if (orphan === undefined) return;
  throw new IdentityError(
    `the data directory holds "${orphan}" but no file "identity", so nobody knows whose it is: ` +
      'restore the whole directory from a copy, or remove this node from the cluster and add it ' +
      'under a new id with an empty data directory',
  );
}

function checkOwner(stored: StoredIdentity, { clusterId, nodeId }: IdentityOptions): void {
  if (stored.clusterId === clusterId && stored.nodeId === nodeId) return;
  throw new IdentityError(
    `the data directory belongs to node ${stored.nodeId} of cluster ${stored.clusterId}, not to ` +
      `node ${nodeId} of cluster ${clusterId}: use the directory of this node, or an empty one ` +
      'for a node that is new to the cluster',
  );
}

/** Throws DiskError and IdentityError. */
function readIdentity(disk: Disk): StoredIdentity {
  return parseIdentity(disk.readSync(identityFile, 0, disk.size(identityFile)));
}

function drawIdentity(options: IdentityOptions): StoredIdentity {
  const { clusterId, nodeId, initialConfiguration, random } = options;
  const draw = (): string =>
    Math.floor(random.next() * 0x1_0000_0000)
      .toString(16)
      .padStart(8, '0');
  const directoryId = draw() + draw();
  const foundation = foundationOf(initialConfiguration);
  const fields = { clusterId, nodeId, directoryId, foundation, initialConfiguration };
  return { ...fields, peers: new Map(), removals: new Map() };
}

/** Between the two parts of a cluster id in a hello. */
const foundationMark = '#';

interface Gate {
  readonly clusterId: string;
  readonly identity: PeerIdentity;
  readonly memory: PeerMemory;
}

function admit(
  { clusterId, identity, memory }: Gate,
  peer: PeerIdentity,
  answer: (refusal: string | null) => void,
): void {
  const { nodeId, directoryId } = peer;
  const [name = '', foundation = ''] = peer.clusterId.split(foundationMark);
  const wellFormed = isName(name) && isName(nodeId) && isDirectoryId(directoryId);
  if (!wellFormed || !isFoundation(foundation)) {
    answer('its identity is malformed: it needs a cluster id, a node id and a directory id');
  } else if (name !== clusterId) {
    answer(
      `it belongs to cluster ${name}, this node to cluster ${clusterId}: ` +
        'check --cluster-id and the addresses of the peers',
    );
  } else if (foundation !== '' && memory.foundation !== '' && foundation !== memory.foundation) {
    answer(
      `it belongs to another cluster of the name ${name}: its first start named other members ` +
        'than this node’s; start it with an empty data directory, and with --join to be added',
    );
  } else if (nodeId === identity.nodeId) {
    answer(`it has this node's own id, ${nodeId}: give every node an id of its own`);
  } else {
    memory.meet({ id: nodeId, directoryId, foundation }, answer);
  }
}

/** What was read at this start may not be durable: the process before may have died too early. */
function settle(disk: Disk, files: readonly string[], done: Done): void {
  const steps: DiskStep[] = [
    (stepDone) => disk.sync(identityFile, stepDone),
    (stepDone) => disk.syncDirectory(stepDone),
  ];
  if (files.includes(temporaryIdentityFile)) {
    steps.unshift((stepDone) => disk.remove(temporaryIdentityFile, stepDone));
  }
  runInOrder(steps, done);
}

function createIdentity(
  disk: Disk,
  stored: StoredIdentity,
  { crashPoints, done }: { readonly crashPoints: CrashPoints; readonly done: Done },
): void {
  crashPoints.reach('identity.before-write');
  storeIdentity(disk, stored, (error) => {
    if (error === null) crashPoints.reach('identity.after-write');
    done(error);
  });
}

/** As a whole or not at all: a temporary file, its sync, its name, the name's sync. */
function storeIdentity(disk: Disk, stored: StoredIdentity, done: Done): void {
  const bytes = encodeIdentity(stored);
  const steps: readonly DiskStep[] = [
    (stepDone) => disk.writeAt(temporaryIdentityFile, 0, bytes, stepDone),
    // A longer one may have been left there.
    (stepDone) => disk.truncate(temporaryIdentityFile, bytes.length, stepDone),
    (stepDone) => disk.sync(temporaryIdentityFile, stepDone),
    (stepDone) => disk.rename(temporaryIdentityFile, identityFile, stepDone),
    (stepDone) => disk.syncDirectory(stepDone),
  ];
  runInOrder(steps, done);
}
