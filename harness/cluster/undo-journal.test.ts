import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { createRandomStream, type RandomSource, randomInteger, randomItem } from '../run/random.ts';
import { emptyJournal, journalFile, undoJournal } from './undo-journal.ts';

type Done = (error: Error | null) => void;

interface FaultDisk {
  append(file: string, bytes: Uint8Array, done: Done): void;
  writeAt(file: string, offset: number, bytes: Uint8Array, done: Done): void;
  truncate(file: string, length: number, done: Done): void;
  sync(file: string, done: Done): void;
  rename(from: string, to: string, done: Done): void;
  remove(file: string, done: Done): void;
  syncDirectory(done: Done): void;
}

/** As a process of the server does it, without the process. */
async function openFaultDisk(data: string, folder: string): Promise<FaultDisk> {
  const load = (file: string) =>
    import(pathToFileURL(join(import.meta.dirname, '../../server/host', file)).href);
  const { openFileDisk } = await load('file-disk.ts');
  return (await load('fault-disk.ts')).openFaultDisk(openFileDisk(data), data, folder);
}

interface ModelFile {
  visible: Buffer;
  durable: Buffer;
}

/** What a disk holds, and what of it a power loss cannot take. */
class ModelDisk {
  names = new Map<string, ModelFile>();
  durableNames = new Map<string, ModelFile>();

  find(name: string): ModelFile {
    const found = this.names.get(name) ?? { visible: Buffer.alloc(0), durable: Buffer.alloc(0) };
    this.names.set(name, found);
    return found;
  }

  write(name: string, offset: number, bytes: Buffer): void {
    const file = this.find(name);
    const size = Math.max(file.visible.length, offset + bytes.length);
    const written = Buffer.concat([file.visible], size);
    bytes.copy(written, offset);
    file.visible = written;
  }

  losePower(): void {
    this.names = new Map(this.durableNames);
    for (const file of this.names.values()) file.visible = file.durable;
  }

  get contents(): Readonly<Record<string, string>> {
    const names = [...this.names].sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(names.map(([name, { visible }]) => [name, visible.toString('hex')]));
  }
}

const names = ['a', 'b', 'c'];

class Story {
  readonly #random: RandomSource;
  readonly #model = new ModelDisk();
  readonly #data: string;
  readonly #folder: string;
  #disk: FaultDisk | null = null;
  losses = 0;

  constructor(seed: number, root: string) {
    this.#random = createRandomStream(seed, 'disk');
    this.#data = join(root, 'data');
    this.#folder = join(root, 'fault');
  }

