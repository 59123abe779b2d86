/**
 * Clients that read and write registers, and the history of what they saw, for tests of features.
 *
 * Nothing but tests may use it.
 */
import { expect } from 'vitest';
import type { Op } from '../../checker/history.ts';
import { createChecker } from '../../checker/linearizable.ts';
import { findModel } from '../../checker/models/registry.ts';
import { pairHistory } from '../../checker/pairing.ts';
import type { Client, Invocation } from '../client.ts';
import { pause } from '../run/introspect.ts';
import { randomInteger, randomItem } from '../run/random.ts';
import { reference } from '../systems/reference.ts';
import type { FeatureBed } from './feature-bed.ts';

type Draw = () => Omit<Invocation, 'process'>;

const patienceMs = 300;

export class FeatureHistory {
  readonly #bed: FeatureBed;
  readonly #keys: readonly string[];
  readonly #ops: Op[] = [];
  #processCount = 0;
  #written = 0;
  acknowledged = 0;
  /** When each acknowledged write was, in virtual milliseconds. */
  readonly writtenAtMs: number[] = [];

  constructor(bed: FeatureBed, keys: readonly string[] = ['a', 'b', 'c']) {
    this.#bed = bed;
    this.#keys = keys;
  }

  /** A client for each key that writes and compares-and-sets, and one for each node that reads. */
  async work(isOver: () => boolean, readers: readonly string[]): Promise<void> {
    const { random, cluster } = this.#bed;
    const written = (): number => {
      this.#written += 1;
      return this.#written;
    };
    const change = (key: string) => (): Omit<Invocation, 'process'> => {
      if (randomInteger(random, 4) > 0) return { f: 'write', key, value: written() };
      return { f: 'cas', key, value: [this.#written, written()] };
    };
    const read = (): Omit<Invocation, 'process'> => {
      return { f: 'read', key: randomItem(random, this.#keys), value: null };
    };
    await Promise.all([
      ...this.#keys.map((key) =>
        this.client(randomItem(random, cluster.nodes), change(key), isOver),
      ),
      ...readers.map((node) => this.client(node, read, isOver)),
    ]);
  }

  /** One operation at a time; a process ends with what is unknown. */
  async client(home: string, draw: Draw, isOver: () => boolean): Promise<void> {
    const { timers } = this.#bed.cluster;
    let process = this.#processCount++;
    let client = await this.#open(home);
    while (!isOver()) {
      const invocation = { ...draw(), process };
      this.#record({ ...invocation, type: 'invoke' });
      const completion = await client.invoke(invocation, patienceMs);
      const { type, value, result } = completion;
      const told = type === 'ok' ? value : invocation.value;
      this.#record({ ...invocation, type, value: told, ...(result !== undefined && { result }) });
      if (type === 'ok') this.#count(invocation.f);
      if (type === 'info') {
        process = this.#processCount++;
        client.close();
        client = await this.#open(home);
      }
      await pause(timers, type === 'ok' ? 2 : 20);
    }
    client.close();
  }

  /** Every key is read once more, and then the checker has the word. */
  async readAll(): Promise<void> {
    for (const key of this.#keys) {
      const goal = this.acknowledged + 1;
      const draw: Draw = () => ({ f: 'read', key, value: null });
      await this.client(await this.#bed.leader(), draw, () => this.acknowledged >= goal);
    }
  }

  judge(): void {
    const { columns, failed } = pairHistory(this.#ops);
    const model = findModel('cas-register');
    if (model === undefined) throw new Error('there is no model of such a register');
    const checker = createChecker({ columns, failed, model });
    let verdict = checker.step(100_000);
    while (verdict === null) verdict = checker.step(100_000);
    expect(verdict).toMatchObject({ valid: true });
  }

  #count(f: string): void {
    this.acknowledged += 1;
    if (f !== 'read') this.writtenAtMs.push(this.#bed.nowMs);
  }

  async #open(home: string): Promise<Client> {
    const { cluster } = this.#bed;
    const followRedirects = true;
    const client = reference.createClient({
      cluster,
      timers: cluster.timers,
      object: 'register',
      followRedirects,
    });
    await client.open(home);
    return client;
  }

  #record(op: Omit<Op, 'index' | 'timeNs'>): void {
    const timeNs = this.#bed.cluster.timers.nowNs();
    this.#ops.push({ ...op, index: this.#ops.length, timeNs });
  }
}
