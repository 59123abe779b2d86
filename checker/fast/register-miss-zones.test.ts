import { expect, test } from 'vitest';
import { createRandom, type RandomSource } from '../testing/random-history.ts';
import { NarrowedZones } from './register-miss-zones.ts';

const positions = 12;
const blocks = 6;

/** What isFree promises, by looking at every other block. */
function isFreeNaively({ first, last, isActive }: NarrowedZones, block: number): boolean {
  const firstOf = (at: number): number => first[at] ?? 0;
  const lastOf = (at: number): number => last[at] ?? 0;
  for (let other = 0; other < blocks; other += 1) {
    if (other === block || isActive[other] !== 1) continue;
    if (firstOf(other) < lastOf(block) && firstOf(block) < lastOf(other)) return false;
  }
  return true;
}

function expectAgreement(zones: NarrowedZones, seed: number): void {
  for (let block = 0; block < blocks; block += 1) {
    if (zones.isActive[block] !== 1) continue;
    expect(zones.isFree(block), `seed ${seed}`).toBe(isFreeNaively(zones, block));
  }
}

function anyPosition(random: RandomSource): number {
  return Math.floor(random() * positions);
}

function narrow(zones: NarrowedZones, random: RandomSource): void {
  const block = Math.floor(random() * blocks);
  const position = anyPosition(random);
  if (zones.isActive[block] !== 1) zones.add(block, position, anyPosition(random));
  else if (random() < 0.5) zones.lowerFirst(block, position);
  else zones.raiseLast(block, position);
}

function copy({ first, last, isActive }: NarrowedZones): readonly number[] {
  return [...first, ...last, ...isActive];
}

test('after each step and after each return to a mark they know whether an order is left', () => {
  for (let seed = 0; seed < 400; seed += 1) {
    const random = createRandom(Math.imul(seed + 1, 0x9e3779b1));
    const zones = new NarrowedZones(blocks, positions);
    const some = (): Int32Array => Int32Array.from({ length: 3 }, () => anyPosition(random));
    zones.fill(some(), some());
    expectAgreement(zones, seed);
    const marks: { readonly mark: number; readonly before: readonly number[] }[] = [];
    for (let step = 0; step < 12; step += 1) {
      if (random() < 0.4) marks.push({ mark: zones.mark(), before: copy(zones) });
      narrow(zones, random);
      if (random() < 0.3) {
        const back = marks.pop();
        if (back !== undefined) {
          zones.undo(back.mark);
          expect(copy(zones)).toEqual(back.before);
        }
      }
      expectAgreement(zones, seed);
    }
  }
});

test('one block that ends where another begins leaves an order', () => {
  const zones = new NarrowedZones(2, positions);
  zones.fill(Int32Array.of(2), Int32Array.of(4));
  expect(zones.add(1, 4, 3)).toBe(true);
  expect(zones.lowerFirst(1, 3)).toBe(false);
});
