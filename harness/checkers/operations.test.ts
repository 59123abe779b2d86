import { describe, expect, it } from 'vitest';
import { MadeHistory } from './made-run.ts';
import { operationsOf, outcomeOf } from './operations.ts';

describe('the operations of a history', () => {
  it('come in the order of their ends, those without one at last', () => {
    const history = new MadeHistory().invoke({ process: 1 }).invoke({ process: 2 });
    history.begin('kill', {}).invoke().complete(2).end('kill').complete(0);
    const pairs = [...operationsOf(history.ops)].map(({ invoked, completed }) => [
      invoked.index,
      completed?.index ?? null,
    ]);
    expect(pairs).toEqual([
      [1, 4],
      [3, 6],
      [0, null],
    ]);
  });

  it('end as their lines say, and by their codes where these say more', () => {
    const outcomes = (['held', 'free', 'not-held', 'contended', 'MOVED', 'NOLEADER'] as const).map(
      (code) => {
        const [failed] = operationsOf(new MadeHistory().times(1, { end: 'fail', code }).ops);
        const [open] = operationsOf(new MadeHistory().times(1, { end: 'info', code }).ops);
        expect(outcomeOf(open?.completed ?? null)).toBe('unknown');
        return outcomeOf(failed?.completed ?? null);
      },
    );
    const answered = ['answered', 'answered', 'answered', 'answered'];
    expect(outcomes).toEqual([...answered, 'redirected', 'failed']);
    expect(outcomeOf(null)).toBe('unknown');
    expect(outcomeOf(new MadeHistory().times(1).ops[1] ?? null)).toBe('ok');
  });
});
