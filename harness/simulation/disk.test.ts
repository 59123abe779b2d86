import { expect, test } from 'vitest';
import type { Disk, DiskError, Done } from '../../server/storage/disk.ts';
import { createRandomStream, randomInteger } from '../run/random.ts';
import { LifeEnded } from './crash-plan.ts';
import { SimulatedDisk } from './disk.ts';
import { Life } from './life.ts';
import { Trace } from './trace.ts';
import { VirtualTime } from './virtual-time.ts';

const latency = { fromUs: 10, toUs: 100, slowProbability: 0.1, slowUs: 1000 };

class Rig {
  readonly time = new VirtualTime();
  readonly medium: SimulatedDisk;
  life: Life;
  disk: Disk;

  constructor(seed: number) {
    this.medium = new SimulatedDisk({
      time: this.time,
      random: createRandomStream(seed, 'disk'),
      trace: new Trace(),
      latencies: { access: latency, sync: latency },
    });
    this.life = this.#newLife(1);
    this.disk = this.medium.mount(this.life);
  }

  /** Runs one operation to its end. */
  do(operation: (done: Done) => void): DiskError | null {
    let outcome: DiskError | null | undefined;
    operation((error) => {
      outcome = error;
    });
    expect(outcome, 'called back before the call returned').toBeUndefined();
    while (outcome === undefined && this.time.runNext());
    if (outcome === undefined) throw new Error('never called back');
    return outcome;
  }

  crash(): void {
    this.life.end();
    this.medium.crash();
    this.beginLife(this.life.number + 1);
  }

  text(file: string): string {
    return new TextDecoder().decode(this.disk.readSync(file, 0, 1e6));
  }

  beginLife(number: number): void {
    this.life = this.#newLife(number);
    this.disk = this.medium.mount(this.life);
  }

  #newLife(number: number): Life {
    return new Life({ node: 'n1', number }, this.time, (error) => {
      throw error;
    });
  }
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** A file of which `synced` is durable and `unsynced` is not. */
function halfSynced(seed: number): Rig {
  const rig = new Rig(seed);
  rig.do((done) => rig.disk.append('log', bytes('synced'), done));
  rig.do((done) => rig.disk.sync('log', done));
  rig.do((done) => rig.disk.syncDirectory(done));
  rig.do((done) => rig.disk.append('log', bytes('unsynced'), done));
  return rig;
}

test('a crash keeps what was synced and a prefix of the rest; each extent of loss occurs', () => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 200; seed++) {
    const rig = halfSynced(seed);
    expect(rig.text('log')).toBe('syncedunsynced');
    rig.crash();
    const kept = rig.text('log');
    expect('syncedunsynced'.startsWith(kept)).toBe(true);
    expect(kept.startsWith('synced')).toBe(true);
    seen.add(kept);
  }
  expect(seen).toContain('synced');
  expect(seen).toContain('syncedunsynced');
  expect(seen.size).toBeGreaterThan(4);
});

test('the same seed loses the same', () => {
  const survivors = [1, 2].map(() => {
    const rig = halfSynced(7);
    rig.crash();
    return rig.text('log');
  });
  expect(survivors[0]).toBe(survivors[1]);
});

test('a name that was not directory-synced may be lost, though its contents were synced', () => {
  const outcomes = new Set<number>();
  for (let seed = 0; seed < 50; seed++) {
    const rig = new Rig(seed);
    rig.do((done) => rig.disk.append('log', bytes('x'), done));
    rig.do((done) => rig.disk.sync('log', done));
    rig.crash();
    outcomes.add(rig.disk.list().length);
  }
  expect([...outcomes].sort()).toEqual([0, 1]);
});

test('a rename that was not directory-synced is whole or has not happened', () => {
  const outcomes = new Set<string>();
  for (let seed = 0; seed < 50; seed++) {
    const rig = halfSynced(seed);
    rig.do((done) => rig.disk.sync('log', done));
    rig.do((done) => rig.disk.rename('log', 'old', done));
    rig.crash();
    outcomes.add(rig.disk.list().join());
    expect(rig.text(rig.disk.list()[0] ?? '')).toBe('syncedunsynced');
  }
  expect([...outcomes].sort()).toEqual(['log', 'old']);
});

test('a sync covers what was done when it was asked for, and nothing that came later', () => {
  let lost = 0;
  for (let seed = 0; seed < 50; seed++) {
    const rig = halfSynced(seed);
    rig.disk.sync('log', () => undefined);
    rig.do((done) => rig.disk.append('log', bytes('later'), done));
    while (rig.time.runNext());
    rig.crash();
    const kept = rig.text('log');
    expect(kept.startsWith('syncedunsynced')).toBe(true);
    if (kept !== 'syncedunsyncedlater') lost++;
  }
  expect(lost).toBeGreaterThan(0);
});

test('no callback of an operation under way at a crash is ever called', () => {
  const rig = halfSynced(3);
  let called = false;
  const note = (): void => {
    called = true;
  };
  rig.disk.append('log', bytes('x'), note);
  rig.disk.sync('log', note);
  rig.disk.syncDirectory(note);
  rig.crash();
  while (rig.time.runNext());
  expect(called).toBe(false);
});

