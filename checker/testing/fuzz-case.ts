/**
 * One case of the fuzz test by its sort and number: the same number gives the same history, and
 * everything that can judge it judges it.
 */
import { compareAlgorithms, Disagreement, type Opinion, runFast, runSearch } from './agreement.ts';
import type { Records } from './check-whole.ts';
import type { FuzzSubject } from './fuzz-subjects.ts';
import { generateObjectHistory } from './generate-object-history.ts';
import { checkOneRule } from './metamorphic.ts';
import { createRandom } from './random-history.ts';
import { countTinyHistories, tinyHistory } from './tiny-histories.ts';

/**
 * `tiny`: all histories of up to three operations, numbered. `random`: about seven operations.
 * `large`: hundreds, where only the near-linear algorithm and the general search can follow.
 */
export const fuzzSorts = ['tiny', 'random', 'large'] as const;
export type FuzzSort = (typeof fuzzSorts)[number];

/** Sizes of which all histories are tried. */
const tinySizes = [1, 2, 3];
const largeSearchSteps = 60_000;

/** How many tiny histories the subject has. */
export function countTinyCases({ kinds }: FuzzSubject): number {
  return tinySizes.reduce((sum, size) => sum + countTinyHistories(kinds, size), 0);
}

export function drawCase(subject: FuzzSubject, sort: FuzzSort, number: number): Records {
  switch (sort) {
    case 'tiny':
      return { operations: drawTiny(subject, number) };
    case 'random': {
      const draw = subject.draw[number % subject.draw.length];
      if (draw === undefined) throw new RangeError(`${subject.model.name} has no generator`);
      return draw(createRandom(Math.imul(number, 0x9e3779b1)));
    }
    case 'large':
      return { operations: drawLarge(subject, number) };
    default:
      throw new RangeError(`there is no sort of history ${String(sort satisfies never)}`);
  }
}

function drawTiny({ kinds }: FuzzSubject, number: number): Records['operations'] {
  let rest = number;
  for (const size of tinySizes) {
    const count = countTinyHistories(kinds, size);
    if (rest < count) return tinyHistory(kinds, size, rest);
    rest -= count;
  }
  throw new RangeError(`tiny history ${number} is beyond the last one`);
}

function drawLarge({ model }: FuzzSubject, seed: number): Records['operations'] {
  const random = createRandom(Math.imul(seed, 0x85ebca6b));
  return generateObjectHistory(model.name, {
    operations: 50 + Math.floor(random() * 350),
    clients: 2 + Math.floor(random() * 4),
    openShare: random() < 0.5 ? 0 : random() * 0.05,
    wrongAnswers: random() < 0.5 ? 0 : 1 + Math.floor(random() * 3),
    seed,
  });
}

/** Judges a case. Throws when two judges differ; null when there was nothing to compare. */
export function runCase(subject: FuzzSubject, sort: FuzzSort, number: number): Opinion | null {
  const records = drawCase(subject, sort, number);
  if (sort === 'large') return compareLarge(subject, records);
  const random = createRandom(number ^ 0x5bd1e995);
  const opinion = compareAlgorithms(subject.model, records, Math.floor(random() * 12));
  checkOneRule(subject, { ...records, isLinearizable: opinion.isLinearizable }, random);
  return opinion;
}

/** The near-linear algorithm against the general search; null when one of them cannot tell. */
function compareLarge({ model }: FuzzSubject, records: Records): Opinion | null {
  const fast = runFast(model, records);
  if (fast === null || fast.type === 'undecided') return null;
  const limits = {
    stepsMax: largeSearchSteps,
    bytesMax: 256 << 20,
    shouldStop: (): null => null,
  };
  const search = runSearch(model, records, limits);
  if (search.type === 'stopped') return null;
  if ((fast.type === 'valid') !== (search.type === 'found')) {
    throw new Disagreement(`near-linear says ${fast.type}, the search ${search.type}`);
  }
  return { isLinearizable: search.type === 'found', decidedBy: 'fast' };
}
