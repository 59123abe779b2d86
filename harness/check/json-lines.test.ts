/** The reader of bytes against the plain way, JSON.parse and parseOp: they must never differ. */
import { isUtf8 } from 'node:buffer';
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { operationsOf } from '../../checker/columns.ts';
import { HistoryBuilder, HistoryError, type PairedHistory } from '../../checker/pairing.ts';
import { createRandom } from '../../checker/testing/random-history.ts';
import { HistoryFileError, JsonLinesReader } from './history-file.ts';
import { LineScanner } from './json-lines.ts';
import { OpShapeError, parseOp } from './parse-op.ts';

const historyCount = 2000;
const header = '{"format":"rafture-history","version":1}';

/** Picks, from a seed. */
class Random {
  readonly #next: () => number;

  constructor(seed: number) {
    const source = createRandom(seed);
    this.#next = (): number => source();
  }

  int(below: number): number {
    return Math.floor(this.#next() * below);
  }

  chance(share: number): boolean {
    return this.#next() < share;
  }

  pick<T>(from: readonly [T, ...T[]]): T {
    return from[this.int(from.length)] ?? from[0];
  }
}

interface Outcome {
  readonly line: number | null;
  readonly message: string | null;
  readonly history: unknown;
}

/** What a reader made of it, with values instead of their numbers. */
function describe({ columns, failed, counts }: PairedHistory): unknown {
  return { operations: operationsOf(columns), failed: operationsOf(failed), counts };
}

/** Whole lines only: what is torn is another test. */
function readPlainly(text: string): Outcome {
  const builder = new HistoryBuilder();
  const lines = text.split('\n').slice(1, -1);
  for (const [at, line] of lines.entries()) {
    const failed = (message: string): Outcome => ({ line: at + 2, message, history: null });
    try {
      builder.add(parseOp(JSON.parse(line)));
    } catch (error) {
      if (error instanceof HistoryError || error instanceof OpShapeError) {
        return failed(error.message);
      }
      return failed(line.trim() === '' ? 'an empty line' : `not JSON: ${wordsOf(error)}`);
    }
  }
  return { line: null, message: null, history: describe(builder.finish()) };
}

function readBytes(chunks: readonly Buffer[]): Outcome {
  const reader = new JsonLinesReader('h');
  try {
    for (const chunk of chunks) reader.addBytes(chunk);
    return { line: null, message: null, history: describe(reader.finish()) };
  } catch (error) {
    if (!(error instanceof HistoryFileError)) throw error;
    const message = error.message.replace(/^h, line \d+: /, '');
    return { line: error.line, message, history: null };
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const odd: readonly [string, ...string[]] = [
  '1.5',
  '-0',
  '1e3',
  '-7',
  '123456789012345',
  '9007199254740991',
  '9007199254740993',
  '00',
  '"é"',
  '"a\\nb"',
  '"\\u0041"',
  '"A"',
  '""',
  'true',
  'false',
  'null',
  '[]',
  '[1]',
  '[1,2,3]',
  '[[1],2]',
  '["x",null]',
  '[true,"y"]',
  '{}',
  '{"swapped":true}',
  '{"swapped":false,"seen":4}',
  '{"swapped":false,"seen":"z"}',
  '{"seen":4,"swapped":false}',
  '{"swapped":1}',
  '{"swapped":true,"seen":4,"more":1}',
];

class HistoryText {
  readonly #random: Random;
  readonly #open = new Map<number, string>();
  #index = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  line(): string {
    const random = this.#random;
    const index = this.#index;
    this.#index += 1;
    const isOdd = random.chance(0.1);
    const ns = isOdd ? random.pick(['0.5', '-3', '1e6', '"1"']) : random.int(1000);
    const time = `"timeNs":${ns}`;
    if (random.chance(0.1)) {
      return this.#join([
        `"index":${index}`,
        time,
        '"process":"nemesis"',
        '"type":"info"',
        '"f":"x"',
      ]);
    }
    const process = random.int(4);
    const open = this.#open.get(process);
    const common = [`"index":${index}`, time, `"process":${process}`];
    if (open !== undefined && !random.chance(0.03)) {
      this.#open.delete(process);
      const type = random.pick(['ok', 'ok', 'fail', 'ok']);
      const result = random.chance(0.4) ? [`"result":${this.#scalar()}`] : [];
      return this.#join([
        ...common,
        `"type":"${type}"`,
        open,
        `"value":${this.#scalar()}`,
        ...result,
      ]);
    }
    const f = random.pick(['read', 'write', 'cas', 'é']);
    const key = random.chance(0.5)
      ? `,"key":"${random.pick(['a', 'b', 'c"d'.replace('"', '\\"')])}"`
      : '';
    const what = `"f":"${f}"${key}`;
    this.#open.set(process, what);
    const node = random.chance(0.5) ? [`"node":"n${random.int(3)}"`] : [];
    const value = random.chance(0.8) ? [`"value":${this.#scalar()}`] : [];
    const due = random.chance(0.2) ? [this.#due()] : [];
    return this.#join([...common, ...node, '"type":"invoke"', what, ...value, ...due]);
  }

  #due(): string {
    const random = this.#random;
    const ns = random.chance(0.9) ? random.int(1000) : random.pick(['0.5', '-3', 'null', '"1"']);
    return `"scheduledNs":${ns}`;
  }

  #scalar(): string {
    const random = this.#random;
    if (random.chance(0.4)) return String(random.int(6));
    return random.chance(0.2) ? `[${random.int(4)},${random.int(4)}]` : random.pick(odd);
  }

  /** Members in any order, at times twice or with spaces. */
  #join(members: readonly string[]): string {
    const random = this.#random;
    const all = [...members];
    if (random.chance(0.1))
      all.push(random.pick(['"more":1', '"error":{"code":"x"}', '"f":"read"', '"value":8']));
    for (let left = all.length; left > 1 && random.chance(0.9); left -= 1) {
      const at = random.int(left);
      const last = all[left - 1] ?? '';
      all[left - 1] = all[at] ?? '';
      all[at] = last;
    }
    if (random.chance(0.9)) return `{${all.join(',')}}`;
    return random.pick([`{ ${all.join(', ')} }`, `{${all.join(', ')}}`, ` {${all.join(',')}}\r`]);
  }
}

