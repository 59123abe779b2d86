import { describe, expect, it } from 'vitest';
import type { CheckedRun } from '../checker.ts';
import type { StabilityEvidence, Standing, WorldSpan } from '../stability-evidence.ts';
import { cutBetween, MadeHistory, madeRun } from './made-run.ts';
import { stability } from './stability.ts';

const electionTimeoutUs = 100_000;
const nodes = ['n1', 'n2', 'n3'];

/** Three seconds in which n3 is away: 30 election timeouts, of which the last 20 count. */
const away: WorldSpan = {
  ...{ fromUs: 1_000_000, toUs: 4_000_000, down: ['n3'], cut: [], unreached: [], restless: null },
};

function standing(timeMs: number, node: string, term: number, leader: string | null): Standing {
  const role = leader === node ? 'leader' : 'follower';
  return { timeUs: timeMs * 1000, node, term, role, leader };
}

const led = [standing(100, 'n1', 1, 'n1'), standing(101, 'n2', 1, 'n1')];

function judge(
  evidence: Partial<StabilityEvidence>,
  parts: Partial<CheckedRun> = {},
): Pick<Awaited<ReturnType<typeof stability.check>>, 'valid' | 'summary'> {
  const seen = { electionTimeoutUs, restless: null, spans: [away], standings: led, ...evidence };
  const referee = { violations: [], events: 1, committed: 1, terms: 1, stability: seen };
  const result = stability.check(madeRun({ nodes, referee, ...parts }));
  if (result instanceof Promise) throw new TypeError('it is not to wait for anything');
  return result;
}

describe('a majority that is let be', () => {
  it('has a leader of its own', () => {
    expect(judge({})).toMatchObject({ valid: true, summary: expect.stringContaining('1 time') });
    expect(judge({ standings: [] }).summary).toContain('had a leader for 0 % of the time');
    const outside = [
      standing(100, 'n3', 1, 'n3'),
      ...['n1', 'n2'].map((n) => standing(101, n, 1, 'n3')),
    ];
    expect(judge({ standings: outside }).valid).toBe(false);
    expect(judge({ standings: led.slice(0, 1) }).valid, 'nobody follows').toBe(false);
  });

  it('may take ten election timeouts for it', () => {
    const late = (ms: number): readonly Standing[] =>
      led.map((each) => ({ ...each, timeUs: each.timeUs + ms * 1000 }));
    expect(judge({ standings: late(2800) }).valid).toBe(true);
    expect(judge({ standings: late(3100) }).summary).toContain('for 40 % of the time');
  });

  it('goes through one more term in ten election timeouts', () => {
    const terms = (count: number): readonly Standing[] =>
      Array.from({ length: count }, (_, at) => [
        standing(2100 + 100 * at, 'n1', 2 + at, 'n1'),
        standing(2101 + 100 * at, 'n2', 2 + at, 'n1'),
      ]).flat();
    expect(judge({ standings: [...led, ...terms(2)] }).valid).toBe(true);
    expect(judge({ standings: [...led, ...terms(3)] }).summary).toContain('through 3 terms');
  });

  it('serves half of what it is asked', () => {
    const asked = (failed: number, node = 'n1'): Partial<CheckedRun> => {
      const history = new MadeHistory().wait(2100);
      for (let at = 0; at < 20; at++) {
        const end =
          at < failed ? ({ end: 'fail', code: 'NOLEADER' } as const) : ({ end: 'ok' } as const);
        history.invoke({ node, ...end }).complete();
      }
      return { ops: history.ops };
    };
    expect(judge({}, asked(10)).valid).toBe(true);
    expect(judge({}, asked(11)).summary).toContain('served 9 of 20 operations');
    expect(judge({}, asked(20, 'n3')).valid, 'not one of them').toBe(true);
    const unreached = [{ ...away, unreached: ['n1'] }];
    expect(judge({ spans: unreached }, asked(20)).valid, 'who is not reached').toBe(true);
  });
});

describe('nothing is asked', () => {
  const unled = (span: Partial<WorldSpan>): Partial<StabilityEvidence> => {
    return { spans: [{ ...away, ...span }], standings: [] };
  };
  const none = { valid: true, summary: expect.stringContaining('not judged') };

  it('when something changes within twenty election timeouts', () => {
    expect(judge(unled({ toUs: 3_000_000 })).valid).toBe(false);
    expect(judge(unled({ toUs: 2_999_999 }))).toMatchObject(none);
    const { faults } = new MadeHistory().wait(2000).begin('transfer', {}).run();
    expect(judge(unled({}), { faults })).toMatchObject(none);
  });

  it('where there is no majority that agrees by itself', () => {
    expect(judge(unled({ down: ['n2', 'n3'] }))).toMatchObject(none);
    expect(judge(unled({ cut: cutBetween(['n1'], ['n2']) }))).toMatchObject(none);
  });

  it('in a world that is not quiet, or that nobody watched', () => {
    expect(judge(unled({ restless: 'links are slow' }))).toMatchObject(none);
    expect(judge({ standings: [], restless: 'late messages' })).toMatchObject(none);
    expect(stability.check(madeRun())).toMatchObject(none);
  });
});
