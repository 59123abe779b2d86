/** The kv workload: texts that are read, put, made longer and deleted, on several keys. */
import {
  type Generator,
  limit,
  type OpTemplate,
  repeat,
  unfold,
  untilOk,
} from '../harness/generator.ts';
import { inAnyOrder, independent } from '../harness/generator-parts.ts';
import type { Workload } from '../harness/workload.ts';
import { withReaders } from './reader-threads.ts';
import { sizeOf } from './sizes.ts';

const get: OpTemplate = { f: 'get', value: null };
const gets = repeat(() => get);
/** Operations of a key that is also deleted. */
const opsWithDeletes = 30;

export const kv: Workload = {
  name: 'kv',
  description: 'texts that are read, put, appended to and deleted, on several keys',
  object: 'kv',
  fs: ['get', 'put', 'append', 'delete'],
  model: 'kv',
  facts: {
    complexity:
      'near-linear for a key without deletes, since a text tells what made it; a key with ' +
      'deletes takes the search, and has few operations',
    finds: [
      'lost puts, appends and deletes',
      'an append made twice',
      'stale reads',
      'texts of nobody, or of a refused change',
      'two histories at once',
    ],
    cannotFind: ['a put or a delete made twice: that is no change', 'what needs several keys'],
  },
  size: (request) =>
    sizeOf(request, {
      keyCount: Math.max(5, Math.ceil(request.concurrency / 4)),
      opsPerKey: 200,
      unknownPerKey: 3,
      why: [
        'one key for every four clients, for what overlaps is what a search has to try out',
        `two keys of three have deletes, after which nobody can tell which of them a missing ` +
          `value is due to: it takes the search, so it ends after ${opsWithDeletes} operations`,
        'a key is given up after 3 operations of unknown outcome, each of which may double what ' +
          'the search has to try out',
      ],
    }),
  createGenerator: (size) =>
    independent({
      ...size,
      createGenerator: createKvKey,
    }),
  createProbe: (attempt) => ({ f: 'put', value: `probe-${attempt}` }),
  createFinalGenerator: ({ keys }) => inAnyOrder(keys.map((key) => untilOk({ ...get, key }))),
};

/** Weights, any scale. */
interface KvMix {
  readonly get: number;
  readonly put: number;
  readonly append: number;
  readonly delete: number;
}

const growing: KvMix = { get: 2, put: 1, append: 4, delete: 0 };
const deleting: KvMix = { get: 1, put: 2, append: 2, delete: 3 };

/** Two keys of three have deletes, and a short life: most operations are on the third. */
function createKvKey(key: string, firstValue: number): Generator {
  const isDeleting = Number(key) % 3 !== 0;
  const asked = withReaders(gets, changesAndGets(isDeleting ? deleting : growing, firstValue));
  return isDeleting ? limit(opsWithDeletes, asked) : asked;
}

/** No text ends another, so that a value tells which operations made it. */
function changesAndGets(mix: KvMix, firstValue: number): Generator {
  return unfold(firstValue, {
    next: (value, { random }) => {
      const choice = random() * (mix.get + mix.put + mix.append + mix.delete);
      if (choice < mix.get) return { op: get, state: value };
      if (choice < mix.get + mix.delete) return { op: { f: 'delete', value: null }, state: value };
      const isPut = choice < mix.get + mix.delete + mix.put;
      const op = isPut ? { f: 'put', value: `p${value}` } : { f: 'append', value: `a${value}` };
      return { op, state: value + 1 };
    },
  });
}
