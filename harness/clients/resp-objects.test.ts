import { describe, expect, it } from 'vitest';
import type { Invocation } from '../client.ts';
import type { RespReply } from './resp-connection.ts';
import { respObjects } from './resp-objects.ts';
import type { RespScript } from './resp-script.ts';

const bulk = (value: string | null): RespReply => ({ type: 'bulk', value });
const integer = (value: number): RespReply => ({ type: 'integer', value });
const simple = (value: string): RespReply => ({ type: 'simple', value });
const array = (...value: readonly RespReply[]): RespReply => ({ type: 'array', value });

function begin(object: string, f: string, value: unknown): RespScript {
  const invocation: Invocation = { process: 0, f, key: 'k', value };
  const operation = respObjects[object]?.[f];
  if (operation === undefined) throw new Error(`no operation ${f} of ${object}`);
  return operation(invocation);
}

interface Row {
  readonly asked: readonly [object: string, f: string, value: unknown];
  /** Kind of the step and the command. */
  readonly sends: string;
  readonly answer: RespReply;
  readonly gives: unknown;
}

const row = (
  asked: Row['asked'],
  sends: string,
  [answer, gives]: readonly [answer: RespReply, gives: unknown],
): Row => ({ asked, sends, answer, gives });

const ok = simple('OK');
const told = (value: unknown, result: unknown): unknown => ({ type: 'ok', value, result });
const plain = (value: unknown): unknown => ({ type: 'ok', value });

const rows: readonly Row[] = [
  row(['register', 'read', null], 'read GET k', [bulk('7'), plain(7)]),
  row(['register', 'read', null], 'read GET k', [bulk(null), plain(null)]),
  row(['register', 'read', null], 'read GET k', [bulk('"x"'), plain('"x"')]),
  row(['register', 'write', 7], 'change SET k 7', [ok, plain(7)]),
  row(['register', 'cas', [7, 9]], 'change SET k 9 IFEQ 7 GET', [
    bulk('7'),
    told([7, 9], { swapped: true, seen: 7 }),
  ]),
  row(['register', 'cas', [7, 9]], 'change SET k 9 IFEQ 7 GET', [
    bulk('8'),
    told([7, 9], { swapped: false, seen: 8 }),
  ]),
  row(['register', 'cas', [7, 9]], 'change SET k 9 IFEQ 7 GET', [
    bulk(null),
    told([7, 9], { swapped: false, seen: null }),
  ]),
  row(['register', 'cas', [null, 9]], 'change SET k 9 NX GET', [
    bulk(null),
    told([null, 9], { swapped: true, seen: null }),
  ]),
  row(['register', 'cas', [null, 9]], 'change SET k 9 NX GET', [
    bulk('7'),
    told([null, 9], { swapped: false, seen: 7 }),
  ]),
  row(['kv', 'get', null], 'read GET k', [bulk('12'), plain('12')]),
  row(['kv', 'get', null], 'read GET k', [bulk(null), plain(null)]),
  row(['kv', 'put', 'a b'], 'change SET k a b', [ok, plain('a b')]),
  row(['kv', 'append', 'c'], 'change APPEND k c', [integer(4), plain('c')]),
  row(['kv', 'delete', null], 'change DEL k', [integer(0), plain(null)]),
  row(['set', 'add', 3], 'change SADD k 3', [integer(1), told(3, true)]),
  row(['set', 'add', 3], 'change SADD k 3', [integer(0), told(3, false)]),
  row(['set', 'remove', 3], 'change SREM k 3', [integer(1), told(3, true)]),
  row(['set', 'contains', 3], 'read SISMEMBER k 3', [integer(0), told(3, false)]),
  row(['set', 'read', null], 'read SMEMBERS k', [array(bulk('3'), bulk('-4')), plain([3, -4])]),
  row(['set', 'read', null], 'read SMEMBERS k', [array(), plain([])]),
  row(['list', 'append', 3], 'change RPUSH k 3', [integer(5), told(3, 5)]),
  row(['list', 'read', null], 'read LRANGE k 0 -1', [array(bulk('3'), bulk('3')), plain([3, 3])]),
  row(['queue', 'enqueue', 3], 'change RPUSH k 3', [integer(5), plain(3)]),
  row(['queue', 'dequeue', null], 'change LPOP k', [bulk('3'), plain(3)]),
  row(['queue', 'dequeue', null], 'change LPOP k', [bulk(null), plain(null)]),
  row(['counter', 'add', -3], 'change INCRBY k -3', [integer(5), plain(-3)]),
  row(['counter', 'read', null], 'read GET k', [bulk('5'), plain(5)]),
  row(['counter', 'read', null], 'read GET k', [bulk(null), plain(0)]),
  row(['counter', 'fetch-and-add', 3], 'change INCRBY k 3', [integer(5), told(3, 2)]),
  row(['ids', 'generate', null], 'change INCR k', [integer(5), plain(5)]),
  row(['ids', 'generate', null], 'change INCR k', [
    { type: 'big-integer', value: '9007199254740993' },
    plain('9007199254740993'),
  ]),
  row(['register', 'read', null], 'read GET k', [bulk('05'), plain('05')]),
  row(['register', 'read', null], 'read GET k', [bulk('-0'), plain('-0')]),
  row(['register', 'cas', [5, 9]], 'change SET k 9 IFEQ 5 GET', [
    bulk('05'),
    told([5, 9], { swapped: false, seen: '05' }),
  ]),
  row(['session-list', 'append', 3], 'change RPUSH k 3', [integer(5), told(3, 5)]),
  row(['session-list', 'read', null], 'read LRANGE k 0 -1', [array(bulk('3')), plain([3])]),
];

