/**
 * Changes of members that a node is asked for and that nobody waits for: it may be that it cannot
 * answer as long as the fault lasts.
 */
import { FaultError } from '../nemesis.ts';
import type { Operator } from '../systems/system.ts';
import type { MemberChange } from './cluster-changes.ts';
import { wordsOf } from './node-readings.ts';
import { noteRemoved } from './once-removed.ts';
import type { NemesisTools } from './tools.ts';

/** `answer` is null as long as there is none. */
export interface AskedChange {
  readonly change: MemberChange;
  readonly node: string;
  readonly of: string;
  readonly answer: string | null;
}

type Asked = { -readonly [Key in keyof AskedChange]: AskedChange[Key] };

export class AskedChanges {
  readonly #tools: NemesisTools;
  readonly #asked: Asked[] = [];
  readonly #pending: Promise<void>[] = [];

  constructor(tools: NemesisTools) {
    this.#tools = tools;
  }

  ask(change: MemberChange, node: string, of: string): void {
    const { cluster, timers, members } = this.#tools;
    const operator = this.#operator();
    if (change === 'remove') noteRemoved(members, node);
    const asked: Asked = { change, node, of, answer: null };
    this.#asked.push(asked);
    const request = change === 'add' ? operator.add : operator.remove;
    const answered = request.call(operator, { cluster, timers, leader: of }, node).then(
      (answer) => {
        asked.answer = answer;
      },
      (error: unknown) => {
        asked.answer = wordsOf(error);
      },
    );
    this.#pending.push(answered);
  }

  /** As this node says; null when it says nothing. */
  async votersOf(node: string): Promise<readonly string[] | null> {
    const { cluster, timers } = this.#tools;
    const listed = this.#operator().list({ cluster, timers, leader: node }, node);
    return await listed.catch(() => null);
  }

  /** Until each has its answer, or the system's operator has given up. Never rejects. */
  async settle(): Promise<void> {
    await Promise.all(this.#pending);
  }

  told(): readonly AskedChange[] {
    return this.#asked.map((asked) => ({ ...asked }));
  }

  #operator(): NonNullable<Operator['members']> {
    const { system } = this.#tools;
    const { members } = system.operator;
    if (members === undefined) throw new FaultError(`${system.name} cannot change its members`);
    return members;
  }
}
