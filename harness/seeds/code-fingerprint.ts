/**
 * Which code a program would run: a hash of its module and of all that it imports by a path, and of
 * what those import. Words in a README change nothing of it, and a commit elsewhere neither.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';

const importPattern = /(?:\bfrom\s+|\bimport\s*\(\s*|\bimport\s+)['"](\.[^'"]+\.(?:ts|js))['"]/g;

export interface FingerprintOptions {
  /** Paths in it are told relative to this one, so that two checkouts are equal. */
  readonly root: string;
  /** What is left out, with all that only it imports. */
  readonly without: (path: string) => boolean;
}

/** Twelve digits. */
export function fingerprintCode(
  modules: readonly string[],
  { root, without }: FingerprintOptions,
): string {
  const texts = new Map<string, string>();
  const waiting = modules.map((path) => resolve(path));
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const name = relative(root, path);
    if (texts.has(name) || without(name) || !existsSync(path)) continue;
    const text = readFileSync(path, 'utf8');
    texts.set(name, text);
    for (const [, specifier = ''] of text.matchAll(importPattern)) {
      waiting.push(resolve(dirname(path), specifier));
    }
  }
  const hash = createHash('sha256');
  for (const name of [...texts.keys()].sort()) hash.update(`${name}\0${texts.get(name)}\0`);
  return hash.digest('hex').slice(0, 12);
}
