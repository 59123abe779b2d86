/**
 * Client sessions: a command that is sent again takes effect once. [Ongaro §6.3]
 *
 * Part of the replicated state: who is expired and what is remembered follows from the log alone,
 * by counting entries, so that all nodes answer alike. There is no clock. Of all sessions the one
 * that was unused for longest goes first.
 */
import { createErrorReply } from '../errors.ts';
import { beginLanes, type Lanes, mixWith } from './byte-hash.ts';
import type { Reply, SessionCommand } from './command.ts';
import type { Frozen, SnapshotEpoch } from './frozen.ts';
import { Session } from './session.ts';

/**
 * All nodes must agree on them, else one has forgotten what another remembers and their states
 * part. So they are constants and no flags; a snapshot carries them, and refuses others.
 */
export interface SessionLimits {
  readonly sessionsMax: number;
  /** A session that no entry has used for so many entries is closed. */
  readonly idleEntriesMax: number;
  readonly repliesPerSessionMax: number;
  /** A session that remembers so many bytes executes nothing new. */
  readonly replyBytesPerSessionMax: number;
  /** While all sessions together remember more, those unused for longest are closed. */
  readonly replyBytesMax: number;
}

export const defaultSessionLimits: SessionLimits = {
  sessionsMax: 10_000,
  idleEntriesMax: 1_000_000,
  repliesPerSessionMax: 1024,
  replyBytesPerSessionMax: 1024 * 1024,
  replyBytesMax: 256 * 1024 * 1024,
};

const noSession = createErrorReply(
  'NOSESSION',
  'the session is closed, has expired or never was; open a new one',
);
const staleSequence = createErrorReply(
  'STALESEQ',
  'the answer of this sequence number was acknowledged and is forgotten',
);
const overloaded = createErrorReply(
  'OVERLOADED',
  'the session remembers too many answers; acknowledge those that have arrived',
);
type InSession = Extract<SessionCommand, { type: 'inSession' }>;
const ok: Reply = { type: 'ok' };

export class Sessions {
  readonly limits: SessionLimits;
  readonly #snapshots: SnapshotEpoch;
  readonly #sessions = new Map<number, Session>();
  /** Ring of all sessions by their last use, this stands between the newest and the oldest. */
  readonly #ring: Session;
  #replyBytes = 0;
  #sumA = 0;
  #sumB = 0;
  #frozen: Frozen[] = [];
  #cursor: Iterator<Session> | null = null;
  #left = 0;

  constructor(limits: SessionLimits, snapshots: SnapshotEpoch) {
    this.limits = limits;
    this.#snapshots = snapshots;
    this.#ring = new Session(0, 0, 0);
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Before the entry at this index takes effect. At most one session is due at each index. */
  expire(index: number): void {
    const oldest = this.#ring.newer;
    if (oldest === this.#ring || oldest.lastUsedIndex + this.limits.idleEntriesMax >= index) return;
    this.#close(oldest);
  }

  execute(command: Exclude<SessionCommand, InSession>, index: number): Reply {
    if (command.type === 'openSession') return this.#open(index);
    const session = this.#sessions.get(command.sessionId);
    if (session === undefined) return noSession;
    this.#close(session);
    return ok;
  }

  /** `execute` is called at most once, and its reply is remembered. */
  executeIn(command: InSession, index: number, execute: () => Reply): Reply {
    const session = this.#sessions.get(command.sessionId);
    if (session === undefined) return noSession;
    this.#beforeChange(session);
    session.lastUsedIndex = index;
    this.#makeNewest(session);
    this.#replyBytes -= session.acknowledge(command.acknowledgedBelow);
    const reply = this.#executeOnce(session, command.sequence, execute);
    this.#afterChange(session);
    this.#makeRoom(session);
    return reply;
  }

  /** Of all sessions and what they remember. */
  digest(into: Lanes): void {
    beginLanes(into);
    mixWith(into, this.#sumA, this.#sumB);
    mixWith(into, this.size, 0);
  }

  /** From a snapshot; in the order of their last use. */
  restore(session: Session): void {
    this.#sessions.set(session.id, session);
    this.#makeNewest(session);
    this.#replyBytes += session.replyBytes;
    this.#afterChange(session);
  }

  /** `snapshots` has just got a new epoch. */
  beginSnapshot(): void {
    this.#frozen = [];
    this.#cursor = this.#sessions.values();
    this.#left = this.size;
  }

  /** As Keyspace.nextFrozen. */
  nextFrozen(): Frozen | null | 'end' {
    const frozen = this.#frozen.pop();
    if (frozen !== undefined) return frozen;
    if (this.#left === 0) {
      this.#cursor = null;
      return 'end';
    }
    const step = this.#cursor?.next();
    if (step === undefined || step.done === true) {
      throw new RangeError(`${this.#left} sessions are lost to the snapshot`);
    }
    return step.value.epoch >= this.#snapshots.current ? null : this.#freeze(step.value);
  }

  #open(index: number): Reply {
    const oldest = this.#ring.newer;
    if (this.size >= this.limits.sessionsMax && oldest !== this.#ring) this.#close(oldest);
    const session = new Session(index, index, this.#snapshots.current);
    this.#sessions.set(index, session);
    this.#makeNewest(session);
    this.#afterChange(session);
    return { type: 'integer', value: index };
  }

  #executeOnce(session: Session, sequence: number, execute: () => Reply): Reply {
    const remembered = session.replyOf(sequence);
    if (remembered !== undefined) return remembered;
    if (sequence < session.acknowledgedBelow) return staleSequence;
    const { repliesPerSessionMax, replyBytesPerSessionMax } = this.limits;
    if (session.replyCount >= repliesPerSessionMax) return overloaded;
    if (session.replyBytes >= replyBytesPerSessionMax) return overloaded;
    const reply = execute();
    this.#replyBytes += session.remember(sequence, reply);
    return reply;
  }

  /** The session that was just used stays. */
  #makeRoom(used: Session): void {
    while (this.#replyBytes > this.limits.replyBytesMax && this.#ring.newer !== used) {
      this.#close(this.#ring.newer);
    }
  }

  #close(session: Session): void {
    this.#beforeChange(session);
    this.#sessions.delete(session.id);
    session.unlink();
    this.#replyBytes -= session.replyBytes;
    this.#sumA = (this.#sumA - session.share.a) | 0;
    this.#sumB = (this.#sumB - session.share.b) | 0;
  }

  #makeNewest(session: Session): void {
    session.unlink();
    session.linkAfter(this.#ring.older);
  }

  #beforeChange(session: Session): void {
    if (!this.#snapshots.running || session.epoch >= this.#snapshots.current) return;
    this.#frozen.push(this.#freeze(session));
  }

  #afterChange(session: Session): void {
    const { share } = session;
    this.#sumA = (this.#sumA - share.a) | 0;
    this.#sumB = (this.#sumB - share.b) | 0;
    session.digest(share);
    this.#sumA = (this.#sumA + share.a) | 0;
    this.#sumB = (this.#sumB + share.b) | 0;
  }

  #freeze(session: Session): Frozen {
    session.epoch = this.#snapshots.current;
    this.#left -= 1;
    return session.freeze();
  }
}
