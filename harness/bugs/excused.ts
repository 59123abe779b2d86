/** Published bugs that cannot be planted, because the server has no place for their mechanism. */

/** A row of the catalogue that no edit plants. */
export interface ExcusedRow {
  readonly row: string;
  readonly mechanism: string;
  readonly citation: string;
  /** One sentence: what in the design leaves no place for it. */
  readonly why: string;
}

export const excusedRows: readonly ExcusedRow[] = [];
