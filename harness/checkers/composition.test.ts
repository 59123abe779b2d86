import { describe, expect, it } from 'vitest';
import {
  type Checker,
  type CheckerResult,
  checkSafely,
  type Validity,
  worstOf,
} from '../checker.ts';
import { composeCheckers, standardCheckers } from './composition.ts';
import { MadeHistory, madeRun } from './made-run.ts';

const made = (name: string): Checker => ({
  name,
  description: name,
  check: () => ({ name, valid: true, summary: '', details: {}, blind: [] }),
});

const namesOf = (checkers: readonly Checker[]): readonly string[] =>
  checkers.map(({ name }) => name);

describe('the checkers of a run', () => {
  it('are these, in this order, unless somebody changes them', () => {
    expect(namesOf(composeCheckers(standardCheckers, [undefined, {}]).checkers)).toEqual([
      'stats',
      'errors',
      'availability',
      'faults',
      'recovery',
      'progress',
      'stability',
      'bounds',
      'logs',
      'exits',
      'convergence',
      'raft-invariants',
    ]);
  });

  it('each give a result under their own name, even of a run without a line', async () => {
    for (const checker of standardCheckers) {
      const result = await checkSafely(checker, madeRun());
      expect(result.name).toBe(checker.name);
      expect(result.summary).not.toBe('');
      expect(result.summary).not.toContain('the checker failed');
      expect(checker.description).not.toBe('');
    }
  });

  it('each give a result of a run that broke off, and call none of it invalid', async () => {
    const history = new MadeHistory()
      .times(20)
      .begin('kill', { down: ['n1'] })
      .times(3);
    const run = history.run({
      faults: [],
      recovery: null,
      brokeOff: 'a socket',
      nemesis: ['kill'],
    });
    for (const checker of standardCheckers) {
      const result = await checkSafely(checker, run);
      expect(result.valid).not.toBe(false);
      expect(result.summary).not.toContain('the checker failed');
    }
  });

  it('are more with what a workload and a system add, at the end', () => {
    const changes = [{ add: [made('a')] }, { add: [made('b'), made('c')] }];
    const { checkers, removed } = composeCheckers([made('x')], changes);
    expect(namesOf(checkers)).toEqual(['x', 'a', 'b', 'c']);
    expect(removed).toEqual([]);
  });

  it('are fewer by what is taken out, with the reason', () => {
    const gone = { name: 'x', why: 'it has none' };
    const { checkers, removed } = composeCheckers([made('x'), made('y')], [{ remove: [gone] }]);
    expect(namesOf(checkers)).toEqual(['y']);
    expect(removed).toEqual([gone]);
  });

  it('can be replaced under the same name, and later changes see what earlier ones left', () => {
    const own = made('x');
    const changes = [
      { remove: [{ name: 'x', why: 'its own' }], add: [own] },
      { remove: [{ name: 'y', why: 'nothing to see' }] },
    ];
    const { checkers } = composeCheckers([made('x'), made('y')], changes);
    expect(checkers).toEqual([own]);
    expect(checkers[0]).toBe(own);
  });

  it('cannot be taken out when they are not there, nor be there twice', () => {
    const remove = { remove: [{ name: 'z', why: '' }] };
    expect(() => composeCheckers([made('x')], [remove])).toThrow('no checker z to remove');
    expect(() => composeCheckers([made('x')], [{ add: [made('x')] }])).toThrow(
      'two checkers called x',
    );
  });
});

describe('the worst of several verdicts', () => {
  it('puts invalid before unknown before valid', () => {
    expect(worstOf([true, 'unknown', false])).toBe(false);
    expect(worstOf([true, 'unknown'])).toBe('unknown');
    expect(worstOf([true, true])).toBe(true);
    expect(worstOf([])).toBe(true);
  });
});

describe('a checker that fails', () => {
  it('is unknown with the reason, whatever it throws', async () => {
    const failing = (thrown: unknown): Checker => ({
      ...made('f'),
      check: () => Promise.reject(thrown),
    });
    const result = await checkSafely(failing(new Error('no memory')), madeRun());
    expect(result).toMatchObject({ name: 'f', valid: 'unknown' });
    expect(result.summary).toBe('the checker failed: no memory');
    expect((await checkSafely(failing('a text'), madeRun())).summary).toContain('a text');
    const throwing: Checker = {
      ...made('g'),
      check: () => {
        throw new Error('at once');
      },
    };
    expect((await checkSafely(throwing, madeRun())).valid).toBe('unknown');
  });

  it('is unknown when its answer is no verdict, and never a pass', async () => {
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    const given: readonly [unknown, Validity, RegExp][] = [
      [undefined, 'unknown', /it answered undefined/],
      [null, 'unknown', /it answered null/],
      [{ valid: 'no', summary: 's' }, 'unknown', /its "valid" is no/],
      [{ valid: null }, 'unknown', /its "valid" is null/],
      [{ summary: 'fine' }, 'unknown', /its "valid" is undefined/],
      [{ valid: false }, false, /^invalid, it says no more/],
      [{ valid: false, summary: 'lost', details: { n: 1n } }, false, /^lost$/],
      [{ valid: false, summary: 'lost', details: cyclic }, false, /^lost$/],
    ];
    for (const [answer, valid, summary] of given) {
      const checker = { ...made('h'), check: () => answer as CheckerResult };
      const result = await checkSafely(checker, madeRun());
      expect(result).toMatchObject({ name: 'h', valid, summary: expect.stringMatching(summary) });
      expect(result.blind.length).toBeGreaterThan(0);
      expect(JSON.stringify(result)).toContain('"h"');
    }
  });

  it('is not waited for when nobody wants to', async () => {
    const endless = { ...made('e'), check: () => new Promise<CheckerResult>(() => {}) };
    const result = await checkSafely(endless, madeRun(), Promise.resolve('it was interrupted'));
    expect(result).toMatchObject({ valid: 'unknown' });
    expect(result.summary).toBe('the checker did not end: it was interrupted');
  });
});
