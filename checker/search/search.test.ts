import { expect, test } from 'vitest';
import { columnsOf, createColumns, none } from '../columns.ts';
import type { Operation } from '../history.ts';
import type { Model, SearchLimits } from '../model.ts';
import { createCasRegister, createRegister } from '../models/register.ts';
import { replayOrder } from '../replay.ts';
import { fuzzSubjects } from '../testing/fuzz-subjects.ts';
import { cas, history, read, write } from '../testing/operations.ts';
import { createRandom, type RandomSource, simulateHistory } from '../testing/random-history.ts';
import { isLinearizableWithMemory } from '../testing/remembering-check.ts';
import { ValueTable } from '../values.ts';
import { Search, type SearchOutcome, type SearchSchedule } from './search.ts';

const unlimited: SearchLimits = {
  stepsMax: Number.POSITIVE_INFINITY,
  bytesMax: Number.POSITIVE_INFINITY,
  shouldStop: () => null,
};

const never = Number.POSITIVE_INFINITY;
const withoutReuse = { reuseStepsPerTurn: 0, reuseStatesMax: 0 };
const schedules: Readonly<Record<string, SearchSchedule>> = {
  'depth first': {
    depthStepsFirst: never,
    depthStepsPerTurn: 1,
    breadthStepsPerTurn: 0,
    ...withoutReuse,
    depthStepsPerOrder: never,
  },
  'through time': {
    depthStepsFirst: 0,
    depthStepsPerTurn: 0,
    breadthStepsPerTurn: 1,
    ...withoutReuse,
    depthStepsPerOrder: never,
  },
  'in turns, with new orders': {
    depthStepsFirst: 3,
    depthStepsPerTurn: 2,
    breadthStepsPerTurn: 1,
    ...withoutReuse,
    depthStepsPerOrder: 5,
  },
  'with open operations again and again before the rest': {
    depthStepsFirst: 1,
    depthStepsPerTurn: 1,
    breadthStepsPerTurn: 1,
    reuseStepsPerTurn: 1000,
    reuseStatesMax: 200,
    depthStepsPerOrder: never,
  },
};
const scheduleNames = Object.keys(schedules);

function searchBy(name: string, operations: readonly Operation[], model: Model): SearchOutcome {
  const schedule = schedules[name];
  if (schedule === undefined) throw new Error(`no schedule ${name}`);
  const search = new Search(columnsOf(operations), model, { ...unlimited, schedule });
  return search.run(never) ?? { type: 'stopped', reason: 'steps', position: 0 };
}

/** Every schedule against the naive check; also without the model's optional members. */
function agree(operations: readonly Operation[], model: Model): void {
  const truth = isLinearizableWithMemory(operations, model) ? 'found' : 'none';
  const plain: Model = { ...model, isObserver: () => false };
  delete plain.canonical;
  for (const name of scheduleNames) {
    for (const variant of [model, plain]) {
      const outcome = searchBy(name, operations, variant);
      if (outcome.type !== truth) {
        expect.fail(`${name}: ${outcome.type}, not ${truth}: ${JSON.stringify(operations)}`);
      }
      if (outcome.type === 'found') replayOrder(columnsOf(operations), outcome.order, model);
    }
  }
}

test.each(fuzzSubjects.map((subject) => [subject.model.name, subject] as const))(
  'every way to search a %s agrees with the naive check',
  (_, { model, draw }) => {
    for (let seed = 0; seed < 300; seed += 1) {
      const operations = draw[seed % draw.length]?.(createRandom(seed)).operations ?? [];
      agree(operations, model);
    }
  },
);

/** Many clients, few values, many of them open: where one configuration replaces another. */
function denseHistory(random: RandomSource): Operation[] {
  return simulateHistory(
    {
      operations: 9 + Math.floor(random() * 6),
      processes: 4 + Math.floor(random() * 6),
      values: 2 + Math.floor(random() * 2),
      repeatShare: 0,
      casShare: random() * 0.6,
      tellsSeen: random() < 0.3,
      infoShare: random() < 0.4 ? 0 : random() * 0.5,
      spoilShare: random() * 0.2,
    },
    random,
  );
}

test('every way to search agrees where many operations of few values are open', () => {
  for (let seed = 0; seed < 500; seed += 1) {
    agree(denseHistory(createRandom(seed)), createCasRegister());
  }
});

test.each(scheduleNames)('one that was stopped goes on where it was, %s', (name) => {
  const schedule = schedules[name];
  if (schedule === undefined) throw new Error(`no schedule ${name}`);
  for (let seed = 0; seed < 100; seed += 1) {
    const columns = columnsOf(denseHistory(createRandom(seed)));
    const limits = { ...unlimited, schedule };
    const whole = new Search(columns, createCasRegister(), limits);
    const sliced = new Search(columns, createCasRegister(), limits);
    const expected = whole.run(never);
    let outcome = sliced.run(1);
    while (outcome === null) outcome = sliced.run(1);
    expect(outcome).toEqual(expected);
    expect(sliced.steps).toBe(whole.steps);
  }
});

test.each(scheduleNames)('the row where it is stuck is the first impossible return, %s', (name) => {
  const operations = history(
    write(1, [0, 1]),
    write(2, [2, 3]),
    read(2, [4, 5]),
    read(1, [6, 9]),
    write(1, [10, 11]),
    read(1, [12, 13]),
  );
  expect(searchBy(name, operations, createRegister())).toMatchObject({
    type: 'none',
    stuckRow: 3,
    longest: Uint32Array.of(0, 1, 2),
  });
});

