/**
 * The replicated state machine: keys, sessions and their hash, changed by committed entries alone.
 * [Raft §2]
 *
 * Deterministic: the same entries in the same order give the same state and the same answers on
 * every server, whether or not it came from a snapshot in between. So nothing here may depend on
 * time, chance, flags or the order of arrival.
 */
import type { Entry } from '../raft/entry.ts';
import { InvariantError } from '../raft/invariant-error.ts';
import { type Lanes, mixWith } from './byte-hash.ts';
import type { ReadCommand, Reply } from './command.ts';
import { parseCommand } from './command-codec.ts';
import { executeDataCommand } from './data-commands.ts';
import { SnapshotEpoch } from './frozen.ts';
import { Keyspace } from './keyspace.ts';
import { executeReadCommand } from './read-commands.ts';
import { defaultSessionLimits, type SessionLimits, Sessions } from './sessions.ts';
import { StateSnapshotSink } from './snapshot-sink.ts';
import { defaultStepsPerPiece, StateSnapshotSource } from './snapshot-source.ts';

/** A state machine that is being read from a snapshot. */
export interface Restoration {
  readonly sink: StateSnapshotSink;
  /** Once, after the last piece. Throws ShapeError when the snapshot is not complete. */
  finish(): StateMachine;
}

export class StateMachine {
  readonly #snapshots = new SnapshotEpoch();
  readonly #keyspace = new Keyspace(this.#snapshots);
  readonly #sessions: Sessions;
  #appliedIndex = 0;

  /** Nodes of one cluster must have the same limits; others than the constants are for tests. */
  constructor(limits: SessionLimits = defaultSessionLimits) {
    this.#sessions = new Sessions(limits, this.#snapshots);
  }

  /** To become what a snapshot of this index holds. */
  static restore(lastIncludedIndex: number, limits?: SessionLimits): Restoration {
    const machine = new StateMachine(limits);
    machine.#appliedIndex = lastIncludedIndex;
    const sink = new StateSnapshotSink({
      appliedIndex: lastIncludedIndex,
      keyspace: machine.#keyspace,
      sessions: machine.#sessions,
      hash: () => {
        const { a, b } = machine.#digest();
        return [a >>> 0, b >>> 0];
      },
    });
    return {
      sink,
      finish: () => {
        sink.finish();
        return machine;
      },
    };
  }

  get appliedIndex(): number {
    return this.#appliedIndex;
  }

  get keyCount(): number {
    return this.#keyspace.size;
  }

  get sessionLimits(): SessionLimits {
    return this.#sessions.limits;
  }

  get sessionCount(): number {
    return this.#sessions.size;
  }

  /**
   * What the proposer is to be told; null for an entry that is no command. The data is copied.
   * Throws CommandDecodeError: a log that holds such an entry has not been written by us.
   */
  apply(entry: Entry): Reply | null {
    if (entry.index !== this.#appliedIndex + 1) {
      throw new InvariantError('entries are applied in order, each once', {
        appliedIndex: this.#appliedIndex,
        entryIndex: entry.index,
        entryTerm: entry.term,
      });
    }
    const command = entry.kind === 'command' ? parseCommand(entry.data) : null;
    this.#appliedIndex = entry.index;
    this.#sessions.expire(entry.index);
    if (command === null) return null;
    switch (command.type) {
      case 'openSession':
      case 'closeSession':
        return this.#sessions.execute(command, entry.index);
      case 'inSession':
        return this.#sessions.executeIn(command, entry.index, () =>
          executeDataCommand(this.#keyspace, command.command),
        );
      default:
        return executeDataCommand(this.#keyspace, command);
    }
  }

  /** Only linearizable when the caller has waited for a read index. [Ongaro §6.4] */
  read(command: ReadCommand): Reply {
    return executeReadCommand(this.#keyspace, command);
  }

  /** 16 hexadecimal digits, equal for equal keys, values and sessions. In constant time. */
  hash(): string {
    const { a, b } = this.#digest();
    return [a, b].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
  }

  /**
   * Of the state as it is now, however it changes while that is read. One at a time: a new call
   * abandons the one before, which then throws.
   */
  beginSnapshot(stepsPerPiece: number = defaultStepsPerPiece): StateSnapshotSource {
    this.#snapshots.current += 1;
    this.#snapshots.running = true;
    this.#keyspace.beginSnapshot();
    this.#sessions.beginSnapshot();
    const head = {
      appliedIndex: this.#appliedIndex,
      limits: this.#sessions.limits,
      keyCount: this.keyCount,
      sessionCount: this.sessionCount,
      hash: this.#digest(),
      stepsPerPiece,
    };
    return new StateSnapshotSource(head, this.#snapshots, [this.#keyspace, this.#sessions]);
  }

  #digest(): Lanes {
    const lanes = { a: 0, b: 0 };
    const ofSessions = { a: 0, b: 0 };
    this.#keyspace.digest(lanes);
    this.#sessions.digest(ofSessions);
    mixWith(lanes, ofSessions.a, ofSessions.b);
    return lanes;
  }
}
