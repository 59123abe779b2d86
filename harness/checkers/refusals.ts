/**
 * What operations that came to nothing were told most often, in the system's own words.
 *
 * Whoever asks for what the system does not understand sees his mistake there, and nowhere else.
 */
import type { OpError } from '../../checker/history.ts';
import { describeCount } from '../report/figures.ts';

/** A system that puts something new into every code must not fill the memory. */
const codesMax = 200;
const wordsMax = 200;

interface Refusal {
  readonly f: string;
  readonly words: string;
  count: number;
}

export class Refusals {
  readonly #byName = new Map<string, Refusal>();

  note(f: string, error: OpError | undefined): void {
    if (error === undefined) return;
    const { code, message = '' } = error;
    const name = JSON.stringify([f, code]);
    const known = this.#byName.get(name);
    if (known !== undefined) known.count++;
    else if (this.#byName.size < codesMax) {
      const words = `${code} ${message}`.trim().slice(0, wordsMax);
      this.#byName.set(name, { f, words, count: 1 });
    }
  }

  /** Of these functions, of all when there are none; null when nothing was told. */
  describe(fs: readonly string[]): string | null {
    const candidates = [...this.#byName.values()].filter(
      ({ f }) => fs.length === 0 || fs.includes(f),
    );
    const [most] = candidates.sort((a, b) => b.count - a.count);
    if (most === undefined) return null;
    const { f, words, count } = most;
    return `the commonest answer to ${f}, ${describeCount(count)} times: ${JSON.stringify(words)}`;
  }
}
