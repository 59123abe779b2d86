/**
 * Histories of hundreds of operations of each object, from one that really ran: closed-loop
 * clients, some operations that stay open, and perhaps a few answers of another moment.
 */
import type { Operation } from '../history.ts';
import { createRandom, type RandomSource } from './random-history.ts';

export interface ObjectRun {
  readonly operations: number;
  readonly clients: number;
  readonly openShare: number;
  /** How many answers become those of another operation of the same name. */
  readonly wrongAnswers: number;
  readonly seed: number;
}

interface Ask {
  readonly f: string;
  readonly value: unknown;
}

/** A sequential object. `answer` takes effect; undefined says that the client has to wait. */
interface Specimen {
  ask(client: number): Ask;
  answer(ask: Ask, client: number): unknown;
}

interface Draft extends Ask {
  readonly process: number;
  readonly call: number;
  return: number | null;
  output: unknown;
  isDone: boolean;
}

type CreateSpecimen = (random: RandomSource) => Specimen;

/** A history of the model of that name; sorted by invocation. */
export function generateObjectHistory(model: string, run: ObjectRun): Operation[] {
  const create = specimens.get(model);
  if (create === undefined) throw new RangeError(`no object that runs for the model ${model}`);
  const random = createRandom(run.seed);
  const drafts = simulate(create(random), run, random);
  for (let at = 0; at < run.wrongAnswers; at += 1) spoil(drafts, random);
  return drafts.map(({ isDone: _isDone, ...draft }) => {
    const isOpen = draft.return === null;
    return { id: draft.call, key: null, ...draft, output: isOpen ? undefined : draft.output };
  });
}

function simulate(specimen: Specimen, run: ObjectRun, random: RandomSource): Draft[] {
  const drafts: Draft[] = [];
  const open: (Draft | null)[] = Array.from({ length: run.clients }, () => null);
  const process = open.map((_, client) => client);
  // A client that waits for ever does not keep the run from ending.
  for (let position = 0; drafts.length < run.operations; position += 1) {
    const client = Math.floor(random() * run.clients);
    const draft = open[client] ?? null;
    if (draft === null) {
      const ask = specimen.ask(client);
      const name = process[client] ?? 0;
      const next = { ...ask, process: name, call: position, return: null, output: undefined };
      open[client] = { ...next, isDone: false };
      drafts.push(open[client]);
    } else if (!draft.isDone && random() < 0.5) {
      take(specimen, draft, client);
    } else if (random() < run.openShare) {
      if (!draft.isDone && random() < 0.5) take(specimen, draft, client);
      open[client] = null;
      process[client] = run.clients + drafts.length;
    } else if (draft.isDone || take(specimen, draft, client)) {
      draft.return = position;
      open[client] = null;
    }
  }
  return drafts;
}

function take(specimen: Specimen, draft: Draft, client: number): boolean {
  const output = specimen.answer(draft, client);
  draft.isDone = output !== undefined;
  draft.output = output;
  return draft.isDone;
}

function spoil(drafts: readonly Draft[], random: RandomSource): void {
  const one = drafts[Math.floor(random() * drafts.length)];
  const alike = drafts.filter((draft) => draft.f === one?.f && draft.return !== null);
  const other = alike[Math.floor(random() * alike.length)];
  if (one === undefined || other === undefined || one.return === null) return;
  const isSame = one.output === other.output;
  one.output = isSame && typeof one.output === 'boolean' ? !one.output : other.output;
}

function createSpecimenSet(random: RandomSource, hasReads: boolean, hasRemoves: boolean): Specimen {
  const elements = new Set<number>();
  let count = 0;
  const recent = (): number => Math.max(1, count - Math.floor(random() * 6));
  return {
    ask() {
      const drawn = random();
      if (hasReads && drawn < 0.3) return { f: 'read', value: null };
      if (hasRemoves && drawn < 0.3) return { f: 'contains', value: recent() };
      if (hasRemoves && drawn < 0.5) return { f: 'remove', value: recent() };
      count += 1;
      return { f: 'add', value: count };
    },
    answer({ f, value }) {
      const element = Number(value);
      if (f === 'read') return [...elements];
      const has = elements.has(element);
      if (f === 'add') elements.add(element);
      if (f === 'remove') elements.delete(element);
      return f === 'add' ? !has : has;
    },
  };
}

function createList(random: RandomSource): Specimen {
  const list: number[] = [];
  let count = 0;
  return {
    ask() {
      if (random() < 0.3) return { f: 'read', value: null };
      count += 1;
      return { f: 'append', value: count };
    },
    answer({ f, value }) {
      if (f === 'read') return [...list];
      return list.push(Number(value));
    },
  };
}

function createQueue(random: RandomSource): Specimen {
  const queue: unknown[] = [];
  let count = 0;
  return {
    ask() {
      if (random() < 0.5) return { f: 'dequeue', value: null };
      count += 1;
      return { f: 'enqueue', value: count };
    },
    answer({ f, value }) {
      if (f === 'dequeue') return queue.shift() ?? null;
      queue.push(value);
      return null;
    },
  };
}

