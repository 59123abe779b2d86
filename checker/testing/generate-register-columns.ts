/**
 * Histories of registers of any length, straight into columns: closed-loop clients that always
 * have an operation open, values that are unique or few, operations that crash. From a seed.
 *
 * The registers really run, so such a history is linearizable; one stale read can spoil it.
 */
import { type Columns, neverReturned, none, swapOutcome } from '../columns.ts';
import { absentValue, ValueTable } from '../values.ts';
import { createRandom, type RandomSource } from './random-history.ts';

export interface RegisterRun {
  readonly operations: number;
  readonly clients: number;
  readonly keys: number;
  readonly writeShare: number;
  readonly casShare: number;
  /** Values are 0..n-1; null: every value that is written is new. */
  readonly values: number | null;
  /** Whether a cas tells what it found. */
  readonly tellsSeen: boolean;
  /** How many crash: half of them take effect, a tenth of these very late. */
  readonly crashedShare: number;
  /** One read in the middle gets an answer of long before. */
  readonly hasStaleRead: boolean;
  readonly seed: number;
}

const read = 0;
const write = 1;
const cas = 2;
const phase = { idle: 0, invoked: 1, applied: 2 } as const;

export function generateRegisterColumns(run: RegisterRun): Columns {
  const columns = new Generator(run).run();
  if (run.hasStaleRead) makeStale(columns, run.values === null);
  return columns;
}

/** Without times, and each operation is named by its position. */
function emptyColumns(count: number, keys: number): Columns {
  const call = new Int32Array(count);
  return {
    count,
    id: call,
    call,
    return: new Int32Array(count).fill(neverReturned),
    process: new Int32Array(count),
    f: new Uint8Array(count),
    key: new Int32Array(count).fill(none),
    node: new Int16Array(count).fill(none),
    argument: new Int32Array(count),
    argument2: new Int32Array(count).fill(none),
    output: new Int32Array(count).fill(none),
    outcome: new Uint8Array(count),
    callTimeNs: null,
    returnTimeNs: null,
    tables: {
      functions: ['read', 'write', 'cas'],
      keys: keys === 1 ? [] : Array.from({ length: keys }, (_, key) => `k${key}`),
      nodes: [],
      values: new ValueTable(),
    },
  };
}

class Generator {
  readonly #run: RegisterRun;
  readonly #random: RandomSource;
  readonly #columns: Columns;
  /** By key: the id of the value in its register. */
  readonly #state: Int32Array;
  /** By client: its open row, how far that is, and the client's process. */
  readonly #row: Int32Array;
  readonly #phase: Uint8Array;
  readonly #process: Int32Array;
  /** Rows that take effect when so many operations were invoked. */
  readonly #late = new Map<number, number[]>();
  #count = 0;
  #position = 0;
  #nextProcess: number;
  #nextValue = 1;

  constructor(run: RegisterRun) {
    this.#run = run;
    this.#random = createRandom(run.seed);
    this.#columns = emptyColumns(run.operations, run.keys);
    this.#state = new Int32Array(run.keys);
    this.#row = new Int32Array(run.clients).fill(none);
    this.#phase = new Uint8Array(run.clients);
    this.#process = Int32Array.from({ length: run.clients }, (_, client) => client);
    this.#nextProcess = run.clients;
  }