function randomText(random: Random): string {
  const history = new HistoryText(random);
  const lines = Array.from({ length: 1 + random.int(12) }, () => history.line());
  return `${[header, ...lines].join('\n')}\n`;
}

/** The same bytes, cut at random places. */
function cut(bytes: Buffer, random: Random): Buffer[] {
  const chunks: Buffer[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = start + 1 + random.int(random.chance(0.3) ? 4 : 400);
    chunks.push(bytes.subarray(start, end));
    start = end;
  }
  return chunks;
}

test('thousands of random histories are read as JSON.parse reads them, errors included', () => {
  let good = 0;
  for (let seed = 0; seed < historyCount; seed += 1) {
    const random = new Random(seed);
    const text = randomText(random);
    const expected = readPlainly(text);
    const found = readBytes(cut(Buffer.from(text), random));
    // An expectation for each takes longer than the reading.
    if (!isDeepStrictEqual(found, expected)) expect(found, `seed ${seed}`).toEqual(expected);
    if (expected.line === null) good += 1;
  }
  expect(good).toBeGreaterThan(historyCount / 12);
});

test('with any byte changed, lost or added they are read as JSON.parse reads them', () => {
  for (let seed = 0; seed < historyCount; seed += 1) {
    const random = new Random(1_000_000 + seed);
    const bytes = Buffer.from(randomText(random));
    const at = header.length + 1 + random.int(bytes.length - header.length - 2);
    const replaced = random.pick([[], [random.int(256)], [random.int(128), bytes[at] ?? 0]]);
    const changed = Buffer.concat([
      bytes.subarray(0, at),
      Buffer.from(replaced),
      bytes.subarray(at + 1),
    ]);
    if (changed.at(-1) !== 0x0a) continue;
    const found = readBytes(cut(changed, random));
    if (!isUtf8(changed)) {
      expect(found.history, `seed ${seed}`).toBeNull();
      continue;
    }
    const expected = readPlainly(changed.toString('utf8'));
    // An expectation for each takes longer than the reading.
    if (!isDeepStrictEqual(found, expected)) expect(found, `seed ${seed}`).toEqual(expected);
  }
});

const usual = [
  '{"index":0,"timeNs":1,"process":3,"node":"n2","type":"invoke","f":"write","key":"7","value":41}',
  '{"index":1,"timeNs":2,"process":4,"type":"invoke","f":"cas","key":"7","value":[41,-5]}',
  '{"index":2,"timeNs":3,"process":"nemesis","type":"info","f":"partition","value":"halves"}',
  '{"f":"cas","value":[41,-5],"key":"7","type":"ok","process":4,"timeNs":4,"index":3,' +
    '"result":{"swapped":false,"seen":null}}',
  '{"index":4,"timeNs":5,"process":3,"node":"n2","type":"ok","f":"write","key":"7","value":41}',
  '{"index": 5, "timeNs": 6, "process": 3, "type": "invoke", "f": "read", "value": null}',
  '{"index":6,"timeNs":7,"process":3,"type":"ok","f":"read","value":"abc"}',
  '{"index":7,"timeNs":8,"process":3,"node":"n2","type":"invoke","f":"read","key":"7",' +
    '"value":null,"scheduledNs":2}',
];

test('lines of the usual shape never take the slow way', () => {
  const scanner = new LineScanner(new HistoryBuilder());
  for (const line of usual) expect(scanner.take(Buffer.from(`${line}\n`), 0), line).toBe(true);
});

test('a chunk may end at any byte', () => {
  const bytes = Buffer.from(`${[header, ...usual, ''].join('\n')}`);
  const expected = readPlainly(bytes.toString());
  expect(expected.line).toBeNull();
  for (let at = 0; at <= bytes.length; at += 1) {
    expect(readBytes([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(expected);
  }
});

test('thousands of different texts keep apart, whatever their hashes are', () => {
  const values = Array.from({ length: 5000 }, (_, at) => `v${at}`);
  const lines = values.flatMap((value, at) =>
    ['invoke', 'ok'].map((type, part) => {
      const index = at * 2 + part;
      const op = { index, timeNs: 0, process: 0, type, f: 'write', key: `k${at}`, value };
      return JSON.stringify(op);
    }),
  );
  const reader = new JsonLinesReader('h');
  reader.addBytes(Buffer.from(`${[header, ...lines].join('\n')}\n`));
  const operations = operationsOf(reader.builder.finish().columns);
  expect(operations.map(({ value }) => value)).toEqual(values);
  expect(operations.map(({ key }) => key)).toEqual(values.map((value) => value.replace('v', 'k')));
});