describe('an operation', () => {
  for (const { asked, sends, answer, gives } of rows) {
    const what = asked.map((part) => JSON.stringify(part)).join(' ');
    it(`${what} given ${JSON.stringify(answer)}`, () => {
      const script = begin(...asked);
      const step = script.next().value;
      if (!('kind' in step)) throw new Error('no step');
      expect([step.kind, ...step.command].join(' ')).toBe(sends);
      expect(script.next(answer)).toEqual({ done: true, value: gives });
    });
  }

  it('has a row for each object and f, but the lock, which is a recipe', () => {
    const named = new Set(rows.map(({ asked }) => `${asked[0]} ${asked[1]}`));
    for (const [object, operations] of Object.entries(respObjects)) {
      if (object === 'lock') continue;
      for (const f of Object.keys(operations)) expect(named).toContain(`${object} ${f}`);
    }
  });
});

describe('the lock over RESP', () => {
  /** The steps, as the rows have them, when they are answered so; then the end. */
  function tell(f: string, value: unknown, given: readonly (string | null)[]): readonly unknown[] {
    const script = begin('lock', f, value);
    const seen: unknown[] = [];
    let turn = script.next();
    for (const text of given) {
      if (turn.done === true) break;
      seen.push([turn.value.kind, ...turn.value.command].join(' '));
      turn = script.next(bulk(text));
    }
    return turn.done === true ? [...seen, turn.value] : seen;
  }

  it('looks by GET and changes by SET on condition', () => {
    expect(tell('acquire', null, [null, null])).toEqual([
      ...['look GET k', 'change SET k held:1 NX GET'],
      told(null, 1),
    ]);
    expect(tell('acquire', 3, ['held:3', 'held:3'])).toEqual([
      ...['look GET k', 'change SET k held:4 IFEQ held:3 GET'],
      told(3, 4),
    ]);
    expect(tell('release', 3, ['held:3'])).toEqual([
      'change SET k free:3 IFEQ held:3 GET',
      plain(3),
    ]);
    expect(tell('write', [3, 5], ['2:4', '2:4'])).toEqual([
      ...['look GET k.store', 'change SET k.store 3:5 IFEQ 2:4 GET'],
      told([3, 5], true),
    ]);
  });

  it('has changed nothing when it finds something else, and looks again', () => {
    for (const found of ['free:1', null]) {
      expect(tell('acquire', null, ['free:7', found, 'held:8'])).toEqual([
        ...['look GET k', 'change SET k held:8 IFEQ free:7 GET', 'look GET k'],
        { type: 'fail', value: null, error: { code: 'held', message: 'held by token 8' } },
      ]);
    }
    expect(tell('acquire', null, [null, 'held:1', 'held:1']).slice(0, 3)).toEqual([
      ...['look GET k', 'change SET k held:1 NX GET', 'look GET k'],
    ]);
  });
});

/** Of every type, some of them almost right. */
const answers: readonly RespReply[] = [
  simple('OK'),
  simple('QUEUED'),
  bulk('7'),
  bulk('held:7'),
  bulk('x'),
  bulk('12345678901234567890'),
  bulk(null),
  integer(1),
  integer(2),
  integer(-1),
  array(bulk('1')),
  array(bulk(null)),
  array(integer(1)),
  array(array()),
  { type: 'array', value: null },
];

