/**
 * Writes a history as EDN, one map a line, as Jepsen and Knossos have it. [Jepsen]
 *
 * A completion that is no success repeats the value of its invocation, because Knossos insists on
 * that. A compare-and-set that missed is a :fail there, which says less; so `:result` says what
 * was answered, and `:absent` that a read found nothing: other tools ignore both, and our reader
 * gets the same history back. `:scheduled` is when a late one was due. Several keys become pairs
 * [key value] of jepsen.independent.
 */
import { type EDNVal, toEDNString } from 'edn-data';
import type { Op } from '../../../checker/history.ts';
import { keywordPattern, toEdn } from './edn-value.ts';

export interface WriteEdnOptions {
  /** Every value is [key value]. */
  readonly independent: boolean;
  /** Written where a value is absent; null is nil, which Knossos takes for anything. */
  readonly absent: unknown;
}

type Member = [name: string, value: EDNVal];

/** Their completions repeat the argument; an answer of their own is rare. */
const repeats: readonly string[] = ['write', 'cas', 'add', 'enqueue', 'append', 'put'];
const registerFunctions: readonly string[] = ['read', 'write', 'cas'];

export class EdnWriter {
  readonly #options: WriteEdnOptions;
  /** What open operations were asked, by process. */
  readonly #asked = new Map<number, unknown>();

  constructor(options: WriteEdnOptions) {
    this.#options = options;
  }

  /** The lines before the first entry. */
  describe(): string {
    const { independent, absent } = this.#options;
    const words = [
      'A history as Jepsen and Knossos have it, written by rafture.',
      'A cas that missed is a :fail, and :result says what it found.',
      ...(independent
        ? ['Every :value is [key value], as jepsen.independent has it: --independent.']
        : []),
      ...(absent === null ? [] : [`Where a value is absent stands ${this.#text(absent)}.`]),
    ];
    return words.map((line) => `; ${line}\n`).join('');
  }

  /** The line of an entry, with its end. Entries come in order, from the first one on. */
  line(op: Op): string {
    const members: Member[] = [
      ['index', op.index],
      ['time', op.timeNs],
      ...(op.scheduledNs === undefined ? [] : [member('scheduled', op.scheduledNs)]),
      ...(op.process === 'nemesis'
        ? this.#nemesisMembers(op)
        : this.#clientMembers(op, op.process)),
      ...(op.node === undefined ? [] : [member('node', op.node)]),
      ...(op.error === undefined ? [] : [member('error', errorOf(op.error))]),
    ];
    const map = members.map(([name, value]): [EDNVal, EDNVal] => [{ key: name }, value]);
    return `${toEDNString({ map })}\n`;
  }

  #nemesisMembers(op: Op): Member[] {
    return [
      ['type', { key: op.type }],
      ['process', { key: 'nemesis' }],
      ['f', keywordOrText(op.f)],
      ['value', toEdn(op.value)],
    ];
  }

  #clientMembers(op: Op, process: number): Member[] {
    const asked = op.type === 'invoke' ? op.value : this.#asked.get(process);
    if (op.type === 'invoke') this.#asked.set(process, op.value);
    else this.#asked.delete(process);
    const isMiss = isMissed(op);
    const isAnswer = op.type === 'ok' && !isMiss;
    const isCompleted = isAnswer && op.value === null && repeats.includes(op.f);
    const value = isAnswer && !isCompleted ? op.value : asked;
    const isAsking = op.f === 'read' && !isAnswer;
    const plain = isAsking ? null : this.#value(op.f, value);
    const key = op.key ?? null;
    const { independent } = this.#options;
    return [
      ['type', { key: isMiss ? 'fail' : op.type }],
      ['process', process],
      ['f', keywordOrText(op.f)],
      ['value', independent ? [key, plain] : plain],
      ...(independent || key === null ? [] : [member('key', key)]),
      ...this.#answerMembers(op, isCompleted),
    ];
  }

  /** What only our reader looks at. */
  #answerMembers({ type, f, value, result }: Op, isCompleted: boolean): Member[] {
    if (type !== 'ok') return [];
    if (result !== undefined) return [member('result', this.#value(f, result))];
    if (isCompleted && f !== 'write') return [member('result', null)];
    const isAbsent = f === 'read' && value === null && this.#options.absent === null;
    return isAbsent ? [member('absent', true)] : [];
  }

  /** With what stands for an absent value, also where a compare-and-set has one. */
  #value(f: string, value: unknown): EDNVal {
    return toEdn(registerFunctions.includes(f) ? this.#withAbsent(value) : value);
  }

  #withAbsent(value: unknown): unknown {
    if (value === null || value === undefined) return this.#options.absent;
    if (Array.isArray(value)) return value.map((each) => this.#withAbsent(each));
    if (typeof value !== 'object') return value;
    const members = Object.entries(value).map(([name, each]) => [name, this.#withAbsent(each)]);
    return Object.fromEntries(members);
  }

  #text(value: unknown): string {
    return toEDNString(toEdn(value));
  }
}

function member(name: string, value: EDNVal): Member {
  return [name, value];
}

/** An answered compare-and-set that did not swap. */
function isMissed({ type, f, result }: Op): boolean {
  if (type !== 'ok' || f !== 'cas' || typeof result !== 'object' || result === null) return false;
  return 'swapped' in result && result.swapped === false;
}

function keywordOrText(name: string): EDNVal {
  return keywordPattern.test(name) ? { key: name } : name;
}

function errorOf({ code, message }: { readonly code: string; readonly message?: string }): EDNVal {
  return message === undefined ? [keywordOrText(code)] : [keywordOrText(code), message];
}
