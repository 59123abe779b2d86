#!/usr/bin/env node
/**
 * The launcher: finds a Node that is new enough, and hands over to harness/main.ts; in a package,
 * which holds no TypeScript, to what was built of it.
 *
 * Plain JavaScript on purpose: any Node can run this file. The Node that comes with the
 * dependencies is preferred, so that `npx rafture` works where the system's Node is older.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const nodeMajorMin = 24;
const here = dirname(fileURLToPath(import.meta.url));
const source = join(here, 'main.ts');
const main = existsSync(source) ? source : join(here, '../dist/harness/main.js');

if (Number(process.versions.node.split('.')[0]) >= nodeMajorMin) {
  await import(pathToFileURL(main).href);
} else {
  const own = findNode();
  if (own === null) {
    console.error(
      `rafture needs Node ${nodeMajorMin} or later and this is ${process.version}; ` +
        'run `npm ci` to get it with the dependencies, or install Node 24 yourself',
    );
    process.exitCode = 255;
  } else {
    launch(own);
  }
}

/** @returns {string | null} The Node of the dependencies. */
function findNode() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  // Of a checkout, and of a project in which the package is installed.
  for (const packages of ['../node_modules', '../..']) {
    for (const prefix of ['node', 'node-bin']) {
      const folder = `${prefix}-${platform}-${process.arch}`;
      const path = join(here, packages, folder, 'bin', name);
      if (existsSync(path)) return path;
    }
  }
  return null;
}

/**
 * Runs the harness as a child that shares this terminal. The channel tells the child when this
 * launcher dies, so that not even a SIGKILL of the launcher leaves a run behind.
 * @param {string} executable
 */
function launch(executable) {
  const child = spawn(executable, [main, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, RAFTURE_LAUNCHER: '1' },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // A terminal sends Ctrl-C to the whole group; a lone signal is passed on.
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('error', (error) => {
    console.error(`cannot start ${executable}: ${error.message}`);
    process.exitCode = 255;
  });
  child.on('exit', (code, signal) => {
    const bySignal = signal === 'SIGINT' ? 130 : 255;
    process.exitCode = signal === null ? (code ?? 255) : bySignal;
  });
}
