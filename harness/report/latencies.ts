/**
 * Many latencies in bounded memory, and the quantiles of them.
 *
 * While there are few, every one is kept and a quantile is one that was measured. Beyond that they
 * are counted in a log-linear histogram: each power of two of nanoseconds is cut into 256 equal
 * parts, and a quantile is the middle of its part, at most 0.2 % beside the one that was measured.
 */
const exactMax = 50_000;
const partBits = 8;
const parts = 1 << partBits;
/** Enough for every whole number that is exact. */
const bucketCount = (53 - partBits + 1) * parts;

export class Latencies {
  #exactNs: number[] = [];
  #buckets: Uint32Array | null = null;
  #count = 0;
  #maxNs = Number.NEGATIVE_INFINITY;

  get count(): number {
    return this.#count;
  }

  add(latencyNs: number): void {
    this.#count++;
    this.#maxNs = Math.max(this.#maxNs, latencyNs);
    if (this.#buckets !== null) {
      countIn(this.#buckets, latencyNs);
      return;
    }
    this.#exactNs.push(latencyNs);
    if (this.#exactNs.length <= exactMax) return;
    const buckets = new Uint32Array(bucketCount);
    for (const ns of this.#exactNs) countIn(buckets, ns);
    this.#buckets = buckets;
    this.#exactNs = [];
  }

  /**
   * The values below which these fractions lie, by nearest rank: the greatest is always exact,
   * the others while there are at most 50,000. NaN when there are none.
   */
  quantilesNs(fractions: readonly number[]): readonly number[] {
    const buckets = this.#buckets;
    if (buckets === null) {
      const sorted = Float64Array.from(this.#exactNs).sort();
      return fractions.map((q) => sorted[rankOf(q, sorted.length) - 1] ?? Number.NaN);
    }
    return fractions.map((q) => this.#counted(buckets, rankOf(q, this.#count)));
  }

  #counted(buckets: Uint32Array, rank: number): number {
    if (rank >= this.#count) return this.#maxNs;
    let seen = 0;
    let bucket = 0;
    for (; bucket < buckets.length; bucket++) {
      seen += buckets[bucket] ?? 0;
      if (seen >= rank) break;
    }
    return Math.min(middleOf(bucket), this.#maxNs);
  }
}

/** 1-based. */
function rankOf(q: number, count: number): number {
  return Math.max(1, Math.ceil(q * count));
}

function countIn(buckets: Uint32Array, latencyNs: number): void {
  const bucket = bucketOf(Math.max(0, Math.floor(latencyNs)));
  buckets[bucket] = (buckets[bucket] ?? 0) + 1;
}

/** Below twice the number of parts each nanosecond has a bucket of its own. */
function bucketOf(ns: number): number {
  const power = ns < 2 ** 32 ? 31 - Math.clz32(ns) : 63 - Math.clz32(Math.floor(ns / 2 ** 32));
  const shift = Math.max(0, power - partBits);
  return shift * parts + Math.floor(ns / 2 ** shift);
}

function middleOf(bucket: number): number {
  if (bucket < 2 * parts) return bucket;
  const shift = Math.floor(bucket / parts) - 1;
  return (bucket - shift * parts + 0.5) * 2 ** shift;
}
