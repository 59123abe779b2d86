/**
 * The replicated state machine: strings by key, changed by committed entries alone. [Raft §2]
 *
 * Deterministic: the same entries in the same order give the same contents and the same answers on
 * every server, so nothing here may depend on time, chance or the order of arrival.
 */
import type { Entry } from '../raft/entry.ts';
import { InvariantError } from '../raft/invariant-error.ts';
import {
  type DeleteCommand,
  type GetCommand,
  parseCommand,
  type Reply,
  type SetCommand,
} from './command.ts';

const ok: Reply = { type: 'ok' };

export class StateMachine {
  /** Keyed by the key's bytes, one character for each, so that any bytes make a key. */
  readonly #values = new Map<string, Uint8Array>();
  #appliedIndex = 0;

  get appliedIndex(): number {
    return this.#appliedIndex;
  }

  get keyCount(): number {
    return this.#values.size;
  }

  /** What the proposer is to be told; null for an entry that is no command. */
  apply(entry: Entry): Reply | null {
    if (entry.index !== this.#appliedIndex + 1) {
      throw new InvariantError('entries are applied in order, each once', {
        appliedIndex: this.#appliedIndex,
        entryIndex: entry.index,
        entryTerm: entry.term,
      });
    }
    this.#appliedIndex = entry.index;
    if (entry.kind !== 'command') return null;
    const command = parseCommand(entry.data);
    return command.type === 'set' ? this.#set(command) : this.#delete(command);
  }

  /** Only linearizable when the caller has waited for a read index. [Ongaro §6.4] */
  read(command: GetCommand): Reply {
    return { type: 'bulk', value: this.#values.get(nameOf(command.key)) ?? null };
  }

  #set(command: SetCommand): Reply {
    const name = nameOf(command.key);
    const seen = this.#values.get(name);
    const holds = conditionHolds(command, seen);
    if (holds) this.#values.set(name, command.value);
    if (command.get) return { type: 'bulk', value: seen ?? null };
    return holds ? ok : { type: 'bulk', value: null };
  }

  #delete(command: DeleteCommand): Reply {
    let count = 0;
    for (const key of command.keys) {
      if (this.#values.delete(nameOf(key))) count += 1;
    }
    return { type: 'integer', value: count };
  }
}

function conditionHolds(command: SetCommand, seen: Uint8Array | undefined): boolean {
  const { condition } = command;
  switch (condition.type) {
    case 'always':
      return true;
    case 'absent':
      return seen === undefined;
    case 'present':
      return seen !== undefined;
    case 'equals':
      return seen !== undefined && Buffer.compare(seen, condition.value) === 0;
  }
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}
