/** Published bugs that cannot be planted, because the server has no place for their mechanism. */

/** A row of the catalogue that no edit plants. */
export interface ExcusedRow {
  readonly row: string;
  readonly mechanism: string;
  readonly citation: string;
  /** One sentence: what in the design leaves no place for it. */
  readonly why: string;
}

export const excusedRows: readonly ExcusedRow[] = [
  {
    row: 'B10',
    mechanism: 'peers vote for a candidate that is not in their configuration',
    citation: 'akka-raft #49 https://github.com/ktoso/akka-raft/issues/49',
    why:
      'A voter answers whoever asks, on purpose [Ongaro §4.1], and what did the harm there, ' +
      'servers ' +
      'that are told of other members by hand, has no way in: members change by entries of the ' +
      'log alone, through a joint configuration.',
  },
  {
    row: 'B12',
    mechanism: 'the commit index is set beyond the last persisted entry, and the log is reset then',
    citation: 'camunda #30354 https://github.com/camunda/camunda/pull/30354',
    why:
      'A write or a sync that fails ends the node and is never tried again, so nobody lives on ' +
      'whose log on disk ends before what it knows to be committed.',
  },
  {
    row: 'B18',
    mechanism: 'an error of reading its log makes a leader send entries with nothing before them',
    citation: 'openraft #1795 https://github.com/databendlabs/openraft/issues/1795',
    why:
      'A leader sends entries from memory, where all of the log since the snapshot is: there is ' +
      'no read of it that could fail.',
  },
];