function createNumber(random: RandomSource, change: string): Specimen {
  let state = 0;
  return {
    ask: () => (random() < 0.4 ? { f: 'read', value: null } : { f: change, value: 1 }),
    answer({ f }) {
      const before = state;
      if (f !== 'read') state += 1;
      return f === 'add' ? null : before;
    },
  };
}

function createIds(): Specimen {
  let given = 0;
  return {
    ask: () => ({ f: 'generate', value: null }),
    answer() {
      given += 1;
      return given;
    },
  };
}

function createLock(): Specimen {
  let holder: number | null = null;
  return {
    ask: (client) => ({ f: holder === client ? 'release' : 'acquire', value: null }),
    answer({ f }, client) {
      if (f === 'acquire' && holder !== null) return undefined;
      if (f === 'release' && holder !== client) return undefined;
      holder = f === 'acquire' ? client : null;
      return true;
    },
  };
}

function createFence(random: RandomSource): Specimen {
  let granted = 0;
  let accepted = 0;
  const tokens = new Map<number, number>();
  return {
    ask(client) {
      const token = tokens.get(client);
      if (token === undefined || random() < 0.3) return { f: 'acquire', value: null };
      return { f: 'write', value: [token, client] };
    },
    answer({ f, value }, client) {
      if (f === 'acquire') {
        granted += 1;
        tokens.set(client, granted);
        return granted;
      }
      const token = Array.isArray(value) ? Number(value[0]) : 0;
      if (token < accepted) return false;
      accepted = token;
      return true;
    },
  };
}

/** One client at a time ends the holder's time, so that nobody waits for ever. */
function createTokenLock(random: RandomSource): Specimen {
  let last = 0;
  let isHeld = false;
  let accepted = 0;
  let ending: number | null = null;
  const tokens = new Map<number, number>();
  return {
    ask(client) {
      // What it had asked for was lost.
      if (ending === client) ending = null;
      const token = tokens.get(client);
      const isHolder = isHeld && token === last;
      const mayEnd = isHeld && ending === null && random() < 0.3;
      if (mayEnd && (isHolder || token === undefined)) {
        ending = client;
        return { f: isHolder ? 'release' : 'acquire', value: last };
      }
      const isWriting = token !== undefined && (isHolder || random() < 0.7);
      return isWriting ? { f: 'write', value: [token, client] } : { f: 'acquire', value: null };
    },
    answer({ f, value }, client) {
      if (f === 'write') {
        const token = Array.isArray(value) ? Number(value[0]) : 0;
        accepted = Math.max(accepted, token);
        return token === accepted;
      }
      if (value === null && isHeld) return undefined;
      if (value !== null) ending = null;
      isHeld = f === 'acquire';
      if (!isHeld) return true;
      last += random() < 0.9 ? 1 : 2;
      tokens.set(client, last);
      return last;
    },
  };
}

function createKey(random: RandomSource): Specimen {
  let text: string | null = null;
  let count = 0;
  return {
    ask() {
      if (random() < 0.4) return { f: 'get', value: null };
      count += 1;
      return { f: random() < 0.1 ? 'put' : 'append', value: `${count}.` };
    },
    answer({ f, value }) {
      if (f === 'get') return text;
      text = f === 'put' ? String(value) : `${text ?? ''}${String(value)}`;
      return null;
    },
  };
}

/** `isTold`: a cas that missed tells what it found. */
function createRegister(random: RandomSource, casShare: number): Specimen {
  let state: unknown = null;
  let count = 0;
  const isTold = random() < 0.5;
  return {
    ask() {
      if (random() < 0.4) return { f: 'read', value: null };
      count += 1;
      if (random() >= casShare) return { f: 'write', value: count };
      const isStale = random() < 0.4;
      return { f: 'cas', value: [isStale ? Math.floor(random() * count) : state, count] };
    },
    answer({ f, value }) {
      if (f === 'read') return state;
      const [expected, written] = Array.isArray(value) ? value : [state, value];
      const seen = state;
      const swapped = expected === seen;
      if (swapped) state = written;
      if (f === 'write') return value;
      return isTold ? { swapped, seen } : { swapped };
    },
  };
}

const specimens: ReadonlyMap<string, CreateSpecimen> = new Map<string, CreateSpecimen>([
  ['register', (random) => createRegister(random, 0)],
  ['cas-register', (random) => createRegister(random, 0.5)],
  ['kv', createKey],
  ['set', (random) => createSpecimenSet(random, false, true)],
  ['grow-set', (random) => createSpecimenSet(random, true, false)],
  ['list-append', createList],
  ['fifo-queue', createQueue],
  ['counter', (random) => createNumber(random, 'add')],
  ['fetch-and-add', (random) => createNumber(random, 'fetch-and-add')],
  ['unique-ids', createIds],
  ['mutex', createLock],
  ['fenced-lock', createFence],
  ['lock', createTokenLock],
]);
