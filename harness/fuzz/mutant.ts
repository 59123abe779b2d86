/**
 * A mutant: one fault in the checker, as an edit of its source text that must match exactly once.
 */

export interface Mutant {
  readonly name: string;
  /** Relative to the top of the repository. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /**
   * Why no test tells it from the checker, or that none was found that does. A survivor without
   * that is a gap in the tests.
   */
  readonly equivalent?: string;
}

/** The text with the fault in it. Throws unless the edit matches exactly once. */
export function plantMutant({ name, file, find, replace }: Mutant, text: string): string {
  const count = text.split(find).length - 1;
  if (count !== 1) throw new Error(`${name}: its edit matches ${count} times in ${file}, not once`);
  return text.replace(find, () => replace);
}
