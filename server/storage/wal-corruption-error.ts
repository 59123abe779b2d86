/**
 * The write-ahead log is damaged where no crash damages it: the server must not take part with it,
 * because it would forget votes and entries that others have counted.
 */

export class WalCorruptionError extends Error {
  override readonly name = 'WalCorruptionError';
  readonly file: string;
  readonly offset: number;
  constructor(file: string, offset: number, what: string) {
    super(
      `${file} is corrupt at byte ${offset}: ${what}; restore the data directory from a ` +
        'copy made after this node last ran, or remove the node from the cluster, empty its ' +
        'directory and add it under a new id',
    );
    this.file = file;
    this.offset = offset;
  }
}
