import { describe, expect, it } from 'vitest';
import { configurationOf } from './configuration.ts';
import { ConfigurationHistory } from './configuration-history.ts';
import { configurationEntry, entryOf } from './test-server.ts';

const initial = { index: 0, configuration: configurationOf(['n1']) };

function history(): ConfigurationHistory {
  const made = new ConfigurationHistory(initial);
  made.append([entryOf(1, 1), configurationEntry(2, 1, { voters: ['n1', 'n2'] }), entryOf(3, 1)]);
  made.append([configurationEntry(5, 1, { voters: ['n2'] })]);
  return made;
}

describe('ConfigurationHistory', () => {
  it('has the newest in force, and knows the one before it', () => {
    const made = history();
    expect([made.current.index, made.previous?.index]).toEqual([5, 2]);
    expect(made.append([entryOf(6, 1)])).toBe(false);
    expect(new ConfigurationHistory(initial).previous).toBe(null);
  });

  it('finds the one of an index', () => {
    const made = history();
    expect([1, 2, 4, 5, 9].map((index) => made.at(index).index)).toEqual([0, 2, 2, 5, 5]);
  });

  it('goes back when the log is cut', () => {
    const made = history();
    expect(made.truncateFrom(6)).toBe(false);
    expect(made.truncateFrom(5)).toBe(true);
    expect(made.current.index).toBe(2);
    expect(made.truncateFrom(1)).toBe(true);
    expect(made.current).toEqual(initial);
  });

  it('forgets what a compaction takes, but for the newest of it', () => {
    const made = history();
    made.compactTo(1);
    expect(made.previous?.index).toBe(2);
    made.compactTo(4);
    expect([made.current.index, made.previous?.index]).toEqual([5, 2]);
    expect(() => made.at(1)).toThrow(/not compacted/);
    made.compactTo(5);
    expect([made.current.index, made.previous]).toEqual([5, null]);
  });

  it('has nothing left but what a snapshot brings', () => {
    const made = history();
    made.resetTo({ index: 1, configuration: configurationOf(['n7']) });
    expect([made.current.index, made.previous]).toEqual([1, null]);
  });

  it('passes over what its base holds already, and refuses disorder', () => {
    const made = new ConfigurationHistory({ ...initial, index: 4 });
    expect(made.append([configurationEntry(3, 1, { voters: ['n9'] })])).toBe(false);
    expect(made.append([configurationEntry(6, 1, { voters: ['n2'] })])).toBe(true);
    expect(() => made.append([configurationEntry(5, 1, { voters: ['n2'] })])).toThrow(/in order/);
  });
});
