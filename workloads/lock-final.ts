/**
 * The end of the lock workload: each lock is taken once more, and its store written with the token.
 *
 * The dead have left locks behind, so they are taken over from the token that is known last.
 */
import type { Op } from '../checker/history.ts';
import { type Generator, type OpTemplate, unfold } from '../harness/generator.ts';
import { inAnyOrder } from '../harness/generator-parts.ts';
import type { FinalContext } from '../harness/workload.ts';
import { tokenIn } from './lock-key.ts';

export function createLockFinal({ keys, ops }: FinalContext): Generator {
  const heldBy = new Map<string, number | null>();
  for (const { type, f, key = '', result } of ops) {
    if (type !== 'ok') continue;
    if (f === 'acquire' && typeof result === 'number') heldBy.set(key, result);
    if (f === 'release') heldBy.set(key, null);
  }
  return inAnyOrder(keys.map((key, at) => takeAndWrite(key, heldBy.get(key) ?? null, -1 - at)));
}

interface Taking {
  readonly asked: number | null;
  /** Whom to take over from, next time. */
  readonly heldBy: number | null;
  readonly token: number | null;
  readonly isWritten: boolean;
}

function takeAndWrite(key: string, heldBy: number | null, payload: number): Generator {
  const start: Taking = { asked: null, heldBy, token: null, isWritten: false };
  return unfold(start, {
    next: (state, { process }) => {
      if (state.isWritten) return null;
      if (state.asked !== null) return { op: null, state };
      const op: OpTemplate =
        state.token === null
          ? { f: 'acquire', key, value: state.heldBy }
          : { f: 'write', key, value: [state.token, payload] };
      return { op, state: { ...state, asked: process } };
    },
    learn: (state, event) => {
      if (event.type === 'invoke' || event.process !== state.asked) return state;
      return learnOfAnswer({ ...state, asked: null }, event);
    },
  });
}

function learnOfAnswer(state: Taking, event: Op): Taking {
  const { type, f, result } = event;
  if (f === 'write') return { ...state, isWritten: type === 'ok' };
  if (type === 'ok') return { ...state, token: typeof result === 'number' ? result : null };
  if (event.error?.code === 'held') return { ...state, heldBy: tokenIn(event) };
  return event.error?.code === 'free' ? { ...state, heldBy: null } : state;
}