  run(): Columns {
    const { clients, operations } = this.#run;
    while (this.#count < operations) this.#advance(Math.floor(this.#random() * clients));
    // What is open now goes on to its end; nothing new begins.
    for (let client = 0; client < clients; client += 1) {
      while (this.#phase[client] !== phase.idle) this.#advance(client);
    }
    this.#forgetAnswers();
    return { ...this.#columns, tables: { ...this.#columns.tables, values: this.#valueTable() } };
  }

  #advance(client: number): void {
    const row = this.#row[client] ?? none;
    switch (this.#phase[client]) {
      case phase.idle:
        this.#invoke(client);
        return;
      case phase.invoked:
        this.#apply(row);
        this.#phase[client] = phase.applied;
        return;
      default:
        this.#columns.return[row] = this.#position;
        this.#position += 1;
        this.#phase[client] = phase.idle;
    }
  }

  #invoke(client: number): void {
    const row = this.#count;
    const { columns, random } = { columns: this.#columns, random: this.#random };
    const { writeShare, casShare, keys, crashedShare } = this.#run;
    const key = keys === 1 ? 0 : Math.floor(random() * keys);
    const drawn = random();
    const f = drawn < writeShare ? write : drawn < writeShare + casShare ? cas : read;
    columns.call[row] = this.#position;
    columns.process[row] = this.#process[client] ?? 0;
    columns.f[row] = f;
    if (keys > 1) columns.key[row] = key;
    if (f === write) columns.argument[row] = this.#newValue();
    if (f === cas) {
      columns.argument[row] = this.#expectedValue(key);
      columns.argument2[row] = this.#newValue();
    }
    this.#position += 1;
    this.#count += 1;
    for (const late of this.#late.get(row) ?? []) this.#apply(late);
    this.#late.delete(row);
    this.#row[client] = row;
    this.#phase[client] = phase.invoked;
    if (random() < crashedShare) this.#crash(client, row);
  }

  /** The client goes on as another process; the operation may take effect, even much later. */
  #crash(client: number, row: number): void {
    this.#process[client] = this.#nextProcess;
    this.#nextProcess += 1;
    this.#phase[client] = phase.idle;
    if (this.#random() < 0.5) return;
    const isVeryLate = this.#random() < 0.1;
    const span = isVeryLate ? this.#run.operations / 2 : this.#run.clients;
    const at = row + 1 + Math.floor(this.#random() * span);
    const waiting = this.#late.get(at);
    if (waiting === undefined) this.#late.set(at, [row]);
    else waiting.push(row);
  }

  #apply(row: number): void {
    const { f, argument, argument2, output, outcome } = this.#columns;
    const key = Math.max(0, this.#columns.key[row] ?? 0);
    const seen = this.#state[key] ?? 0;
    if (f[row] === read) output[row] = seen;
    else if (f[row] === write) {
      this.#state[key] = argument[row] ?? 0;
      output[row] = argument[row] ?? 0;
    } else {
      const swapped = argument[row] === seen;
      if (swapped) this.#state[key] = argument2[row] ?? 0;
      outcome[row] = swapped ? swapOutcome.swapped : swapOutcome.missed;
      if (this.#run.tellsSeen) output[row] = seen;
    }
  }

  /** Nobody heard what a crashed operation answered. */
  #forgetAnswers(): void {
    const { return: returned, output, outcome } = this.#columns;
    for (let row = 0; row < this.#count; row += 1) {
      if (returned[row] !== neverReturned) continue;
      output[row] = none;
      outcome[row] = swapOutcome.untold;
    }
  }

  #newValue(): number {
    const { values } = this.#run;
    if (values !== null) return 1 + Math.floor(this.#random() * values);
    const value = this.#nextValue;
    this.#nextValue += 1;
    return value;
  }

  /** All at once, for a table that grows leaves garbage behind. Id 0 is null, id 1 the value 0. */
  #valueTable(): ValueTable {
    const count = this.#run.values ?? this.#nextValue - 1;
    const integers = Float64Array.from({ length: count + 1 }, (_, id) => id - 1);
    integers[0] = Number.NaN;
    return ValueTable.from({ integers, others: [[0, null]] });
  }

  /** Of unique values that which is there now: it often is gone when the cas comes to it. */
  #expectedValue(key: number): number {
    return this.#run.values === null ? (this.#state[key] ?? 0) : this.#newValue();
  }
}

/**
 * Three reads of a key, one after the other, that saw a, b, c: the last one now saw a as well. That
 * is impossible where values are unique. Of few values any may have come back, so there it saw the
 * initial one, which nobody ever writes.
 */
function makeStale(columns: Columns, isUnique: boolean): void {
  const { count, f, key, output, call, return: returned } = columns;
  const start = Math.floor(count / 2);
  const found: number[] = [];
  for (let row = start; row < count && found.length < 3; row += 1) {
    const last = found[found.length - 1];
    if (f[row] !== read || returned[row] === neverReturned) continue;
    if (last !== undefined) {
      const isAfter = (returned[last] ?? 0) < (call[row] ?? 0) && key[row] === key[last];
      if (!isAfter || found.some((other) => output[other] === output[row])) continue;
    }
    found.push(row);
  }
  const [first, , third] = found;
  if (first === undefined || third === undefined) throw new RangeError('too few reads to spoil');
  output[third] = isUnique ? (output[first] ?? none) : absentValue;
}
