/**
 * What the server keeps: lines `key=value`, in one file that is synced and in one that is not.
 *
 * The two are apart, for a sync of one file takes nothing but its own bytes along.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { FaultDisk } from './fault-disk.ts';

const syncedName = 'values';
const lazyName = 'lazy-values';

export class KeptValues {
  readonly #folder: string;
  readonly #faultDisk: FaultDisk | null;
  readonly #values = new Map<string, string>();
  readonly #files = new Map<string, Promise<FileHandle>>();

  constructor(folder: string, faultDiskFolder: string | null) {
    this.#folder = folder;
    this.#faultDisk = faultDiskFolder === null ? null : new FaultDisk(faultDiskFolder);
    for (const name of [syncedName, lazyName]) this.#read(join(folder, name));
  }

  get count(): number {
    return this.#values.size;
  }

  get(key: string): string | null {
    return this.#values.get(key) ?? null;
  }

  async set(key: string, value: string): Promise<void> {
    await this.#append(syncedName, `${key}=${value}\n`);
    const file = await this.#file(syncedName);
    await this.#faultDisk?.beforeSync();
    await file.sync();
    this.#faultDisk?.afterSync((await file.stat()).ino);
    this.#values.set(key, value);
  }

  async setLazily(key: string, value: string): Promise<void> {
    await this.#append(lazyName, `${key}=${value}\n`);
    this.#values.set(key, value);
  }

  /** Writes and syncs so often; resolves to the microseconds that it took. */
  async sync(times: number): Promise<number> {
    const startNs = process.hrtime.bigint();
    for (let at = 0; at < times; at++) await this.set('synced', String(at));
    return Math.round(Number(process.hrtime.bigint() - startNs) / 1000);
  }

  /** Of every file of the data directory, names included. */
  digest(): string {
    const hash = createHash('sha256');
    for (const name of readdirSync(this.#folder).sort()) {
      const path = join(this.#folder, name);
      if (name !== 'lost+found') hash.update(`${name}\n`).update(readFileSync(path));
    }
    return hash.digest('hex');
  }

  /** Whole or not at all, as far as it is in our hands. */
  async #append(name: string, line: string): Promise<void> {
    const file = await this.#file(name);
    const { ino, size } = await file.stat();
    this.#faultDisk?.beforeAppend({ ino, size }, line.length);
    try {
      await file.appendFile(line);
    } catch (error) {
      await file.truncate(size);
      throw error;
    }
  }

  #file(name: string): Promise<FileHandle> {
    const opened = this.#files.get(name) ?? open(join(this.#folder, name), 'a');
    this.#files.set(name, opened);
    return opened;
  }

  #read(path: string): void {
    if (!existsSync(path)) return;
    for (const line of readFileSync(path, 'utf8').split('\n')) {
      const [key, value] = line.split('=');
      if (key !== undefined && value !== undefined) this.#values.set(key, value);
    }
  }
}