  async run(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) {
      this.#disk ??= await openFaultDisk(this.#data, this.#folder);
      const disk = this.#disk;
      await new Promise<void>((resolve, reject) => {
        this.#step(disk, (error) => (error === null ? resolve() : reject(error)));
      });
    }
  }

  #step(disk: FaultDisk, done: Done): void {
    const random = this.#random;
    const name = randomItem(random, names);
    const bytes = Buffer.alloc(1 + randomInteger(random, 8), randomInteger(random, 3));
    const isThere = this.#model.names.has(name);
    const size = this.#model.names.get(name)?.visible.length ?? 0;
    const kind = randomInteger(random, 16);
    if (kind < 3) {
      this.#model.write(name, size, bytes);
      disk.append(name, bytes, done);
    } else if (kind < 6) {
      const offset = randomInteger(random, size + 3);
      this.#model.write(name, offset, bytes);
      disk.writeAt(name, offset, bytes, done);
    } else if (kind < 9 && isThere) this.#change(disk, { kind, name, size }, done);
    else if (kind < 11 && isThere) {
      const file = this.#model.find(name);
      disk.sync(name, done);
      file.durable = file.visible;
    } else if (kind < 13) {
      disk.syncDirectory(done);
      this.#model.durableNames = new Map(this.#model.names);
    } else this.#end(kind, done);
  }

  #change(
    disk: FaultDisk,
    { kind, name, size }: { kind: number; name: string; size: number },
    done: Done,
  ): void {
    const { names: known } = this.#model;
    if (kind === 6) {
      const length = randomInteger(this.#random, size + 1);
      const file = this.#model.find(name);
      file.visible = file.visible.subarray(0, length);
      disk.truncate(name, length, done);
    } else if (kind === 7) {
      const to = randomItem(
        this.#random,
        names.filter((other) => other !== name),
      );
      known.set(to, this.#model.find(name));
      known.delete(name);
      disk.rename(name, to, done);
    } else {
      known.delete(name);
      disk.remove(name, done);
    }
  }

  /** The process is gone: killed, or with the power. */
  #end(kind: number, done: Done): void {
    if (kind > 13) this.#disk = null;
    if (kind === 15) {
      this.losses++;
      this.#model.losePower();
      undoJournal(this.#data, this.#folder);
      expect(readdirSync(this.#folder)).toEqual([]);
    }
    expect(this.contents).toEqual(this.#model.contents);
    done(null);
  }

  get contents(): Readonly<Record<string, string>> {
    const files = readdirSync(this.#data).sort();
    return Object.fromEntries(
      files.map((name) => [name, readFileSync(join(this.#data, name)).toString('hex')]),
    );
  }
}

function temporaryFolder(): string {
  const root = mkdtempSync(join(tmpdir(), 'rafture-undo-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

test('a power loss takes what was not synced and nothing else, a kill takes nothing', async () => {
  const losses: number[] = [];
  for (let seed = 1; seed <= 12; seed++) {
    const story = new Story(seed, temporaryFolder());
    await story.run(150);
    losses.push(story.losses);
  }
  expect(Math.min(...losses)).toBeGreaterThan(0);
});

const call = (start: (done: Done) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    start((error) => (error === null ? resolve() : reject(error)));
  });

async function diskWithLosses(): Promise<{ data: string; folder: string; disk: FaultDisk }> {
  const root = temporaryFolder();
  const [data, folder] = [join(root, 'data'), join(root, 'fault')];
  const disk = await openFaultDisk(data, folder);
  await call((done) => disk.append('log', Buffer.from('kept '), done));
  await call((done) => disk.sync('log', done));
  await call((done) => disk.syncDirectory(done));
  await call((done) => disk.append('log', Buffer.from('lost'), done));
  await call((done) => disk.append('new', Buffer.alloc(100), done));
  return { data, folder, disk };
}

test('what was lost is told: changes, bytes that were no zeros, names, and the files', async () => {
  const { data, folder } = await diskWithLosses();
  expect(undoJournal(data, folder)).toEqual({
    ...{ changesLost: 2, bytesLost: 4, namesLost: 1 },
    files: ['log', 'new'],
  });
  expect(readFileSync(join(data, 'log'), 'utf8')).toBe('kept ');
  expect(readdirSync(data)).toEqual(['log']);
  expect(undoJournal(data, folder)).toMatchObject({ changesLost: 0, bytesLost: 0, namesLost: 0 });
});

test('a change that was announced and never done is undone without a trace', async () => {
  const { data, folder, disk } = await diskWithLosses();
  await call((done) => disk.sync('log', done));
  await call((done) => disk.sync('new', done));
  await call((done) => disk.syncDirectory(done));
  const log = join(folder, journalFile);
  const lines = [
    { n: 900, type: 'renamed', from: 'log', name: 'new', replaced: 1 },
    { n: 901, type: 'removed', name: 'new', inode: 1 },
    { n: 902, type: 'created', name: 'never' },
  ];
  const half = '{"n":903,"type":"cont';
  writeFileSync(log, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n${half}`);
  undoJournal(data, folder);
  expect(readdirSync(data).sort()).toEqual(['log', 'new']);
  expect(readFileSync(join(data, 'log'), 'utf8')).toBe('kept lost');
});

test('a journal that is emptied takes nothing back', async () => {
  const { data, folder } = await diskWithLosses();
  emptyJournal(folder);
  emptyJournal(join(folder, 'nowhere'));
  expect(undoJournal(data, folder)).toMatchObject({ changesLost: 0, namesLost: 0 });
  expect(readFileSync(join(data, 'log'), 'utf8')).toBe('kept lost');
});
