import { expect, test } from 'vitest';
import { firstFile } from './docker-copy.ts';
import { createContextStream } from './images/tar.ts';

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(parts: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const collected: Uint8Array[] = [];
  for await (const part of parts) collected.push(part);
  return Buffer.concat(collected);
}

async function tarOf(...texts: readonly string[]): Promise<Buffer> {
  const files = texts.map((text, at) => ({
    ...{ path: `file${at}`, executable: false },
    from: { text },
  }));
  return collect(createContextStream(files));
}

test('the first file comes out whole, in whatever pieces the archive comes', async () => {
  for (const length of [0, 1, 511, 512, 513, 5000]) {
    const text = 'x'.repeat(length);
    const tar = await tarOf(text, 'another');
    for (const size of [1, 7, 512, 700, tar.length]) {
      const file = await collect(firstFile(pieces(tar, size)));
      expect(file.toString(), `${length} in pieces of ${size}`).toBe(text);
    }
  }
});

test('what stands before the file is skipped', async () => {
  const extended = (await tarOf('30 mtime=1\n')).subarray(0, 1024);
  extended[156] = 'x'.charCodeAt(0);
  const tar = Buffer.concat([extended, await tarOf('the file')]);
  expect((await collect(firstFile(pieces(tar, 100)))).toString()).toBe('the file');
});

test('an archive that ends too early is no file', async () => {
  const tar = await tarOf('x'.repeat(1000));
  const failure = /half a file/;
  await expect(collect(firstFile(pieces(tar.subarray(0, 1000), 100)))).rejects.toThrow(failure);
  await expect(collect(firstFile(pieces(Buffer.alloc(1024), 100)))).rejects.toThrow(failure);
});
