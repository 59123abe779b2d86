/**
 * Counts how often the rare things happened in a test: one that never saw them has proved nothing.
 */
export class Marks {
  readonly counts: Map<string, number> = new Map();

  add(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  /** Of another run. */
  addAll(other: Marks): void {
    for (const [name, count] of other.counts) {
      this.counts.set(name, (this.counts.get(name) ?? 0) + count);
    }
  }
}
