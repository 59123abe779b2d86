import { expect, test } from 'vitest';
import type { Disk, DiskError, Done } from '../../server/storage/disk.ts';
import { createRandomStream } from '../run/random.ts';
import { SimulatedDisk } from './disk.ts';
import { Life } from './life.ts';
import { Trace } from './trace.ts';
import { VirtualTime } from './virtual-time.ts';

const latency = { fromUs: 10, toUs: 100, slowProbability: 0.1, slowUs: 1000 };

class Rig {
  readonly time = new VirtualTime();
  readonly medium: SimulatedDisk;
  disk: Disk;
  #life: Life;

  constructor(seed: number) {
    this.medium = new SimulatedDisk({
      time: this.time,
      random: createRandomStream(seed, 'disk'),
      trace: new Trace(),
      latencies: { access: latency, sync: latency },
      errorRandom: createRandomStream(seed, 'errors'),
    });
    this.#life = this.#newLife(1);
    this.disk = this.medium.mount(this.#life);
  }

  /** Runs one operation to its end; the code of its error. */
  do(operation: (done: Done) => void): string | null {
    let outcome: DiskError | null | undefined;
    operation((error) => {
      outcome = error;
    });
    while (outcome === undefined && this.time.runNext());
    return outcome?.code ?? null;
  }

  crash(): void {
    this.#life.end();
    this.medium.crash();
    this.#life = this.#newLife(this.#life.number + 1);
    this.disk = this.medium.mount(this.#life);
  }

  text(file: string): string {
    return new TextDecoder().decode(this.disk.readSync(file, 0, 1e6));
  }

  #newLife(number: number): Life {
    return new Life({ node: 'n1', number }, this.time, (error) => {
      throw error;
    });
  }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** `old` is durable, `new` was written over it, and its sync is to fail. */
function withFailedSync(seed: number): Rig {
  const rig = new Rig(seed);
  rig.do((done) => rig.disk.writeAt('log', 0, bytes('old'), done));
  rig.do((done) => rig.disk.sync('log', done));
  rig.do((done) => rig.disk.syncDirectory(done));
  rig.do((done) => rig.disk.writeAt('log', 0, bytes('new'), done));
  rig.medium.failAt({ operation: 'sync', at: 1 });
  expect(rig.do((done) => rig.disk.sync('log', done))).toBe('EIO');
  return rig;
}

test('what a failed sync covered may be gone, though the next one succeeds', () => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 60; seed++) {
    const rig = withFailedSync(seed);
    const before = rig.text('log');
    expect(
      rig.do((done) => rig.disk.sync('log', done)),
      'it fails once',
    ).toBeNull();
    rig.crash();
    seen.add(`${before} ${rig.text('log')}`);
  }
  expect([...seen].sort()).toEqual(['new new', 'new old', 'old old']);
});

test('what is written again after a failed sync is durable after the next one', () => {
  for (let seed = 0; seed < 40; seed++) {
    const rig = withFailedSync(seed);
    rig.do((done) => rig.disk.writeAt('log', 0, bytes('NEW'), done));
    rig.do((done) => rig.disk.append('log', bytes('+'), done));
    rig.do((done) => rig.disk.sync('log', done));
    rig.crash();
    expect(rig.text('log')).toBe('NEW+');
  }
});

test('a directory whose sync failed keeps its changes for the next one', () => {
  const rig = new Rig(1);
  rig.do((done) => rig.disk.append('log', bytes('x'), done));
  rig.do((done) => rig.disk.sync('log', done));
  rig.medium.failAt({ operation: 'sync', at: 1 });
  expect(rig.do((done) => rig.disk.syncDirectory(done))).toBe('EIO');
  expect(rig.do((done) => rig.disk.syncDirectory(done))).toBeNull();
  rig.crash();
  expect(rig.text('log')).toBe('x');
});

test('a write fails once, when its turn has come, and leaves a part of itself', () => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 60; seed++) {
    const rig = new Rig(seed);
    rig.medium.failAt({ operation: 'write', at: 2 });
    expect(rig.do((done) => rig.disk.append('log', bytes('1'), done))).toBeNull();
    expect(rig.do((done) => rig.disk.append('log', bytes('234'), done))).toBe('EIO');
    seen.add(rig.text('log'));
    expect(rig.do((done) => rig.disk.append('log', bytes('5'), done))).toBeNull();
    expect(rig.medium.faults['failedCount']).toBe(1);
    expect(rig.medium.hasFailed).toBe(true);
  }
  expect([...seen].sort()).toEqual(['1', '12', '123']);
});

test('reads fail from the one that was named on, until nothing fails any more', () => {
  const rig = new Rig(1);
  rig.do((done) => rig.disk.append('log', bytes('x'), done));
  rig.medium.failAt({ operation: 'read', at: 2 });
  const read = () => rig.do((done) => rig.disk.read('log', 0, 1, (error) => done(error)));
  expect([read(), read(), read()]).toEqual([null, 'EIO', 'EIO']);
  expect(() => rig.text('log')).toThrow(expect.objectContaining({ code: 'EIO' }));
  rig.medium.failAt(null);
  expect(read()).toBeNull();
  rig.crash();
  expect(rig.medium.hasFailed, 'in this life').toBe(false);
});
