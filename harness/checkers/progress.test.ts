import { describe, expect, it } from 'vitest';
import type { CheckedRun, NodeEnd, RunLiveness, RunRecovery } from '../checker.ts';
import { bounds } from './bounds.ts';
import { madeRun } from './made-run.ts';
import { progress } from './progress.ts';

const recovery: RunRecovery = {
  ...{ problem: null, finalOperations: 1, beganAt: 0, servedAfterMs: 200, caughtUpAfterMs: 400 },
};
const end: NodeEnd = {
  ...{ node: 'n1', waitingWrites: 0, waitingReads: 0, transferringTo: null, logEntries: 20 },
  ...{ files: 4, bytes: 9000 },
};
const core = { description: 'n3 deaf', servedAfterMs: 300, longestGapMs: 100, terms: 1 };
const liveness: RunLiveness = {
  ...{
    electionTimeoutMs: 600,
    core,
    termsAtEnd: 0,
    isQuiet: true,
    logEntries: 30,
    segmentKiB: 4,
    silent: [],
    ends: [end],
  },
};

function run(over: Partial<RunLiveness>, recovered: Partial<RunRecovery> = {}): CheckedRun {
  return madeRun({ liveness: { ...liveness, ...over }, recovery: { ...recovery, ...recovered } });
}

describe('progress', () => {
  it('is content when a disturbed majority serves, and all nodes come back', () => {
    expect(progress.check(run({}))).toMatchObject({ valid: true });
    expect(progress.check(run({ core: null }))).toMatchObject({ valid: true });
  });

  it('judges nothing where time is not virtual', () => {
    expect(progress.check(madeRun({ recovery, liveness: null }))).toMatchObject({ valid: true });
  });

  it('counts no terms in a world in which nobody could keep a leader', () => {
    expect(progress.check(run({ isQuiet: false, termsAtEnd: 9 }))).toMatchObject({ valid: true });
  });

  const bad: Readonly<Record<string, readonly [words: RegExp, CheckedRun]>> = {
    'a majority that serves nobody while another node disturbs it': [
      /^a healthy majority, with n3 deaf, acknowledged no change at all$/,
      run({ core: { ...core, servedAfterMs: null } }),
    ],
    'a majority that serves too late': [
      /acknowledged no change for 19.0 s, and 18.0 s is the bound/,
      run({ core: { ...core, servedAfterMs: 19_000 } }),
    ],
    'a majority that ceases to serve': [
      /came to acknowledge none for 20.0 s/,
      run({ core: { ...core, longestGapMs: 20_000 } }),
    ],
    'elections without end': [/went through 9 terms/, run({ core: { ...core, terms: 9 } })],
    'elections without end when all is well': [/9 terms came while/, run({ termsAtEnd: 9 })],
    'a cluster that does not come back': [
      /nobody led/,
      run({}, { problem: 'nobody led', servedAfterMs: 200 }),
    ],
    'a node that does not catch up': [
      /not every node had caught up at all/,
      run({}, { caughtUpAfterMs: null }),
    ],
    'a node that does not answer': [/^n2 did not answer a read/, run({ silent: ['n2'] })],
    'a transfer that hangs': [
      /^n1 still hands leadership over$/,
      run({ ends: [{ ...end, transferringTo: 'n2' }] }),
    ],
  };
  for (const [title, [words, made]] of Object.entries(bad)) {
    it(`sees ${title}`, () => {
      expect(progress.check(made)).toMatchObject({
        valid: false,
        summary: expect.stringMatching(words),
      });
    });
  }
});

describe('bounds', () => {
  it('are kept by a node that is left with little', () => {
    expect(bounds.check(run({}))).toMatchObject({ valid: true });
    expect(bounds.check(madeRun({ liveness: null }))).toMatchObject({ valid: true });
  });

  const over: readonly (readonly [Partial<NodeEnd>, RegExp])[] = [
    [{ waitingWrites: 1 }, /^n1 keeps writes waiting: 1/],
    [{ waitingReads: 2 }, /^n1 keeps reads waiting: 2/],
    [{ logEntries: 631 }, /^n1 has so many entries in its log: 631, and 630 is the bound/],
    [{ files: 45 }, /^n1 has so many files: 45, and 44 is the bound/],
    [{ bytes: 9_000_000 }, /^n1 has so many bytes/],
  ];
  for (const [changes, words] of over) {
    it(`are broken by ${Object.keys(changes).join()}`, () => {
      const made = run({ ends: [{ ...end, ...changes }] });
      expect(bounds.check(made)).toMatchObject({
        valid: false,
        summary: expect.stringMatching(words),
      });
    });
  }

  it('of the log are judged only where they are known', () => {
    const made = run({ logEntries: null, ends: [{ ...end, logEntries: 5000 }] });
    expect(bounds.check(made)).toMatchObject({ valid: true });
  });
});
