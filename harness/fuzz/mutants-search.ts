/** Faults in the general search and in what it remembers. */
import type { Mutant } from './mutant.ts';

export const searchMutants: readonly Mutant[] = [
  {
    name: 'list: after a lift go on at the old successor',
    file: 'checker/search/event-list.ts',
    find: 'return this.next[before] ?? this.end;',
    replace: 'return this.next[call] ?? this.end;',
  },
  {
    name: 'search: an observer is taken whatever it saw',
    file: 'checker/search/depth-search.ts',
    find: 'if (isObserver[id] === 1 && transitions.step(state, id) !== refused) {',
    replace: 'if (isObserver[id] === 1) {',
  },
  {
    name: 'search: no open operation helps',
    file: 'checker/search/depth-search.ts',
    find: 'if (seen < classes.length) {',
    replace: 'if (seen < 0) {',
  },
  {
    name: 'search: two open operations in a row are one too many',
    file: 'checker/search/depth-search.ts',
    find: 'if (place.pending >= 0 && transitions.step(place.before, id) === next) continue;',
    replace: 'if (place.pending >= 0) continue;',
  },
  {
    name: 'search: who must come next may be anyone of its class',
    file: 'checker/search/depth-search.ts',
    find: 'if (isSeen && (this.#returns[first] ?? 0) <= (this.#returns[row] ?? 0)) continue;',
    replace: 'if (isSeen && (this.#returns[first] ?? 0) >= (this.#returns[row] ?? 0)) continue;',
  },
  {
    name: 'search: an idle open operation is taken for a useful one, and the other way round',
    file: 'checker/search/depth-search.ts',
    find: 'if (without === refused) return false;',
    replace: 'if (without === refused) return true;',
  },
  {
    name: 'search: the key ignores who is still open',
    file: 'checker/search/depth-search.ts',
    find: '(this.#key[word] ?? 0) | (1 << (slot & 31));',
    replace: '(this.#key[word] ?? 0);',
  },
  {
    name: 'search: the key ignores the state',
    file: 'checker/search/depth-search.ts',
    find: 'this.#key[1] = state;',
    replace: '',
  },
  {
    name: 'search: 32 places in a word become 16',
    file: 'checker/search/depth-search.ts',
    find: '(1 << (slot & 31))',
    replace: '(1 << (slot & 15))',
  },
  {
    name: 'search: undo leaves the list as it is',
    file: 'checker/search/depth-search.ts',
    find: 'if (this.#returns[row] !== neverReturned) this.#list.unlift(row);',
    replace: 'if (row < 0) this.#list.unlift(row);',
  },
  {
    name: 'search: an exhausted budget is an answer',
    file: 'checker/search/search.ts',
    find: "if (this.#steps >= this.#limits.stepsMax) return 'steps';",
    replace: '',
  },
  {
    name: 'pendings: available before they were invoked',
    file: 'checker/search/pending-classes.ts',
    find: 'return (this.#calls[this.#rows[at] ?? 0] ?? 0) <= position;',
    replace: 'return position >= 0;',
  },
  {
    name: 'pendings: used without end',
    file: 'checker/search/pending-classes.ts',
    find: 'if (at >= (this.#start[operationClass + 1] ?? 0)) return false;',
    replace: 'if (at < 0) return false;',
  },
  {
    name: 'dominance: always',
    file: 'checker/search/used-counts.ts',
    find: 'if ((this.#words[few + 1] ?? 0) > (this.#words[at + 1] ?? 0)) return false;',
    replace: '',
  },
  {
    name: 'dominance: of different classes',
    file: 'checker/search/used-counts.ts',
    find: 'if (at >= end || this.#words[at] !== wanted) return false;',
    replace: 'if (at >= end || this.#words[at] !== wanted) continue;',
  },
  {
    name: 'dominance: whatever was used',
    file: 'checker/search/used-counts.ts',
    find: 'if (a === b || a === 0) return true;',
    replace: 'if (a <= b) return true;',
  },
  {
    name: 'visited: equal hashes are equal keys',
    file: 'checker/search/visited.ts',
    find: 'if (chunk[base + word] !== key[word]) return false;',
    replace: '',
  },
  {
    name: 'classes: an answer of null is no answer',
    file: 'checker/search/transitions.ts',
    find: 'if (isOpen !== (this.#columns.return[b] === neverReturned)) return false;',
    replace: '',
    equivalent: 'the hash keeps them apart; only colliding hashes could show it',
  },
  {
    name: 'classes: equal arguments suffice',
    file: 'checker/search/transitions.ts',
    find: 'return isOpen || (output[a] === output[b] && outcome[a] === outcome[b]);',
    replace: 'return isOpen || outcome[a] === outcome[b];',
  },
  {
    name: 'brute force: real time is not looked at',
    file: 'checker/brute-force.ts',
    find: 'other.return < candidate.call)) continue;',
    replace: 'other.return < -1)) continue;',
  },
  {
    name: 'checker: a stopped search is a violation',
    file: 'checker/linearizable.ts',
    find:
      "case 'stopped':\n      return unknownVerdict(sizeOf(part), guided.reason, " +
      'guided.position);',
    replace: "case 'stopped':\n      return yield* invalidVerdict(work, part, {});",
  },
  {
    name: 'columns: equal values of different rows get mixed up',
    file: 'checker/columns.ts',
    find: 'for (let at = 0; at < rows.length; at += 1) to[at] = from[rows[at] ?? 0] ?? 0;',
    replace: 'for (let at = 0; at < rows.length; at += 1) to[at] = from[at] ?? 0;',
  },
];
