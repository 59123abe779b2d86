/**
 * Random histories of sets, lists, counters and id generators for the tests: seeded and small.
 *
 * A real object runs with concurrency, crashes and failures; then answers may be spoiled, mostly
 * with what the object would have answered at another time. Some are scribbled: nothing is right.
 */
import type { Operation } from '../history.ts';
import type { RandomSource } from './random-history.ts';

export interface ObjectHistory {
  /** Sorted by invocation; some are open. */
  readonly operations: readonly Operation[];
  /** Those that definitely did not happen. */
  readonly failed: readonly Operation[];
}

const objectModelNames = [
  'set',
  'grow-set',
  'list-append',
  'counter',
  'fetch-and-add',
  'unique-ids',
] as const;

interface Shape {
  readonly operations: number;
  readonly processes: number;
  /** Elements are one of so many; null: each one that is added is new. */
  readonly domain: number | null;
  /** What numbers become as elements. */
  readonly dress: (element: number) => unknown;
  readonly amounts: readonly (number | null)[];
  readonly readShare: number;
  /** How often an answer that may be left out is told. */
  readonly toldShare: number;
  readonly openShare: number;
  readonly failShare: number;
  readonly wrongShare: number;
  /** Whether a set is read as a whole. */
  readonly hasWholeReads: boolean;
}

type Call = Pick<Operation, 'f' | 'value'>;

/** A sequential object; `state` is never changed. */
interface SpecimenOf<State> {
  readonly init: State;
  draw(shape: Shape, random: RandomSource, count: number): Call;
  apply(state: State, call: Call): { readonly state: State; readonly output: unknown };
  /** What an answer becomes where it tells less. */
  untold(call: Call, output: unknown): unknown;
}

/** A history of the model of that name. */
export function randomObjectHistory(model: string, random: RandomSource): ObjectHistory {
  switch (model) {
    case 'set':
      return simulate(setSpecimen, drawShape(random), random);
    case 'grow-set':
      return simulate(growSetSpecimen, drawShape(random), random);
    case 'list-append':
      return simulate(listSpecimen, drawShape(random), random);
    case 'counter':
      return simulate(counterSpecimen, drawShape(random), random);
    case 'fetch-and-add':
      return simulate(fetchSpecimen, drawShape(random), random);
    case 'unique-ids':
      return simulate(idsSpecimen, drawShape(random), random);
    default:
      throw new RangeError(`no random histories of ${model}; known: ${objectModelNames.join()}`);
  }
}

const dresses: readonly ((element: number) => unknown)[] = [
  (element) => element,
  (element) => `e${element}`,
  (element) => [element, 0],
];
const amounts: readonly (readonly (number | null)[])[] = [
  [1],
  [1, null],
  [1, 1, 1, 0],
  [3],
  [-2],
  [1, 2],
  [-1, 2],
  [5, 1, 0],
];

function drawShape(random: RandomSource): Shape {
  const chance = (share: number, most: number): number => (random() < share ? 0 : random() * most);
  return {
    operations: 2 + Math.floor(random() * 8),
    processes: 2 + Math.floor(random() * 3),
    domain: random() < 0.6 ? null : 1 + Math.floor(random() * 3),
    dress: pick(dresses, random),
    amounts: random() < 0.5 ? [1] : pick(amounts, random),
    readShare: 0.2 + random() * 0.5,
    toldShare: random() < 0.4 ? 0 : random(),
    openShare: chance(0.3, 0.6),
    failShare: chance(0.5, 0.3),
    wrongShare: random() < 0.1 ? 1 : chance(0.3, 0.4),
    hasWholeReads: random() < 0.3,
  };
}

function pick<T>(choices: readonly T[], random: RandomSource): T {
  const choice = choices[Math.floor(random() * choices.length)];
  if (choice === undefined) throw new RangeError('nothing to pick from');
  return choice;
}

