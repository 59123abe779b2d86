/**
 * The checker as the harness sees it: a finished history in, one named result out.
 *
 * Linearizability is one of several; the verdict of a run is the worst of them:
 * invalid, then unknown, then valid.
 */

export type Validity = true | false | 'unknown';

export interface CheckerResult {
  readonly name: string;
  readonly valid: Validity;
  /** One sentence for the console and the report. */
  readonly summary: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** The worst of several: a violation is never hidden by an unknown, nor an unknown by a pass. */
export function worstOf(validities: readonly Validity[]): Validity {
  if (validities.includes(false)) return false;
  if (validities.includes('unknown')) return 'unknown';
  return true;
}
