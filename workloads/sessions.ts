/**
 * The sessions workload: appends that the client sends more than once under one sequence number.
 *
 * A system with sessions carries each out once [Raft §8]. It is a list because a list shows what
 * happened twice; a register would not.
 */
import type { Workload } from '../harness/workload.ts';
import { exactlyOnce } from './exactly-once.ts';
import { listAppend } from './list-append.ts';

export const sessions: Workload = {
  name: 'sessions',
  description:
    'unique elements are appended to several lists, sent again under the same sequence number ' +
    'when there is no answer, and now and then although there was',
  object: 'session-list',
  fs: ['append', 'read'],
  model: 'list-append',
  facts: {
    complexity: 'linear in the elements that were read; unknown operations cost nothing',
    finds: [
      'an append that happens twice because it was sent twice, or not at all',
      'another answer to the same sequence number',
      'all that list-append finds',
    ],
    cannotFind: [
      'what a session that was forgotten would have done: its operations are of unknown outcome',
    ],
  },
  checkers: { add: [exactlyOnce] },
  size: listAppend.size,
  createGenerator: listAppend.createGenerator,
  createProbe: listAppend.createProbe,
  createFinalGenerator: listAppend.createFinalGenerator,
};
