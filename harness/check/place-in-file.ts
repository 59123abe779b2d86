/**
 * Where in a person's own file something went wrong, for the complaint: `mine.ts:12`.
 *
 * Read from what Node says of an error: its stack, the header above it, or a check of the syntax.
 */
import { spawnSync } from 'node:child_process';
import { relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** Of rafture: its frames stand in every stack, and are not where the mistake is. */
const ownRoot = fileURLToPath(new URL('../../', import.meta.url));

interface Place {
  readonly file: string;
  readonly line: string;
}

/** The message, and the place in brackets where one is known. `path` is absolute. */
export function describeWithPlace(error: unknown, path: string): string {
  const message = error instanceof Error ? error.message : String(error);
  const place = error instanceof Error ? findPlace(error, path) : null;
  return place === null ? message : `${message} (${relative('.', place.file)}:${place.line})`;
}

/** The topmost frame in the file itself, else in what it imports. */
function findPlace(error: Error, path: string): Place | null {
  const stack = error.stack ?? '';
  const header = parsePlace(/^(.+):(\d+)\n/.exec(stack));
  if (header !== null) return header;
  const frames = [...stack.matchAll(/^ +at (?:async )?(?:.*\()?(.+?):(\d+):\d+\)?$/gm)]
    .map(parsePlace)
    .filter((place) => place !== null);
  const own = frames.find(({ file }) => file === path);
  const foreign = frames.find(({ file }) => !file.startsWith(ownRoot));
  return own ?? foreign ?? (error instanceof SyntaxError ? findSyntaxError(path) : null);
}

/** null for what is no file: `node:internal/...`. */
function parsePlace(match: RegExpExecArray | null): Place | null {
  const [, name = '', line = ''] = match ?? [];
  const file = name.startsWith('file://') ? fileURLToPath(name.replace(/\?.*$/, '')) : name;
  return /^(?:[/\\]|[A-Za-z]:[/\\])/.test(file) ? { file, line } : null;
}

/** V8 tells where a module does not parse only to who prints the error. */
function findSyntaxError(path: string): Place | null {
  const { stderr } = spawnSync(process.execPath, ['--check', path], {
    encoding: 'utf8',
    timeout: 10_000,
  });
  return parsePlace(/^(.+):(\d+)\n/.exec(stderr));
}
