import { expect, it } from 'vitest';
import type { Op } from '../../checker/history.ts';
import { Recorder } from './recorder.ts';

function timersFrom(startNs: number) {
  let nowNs = startNs;
  return { nowNs: () => nowNs++, after: () => () => {} };
}

const read = { process: 3, type: 'invoke', f: 'read', value: null } as const;

it('gives each op its place and its time, and hands it to every sink at once, in order', () => {
  const heard: (readonly [sink: string, op: Op])[] = [];
  const sinks = ['file', 'console'].map((name) => (op: Op) => heard.push([name, op]));
  const recorder = new Recorder(timersFrom(70), sinks);
  expect(recorder.length).toBe(0);
  const first = recorder.record(read);
  expect(heard).toEqual([
    ['file', first],
    ['console', first],
  ]);
  const second = recorder.record({ ...read, type: 'ok' });
  expect(first).toEqual({ ...read, index: 0, timeNs: 70 });
  expect(second).toEqual({ ...read, type: 'ok', index: 1, timeNs: 71 });
  expect(recorder.length).toBe(2);
});

it('keeps all that was told, and adds nothing for what was not', () => {
  const recorder = new Recorder(timersFrom(9), []);
  const told = {
    ...{ process: 3, node: 'n1', f: 'cas', key: '7', value: [1, 2] },
    ...{ scheduledNs: 4, result: { swapped: false }, error: { code: 'timeout' } },
  };
  const op = recorder.record({ ...told, type: 'info' });
  expect(op).toEqual({ ...told, type: 'info', index: 0, timeNs: 9 });
  const bare = recorder.record({ ...read, value: undefined });
  expect(Object.keys(bare)).toEqual(['index', 'timeNs', 'process', 'type', 'f', 'value']);
  expect(bare.value).toBeNull();
});

it('lets a sink that cannot write end it, before the next one hears of the op', () => {
  let heard = 0;
  const full = (): void => {
    throw new Error('the disk is full');
  };
  const recorder = new Recorder(timersFrom(0), [full, () => heard++]);
  expect(() => recorder.record(read)).toThrow('the disk is full');
  expect(heard).toBe(0);
});