interface Draft extends Call {
  readonly process: number;
  readonly call: number;
  readonly isFailing: boolean;
  return: number | null;
  output: unknown;
  isApplied: boolean;
}

interface Run<State> {
  readonly specimen: SpecimenOf<State>;
  readonly shape: Shape;
  readonly random: RandomSource;
  /** All states so far, the present one last. */
  readonly states: State[];
}

function simulate<State>(
  specimen: SpecimenOf<State>,
  shape: Shape,
  random: RandomSource,
): ObjectHistory {
  const run: Run<State> = { specimen, shape, random, states: [specimen.init] };
  const drafts: Draft[] = [];
  const open = new Map<number, Draft>();
  const processes = Array.from({ length: shape.processes }, (_, index) => index);
  let nextProcess = shape.processes;
  for (let position = 0; drafts.length < shape.operations || open.size > 0; ) {
    const slot = Math.floor(random() * processes.length);
    const process = processes[slot] ?? 0;
    const draft = open.get(process);
    if (draft === undefined) {
      if (drafts.length >= shape.operations) {
        processes.splice(slot, 1);
        continue;
      }
      const next = invoke(run, { process, call: position, count: drafts.length });
      drafts.push(next);
      open.set(process, next);
    } else if (!draft.isApplied && random() < 0.6) {
      apply(run, draft);
      continue;
    } else if (!draft.isFailing && random() < shape.openShare) {
      // Nobody knows; it may have taken effect.
      if (random() < 0.5) apply(run, draft);
      open.delete(process);
      processes[slot] = nextProcess;
      nextProcess += 1;
    } else {
      apply(run, draft);
      draft.return = position;
      open.delete(process);
    }
    position += 1;
  }
  return finish(run, drafts);
}

interface Invocation {
  readonly process: number;
  readonly call: number;
  readonly count: number;
}

function invoke<State>(
  { specimen, shape, random }: Run<State>,
  { process, call, count }: Invocation,
): Draft {
  const drawn = specimen.draw(shape, random, count);
  const isFailing = random() < shape.failShare;
  return {
    ...drawn,
    process,
    call,
    isFailing,
    return: null,
    output: undefined,
    isApplied: false,
  };
}

function apply<State>({ specimen, shape, random, states }: Run<State>, draft: Draft): void {
  if (draft.isApplied) return;
  draft.isApplied = true;
  // Now and then one that fails happens all the same: a fault.
  if (draft.isFailing && random() >= shape.wrongShare / 2) return;
  const present = states[states.length - 1] ?? specimen.init;
  const { state, output } = specimen.apply(present, draft);
  draft.output = output;
  // And one that is acknowledged does not: another.
  if (random() >= shape.wrongShare / 4) states.push(state);
}

function finish<State>(run: Run<State>, drafts: readonly Draft[]): ObjectHistory {
  const { specimen, shape, random, states } = run;
  const operations: Operation[] = [];
  const failed: Operation[] = [];
  for (const draft of drafts) {
    const { process, f, value, call } = draft;
    const record = { id: call, process, f, key: null, value, call, return: draft.return };
    if (draft.isFailing) {
      failed.push({ ...record, output: undefined });
      continue;
    }
    if (random() < shape.wrongShare / 2) {
      const { output } = specimen.apply(pick(states, random), draft);
      draft.output = random() < 0.6 ? output : scribble(output, drafts, random);
    }
    const isTold = random() < shape.toldShare;
    const output = isTold ? draft.output : specimen.untold(draft, draft.output);
    operations.push({ ...record, output: draft.return === null ? undefined : output });
  }
  return { operations, failed };
}

/** An answer that the object perhaps never would have given. */
function scribble(output: unknown, drafts: readonly Draft[], random: RandomSource): unknown {
  if (typeof output === 'boolean') return !output;
  if (typeof output === 'number') return output + pick([-2, -1, 1, 2], random);
  if (!Array.isArray(output)) return output;
  const { value } = pick(drafts, random);
  const at = Math.floor(random() * (output.length + 1));
  const kept = random() < 0.6 ? output.filter((_, index) => index !== at) : [...output];
  if (random() < 0.4) kept.reverse();
  return value === null || random() < 0.4 ? kept : [...kept, value];
}

