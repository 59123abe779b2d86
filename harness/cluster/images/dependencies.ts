/**
 * The packages that the server's sources need, as files of an image.
 *
 * Found by walking: from the bare imports of the sources over the `dependencies` of each package,
 * resolved as Node resolves them. Nothing of the harness's own packages comes along.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { ContextFile } from './tar.ts';

const importForms = [
  /^(?:import|export)\b[^;'"=]*\bfrom\s*['"]([^'"]+)['"]/gm,
  /^import\s*['"]([^'"]+)['"]/gm,
  /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
];

/** Names of the packages that these sources import. */
export function importedPackages(sources: readonly string[]): readonly string[] {
  const names = new Set<string>();
  for (const specifier of sources.flatMap(specifiersOf)) {
    if (specifier.startsWith('.') || specifier.startsWith('node:')) continue;
    names.add(packageName(specifier));
  }
  return [...names].sort();
}

/** The texts, by path, of this source and of all that it imports by paths: no test among them. */
export async function reachedSources(entry: string): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  const left = [entry];
  for (let path = left.pop(); path !== undefined; path = left.pop()) {
    if (texts.has(path)) continue;
    const text = await readFile(path, 'utf8');
    texts.set(path, text);
    for (const specifier of specifiersOf(text)) {
      if (/^\..*\.[jt]s$/.test(specifier)) left.push(join(dirname(path), specifier));
    }
  }
  return texts;
}

function specifiersOf(source: string): readonly string[] {
  return importForms.flatMap((form) => [...source.matchAll(form)].map((match) => match[1] ?? ''));
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Files of these packages and of all that they need, at `node_modules/...` as they lie here. */
export async function collectDependencies(
  root: string,
  names: readonly string[],
): Promise<readonly ContextFile[]> {
  const directories = new Set<string>();
  for (const name of names) await addPackage({ name, from: root, directories, optional: false });
  const files: ContextFile[] = [];
  for (const directory of [...directories].sort()) {
    for (const file of await packageFiles(directory)) {
      const path = relative(root, file);
      files.push({ path, executable: false, from: { file } });
    }
  }
  return files;
}

interface PackageRequest {
  readonly name: string;
  /** Where the search begins. */
  readonly from: string;
  readonly directories: Set<string>;
  readonly optional: boolean;
}

async function addPackage(request: PackageRequest): Promise<void> {
  const { name, from, directories, optional } = request;
  const directory = findPackage(name, from);
  if (directory === null) {
    // An optional one is for another platform, or was not wanted: its user does without it.
    if (optional) return;
    throw new Error(`the package ${name} is not installed: run npm ci`);
  }
  if (directories.has(directory)) return;
  directories.add(directory);
  const manifest: unknown = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'));
  for (const each of namesIn(manifest, 'dependencies')) {
    const isOptional = namesIn(manifest, 'optionalDependencies').includes(each);
    await addPackage({ name: each, from: directory, directories, optional: isOptional });
  }
  for (const each of namesIn(manifest, 'optionalDependencies')) {
    await addPackage({ name: each, from: directory, directories, optional: true });
  }
}

/** As Node does it: the nearest `node_modules` upwards that has it. */
function findPackage(name: string, from: string): string | null {
  for (let directory = from; ; directory = dirname(directory)) {
    const candidate = join(directory, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (dirname(directory) === directory) return null;
  }
}

function namesIn(manifest: unknown, field: string): readonly string[] {
  if (typeof manifest !== 'object' || manifest === null) return [];
  const names: unknown = Reflect.get(manifest, field);
  return typeof names === 'object' && names !== null ? Object.keys(names) : [];
}

/** What a package needs at run time: no nested packages (they are walked), no types, no maps. */
async function packageFiles(directory: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory() && entry.name !== 'node_modules') {
      found.push(...(await packageFiles(path)));
    }
    if (entry.isFile() && !/\.(?:md|map|d\.[cm]?ts)$/.test(entry.name)) found.push(path);
  }
  return found.sort();
}
