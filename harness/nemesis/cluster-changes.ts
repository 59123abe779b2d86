/**
 * Changes of the members, asked of the system's operator and read back from it.
 *
 * A refusal may hide a change that was made, so what counts is always what the system lists. A few
 * attempts, and the last refusal is the reason.
 */
import { FaultError } from '../nemesis.ts';
import { pause } from '../run/introspect.ts';
import type { Operator, OperatorDesk } from '../systems/system.ts';
import { leaderOf, lookUntil } from './looks.ts';
import { wordsOf } from './node-readings.ts';
import { noteRemoved } from './once-removed.ts';
import type { NemesisTools } from './tools.ts';

const attemptsMax = 6;
const attemptEveryMs = 100;

export type MemberChange = 'add' | 'remove';

/** What was asked, what was answered, and who votes now as the leader says. */
export interface MadeChange {
  readonly change: MemberChange;
  readonly node: string;
  readonly answers: readonly string[];
  readonly votersBefore: readonly string[];
  readonly votersAfter: readonly string[];
}

export class ClusterChanges {
  readonly #tools: NemesisTools;

  constructor(tools: NemesisTools) {
    this.#tools = tools;
  }

  /** Rejects with a FaultError when it was not made, or nobody can tell. */
  async make(change: MemberChange, node: string): Promise<MadeChange> {
    const { members, timers } = this.#tools;
    const operator = this.#operator();
    const answers: string[] = [];
    let votersBefore: readonly string[] | null = null;
    if (change === 'remove') noteRemoved(members, node);
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      if (attempt > 1) await pause(timers, attemptEveryMs);
      if (attempt > 1 && this.#tools.isStarved?.() === true) break;
      const before = await this.#readVoters();
      if (before === null) {
        answers.push('nobody leads');
        continue;
      }
      votersBefore ??= before.voters;
      if (isMade(change, node, before.voters) && answers.length > 0) {
        this.#note(change, node);
        return { change, node, answers, votersBefore, votersAfter: before.voters };
      }
      try {
        const asked = change === 'add' ? operator.add : operator.remove;
        answers.push(await asked.call(operator, before.desk, node));
      } catch (error) {
        answers.push(wordsOf(error));
        continue;
      }
      const after = await this.#readVoters();
      if (after === null || !isMade(change, node, after.voters)) continue;
      this.#note(change, node);
      return { change, node, answers, votersBefore, votersAfter: after.voters };
    }
    const last = answers.at(-1) ?? 'nobody answered';
    const made = members.list().join(' ');
    throw new FaultError(`${change} ${node} came to nothing, members are ${made}: ${last}`);
  }

  /** As the leader says; null while nobody leads. */
  async voters(): Promise<readonly string[] | null> {
    return (await this.#readVoters())?.voters ?? null;
  }

  async #readVoters(): Promise<{
    readonly desk: OperatorDesk;
    readonly voters: readonly string[];
  } | null> {
    const { cluster, timers } = this.#tools;
    const operator = this.#operator();
    const known = await lookUntil(
      this.#tools,
      async (samples) => {
        const leader = leaderOf(samples)?.node ?? null;
        if (leader === null) return null;
        const desk = { cluster, timers, leader };
        try {
          return { desk, voters: [...(await operator.list(desk, leader))].sort() };
        } catch {
          return null;
        }
      },
      { looksMax: 80, stillMax: 80 },
    );
    return known?.found ?? null;
  }

  #note(change: MemberChange, node: string): void {
    this.#tools.members[change](node);
  }

  #operator(): NonNullable<Operator['members']> {
    const { system } = this.#tools;
    const { members } = system.operator;
    if (members === undefined) throw new FaultError(`${system.name} cannot change its members`);
    return members;
  }
}

function isMade(change: MemberChange, node: string, voters: readonly string[]): boolean {
  return voters.includes(node) === (change === 'add');
}
