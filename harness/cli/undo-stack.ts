/**
 * What has to be undone, in the reverse of the order in which it was done.
 *
 * An undo is pushed before the doing starts, so that a half-made thing is undone too.
 */

export class UndoStack {
  readonly #undos: { readonly name: string; undo(): unknown }[] = [];

  push(name: string, undo: () => unknown): void {
    this.#undos.push({ name, undo });
  }

  /** Undoes everything once, whatever fails on the way; returns what failed, as sentences. */
  async unwind(): Promise<readonly string[]> {
    const problems: string[] = [];
    for (let last = this.#undos.pop(); last !== undefined; last = this.#undos.pop()) {
      try {
        await last.undo();
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        problems.push(`could not ${last.name}: ${message}`);
      }
    }
    return problems;
  }
}
