/** Why the acquires and releases of a lock have no order, in words and in a few of them. */
import { operationAt } from '../columns.ts';
import { describeDistance, describeOperation } from '../describe-operation.ts';
import type { Operation } from '../history.ts';
import type { Finding } from '../model.ts';
import { coreOfLock, type LockHistory } from './lock-core.ts';
import type { GrantConflict, Need } from './lock-grants.ts';
import { lockKind } from './lock-rows.ts';
import type { LockToken } from './lock-tokens.ts';

export function describeGrantConflict(history: LockHistory, conflict: GrantConflict): Finding {
  return new GrantConflictWords(history).describe(conflict);
}

type Words = Omit<Finding, 'core'>;

class GrantConflictWords {
  readonly #history: LockHistory;

  constructor(history: LockHistory) {
    this.#history = history;
  }

  describe(conflict: GrantConflict): Finding {
    switch (conflict.type) {
      case 'reuse':
        return this.#finding(this.#reuse(conflict.rows), conflict.rows);
      case 'regression':
        return this.#finding(this.#regression(conflict.row), [conflict.row]);
      case 'ended-twice':
        return this.#finding(this.#endedTwice(conflict.rows), conflict.rows);
      case 'superseded': {
        const { takeover, between } = conflict;
        const rows = [takeover, ...rowsOf(between)];
        return this.#finding(this.#superseded(takeover, between), rows);
      }
      case 'inverted': {
        const { first, second } = conflict;
        return this.#finding(this.#inverted(first, second), [first, second]);
      }
      case 'held': {
        const { holder, next, due } = conflict;
        const rows = [...rowsOf(holder), ...rowsOf(next), due];
        return this.#finding(this.#held(holder, next, due), rows);
      }
      case 'nobody': {
        const rows = conflict.needs.flatMap(({ previous, token, due }) => [
          ...(previous === null ? [] : rowsOf(previous)),
          ...rowsOf(token),
          due,
        ]);
        return this.#finding(this.#nobody(conflict.needs, conflict.openCount), rows);
      }
      default:
        return conflict satisfies never;
    }
  }

  #finding(words: Words, rows: readonly number[]): Finding {
    return { ...words, core: coreOfLock(this.#history, rows) };
  }

  #at(row: number): Operation {
    return operationAt(this.#history.columns, row);
  }

  #isRelease(row: number): boolean {
    return this.#history.rows.kind[row] === lockKind.release;
  }

  /** What it did, as the end of a sentence: `released the token 4`. */
  #deed(row: number): string {
    const { value, output } = this.#at(row);
    if (this.#isRelease(row)) return `released the token ${value}`;
    if (typeof value !== 'number') return `was granted the token ${output}`;
    return `took the lock over from the token ${value} with the token ${output}`;
  }