test.each(scheduleNames)('an order that is stuck earlier does not hide it, %s', (name) => {
  const operations = history(
    write(1, [0, 10]),
    write(2, [1, 11]),
    cas([2, 5], [12, 13]),
    read(9, [14, 15]),
  );
  expect(searchBy(name, operations, createCasRegister())).toMatchObject({ stuckRow: 3 });
});

test('a limit of steps, memory or time ends it with a reason, never with an answer', () => {
  const columns = columnsOf(history(write(1, [0, 1]), read(1, [2, 3])));
  const stop = (limits: Partial<SearchLimits>): SearchOutcome | null =>
    new Search(columns, createRegister(), { ...unlimited, ...limits }).run(never);
  expect(stop({ stepsMax: 0 })).toMatchObject({ type: 'stopped', reason: 'steps', position: 0 });
  expect(stop({ bytesMax: 10 })).toMatchObject({ type: 'stopped', reason: 'memory' });
  expect(stop({ shouldStop: () => 'time' })).toMatchObject({ type: 'stopped', reason: 'time' });
});

test('the memory limit is looked at before a million rows are looked at', () => {
  const values = new ValueTable();
  const tables = { functions: ['write'], keys: [], nodes: [], values };
  const columns = createColumns(1_000_000, tables);
  const touched: unknown[] = [];
  const model = createRegister();
  const watched: Model = {
    ...model,
    canonical: (given) => {
      touched.push(given);
      return given;
    },
  };
  const search = new Search(columns, watched, { ...unlimited, bytesMax: 50e6 });
  expect(search.run(10)).toMatchObject({ type: 'stopped', reason: 'memory' });
  expect(touched).toEqual([]);
});

/** Thirty clients and enough operations that nothing but a limit ends the search soon. */
function longHistory(): Operation[] {
  const shape = {
    operations: 20_000,
    processes: 30,
    values: 5,
    repeatShare: 0,
    casShare: 0.4,
    tellsSeen: false,
    infoShare: 0.02,
    spoilShare: 0,
  };
  return simulateHistory(shape, createRandom(3));
}

test('shouldStop is asked at least every 1024 steps', () => {
  let asked = 0;
  const limits = {
    ...unlimited,
    stepsMax: 12_000,
    shouldStop: (): null => {
      asked += 1;
      return null;
    },
  };
  const search = new Search(columnsOf(longHistory()), createCasRegister(), limits);
  expect(search.run(never)).toMatchObject({ type: 'stopped', reason: 'steps' });
  expect(asked).toBeGreaterThanOrEqual(Math.floor(search.steps / 1024));
});

test('50,000 open operations before the first cost nothing', () => {
  const count = 50_003;
  const values = new ValueTable();
  const tables = { functions: ['write', 'read'], keys: [], nodes: [], values };
  const columns = createColumns(count, tables);
  for (let row = 0; row < count; row += 1) {
    columns.call[row] = row;
    columns.id[row] = row;
    columns.argument[row] = values.idOf(row % 5);
  }
  const complete = (row: number, f: number, value: number): void => {
    columns.f[row] = f;
    columns.return[row] = count + row;
    columns.argument[row] = f === 0 ? values.idOf(value) : 0;
    columns.output[row] = f === 1 ? values.idOf(value) : none;
  };
  complete(50_000, 0, 1);
  complete(50_001, 1, 3);
  complete(50_002, 1, 4);
  const search = new Search(columns, createRegister(), unlimited);
  const outcome = search.run(1000);
  expect(outcome?.type).toBe('found');
  if (outcome?.type === 'found') replayOrder(columns, outcome.order, createRegister());
});

test('100,000 operations one after the other need no deep stack', () => {
  const count = 100_000;
  const values = new ValueTable();
  const columns = createColumns(count, { functions: ['write'], keys: [], nodes: [], values });
  for (let row = 0; row < count; row += 1) {
    columns.call[row] = 2 * row;
    columns.return[row] = 2 * row + 1;
    columns.argument[row] = values.idOf(row % 3);
  }
  for (const schedule of Object.values(schedules)) {
    const search = new Search(columns, createRegister(), { ...unlimited, schedule });
    expect(search.run(never)?.type).toBe('found');
  }
});

test('a value that is gone for good is soon known as such, however many operations crashed', () => {
  // 77 is written once and overwritten; at the end a read returns it. Nobody who crashed wrote it.
  const shape = {
    operations: 1500,
    processes: 8,
    values: 5,
    repeatShare: 0,
    casShare: 0.3,
    tellsSeen: false,
    infoShare: 0.03,
    spoilShare: 0,
  };
  const before = history(write(77, [0, 1]), write(1, [2, 3]));
  const middle = simulateHistory(shape, createRandom(5)).map((operation) => ({
    ...operation,
    id: operation.id + 2,
    call: operation.call + 4,
    return: operation.return === null ? null : operation.return + 4,
  }));
  const last = { ...read(77, [1_000_000, 1_000_001]), process: 999, key: null, id: 2000 };
  const search = new Search(columnsOf([...before, ...middle, last]), createCasRegister(), {
    ...unlimited,
    stepsMax: 3_000_000,
  });
  expect(search.run(never)).toMatchObject({ type: 'none' });
});
