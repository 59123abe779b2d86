import { expect, it } from 'vitest';
import type { Op } from '../checker/history.ts';
import type { Generator, OpTemplate } from '../harness/generator.ts';
import { createLockKey } from './lock-key.ts';

/** Asks for one process at a time, and tells how it came out. Its thread has the same number. */
class Lock {
  #generator: Generator = createLockKey(1);
  #index = 0;

  ask(process: number): OpTemplate | null {
    const next = this.#generator.op({ timeNs: 0, random: () => 0.5, process, thread: process });
    if (next.type === 'done') throw new Error('the key has had its share');
    this.#generator = next.generator;
    return next.type === 'op' ? next.op : null;
  }

  tell(process: number, answer: Pick<Op, 'type' | 'f'> & Partial<Op>): void {
    const op = { index: this.#index++, timeNs: 0, process, key: '0', value: null, ...answer };
    this.#generator = this.#generator.update(op);
  }

  /** An acquire of that process that is refused; returns what it was asked with. */
  refuse(process: number, code: string, message: string): unknown {
    const asked = this.ask(process);
    this.tell(process, { type: 'fail', f: 'acquire', error: { code, message } });
    return asked?.value;
  }
}

it('takes over from a token that only refusals have named, as its grant was not answered', () => {
  const lock = new Lock();
  expect(lock.ask(0)).toEqual({ f: 'acquire', value: null });
  lock.tell(0, { type: 'info', f: 'acquire' });
  const values = [1, 2, 3, 4].map((process) => lock.refuse(process, 'held', 'held by token 5'));
  expect(values).toEqual([null, null, null, 5]);
});

it('counts the refusals of each token by itself', () => {
  const lock = new Lock();
  const tokens = [5, 5, 6, 6, 6, 6];
  const values = tokens.map((token) => lock.refuse(1, 'held', `held by token ${token}`));
  expect(values).toEqual([null, null, null, null, null, 6]);
});

it('does not take over because of refusals that are not about the lock', () => {
  const lock = new Lock();
  lock.refuse(1, 'held', 'held by token 5');
  const values = [1, 2, 3, 4, 5].map((process) => lock.refuse(process, 'NOLEADER', 'ask 7'));
  expect(values).toEqual([null, null, null, null, null]);
});

it('asks for the lock as for a free one again, when the take-over finds it free', () => {
  const lock = new Lock();
  for (const process of [1, 2, 3]) lock.refuse(process, 'held', 'held by token 5');
  expect(lock.refuse(4, 'free', 'free since 5')).toBe(5);
  expect(lock.ask(4)).toEqual({ f: 'acquire', value: null });
});

it('lets no more than two ask at a time', () => {
  const lock = new Lock();
  expect([lock.ask(1), lock.ask(2)]).not.toContain(null);
  expect(lock.ask(3)).toBe(null);
  lock.tell(1, { type: 'fail', f: 'acquire', error: { code: 'held', message: 'held by 1' } });
  expect(lock.ask(3)).not.toBe(null);
});

it('forgets a holder whose operation was not answered', () => {
  const lock = new Lock();
  lock.ask(0);
  lock.tell(0, { type: 'ok', f: 'acquire', result: 1 });
  expect(lock.ask(0)).toMatchObject({ f: 'write', value: [1, 1] });
  // Nobody else needs luck to ask once there is no holder.
  expect(lock.ask(1)).toBe(null);
  lock.tell(0, { type: 'info', f: 'write' });
  expect(lock.ask(1)).toEqual({ f: 'acquire', value: null });
});
