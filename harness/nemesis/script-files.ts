/** Finds the script of faults that a person named: one that ships, or a file of their own. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hintOf } from '../nearest-name.ts';
import type { FaultFamily } from '../nemesis.ts';
import type { Script } from './script.ts';
import { ScriptError } from './script-complaints.ts';
import { parseScript } from './script-parse.ts';

const filePattern = /[/\\]|\.ya?ml$/;

/** The sources' own; a package keeps them where a checkout has them. */
const folders = ['./scripts', '../../../harness/nemesis/scripts'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

export function shippedScripts(): readonly string[] {
  const folder = folders.find((each) => existsSync(each));
  if (folder === undefined) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.slice(0, -'.yaml'.length))
    .sort();
}

/** Throws ScriptError: there is none, or what is wrong with it, line by line. */
export function findScript(nameOrPath: string, families: readonly FaultFamily[]): Script {
  const names = shippedScripts();
  const folder = folders.find((each) => existsSync(each)) ?? '';
  const path = names.includes(nameOrPath) ? join(folder, `${nameOrPath}.yaml`) : nameOrPath;
  const bare = nameOrPath.replace(/\.ya?ml$/, '');
  if (path === nameOrPath && names.includes(bare) && !existsSync(path)) {
    throw new ScriptError(`there is no file ${path} here (did you mean ${bare}, which ships?)`);
  }
  if (path === nameOrPath && !filePattern.test(path)) {
    const there = `there are ${names.join(', ')}, or the path of a file such as ./faults.yaml`;
    throw new ScriptError(`no script is called ${path}${hintOf(path, names)}; ${there}`);
  }
  return parseScript({ path: nameOrPath, text: read(path), families });
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ScriptError(`the script ${path} cannot be read: ${why}`);
  }
}
