/** Faults in placing the misses of a register: cas that told only that they did not swap. */
import type { Mutant } from './mutant.ts';

export const missMutants: readonly Mutant[] = [
  {
    name: 'miss: placed without an upper bound',
    file: 'checker/fast/register-miss-order.ts',
    find: 'if (gap > high) stuck.push(',
    replace: 'if (gap >= gaps.count) stuck.push(',
  },
  {
    name: 'miss: one miss does not push the next',
    file: 'checker/fast/register-miss-order.ts',
    find: 'if (gap <= low) continue;',
    replace: 'if (gap <= low || isMiss) continue;',
  },
  {
    name: 'miss: placed whatever value is there',
    file: 'checker/fast/register-miss-order.ts',
    find: 'while (gap <= high && value',
    replace: 'while (gap < low && value',
  },
  {
    name: 'miss: placed behind a mutator that began too late',
    file: 'checker/fast/register-miss-order.ts',
    find: 'kind[row] === rowKind.read ? gap : gap - 1);',
    replace: 'kind[row] === rowKind.read ? gap : gap);',
  },
  {
    name: 'miss: never before the value was written',
    file: 'checker/fast/register-miss-choices.ts',
    find: 'if (mutator >= 0) yield (at) => at.raise(mutator, low);',
    replace: '',
  },
  {
    name: 'miss: never after the cas that took the value',
    file: 'checker/fast/register-miss-choices.ts',
    find: 'yield (at) => at.lower(taker, high);',
    replace: '',
  },
  {
    name: 'miss: no open write from before helps',
    file: 'checker/fast/register-miss-choices.ts',
    find: 'yield* helpersNearby(state, block, high);',
    replace: '',
  },
  {
    name: 'miss: no open write from meanwhile helps',
    file: 'checker/fast/register-miss-choices.ts',
    find: 'yield* helpersBetween(state, block, high);',
    replace: '',
  },
  {
    name: 'miss: an open write helps before it began',
    file: 'checker/fast/register-miss-choices.ts',
    find: 'const end = countBefore(state.setup, untested, high);',
    replace: 'const end = untested.length;',
    equivalent: 'one that began later is refused where it would be put in',
  },
  {
    name: 'miss: no open write of a tested value helps',
    file: 'checker/fast/register-miss-choices.ts',
    find: 'yield* testedHelpers(state, mutator, high);',
    replace: '',
  },
  {
    name: 'miss: an open write of the expected value helps',
    file: 'checker/fast/register-miss-choices.ts',
    find: 'if (state.isPart(row) || state.valueAfter(row) === value) continue;',
    replace: 'if (state.isPart(row)) continue;',
    equivalent: 'the miss must then be told apart from that write too, which needs another one',
  },
  {
    name: 'miss: no open cas helps',
    file: 'checker/fast/register-miss-choices.ts',
    find: 'return waiting.filter((row) => !state.isPart(row));',
    replace: 'return waiting.slice(0, 0);',
  },
  {
    name: 'miss: no other chain helps',
    file: 'checker/fast/register-miss-choices.ts',
    find: 'for (const other of nearby) yield* chainsInOrder(state, { block, other, high });',
    replace: '',
  },
  {
    name: 'miss: chains in order without being apart',
    file: 'checker/fast/register-miss-choices.ts',
    find: 'else if (first < last) yield { before: null, after: first + 1 };',
    replace: 'else if (first < last) yield null;',
  },
  {
    name: 'miss: one moment between two chains is tried',
    file: 'checker/fast/register-miss-choices.ts',
    find: 'for (let at = low; at < high; at += 2) yield',
    replace: 'for (let at = high; at < high; at += 2) yield',
    equivalent: 'not proved: the latest moment was enough in 400,000 histories made to need others',
  },
  {
    name: 'miss: a value that was written twice counts as unique',
    file: 'checker/fast/register-miss-demands.ts',
    find: '> 1;\n  }',
    replace: '> 9;\n  }',
  },
  {
    name: 'miss: zones that conflict are free',
    file: 'checker/fast/register-miss-zones.ts',
    find: 'return latest <= (this.first[block] ?? 0);',
    replace: 'return latest <= (this.first[block] ?? 0) + 1e9;',
  },
  {
    name: 'miss: zones are not restored',
    file: 'checker/fast/register-miss-zones.ts',
    find: 'change.column[change.at] = change.before;',
    replace: 'if (block < 0) change.column[change.at] = change.before;',
  },
  {
    name: 'miss: no value is expected by a miss',
    file: 'checker/fast/register-miss-setup.ts',
    find: 'if (kind[row] === rowKind.miss) isTested[sees[row] ?? 0] = 1;',
    replace: '',
    equivalent: 'not proved: a group that fails is decided again before all others',
  },
];
