/** Arguments that commands about a history have in common. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

/** A results folder stands for its history; `-` for standard input. */
export function historyPathOf(path: string): string {
  // The parser of the command line makes an empty text of a lone dash.
  if (path === '' && process.argv.includes('-')) return '-';
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  return isFolder ? join(path, 'history.jsonl') : path;
}

/** The value of a flag that takes JSON; undefined when it is none. */
export function parseJsonFlag(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
