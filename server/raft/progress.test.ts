import { describe, expect, it } from 'vitest';
import { Progress } from './progress.ts';

const window = { maxInflightMessages: 2, maxInflightBytes: 10 };

function replicating(matchIndex: number): Progress {
  const progress = new Progress(matchIndex + 1, 1, window);
  progress.maybeMatch(matchIndex);
  return progress;
}

describe('Progress', () => {
  it('sends one message while it looks for the agreement, and does not run ahead', () => {
    const progress = new Progress(5, 1, window);
    progress.sentEntries(6, 1);
    expect([progress.mode, progress.nextIndex]).toEqual(['probe', 5]);
    expect(progress.canSendEntries()).toBe(false);
    expect(() => progress.sentEntries(6, 1)).toThrow(/within the window/);
  });

  it('runs ahead once the logs agree, up to the messages of the window', () => {
    const progress = replicating(4);
    expect([progress.mode, progress.nextIndex]).toEqual(['replicate', 5]);
    progress.sentEntries(5, 1);
    progress.sentEntries(7, 1);
    expect([progress.nextIndex, progress.canSendEntries()]).toEqual([8, false]);
    expect(progress.maybeMatch(5)).toBe(true);
    expect([progress.inflightCount, progress.canSendEntries()]).toEqual([1, true]);
  });

  it('runs ahead up to the bytes of the window', () => {
    const progress = replicating(4);
    progress.sentEntries(5, 12);
    expect(progress.canSendEntries()).toBe(false);
    progress.maybeMatch(5);
    expect(progress.canSendEntries()).toBe(true);
  });

  it('goes back after a refusal and forgets what was on its way', () => {
    const progress = replicating(2);
    progress.sentEntries(3, 9);
    progress.sentEntries(4, 9);
    expect(progress.maybeBacktrack(3)).toBe(true);
    expect([progress.mode, progress.nextIndex, progress.inflightCount]).toEqual(['probe', 3, 0]);
    expect(progress.canSendEntries()).toBe(true);
  });

  it('takes a late refusal for what it is', () => {
    const progress = replicating(4);
    progress.sentEntries(5, 1);
    expect(progress.maybeBacktrack(4)).toBe(false);
    expect(progress.maybeBacktrack(6)).toBe(false);
    expect([progress.mode, progress.nextIndex]).toEqual(['replicate', 6]);
  });

  it('takes a late confirmation for no news, and not for an end of the search', () => {
    const progress = replicating(6);
    expect(progress.maybeMatch(3)).toBe(false);
    expect(progress.matchIndex).toBe(6);
    const probing = new Progress(9, 1, window);
    expect(probing.maybeMatch(5)).toBe(true);
    expect([probing.mode, probing.matchIndex, probing.nextIndex]).toEqual(['probe', 5, 9]);
  });

  it('gets a snapshot piece by piece, and goes on behind it', () => {
    const progress = new Progress(2, 1, window);
    progress.becomeSnapshot({ index: 9, term: 2 });
    expect([progress.mode, progress.canSendEntries()]).toEqual(['snapshot', false]);
    expect(progress.maybeContinueSnapshot(8, 5)).toBe(false);
    expect(progress.maybeContinueSnapshot(9, 5)).toBe(true);
    expect(progress.maybeContinueSnapshot(9, 5)).toBe(false);
    expect(progress.snapshotOffset).toBe(5);
    expect(progress.maybeBacktrack(1)).toBe(false);
    expect(progress.maybeMatch(4)).toBe(true);
    expect(progress.mode).toBe('snapshot');
    expect(progress.maybeMatch(9)).toBe(true);
    expect([progress.mode, progress.nextIndex, progress.snapshot]).toEqual(['replicate', 10, null]);
  });

  it('asks again for a piece after a silence, and not before', () => {
    const progress = new Progress(2, 1, window);
    expect(progress.passSnapshotTicks(9, 5)).toBe(false);
    progress.becomeSnapshot({ index: 9, term: 2 });
    expect([progress.passSnapshotTicks(2, 5), progress.passSnapshotTicks(2, 5)]).toEqual([
      false,
      false,
    ]);
    progress.maybeContinueSnapshot(9, 5);
    expect([progress.passSnapshotTicks(4, 5), progress.passSnapshotTicks(2, 5)]).toEqual([
      false,
      true,
    ]);
    expect(progress.passSnapshotTicks(4, 5)).toBe(false);
  });

  it('is not set back by a snapshot', () => {
    expect(() => replicating(9).becomeSnapshot({ index: 8, term: 1 })).toThrow(/brings a follower/);
  });

  it('is recently active until a whole period has passed without an answer', () => {
    const progress = new Progress(1, 1, window);
    progress.takeRecentlyActive();
    expect(progress.recentlyActive).toBe(true);
    progress.takeRecentlyActive();
    expect(progress.recentlyActive).toBe(false);
    progress.heard(0);
    expect(progress.recentlyActive).toBe(true);
  });

  it('remembers the newest read round, and activity until it is asked', () => {
    const progress = new Progress(1, 1, window);
    expect([progress.takeRecentlyActive(), progress.takeRecentlyActive()]).toEqual([true, false]);
    progress.heard(3);
    progress.heard(2);
    expect(progress.readRound).toBe(3);
    expect(progress.takeRecentlyActive()).toBe(true);
  });
});
