import { expect, test } from 'vitest';
import { createRandomStream } from '../run/random.ts';
import { GrowingBytes } from './growing-bytes.ts';
import { applyNames, type NameChange, type Names, survivingNames } from './name-changes.ts';
import { type FileChange, remainsOf, sectorBytes } from './power-cut.ts';
import { UnsyncedFile } from './unsynced-file.ts';

const sectors = (count: number, byte: number): Uint8Array =>
  new Uint8Array(count * sectorBytes).fill(byte);

function holding(bytes: Uint8Array): GrowingBytes {
  const content = new GrowingBytes();
  content.writeAt(0, bytes);
  return content;
}

/** The first byte of each sector, for each way in which it went in so many power losses. */
function outcomes(
  durable: Uint8Array,
  changes: readonly FileChange[],
  how: { readonly tears: boolean; readonly reorders: boolean },
): ReadonlySet<string> {
  const seen = new Set<string>();
  for (let seed = 0; seed < 400; seed++) {
    const random = createRandomStream(seed, 'cut');
    const { content } = remainsOf(holding(durable), changes, { ...how, random });
    const bytes = content.slice(0, content.length);
    const firsts = bytes.filter((_, offset) => offset % sectorBytes === 0);
    seen.add([...firsts].join(''));
  }
  return seen;
}

const twoWrites: readonly FileChange[] = [
  { type: 'write', offset: 0, bytes: sectors(1, 1) },
  { type: 'write', offset: sectorBytes, bytes: sectors(1, 2) },
];

test('with reordering a later write survives where an earlier one does not', () => {
  const seen = outcomes(sectors(2, 0), twoWrites, { tears: false, reorders: true });
  expect([...seen].sort()).toEqual(['00', '02', '10', '12']);
});

test('without reordering no later write survives without the earlier ones', () => {
  const seen = outcomes(sectors(2, 0), twoWrites, { tears: true, reorders: false });
  expect([...seen].sort()).toEqual(['00', '10', '12']);
});

test('a torn write keeps any subset of its sectors, not only a prefix', () => {
  const write: FileChange = { type: 'write', offset: 0, bytes: sectors(3, 1) };
  const seen = outcomes(sectors(3, 0), [write], { tears: true, reorders: false });
  expect(seen.size).toBe(8);
  const whole = outcomes(sectors(3, 0), [write], { tears: false, reorders: true });
  expect([...whole].sort()).toEqual(['000', '111']);
});

test('a sector never holds a later write without an earlier one of the same sector', () => {
  const changes: readonly FileChange[] = [
    { type: 'write', offset: 0, bytes: new Uint8Array(100).fill(1) },
    { type: 'write', offset: 100, bytes: new Uint8Array(100).fill(2) },
  ];
  const seen = new Set<string>();
  for (let seed = 0; seed < 100; seed++) {
    const random = createRandomStream(seed, 'cut');
    const cut = { tears: true, reorders: true, random };
    const { content } = remainsOf(holding(sectors(1, 0)), changes, cut);
    seen.add([...content.slice(0, 200)].filter((_, at) => at % 100 === 0).join(''));
  }
  expect([...seen].sort()).toEqual(['00', '10', '12']);
});

test('the size may survive without the contents, and the contents without the size', () => {
  const append: FileChange = { type: 'append', bytes: sectors(1, 7) };
  const seen = outcomes(sectors(1, 1), [append], { tears: false, reorders: true });
  expect([...seen].sort()).toEqual(['1', '10', '17']);
});

test('what is gone is told: all that has lost a sector, and nothing else', () => {
  for (let seed = 0; seed < 100; seed++) {
    const random = createRandomStream(seed, 'cut');
    const cut = { tears: true, reorders: true, random };
    const { content, lost } = remainsOf(holding(sectors(2, 0)), twoWrites, cut);
    const kept = twoWrites.filter((_, at) => content.slice(at * sectorBytes, 1)[0] === at + 1);
    expect([...lost]).toEqual(twoWrites.filter((change) => !kept.includes(change)));
  }
});

test('truncation survives whole or not at all', () => {
  const seen = outcomes(sectors(3, 1), [{ type: 'truncate', length: sectorBytes }], {
    ...{ tears: true, reorders: false },
  });
  expect([...seen].sort()).toEqual(['1', '111']);
  const grown = outcomes(sectors(1, 1), [{ type: 'truncate', length: 3 * sectorBytes }], {
    ...{ tears: true, reorders: false },
  });
  expect([...grown].sort()).toEqual(['1', '100']);
});

test('names of different files survive in any order, changes of one name in theirs', () => {
  const file = new UnsyncedFile();
  const changes: readonly NameChange[] = [
    { created: file, to: 'a.new' },
    { from: 'a.new', to: 'a' },
    { created: file, to: 'b' },
  ];
  const seen = new Set<string>();
  for (let seed = 0; seed < 200; seed++) {
    const names: Names = new Map();
    const random = createRandomStream(seed, 'names');
    for (const change of survivingNames(changes, random)) applyNames(names, change);
    seen.add([...names.keys()].sort().join());
  }
  expect([...seen].sort()).toEqual(['', 'a', 'a,b', 'a.new', 'a.new,b', 'b']);
});
