/** Who has found a planted bug in a run, whether or not it was expected of them. */
import type { Validity } from '../checker.ts';
import type { Bug } from './bug.ts';

/** What an oracle said of a run. */
export interface OracleWord {
  readonly oracle: string;
  readonly valid: Validity;
  readonly summary: string;
}

/**
 * The oracles by which a run shows the bug: each that found something invalid, and one that is
 * expected to know only that something is not as it should be. Empty: it was not found.
 */
export function oraclesThatFound(
  { expect }: Pick<Bug, 'expect'>,
  words: readonly OracleWord[],
): readonly string[] {
  const found = words.filter(
    ({ oracle, valid, summary }) =>
      valid === false ||
      (valid === 'unknown' &&
        expect.some(
          ({ checker, valid: expected, says }) =>
            checker === oracle && expected === 'unknown' && says?.test(summary) !== false,
        )),
  );
  return [...new Set(found.map(({ oracle }) => oracle))];
}
