/** Whatever a file holds, a reader either reads it or names the line: it never breaks. */
import { expect, test } from 'vitest';
import { operationsOf } from '../../../checker/columns.ts';
import { createRandom } from '../../../checker/testing/random-history.ts';
import { type HistoryFile, HistoryFileError } from '../history-file.ts';
import { EdnForms } from './edn-forms.ts';
import { readIntervals } from './intervals.ts';
import { readJepsenEdn } from './jepsen-edn.ts';
import { readJepsenLog } from './jepsen-log.ts';
import { readPorcupineKv } from './porcupine-kv.ts';

const rules = { failedCas: 'drop', nilRead: 'any', independent: undefined } as const;

type Chunks = AsyncIterable<Buffer>;

const formats: readonly {
  readonly name: string;
  readonly text: string;
  read(chunks: Chunks): Promise<HistoryFile>;
}[] = [
  {
    name: 'edn',
    text:
      '; {\n[{:process 0, :type :invoke, :f :write, :value "a\\"}é\\u0041" :time 3}\n' +
      '#x.Op{:process :nemesis :type :info :f :kill :value #{{:a [\\x 1.5]} 2}}\n' +
      '#_{:a 1} {:process 0 :type :ok :f :write :value nil ; }\n}\n' +
      '{:process 1 :type :invoke :f :read :value (7N)}]\n',
    read: (chunks) => readJepsenEdn('h', chunks, rules),
  },
  {
    name: 'jepsen-log',
    text:
      'INFO  jepsen.util - 0\t:invoke\t:cas\t[0 3]\nINFO  jepsen.core - hello\n' +
      'INFO  jepsen.util - 0\t:fail\t:cas\t[0 3]\nINFO  jepsen.util - 0\t:invoke\t:write\t"x"\n',
    read: (chunks) => readJepsenLog('h', chunks, rules),
  },
  {
    name: 'porcupine',
    text:
      '{:process 1, :type :invoke, :f :append, :key "0", :value "x y"}\n' +
      '{:process 1, :type :ok, :f :append, :key "0", :value "x y"}\n' +
      '{:process 1, :type :invoke, :f :get, :key "0", :value nil}\n',
    read: (chunks) => readPorcupineKv('h', chunks),
  },
  {
    name: 'intervals',
    text:
      '{"process":0,"f":"write","key":"x","value":[3,{"a":null}],"call":2.5,"return":18}\n' +
      '{"process":1,"f":"read","output":"é","call":17,"return":20}\n' +
      '{"process":1,"f":"cas","value":[3,4],"call":20,"outcome":"info"}\n',
    read: (chunks) => readIntervals('h', chunks, rules),
  },
];

async function* cutAt(bytes: Buffer, at: number): AsyncGenerator<Buffer> {
  yield bytes.subarray(0, at);
  yield bytes.subarray(at);
}

test.each(formats)('$name is read the same wherever a chunk ends', async ({ text, read }) => {
  const bytes = Buffer.from(text);
  const whole = await read(cutAt(bytes, bytes.length));
  expect(whole.columns.count).toBeGreaterThan(0);
  for (let at = 0; at < bytes.length; at += 1) {
    const { columns, lines } = await read(cutAt(bytes, at));
    expect(operationsOf(columns)).toEqual(operationsOf(whole.columns));
    expect(lines).toBe(whole.lines);
  }
});

test.each(formats)('of damaged $name a reader names the line', async ({ text, read }) => {
  const bytes = Buffer.from(text);
  const random = createRandom(1);
  const below = (count: number): number => Math.floor(random() * count);
  let refused = 0;
  for (let round = 0; round < 1500; round += 1) {
    const at = below(bytes.length);
    const replaced = [[], [below(256)], [bytes[below(bytes.length)] ?? 0, bytes[at] ?? 0]][
      below(3)
    ];
    const to = Math.min(bytes.length, at + (random() < 0.2 ? below(60) : 1));
    const damaged = Buffer.concat([
      bytes.subarray(0, at),
      Buffer.from(replaced ?? []),
      bytes.subarray(to),
    ]);
    const error: unknown = await read(cutAt(damaged, at)).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (error === null) continue;
    refused += 1;
    if (!(error instanceof HistoryFileError)) throw error;
    expect(error.code).toBe('malformed');
    expect(error.line).toBeGreaterThan(0);
    expect(error.message).toContain(`h, line ${error.line}: `);
  }
  expect(refused).toBeGreaterThan(300);
});

test('brackets without end inside of each other are refused, not followed', () => {
  const forms = new EdnForms(() => undefined);
  expect(() => forms.addText(`{:value ${'['.repeat(100_000)}`)).toThrow('more than 100 brackets');
});
