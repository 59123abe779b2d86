import { expect, test } from 'vitest';
import { judgeSeries } from './sim-verdict.ts';

type Counts = Partial<Parameters<typeof judgeSeries>[0]['counts']>;

function judge(
  made: Counts,
  unknownOk = 0,
  rest: Partial<Parameters<typeof judgeSeries>[0]> = {},
): ReturnType<typeof judgeSeries> {
  const counts = { valid: 0, invalid: 0, unknown: 0, crashed: 0, ...made };
  const seedsRun = counts.valid + counts.invalid + counts.unknown + counts.crashed;
  const own = { counts, seedsRun, seedsWanted: seedsRun, interrupted: false, contradictions: [] };
  return judgeSeries({ ...own, ...rest }, unknownOk);
}

test('all valid is valid, and nothing else is by itself', () => {
  expect(judge({ valid: 9 })).toMatchObject({
    verdict: 'VALID: 9 seeds, and none broke a promise',
    exitCode: 0,
  });
  expect(judge({ valid: 9, unknown: 1 }).exitCode).toBe(2);
  expect(judge({ valid: 9, invalid: 1 }).exitCode).toBe(1);
  expect(judge({ valid: 9, crashed: 1 }).exitCode).toBe(255);
  expect(judge({}).exitCode).toBe(2);
});

test('an unknown does not hide what is invalid, and a crash does not hide how many were', () => {
  expect(judge({ invalid: 1, unknown: 5 }, 0.9)).toMatchObject({ exitCode: 1 });
  expect(judge({ invalid: 2, crashed: 1, valid: 1 }).verdict).toBe(
    'CRASHED: 1 of 4 seeds have no verdict, and 2 of 4 seeds broke a promise',
  );
});

test('a share of unknown seeds is allowed by name only, and is told all the same', () => {
  const allowed = judge({ valid: 95, unknown: 5 }, 0.05);
  expect(allowed.exitCode).toBe(0);
  expect(allowed.verdict).toContain('5 of 100 seeds (5.0 %) tested too little to tell');
  expect(judge({ valid: 94, unknown: 6 }, 0.05).exitCode).toBe(2);
  expect(judge({ unknown: 6 }, 0.99).exitCode).toBe(2);
});

test('a seed that went two ways is worse than anything that it found', () => {
  const broken = judge({ valid: 9 }, 0, { contradictions: [7] });
  expect(broken).toMatchObject({ exitCode: 255 });
  expect(broken.verdict).toContain('seed 7 went two ways');
});

test('one that was stopped says how far it came', () => {
  const stopped = judge({ valid: 9 }, 0, { interrupted: true, seedsWanted: 100 });
  expect(stopped.verdict).toMatch(/^You stopped it after 9 of 100 seeds\. VALID/);
});