/** What each operation takes for an answer, of these. */
const understood: Readonly<Record<string, readonly RespReply['type'][]>> = {
  'register read': ['bulk'],
  'register write': ['simple'],
  'register cas': ['bulk'],
  'kv get': ['bulk'],
  'kv put': ['simple'],
  'kv append': ['integer'],
  'kv delete': ['integer'],
  'set add': ['integer'],
  'set remove': ['integer'],
  'set contains': ['integer'],
  'set read': ['array'],
  'list append': ['integer'],
  'list read': ['array'],
  'queue enqueue': ['integer'],
  'queue dequeue': ['bulk'],
  'counter add': ['integer'],
  'counter read': ['bulk'],
  'counter fetch-and-add': ['integer'],
  'ids generate': ['integer'],
  'lock acquire': ['bulk'],
  'lock release': ['bulk'],
  'lock write': ['bulk'],
  'session-list append': ['integer'],
  'session-list read': ['array'],
};

const anArgument: Readonly<Record<string, unknown>> = {
  ...{ write: 1, cas: [1, 2], put: 'a', add: 1, remove: 1, contains: 1, enqueue: 1, release: 1 },
  'fetch-and-add': 1,
};

function argumentOf(object: string, f: string): unknown {
  if (object === 'lock' && f === 'write') return [1, 5];
  if (f === 'append') return object === 'kv' ? 'a' : 1;
  return anArgument[f] ?? null;
}

describe('an answer of the wrong type', () => {
  for (const [object, operations] of Object.entries(respObjects)) {
    for (const f of Object.keys(operations)) {
      it(`leaves ${f} of ${object} unknown, and the code says why`, () => {
        const types = understood[`${object} ${f}`] ?? [];
        for (const answer of answers) {
          if (types.includes(answer.type)) continue;
          const script = begin(object, f, argumentOf(object, f));
          script.next();
          expect(script.next(answer), JSON.stringify(answer)).toMatchObject({
            done: true,
            value: { type: 'info', value: null, error: { code: 'unexpected-reply' } },
          });
        }
      });
    }
  }

  const almost: readonly (readonly [object: string, f: string, answer: RespReply])[] = [
    ['register', 'write', simple('QUEUED')],
    ['kv', 'put', simple('QUEUED')],
    ['set', 'add', integer(2)],
    ['set', 'remove', integer(-1)],
    ['set', 'contains', integer(2)],
    ['set', 'read', array(bulk(null))],
    ['list', 'read', array(integer(1))],
    ['list', 'read', { type: 'array', value: null }],
    ['counter', 'read', bulk('x')],
    ['counter', 'read', bulk('12345678901234567890')],
    ['lock', 'acquire', bulk('x')],
    ['lock', 'acquire', bulk('held:x')],
    ['lock', 'write', bulk('x')],
  ];

  for (const [object, f, answer] of almost) {
    it(`is also ${JSON.stringify(answer)} to ${f} of ${object}`, () => {
      const script = begin(object, f, argumentOf(object, f));
      script.next();
      const { value } = script.next(answer);
      expect(value).toMatchObject({ type: 'info', error: { code: 'unexpected-reply' } });
    });
  }

  it('is told in words, but not in full', () => {
    const script = begin('register', 'write', 1);
    script.next();
    const { value } = script.next(bulk('x'.repeat(10_000)));
    const message = 'error' in value ? (value.error?.message ?? '') : '';
    expect(message).toMatch(/^write was answered by \{"type":"bulk","value":"xxx/);
    expect(message.length).toBeLessThan(300);
  });
});

describe('an argument that no operation takes', () => {
  const bad: readonly (readonly [object: string, f: string, value: unknown])[] = [
    ['register', 'cas', 7],
    ['register', 'cas', [1, 2, 3]],
    ['kv', 'put', 7],
    ['kv', 'append', null],
    ['counter', 'add', 1.5],
    ['counter', 'fetch-and-add', '1'],
    ['lock', 'acquire', 'me'],
    ['lock', 'release', null],
    ['lock', 'write', 7],
    ['lock', 'write', [0, 1]],
  ];
  for (const [object, f, value] of bad) {
    it(`is ${JSON.stringify(value)} for ${f} of ${object}: a mistake of the workload`, () => {
      expect(() => begin(object, f, value).next()).toThrow(TypeError);
    });
  }
});
