/**
 * What can go wrong with results on disk, in words that say what to do.
 *
 * One class with a code; nobody matches on its message. It touches no file itself.
 */

/**
 * `disk-full`, `not-writable` and `io` end a run; `not-found`, `malformed` and `later-version` end
 * a reading of one.
 */
export type StoreErrorCode =
  | 'disk-full'
  | 'not-writable'
  | 'io'
  | 'not-found'
  | 'malformed'
  | 'later-version';

/** Results that cannot be written or read. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** Runs something that writes below `path`; what the file system refuses becomes a StoreError. */
export function whileWriting<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw error instanceof StoreError ? error : describeWriteError(path, error);
  }
}

/** The error number's name, such as `ENOENT`; null for an error of another kind. */
export function errnoOf(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}

function describeWriteError(path: string, error: unknown): StoreError {
  const elsewhere = 'or choose another folder for the results';
  switch (errnoOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new StoreError(
        'disk-full',
        `the disk is full: cannot write ${path}. Free some space ${elsewhere}.`,
        error,
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new StoreError(
        'not-writable',
        `no permission to write ${path}. Make it writable for this user ${elsewhere}.`,
        error,
      );
    case 'ENOTDIR':
    case 'EISDIR':
    case 'EEXIST':
      return new StoreError(
        'not-writable',
        `something else is in the way of ${path}. Move it ${elsewhere}.`,
        error,
      );
    default: {
      const words = error instanceof Error ? error.message : String(error);
      return new StoreError('io', `cannot write ${path}: ${words}`, error);
    }
  }
}