function drawElement(shape: Shape, random: RandomSource, count: number): unknown {
  return shape.dress(Math.floor(random() * (shape.domain ?? Math.max(1, count))));
}

function drawNew(shape: Shape, random: RandomSource, count: number): unknown {
  const isNew = shape.domain === null && random() < 0.95;
  return isNew ? shape.dress(count) : drawElement(shape, random, count);
}

type Elements = readonly unknown[];

function has(state: Elements, value: unknown): boolean {
  return state.some((element) => isSame(element, value));
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

const growSetSpecimen: SpecimenOf<Elements> = {
  init: [],
  draw: (shape, random, count) =>
    random() < shape.readShare
      ? { f: 'read', value: null }
      : { f: 'add', value: drawNew(shape, random, count) },
  apply: (state, { f, value }) =>
    f === 'read' || has(state, value)
      ? { state, output: f === 'read' ? state : null }
      : // New ones go in front now and then: the order of an answer means nothing.
        { state: state.length % 2 ? [value, ...state] : [...state, value], output: null },
  untold: (_, output) => output,
};

const setSpecimen: SpecimenOf<Elements> = {
  init: [],
  draw(shape, random, count) {
    const drawn = random();
    if (shape.hasWholeReads && drawn < shape.readShare / 2) return { f: 'read', value: null };
    if (drawn < shape.readShare) {
      return { f: 'contains', value: drawElement(shape, random, count) };
    }
    return random() < 0.6
      ? { f: 'add', value: drawNew(shape, random, count) }
      : { f: 'remove', value: drawElement(shape, random, count) };
  },
  apply(state, call) {
    if (call.f === 'read') return { state, output: state };
    const had = has(state, call.value);
    if (call.f === 'contains') return { state, output: had };
    if (call.f === 'add') {
      return { state: growSetSpecimen.apply(state, call).state, output: !had };
    }
    return { state: state.filter((element) => !isSame(element, call.value)), output: had };
  },
  untold: ({ f }, output) => (f === 'add' || f === 'remove' ? null : output),
};

const listSpecimen: SpecimenOf<Elements> = {
  init: [],
  draw: (shape, random, count) =>
    random() < shape.readShare
      ? { f: 'read', value: null }
      : { f: 'append', value: drawNew(shape, random, count) },
  apply: (state, { f, value }) =>
    f === 'read'
      ? { state, output: state }
      : { state: [...state, value], output: state.length + 1 },
  untold: ({ f }, output) => (f === 'append' || isSame(output, []) ? null : output),
};

const counterSpecimen: SpecimenOf<number> = {
  init: 0,
  draw: (shape, random) =>
    random() < shape.readShare
      ? { f: 'read', value: null }
      : { f: 'add', value: pick(shape.amounts, random) ?? 1 },
  apply: (state, { f, value }) =>
    f === 'read'
      ? { state, output: state }
      : { state: state + (typeof value === 'number' ? value : 1), output: null },
  untold: (_, output) => output,
};

const fetchSpecimen: SpecimenOf<number> = {
  init: 0,
  draw: (shape, random) =>
    random() < shape.readShare / 2
      ? { f: 'read', value: null }
      : { f: 'fetch-and-add', value: pick([...shape.amounts], random) },
  apply: (state, { f, value }) => {
    const by = typeof value === 'number' ? value : 1;
    return { state: f === 'read' ? state : state + by, output: state };
  },
  untold: (_, output) => output,
};

const idsSpecimen: SpecimenOf<number> = {
  init: 1,
  draw: () => ({ f: 'generate', value: null }),
  apply: (state) => ({ state: state + 1, output: state }),
  untold: (_, output) => output,
};
