/**
 * A flag is missing or wrong, or a file that it names cannot be used.
 */

/** The message names the flag and says what is expected. */
export class FlagError extends Error {
  override readonly name = 'FlagError';
}
