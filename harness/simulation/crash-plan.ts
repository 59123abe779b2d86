/**
 * Crashes at named points of the server's code: which node dies where, at which passage.
 *
 * Passages are counted from the moment in which a crash is planned, over all lives of the node;
 * each plan is carried out once.
 */
import type { CrashPointName } from '../../server/crash-points.ts';

export interface CrashAt {
  readonly node: string;
  readonly name: CrashPointName;
  /** 1 for the first. */
  readonly passage: number;
}

/** Unwinds out of the server's code when its life has ended: nothing of it is to run on. */
export class LifeEnded extends Error {
  override readonly name = 'LifeEnded';
}

export class CrashPlan {
  #armed: { readonly at: CrashAt; passagesLeft: number }[] = [];
  readonly #passages = new Map<string, number>();

  /** Throws RangeError. */
  arm(at: CrashAt): void {
    if (!Number.isSafeInteger(at.passage) || at.passage < 1) {
      throw new RangeError(`a passage is counted from 1, which ${at.passage} is not`);
    }
    this.#armed.push({ at, passagesLeft: at.passage });
  }

  /** In the place of whatever was planned for this node; null: nothing is. */
  rearm(node: string, at: Omit<CrashAt, 'node'> | null): void {
    this.#armed = this.#armed.filter((each) => each.at.node !== node);
    if (at !== null) this.arm({ node, ...at });
  }

  /** Crashes that were planned and have not happened. */
  get outstanding(): readonly CrashAt[] {
    return this.#armed.map(({ at }) => at);
  }

  /** How often each point was passed, by all nodes, crashes included. */
  get passages(): ReadonlyMap<string, number> {
    return this.#passages;
  }

  /** The node is at this point. True when it is to crash there, now. */
  reach(node: string, name: CrashPointName): boolean {
    this.#passages.set(name, (this.#passages.get(name) ?? 0) + 1);
    if (this.#armed.length === 0) return false;
    let isDue = false;
    for (const each of this.#armed) {
      if (each.at.node !== node || each.at.name !== name) continue;
      each.passagesLeft--;
      isDue ||= each.passagesLeft === 0;
    }
    this.#armed = this.#armed.filter(({ passagesLeft }) => passagesLeft > 0);
    return isDue;
  }
}