  #reuse([one, other]: readonly [number, number]): Words {
    const first = this.#at(one);
    return {
      kind: 'token-reuse',
      sentence:
        `${describeOperation(first)} and ${describeOperation(this.#at(other))} were both granted ` +
        `the token ${String(first.output)}: the store cannot tell the two holders apart.`,
    };
  }

  #regression(row: number): Words {
    return {
      kind: 'token-regression',
      sentence: `${describeOperation(this.#at(row))} ${this.#deed(row)}, which is not greater.`,
    };
  }

  #endedTwice([one, other]: readonly [number, number]): Words {
    const { columns } = this.#history;
    const isOtherFirst = (columns.return[other] ?? 0) < (columns.call[one] ?? 0);
    const [first, second] = isOtherFirst ? [other, one] : [one, other];
    const isBothTakeover = !this.#isRelease(first) && !this.#isRelease(second);
    const late = isBothTakeover || this.#isRelease(second) ? second : first;
    const [earlier, later] = [first, second].map((row) => this.#at(row)) as [Operation, Operation];
    const isOver = (columns.return[first] ?? 0) < (columns.call[second] ?? 0);
    const when = isOver
      ? `completed ${describeDistance(earlier, later)} before that began`
      : 'went on meanwhile: only one of them can have found the token holding the lock';
    return {
      kind: isBothTakeover ? 'double-grant' : this.#kindOfUse(isOver ? second : late),
      sentence:
        `${describeOperation(later)} ${this.#deed(second)}, although ` +
        `${describeOperation(earlier)}, which ${this.#deed(first)}, ${when}.`,
    };
  }

  #kindOfUse(row: number): string {
    return this.#isRelease(row) ? 'impossible-release' : 'impossible-takeover';
  }

  #superseded(takeover: number, between: LockToken): Words {
    const [shown = takeover] = rowsOf(between);
    return {
      kind: 'impossible-takeover',
      sentence:
        `${describeOperation(this.#at(takeover))} ${this.#deed(takeover)}, although the lock had ` +
        `been granted with the token ${between.token} in between: ` +
        `${describeOperation(this.#at(shown))} ${this.#deed(shown)}.`,
    };
  }

  #inverted(first: number, second: number): Words {
    const { rows } = this.#history;
    const [late, early] = [this.#at(first), this.#at(second)];
    const token = this.#isRelease(first) ? rows.named[first] : rows.granted[first];
    const isSame = rows.named[second] === token;
    const before = `had completed ${describeDistance(early, late)} before`;
    if (!this.#isRelease(first) && isSame) {
      return {
        kind: this.#kindOfUse(second),
        sentence:
          `${describeOperation(early)} ${this.#deed(second)}, which nobody had been granted: it ` +
          `${before} ${describeOperation(late)} began, which got that token.`,
      };
    }
    const greater = `${describeOperation(early)}, which ${this.#deed(second)}, ${before}`;
    if (this.#isRelease(first)) {
      return {
        kind: 'double-grant',
        sentence:
          `The lock was held with the token ${String(token)} until ${describeOperation(late)} ` +
          `released it, although ${greater} that release began.`,
      };
    }
    return {
      kind: 'token-regression',
      sentence:
        `${describeOperation(late)} ${this.#deed(first)}, although ${greater} that acquire ` +
        'began: tokens must grow.',
    };
  }

  #held(holder: LockToken, next: LockToken, due: number): Words {
    const [shown = due] = rowsOf(next);
    const until = shown === due ? 'that one' : describeOperation(this.#at(due));
    const since =
      `the lock was held with the token ${holder.token} since ` +
      `${describeOperation(this.#at(holder.grant))}, and nobody can have released it before ` +
      `${until} returned`;
    const isGrant = next.grant >= 0;
    return {
      kind: isGrant ? 'double-grant' : this.#kindOfUse(shown),
      sentence: isGrant
        ? `${describeOperation(this.#at(shown))} ${this.#deed(shown)}, although ${since}.`
        : `${describeOperation(this.#at(shown))} ${this.#deed(shown)}, which nobody was granted: ` +
          `${since}, or taken it over.`,
    };
  }

  #nobody(needs: readonly Need[], openCount: number): Words {
    const last = needs.at(-1);
    const [row = 0] = last === undefined ? [] : rowsOf(last.token);
    const others = needs.slice(0, -1).map(({ token }) => token.token);
    const what = 'which nobody was granted';
    const open =
      openCount === 0
        ? 'no acquire without an answer had begun by then'
        : `the acquires without an answer that had begun by then, ${openCount}, may explain only ` +
          `the tokens ${others.join(', ')}`;
    return {
      kind: this.#kindOfUse(row),
      sentence: `${describeOperation(this.#at(row))} ${this.#deed(row)}, ${what}: ${open}.`,
    };
  }
}

/** Those that were answered; its grant comes first. */
function rowsOf({ grant, release, takeover }: LockToken): number[] {
  return [grant, release, takeover].filter((row) => row >= 0);
}
