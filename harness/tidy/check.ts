/**
 * `npm run check`: types, lint and format, dead code, and the tidy rules, side by side.
 *
 * Prints what is wrong and exits 1, or a line for each part that is fine.
 */
import { execa } from 'execa';
import { projectRoot, readProject } from './source-files.ts';
import { checkTidy } from './tidy.ts';

interface Part {
  readonly name: string;
  readonly problems: string;
}

async function runTool(name: string, command: string, args: readonly string[]): Promise<Part> {
  const result = await execa(command, args, {
    cwd: projectRoot,
    preferLocal: true,
    reject: false,
    all: true,
  });
  return { name, problems: result.exitCode === 0 ? '' : String(result.all) };
}

const parts = await Promise.all([
  runTool('types', 'tsc', ['--noEmit']),
  runTool('lint', 'biome', ['check', '--config-path=.biome.jsonc', '--error-on-warnings', '.']),
  runTool('dead code', 'knip', ['--no-progress']),
  Promise.resolve({ name: 'tidy', problems: checkTidy(readProject()).join('\n') }),
]);
for (const { name, problems } of parts) {
  console.log(problems === '' ? `${name}: fine` : `${name}:\n${problems}\n`);
}
process.exitCode = parts.every(({ problems }) => problems === '') ? 0 : 1;
