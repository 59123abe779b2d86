import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collectDependencies, importedPackages, reachedSources } from './dependencies.ts';
import { type ContextFile, createContextStream, hashContext } from './tar.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rafture-images-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

function text(path: string, content: string, executable = false): ContextFile {
  return { path, executable, from: { text: content } };
}

describe('the context of a build', () => {
  test('tar reads back every file with its bytes and its mode', async () => {
    const long = `${'directory/'.repeat(15)}${'f'.repeat(90)}`;
    const source = join(folder, 'source');
    await writeFile(source, Buffer.alloc(1000, 7));
    const files = [
      text('empty', ''),
      text('a/exactly-one-block', 'x'.repeat(512)),
      text('program', '#!', true),
      text(long, 'far down'),
      { path: 'binary', executable: false, from: { file: source } },
    ];
    const archive = join(folder, 'context.tar');
    await pipeline(createContextStream(files), createWriteStream(archive));
    await mkdir(join(folder, 'out'));
    await run('tar', ['-xf', archive, '-C', join(folder, 'out')]);
    expect(await readFile(join(folder, 'out', long), 'utf8')).toBe('far down');
    expect(await readFile(join(folder, 'out/a/exactly-one-block'), 'utf8')).toHaveLength(512);
    expect(await readFile(join(folder, 'out/empty'))).toHaveLength(0);
    expect(await readFile(join(folder, 'out/binary'))).toEqual(Buffer.alloc(1000, 7));
    const { stdout } = await run('tar', ['-tvf', archive]);
    expect(stdout).toMatch(/^-rwxr-xr-x .* program$/m);
    expect(stdout).toMatch(/^-rw-r--r-- .* empty$/m);
  });

  test('a path that no header holds is refused by name', async () => {
    const files = [text('x'.repeat(300), '')];
    const archive = join(folder, 'refused.tar');
    await expect(pipeline(createContextStream(files), createWriteStream(archive))).rejects.toThrow(
      /too long/,
    );
  });

  test('its hash depends on every path, byte, mode and argument, and on no order', async () => {
    const base = [text('a', '1'), text('b', '2')];
    const hash = await hashContext(base, ['x']);
    expect(await hashContext(base.toReversed(), ['x'])).toBe(hash);
    for (const other of [
      [text('a', '2'), text('b', '1')],
      [text('a', '1'), text('c', '2')],
      [text('a', '1', true), text('b', '2')],
      [text('a', '1')],
    ]) {
      expect(await hashContext(other, ['x'])).not.toBe(hash);
    }
    expect(await hashContext(base, ['y'])).not.toBe(hash);
  });
});

describe('the packages of the server', () => {
  test('are those that its sources import, built-in modules and own files aside', () => {
    const source = [
      "import { pack } from 'msgpackr';",
      "import type { A } from '@scope/name/deep';",
      "import fs from 'node:fs';",
      "import {\n  b,\n  c,\n} from './b.ts';",
      "export { d } from 'pino/file';",
      "import 'effect-only';",
      "const lazy = await import('lazily');",
      "export const version = '0.1.0';",
      'const text = "import x from \'no-import\'";',
    ].join('\n');
    expect(importedPackages([source])).toEqual([
      '@scope/name',
      'effect-only',
      'lazily',
      'msgpackr',
      'pino',
    ]);
  });

  test('are those of the sources that are reached from where it starts', async () => {
    const sources = join(folder, 'reached');
    await mkdir(join(sources, 'deep'), { recursive: true });
    const files = {
      'main.ts': "import './deep/a.ts';\nimport 'one';\n",
      'deep/a.ts': "import type { B } from '../main.ts';\nexport * from '../b.ts';\n",
      'b.ts': "const lazy = await import('two');\n",
      'test-only.ts': "import 'three';\n",
    };
    for (const [path, source] of Object.entries(files))
      await writeFile(join(sources, path), source);
    const reached = await reachedSources(join(sources, 'main.ts'));
    expect(importedPackages([...reached.values()])).toEqual(['one', 'two']);
  });

  test('are, with the sources, all that a build of the compose file is given', async () => {
    const packages = importedPackages([
      ...(await reachedSources(join(root, 'server/main.ts'))).values(),
    ]);
    const files = await collectDependencies(root, packages);
    const outermost = files.map(({ path }) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]);
    const rules = (await readFile(join(root, '.dockerignore'), 'utf8')).trim().split('\n');
    expect(rules.filter((rule) => !rule.startsWith('#'))).toEqual([
      '*',
      '!package.json',
      '!server',
      'server/**/*.test.ts',
      ...[...new Set(outermost)].sort().map((path) => `!${path}`),
    ]);
  });

  test('bring what they need themselves from where Node would find it, and no more', async () => {
    const root = join(folder, 'root');
    const make = async (path: string, manifest: object): Promise<void> => {
      await mkdir(join(root, path), { recursive: true });
      await writeFile(join(root, path, 'package.json'), JSON.stringify(manifest));
      await writeFile(join(root, path, 'index.js'), '');
    };
    await make('node_modules/a', {
      dependencies: { b: '1' },
      optionalDependencies: { elsewhere: '1' },
    });
    await make('node_modules/a/node_modules/b', { dependencies: { c: '1' } });
    await make('node_modules/b', {});
    await make('node_modules/c', { dependencies: { a: '1' } });
    await make('node_modules/unused', {});
    const files = await collectDependencies(root, ['a']);
    const packages = files.map((file) => file.path).filter((path) => path.endsWith('index.js'));
    expect(packages).toEqual([
      'node_modules/a/index.js',
      'node_modules/a/node_modules/b/index.js',
      'node_modules/c/index.js',
    ]);
  });

  test('a package that is not installed is named', async () => {
    const missing = collectDependencies(join(folder, 'root'), ['not-there']);
    await expect(missing).rejects.toThrow(/not-there is not installed: run npm ci/);
  });
});
