/**
 * Virtual time: a queue of events, and the moment that the simulation has reached.
 *
 * Whole microseconds. Events of one moment run in the order in which they were scheduled, so that
 * the order of a run depends on nothing but its seed. It runs callbacks and knows nothing of them.
 */

/** An event that has not run yet; `null` once it has run or been cancelled. */
export interface VirtualEvent {
  readonly timeUs: number;
  readonly sequence: number;
  callback: (() => void) | null;
}

export class VirtualTime {
  /** A binary heap, earliest first. */
  readonly #heap: VirtualEvent[] = [];
  #nowUs = 0;
  #sequence = 0;
  #eventCount = 0;

  get nowUs(): number {
    return this.#nowUs;
  }

  /** How many events have run. */
  get eventCount(): number {
    return this.#eventCount;
  }

  /**
   * Runs the callback after at least one microsecond: were zero allowed, two parties that answer
   * each other at once would stop time.
   */
  schedule(delayUs: number, callback: () => void): VirtualEvent {
    return this.scheduleAt(this.#nowUs + Math.max(1, Math.ceil(delayUs)), callback);
  }

  /** As `schedule`, at a moment that is not in the past. */
  scheduleAt(timeUs: number, callback: () => void): VirtualEvent {
    if (!Number.isSafeInteger(timeUs) || timeUs < this.#nowUs) {
      throw new RangeError(`an event at ${timeUs} us, asked for at ${this.#nowUs} us`);
    }
    const event: VirtualEvent = { timeUs, sequence: this.#sequence++, callback };
    this.#heap.push(event);
    this.#siftUp(this.#heap.length - 1);
    return event;
  }

  cancel(event: VirtualEvent): void {
    event.callback = null;
  }

  /** Moves to the next event and runs it. False when there is none. */
  runNext(): boolean {
    for (;;) {
      const event = this.#pop();
      if (event === null) return false;
      const { callback } = event;
      if (callback === null) continue;
      event.callback = null;
      this.#nowUs = event.timeUs;
      this.#eventCount++;
      callback();
      return true;
    }
  }

  #pop(): VirtualEvent | null {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined) return null;
    if (heap.length > 0) {
      heap[0] = last;
      this.#siftDown();
    }
    return first;
  }

  #siftUp(from: number): void {
    const heap = this.#heap;
    const event = heap[from];
    if (event === undefined) return;
    let hole = from;
    while (hole > 0) {
      const above = (hole - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(event, parent)) break;
      heap[hole] = parent;
      hole = above;
    }
    heap[hole] = event;
  }

  #siftDown(): void {
    const heap = this.#heap;
    const event = heap[0];
    if (event === undefined) return;
    let hole = 0;
    for (;;) {
      let below = 2 * hole + 1;
      let child = heap[below];
      if (child === undefined) break;
      const right = heap[below + 1];
      if (right !== undefined && isBefore(right, child)) {
        child = right;
        below++;
      }
      if (!isBefore(child, event)) break;
      heap[hole] = child;
      hole = below;
    }
    heap[hole] = event;
  }
}

function isBefore(one: VirtualEvent, other: VirtualEvent): boolean {
  if (one.timeUs !== other.timeUs) return one.timeUs < other.timeUs;
  return one.sequence < other.sequence;
}
