import { expect, test, vi } from 'vitest';
import { hashLatin1, type Lanes } from './byte-hash.ts';
import { LinearMap, LinearMapCursor } from './linear-map.ts';

// The machine may be busy with other tests.
vi.setConfig({ testTimeout: 30_000 });

const lanes: Lanes = { a: 0, b: 0 };

function hashOf(name: string): number {
  hashLatin1(lanes, name);
  return lanes.a;
}

function createMap(size: number): LinearMap<number> {
  const map = new LinearMap<number>();
  for (let place = 0; place < size; place += 1) map.set(`${place}`, hashOf(`${place}`), place);
  return map;
}

test('what was put in is found, until it is taken out, however much the map grows', () => {
  const map = createMap(20_000);
  expect(map.size).toBe(20_000);
  for (let place = 0; place < 20_000; place += 2) {
    expect(map.delete(`${place}`, hashOf(`${place}`))).toBe(true);
    expect(map.delete(`${place}`, hashOf(`${place}`))).toBe(false);
  }
  for (let place = 0; place < 20_000; place += 1) {
    const expected = place % 2 === 0 ? undefined : place;
    expect(map.get(`${place}`, hashOf(`${place}`))).toBe(expected);
  }
  expect([...map.names()].length).toBe(map.size);
});

test('a key that is put in again replaces its value and is counted once', () => {
  const map = createMap(10);
  map.set('3', hashOf('3'), 33);
  expect([map.size, map.get('3', hashOf('3'))]).toEqual([10, 33]);
});

test('no bucket becomes large: an insertion never moves more than one of them', () => {
  const map = createMap(100_000);
  const sizes: number[] = [];
  for (let position = 0; map.bucketAt(position) !== undefined; position += 1) {
    sizes.push(map.bucketAt(position)?.size ?? 0);
  }
  expect(sizes.length).toBeGreaterThan(100_000 / 256 - 2);
  expect(Math.max(...sizes)).toBeLessThan(800);
});

test('a cursor meets everything that stays, while the map grows and shrinks under it', () => {
  const map = createMap(3000);
  const cursor = new LinearMapCursor(map);
  const met = new Set<string>();
  let added = 3000;
  for (let step = cursor.next(); step !== null; step = cursor.next()) {
    if (step === 'bucketEnds') continue;
    met.add(step[0]);
    if (added >= 9000) continue;
    for (let count = 0; count < 3; count += 1) {
      map.set(`${added}`, hashOf(`${added}`), added);
      map.delete(`${added - 6000}`, hashOf(`${added - 6000}`));
      added += 1;
    }
  }
  for (const name of map.names()) if (Number(name) < 3000) expect(met).toContain(name);
});
