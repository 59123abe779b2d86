/**
 * What is wrong with a workload that came from outside, in words; null when nothing is.
 *
 * Its members, and the shape of what its functions give; workload-trial.ts tries these.
 */
import { composeCheckers, standardCheckers } from '../checkers/composition.ts';
import type { CheckerChanges, WorkloadSize } from '../workload.ts';

type Members = Readonly<Record<string, unknown>>;

const functions = ['size', 'createGenerator', 'createProbe', 'createFinalGenerator'] as const;
const texts = ['description', 'object', 'model'] as const;

/** The first member that is wrong. */
export function describeBadWorkload(value: unknown): string | null {
  if (!isRecord(value)) return `it is ${wordFor(value)}, no object`;
  if ('then' in value) return 'it is a promise, and a workload is made at once, without async';
  const { name, fs } = value;
  // It becomes the name of a folder.
  if (typeof name !== 'string' || !/^[a-z0-9][a-z0-9-]*$/.test(name)) {
    return mustBe('name', 'a name in small letters, digits and -', name);
  }
  for (const member of texts) {
    if (!isText(value[member])) return mustBe(member, 'a text', value[member]);
  }
  if (!Array.isArray(fs) || fs.length === 0 || !fs.every(isText)) {
    return mustBe('fs', 'a list of the names of its operations', fs);
  }
  for (const member of functions) {
    if (typeof value[member] !== 'function') return mustBe(member, 'a function', value[member]);
  }
  return describeBadFacts(value['facts']) ?? describeBadCheckers(value['checkers']);
}

function describeBadFacts(facts: unknown): string | null {
  if (!isRecord(facts)) return mustBe('facts', 'an object', facts);
  const { complexity } = facts;
  if (!isText(complexity)) return mustBe('facts.complexity', 'a text', complexity);
  for (const member of ['finds', 'cannotFind']) {
    const list = facts[member];
    if (!Array.isArray(list) || !list.every(isText)) {
      return mustBe(`facts.${member}`, 'a list of texts', list);
    }
  }
  return null;
}

function describeBadCheckers(checkers: unknown): string | null {
  if (checkers === undefined) return null;
  if (!isRecord(checkers)) return mustBe('checkers', 'an object, or left out', checkers);
  const { add = [], remove = [] } = checkers;
  const isChecker = (each: unknown): boolean =>
    isRecord(each) &&
    isText(each['name']) &&
    isText(each['description']) &&
    typeof each['check'] === 'function';
  if (!Array.isArray(add) || !add.every(isChecker)) {
    return mustBe('checkers.add', 'a list of checkers: name, description, check', add);
  }
  const isRemoval = (each: unknown): boolean =>
    isRecord(each) && isText(each['name']) && isText(each['why']);
  if (!Array.isArray(remove) || !remove.every(isRemoval)) {
    return mustBe('checkers.remove', 'a list of { name, why }', remove);
  }
  try {
    composeCheckers(standardCheckers, [checkers as CheckerChanges]);
    return null;
  } catch (error) {
    return `checkers: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** What `size` gave. */
export function describeBadSize(size: WorkloadSize): string | null {
  if (!isRecord(size)) return `it gave ${wordFor(size)}, no object`;
  const { keyCount, opsPerKey, unknownPerKey, notes } = size;
  if (!isCount(keyCount)) return mustBe('keyCount', 'a whole number above 0', keyCount);
  if (!isCount(opsPerKey)) return mustBe('opsPerKey', 'a whole number above 0', opsPerKey);
  if (unknownPerKey !== null && !isCount(unknownPerKey)) {
    return mustBe('unknownPerKey', 'a whole number above 0, or null', unknownPerKey);
  }
  const areNotes = Array.isArray(notes) && notes.every(isText);
  return areNotes ? null : mustBe('notes', 'a list of texts', notes);
}

export function describeBadGenerator(generator: unknown): string | null {
  if (!isRecord(generator)) return `it gave ${wordFor(generator)}, no generator`;
  for (const member of ['op', 'update']) {
    if (typeof generator[member] !== 'function') {
      return mustBe(member, 'a function of the generator', generator[member]);
    }
  }
  return null;
}

/** What `op` of a generator gave. */
export function describeBadNext(next: unknown, fs: readonly string[]): string | null {
  if (!isRecord(next)) return `its op gave ${wordFor(next)}, no object`;
  if (next['type'] === 'done') return null;
  if (next['type'] === 'pending') return describeBadGenerator(next['generator']);
  if (next['type'] !== 'op') return mustBe('type', 'op, pending or done', next['type']);
  return describeBadOperation(next['op'], fs) ?? describeBadGenerator(next['generator']);
}

export function describeBadOperation(operation: unknown, fs: readonly string[]): string | null {
  if (!isRecord(operation)) return `it gave ${wordFor(operation)}, no operation`;
  const { f, key, value } = operation;
  if (typeof f !== 'string' || !fs.includes(f)) {
    return mustBe('f', `one of "fs" (${fs.join(', ')})`, f);
  }
  if (key !== undefined && !isText(key)) return mustBe('key', 'a text, or left out', key);
  return value === undefined ? mustBe('value', 'the argument, null for none', value) : null;
}

function isRecord(value: unknown): value is Members {
  return typeof value === 'object' && value !== null;
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

function mustBe(member: string, expected: string, found: unknown): string {
  const state = found === undefined ? 'is missing' : `is ${wordFor(found)}`;
  return `"${member}" must be ${expected}, but ${state}`;
}

function wordFor(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'number') return String(value);
  if (value instanceof Promise) return 'a promise';
  return JSON.stringify(value) ?? String(value);
}