test('a write under way at a crash leaves a prefix of itself behind, or nothing', () => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 100; seed++) {
    const rig = halfSynced(seed);
    rig.do((done) => rig.disk.sync('log', done));
    rig.disk.append('log', bytes('abc'), () => undefined);
    rig.crash();
    seen.add(rig.text('log'));
  }
  const whole = 'syncedunsynced';
  expect([...seen].sort()).toEqual([whole, `${whole}a`, `${whole}ab`, `${whole}abc`]);
});

test('the bytes are taken when the call is made, and what is read is for the reader alone', () => {
  const rig = new Rig(1);
  const mine = bytes('abc');
  rig.disk.append('log', mine, () => undefined);
  mine.fill(0);
  while (rig.time.runNext());
  rig.disk.readSync('log', 0, 3).fill(0);
  expect(rig.text('log')).toBe('abc');
});

test('appends of one file keep their order', () => {
  const rig = new Rig(5);
  const random = createRandomStream(5, 'sizes');
  let expected = '';
  for (let count = 0; count < 100; count++) {
    const text = 'x'.repeat(randomInteger(random, 4)) + String(count);
    expected += text;
    rig.disk.append('log', bytes(text), () => undefined);
  }
  while (rig.time.runNext());
  expect(rig.text('log')).toBe(expected);
});

test('writes, truncation and reads past the end behave as a file does', () => {
  const rig = new Rig(1);
  rig.do((done) => rig.disk.writeAt('f', 2, bytes('cd'), done));
  expect([...rig.disk.readSync('f', 0, 10)]).toEqual([0, 0, 99, 100]);
  rig.do((done) => rig.disk.truncate('f', 3, done));
  expect(rig.disk.size('f')).toBe(3);
  rig.do((done) => rig.disk.truncate('f', 5, done));
  expect([...rig.disk.readSync('f', 1, 10)]).toEqual([0, 99, 0, 0]);
  expect(rig.disk.readSync('f', 9, 10).length).toBe(0);
});

test('a file that is not there is a DiskError with ENOENT', () => {
  const rig = new Rig(1);
  expect(() => rig.disk.size('none')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  expect(rig.do((done) => rig.disk.truncate('none', 0, done))?.code).toBe('ENOENT');
  expect(rig.do((done) => rig.disk.sync('none', done))?.code).toBe('ENOENT');
  expect(rig.do((done) => rig.disk.rename('none', 'some', done))?.code).toBe('ENOENT');
  expect(rig.do((done) => rig.disk.remove('none', done))?.code).toBe('ENOENT');
});

test('a life that has ended can touch the disk no more, another one can', () => {
  const rig = halfSynced(3);
  const { disk, life } = rig;
  life.end();
  const nothing = (): void => undefined;
  for (const use of [
    () => disk.list(),
    () => disk.size('log'),
    () => disk.readSync('log', 0, 1),
    () => disk.read('log', 0, 1, nothing),
    () => disk.append('log', bytes('more'), nothing),
    () => disk.writeAt('log', 0, bytes('more'), nothing),
    () => disk.truncate('log', 0, nothing),
    () => disk.sync('log', nothing),
    () => disk.rename('log', 'other', nothing),
    () => disk.remove('log', nothing),
    () => disk.syncDirectory(nothing),
  ]) {
    expect(use).toThrow(LifeEnded);
  }
  rig.crash();
  expect(rig.text('log')).toMatch(/^synced/);
});

test('a disk that is wiped is empty, for good', () => {
  const rig = halfSynced(4);
  rig.life.end();
  rig.medium.wipe();
  rig.crash();
  expect(rig.disk.list()).toEqual([]);
});

test('zeros at the end are no content; garbage goes where it is told', () => {
  const { medium } = halfSynced(1);
  const content = () => medium.list().map((file) => [file.bytes, file.contentBytes]);
  medium.damage({ type: 'append', path: 'log', bytes: new Uint8Array(9) });
  expect(content()).toEqual([[23, 14]]);
  medium.damage({ type: 'append', path: 'log', bytes: bytes('!'), offset: 20 });
  expect(content()).toEqual([[23, 21]]);
  medium.damage({ type: 'append', path: 'log', bytes: bytes('!'), offset: 30 });
  expect(content()).toEqual([[31, 31]]);
});

test('files are put back as they were before the last harm, never those of an earlier life', () => {
  const rig = halfSynced(1);
  rig.medium.detach();
  rig.medium.damage({ type: 'append', path: 'log', bytes: bytes('torn') });
  expect(rig.medium.isHarmed, 'nothing that was durable is lost').toBe(false);
  rig.life.end();
  rig.beginLife(2);
  rig.do((done) => rig.disk.append('log', bytes(' and on'), done));
  rig.life.end();
  rig.medium.detach();
  rig.medium.damage({ type: 'truncate', path: 'log', keepBytes: 1 });
  rig.medium.damage({ type: 'wipe' });
  expect(rig.medium.isHarmed).toBe(true);
  expect(rig.medium.list()).toEqual([]);
  rig.medium.putBack();
  expect(rig.medium.isHarmed).toBe(false);
  rig.beginLife(3);
  expect(rig.text('log')).toBe('syncedunsyncedtorn and on');
});
