/** Faults in queues, locks, sets, lists, counters and keys. */
import type { Mutant } from './mutant.ts';

export const objectMutants: readonly Mutant[] = [
  {
    name: 'ranks: a rank is folded in before it is tested',
    file: 'checker/fast/ranks.ts',
    find: 'if ((spans.return[row] ?? 0) < latestCall) return { smaller: latest, larger: row };',
    replace:
      'if ((spans.return[row] ?? 0) < latestCall) return { smaller: latest, larger: row };\n' +
      '      if ((spans.call[row] ?? 0) > latestCall) {\n' +
      '        latest = row;\n        latestCall = spans.call[row] ?? 0;\n      }',
    equivalent: 'rows of a rank come by invocation: none returned before an earlier one began',
  },
  {
    name: 'ranks: equal ranks are not free',
    file: 'checker/fast/ranks.ts',
    find: 'to < sorted.length && ranks[sorted[to] ?? 0] === rank; to += 1',
    replace: 'to < sorted.length && to <= from && rank >= 0; to += 1',
    equivalent: 'rows of a rank come by invocation: none returned before an earlier one began',
  },
  {
    name: 'ranks: nothing is folded in',
    file: 'checker/fast/ranks.ts',
    find: 'latestCall = spans.call[row] ?? 0;',
    replace: '',
  },
  {
    name: 'queue: reordered elements are not looked for',
    file: 'checker/fast/queue.ts',
    find: 'if (reordered !== null) return invalid(reordered);',
    replace: '',
  },
  {
    name: 'queue: elements that had to come out need not',
    file: 'checker/fast/queue.ts',
    find: 'if (notTaken !== null) return invalid(notTaken);',
    replace: '',
  },
  {
    name: 'queue: an empty answer needs no moment',
    file: 'checker/fast/queue-presence.ts',
    find: 'if (end === neverReturned || end > (columns.return[row] ?? 0)) {',
    replace: 'if (end < -1) {',
  },
  {
    name: 'queue: empty answers refuse although an open dequeue could explain them',
    file: 'checker/fast/queue.ts',
    find: '? byEnqueueReturn.filter((element) => (elements.dequeue[element] ?? 0) >= 0)',
    replace: '? byEnqueueReturn.filter((element) => element >= 0)',
  },
  {
    name: 'queue: a repeated element counts as one',
    file: 'checker/fast/queue-elements.ts',
    find: 'isRepeated = true;',
    replace: '',
  },
  {
    name: 'queue: an element may come out before it went in',
    file: 'checker/fast/queue-elements.ts',
    find: 'if ((returned[row] ?? 0) < (call[enqueue] ?? 0)) {',
    replace: 'if ((returned[row] ?? 0) < -1) {',
  },
  {
    name: 'queue: intervals are not narrowed',
    file: 'checker/fast/queue-elements.ts',
    find: 'enqueueReturn[at] = Math.min(returned[row] ?? 0, end);',
    replace: 'enqueueReturn[at] = returned[row] ?? 0;',
    equivalent: 'what came out before another went in precedes it by its dequeue as well',
  },
  {
    name: 'queue: open dequeues are invoked in time',
    file: 'checker/fast/queue-deadlines.ts',
    find: 'if (row !== undefined && (columns.call[row] ?? 0) < deadlines.of(element)) continue;',
    replace: 'if (row !== undefined) continue;',
  },
  {
    name: 'mutex: any acquire may come first, the last one for instance',
    file: 'checker/fast/mutex-heap.ts',
    find: 'this.#keyOf(this.#rows[right] ?? 0) < this.#keyOf(this.#rows[child] ?? 0);',
    replace: 'this.#keyOf(this.#rows[right] ?? 0) > this.#keyOf(this.#rows[child] ?? 0);',
  },
  {
    name: 'mutex: open operations before completed ones',
    file: 'checker/fast/mutex-run.ts',
    find:
      'let row = this.#completed[wanted]?.pop() ?? -1;\n' +
      '      if (row < 0) row = this.#open[wanted]?.pop() ?? -1;',
    replace:
      'let row = this.#open[wanted]?.pop() ?? -1;\n' +
      '      if (row < 0) row = this.#completed[wanted]?.pop() ?? -1;',
  },
  {
    name: 'mutex: refused operations look at the wrong state',
    file: 'checker/fast/mutex-run.ts',
    find: 'this.#looking[this.#held ? mutexKind.sawHeld : mutexKind.sawFree]',
    replace: 'this.#looking[this.#held ? mutexKind.sawFree : mutexKind.sawHeld]',
  },
  {
    name: 'mutex: what began too late may come too',
    file: 'checker/fast/mutex-run.ts',
    find: 'if ((call[row] ?? 0) > position) return;',
    replace: 'if ((call[row] ?? 0) > position + 3) return;',
  },
  {
    name: 'fenced lock: a token may be granted twice',
    file: 'checker/fast/fenced-lock.ts',
    find: 'if (rows.token[one] === rows.token[other]) return',
    replace: 'if (rows.token[one] === -99) return',
  },
  {
    name: 'fenced lock: the store may go back',
    file: 'checker/fast/fenced-lock.ts',
    find: 'if (stale !== null) return',
    replace: 'if (stale === undefined) return',
  },
  {
    name: 'fenced lock: a token is folded in before it is tested',
    file: 'checker/fast/fenced-lock.ts',
    find: 'if ((columns.return[row] ?? 0) < before) return',
    replace: 'if ((columns.return[row] ?? 0) < latest) return',
    equivalent: 'rows of a rank come by invocation: none returned before an earlier one began',
  },
  {
    name: 'lock: granted while somebody holds it',
    file: 'checker/fast/lock-grants.ts',
    find: 'if (bridge === null) {',
    replace: 'if (bridge === null && due < 0) {',
  },
  {
    name: 'lock: one open acquire explains any number of tokens',
    file: 'checker/fast/lock-grants.ts',
    find: 'openAcquires[this.#needs.length] ?? -1',
    replace: 'openAcquires[0] ?? -1',
  },
  {
    name: 'lock: an open operation helps before it begins',
    file: 'checker/fast/lock-grants.ts',
    find: 'return row >= 0 && (call[row] ?? 0) < (returned[due] ?? 0);',
    replace: 'return row >= 0 && (call[row] ?? 0) < (returned[due] ?? 0) + 3;',
  },
  {
    name: 'lock: a due time looks at one operation only',
    file: 'checker/fast/lock-sequence.ts',
    find: 'if (best < 0 || (returned[row] ?? 0) < (returned[best] ?? 0)) best = row;',
    replace: 'best = row;',
  },
  {
    name: 'lock: taken over from whom another followed',
    file: 'checker/fast/lock-sequence.ts',
    find: 'previous.token !== from) {',
    replace: 'previous.token < from) {',
  },
  {
    name: 'lock: real time does not count',
    file: 'checker/fast/lock-sequence.ts',
    find: 'if ((columns.return[row] ?? 0) < latest) return',
    replace: 'if ((columns.return[row] ?? 0) < -1) return',
  },
  {
    name: 'lock: a token ends twice',
    file: 'checker/fast/lock-tokens.ts',
    find: 'return before < 0 ? null :',
    replace: 'return before < 9e9 ? null :',
  },
  {
    name: 'lock: a rejection needs no reason',
    file: 'checker/fast/lock-writes.ts',
    find: "if (next < 0) return { type: 'refused', rejected: row };",
    replace: 'if (next < 0) break;',
  },
  {
    name: 'lock: a rejection shows the greatest write, not the smallest that will do',
    file: 'checker/fast/lock-writes.ts',
    find: 'while (this.#accepted <= token) {',
    replace: 'for (let left = 3; left > 0 || this.#accepted <= token; left -= 1) {',
  },
  {
    name: 'lock: the store may go back',
    file: 'checker/fast/lock-writes.ts',
    find: 'if (isAccepted && isOver) return',
    replace: 'if (isAccepted && isOver && row < 0) return',
  },
  {
    name: 'counter: windows are not tested',
    file: 'checker/fast/counter.ts',
    find: 'if (returnOf(columns, above) >= callOf(columns, below)) continue;',
    replace: 'if (value > 0) continue;',
  },
  {
    name: 'counter: a lost add is no loss',
    file: 'checker/fast/counter.ts',
    find: 'if (row >= 0 && returnOf(columns, row) < callOf(columns, below)) {',
    replace: 'if (row >= 0 && returnOf(columns, row) < -1) {',
  },
  {
    name: 'counter: an add may count before it began',
    file: 'checker/fast/counter.ts',
    find: 'callOf(columns, adds[next] ?? 0) <= deadline) {',
    replace: 'callOf(columns, adds[next] ?? 0) <= deadline + 9) {',
  },
  {
    name: 'counter: bounds without negative amounts',
    file: 'checker/fast/counter-bounds.ts',
    find: 'const least = (ended.up[done] ?? 0) + (begun.down[before] ?? 0);',
    replace: 'const least = (ended.up[done] ?? 0);',
  },
  {
    name: 'fetch-and-add: a gap needs nobody',
    file: 'checker/fast/fetch-sequence.ts',
    find: 'if (place > end) gaps.push({ at, from: end, to: place });',
    replace: '',
  },
  {
    name: 'fetch-and-add: two may find the same',
    file: 'checker/fast/fetch-sequence.ts',
    find: 'if (place < end) return',
    replace: 'if (place < end - 1) return',
  },
  {
    name: 'fetch-and-add: an open one fills a gap before it began',
    file: 'checker/fast/fetch-sequence.ts',
    find: 'if ((columns.call[filler] ?? 0) > deadline) return conflictAt(gap);',
    replace: '',
  },
  {
    name: 'grow-set: reads need not include each other',
    file: 'checker/fast/grow-set.ts',
    find: 'if (old !== size) return',
    replace: 'if (old > size) return',
  },
  {
    name: 'grow-set: a lost element is no loss',
    file: 'checker/fast/grow-set.ts',
    find: 'if ((columns.return[row] ?? 0) < behind) {',
    replace: 'if ((columns.return[row] ?? 0) < -1) {',
  },
  {
    name: 'grow-set: an element may stand twice in an answer',
    file: 'checker/fast/grow-set.ts',
    find: "if (seenIn[element] === row) return { type: 'duplicate', row, element: value };",
    replace: '',
  },
  {
    name: 'list: forks are not looked for',
    file: 'checker/fast/list-append.ts',
    find: 'if (isPlain || one === null || other === null || find(one) !== find(other)) return at;',
    replace: '',
  },
  {
    name: 'list: a told length is one more',
    file: 'checker/fast/list-append.ts',
    find: 'told[row] = length - 1;',
    replace: 'told[row] = length;',
  },
  {
    name: 'set: what was found stands anywhere',
    file: 'checker/fast/set-elementwise.ts',
    find: 'if (isLate) return { smaller: latest, larger: row };',
    replace: '',
  },
  {
    name: 'set: a miss always comes first',
    file: 'checker/fast/set-elementwise.ts',
    find: '<= latest ? elementRank.before : elementRank.after;',
    replace: '<= latest ? elementRank.before : elementRank.before;',
  },
  {
    name: 'set: an element is never removed',
    file: 'checker/fast/set-elementwise.ts',
    find: 'if (removed === null) return valid;',
    replace: '',
  },
  {
    name: 'unique ids: one may be given twice',
    file: 'checker/fast/unique-ids.ts',
    find: 'if (number < given) return',
    replace: 'if (number < given - 1) return',
  },
  {
    name: 'kv: one operation makes two values',
    file: 'checker/fast/kv-values.ts',
    find: "this.#trouble ??= { type: 'twice', row, values: this, ids: [other, id] };",
    replace: '',
  },
  {
    name: 'kv: an append is a write',
    file: 'checker/fast/kv-chains.ts',
    find: 'kind[row] = rowKind.cas;',
    replace: 'kind[row] = rowKind.write;',
  },
  {
    name: 'kv: an append to what is no text is possible',
    file: 'checker/fast/kv-chains.ts',
    find: '} else if (writers.hasOther && !rows.isOpen(row)) {',
    replace: '} else if (writers.hasOther && row < 0) {',
  },
];
