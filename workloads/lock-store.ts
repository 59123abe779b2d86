/** A lock with fencing tokens in memory, for tests; what an honest system does with one key. */
import type { TestStore } from './test-store.ts';

export interface LockState {
  readonly token: number;
  readonly isHeld: boolean;
  /** The greatest token that has written. */
  readonly accepted: number;
}

export const lockStore: TestStore<LockState> = {
  init: { token: 0, isHeld: false, accepted: 0 },
  apply: (state, { f, value }) => {
    const { token, isHeld } = state;
    const refuse = (code: string): ReturnType<(typeof lockStore)['apply']> => {
      const error = { code, message: `${code}: ${token}` };
      return { state, answer: { type: 'fail', value, error } };
    };
    if (f === 'acquire') {
      if (isHeld && value !== token) return refuse('held');
      if (!isHeld && value !== null) return refuse('free');
      const result = token + 1;
      return {
        state: { ...state, token: result, isHeld: true },
        answer: { type: 'ok', value, result },
      };
    }
    if (f === 'release') {
      if (!isHeld || value !== token) return refuse('not-held');
      return { state: { ...state, isHeld: false }, answer: { type: 'ok', value } };
    }
    const [written] = value as readonly [number, unknown];
    if (written < state.accepted) return { state, answer: { type: 'ok', value, result: false } };
    return { state: { ...state, accepted: written }, answer: { type: 'ok', value, result: true } };
  },
};
