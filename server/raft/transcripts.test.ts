/**
 * Runs every transcript of testdata/ and of the server's README, and compares what comes out.
 *
 * `REWRITE=1` writes what came out in the place of what was there: look at each difference, and
 * keep only those that you can explain.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Transcript } from './test-transcript.ts';

const testdata = join(import.meta.dirname, 'testdata');
const readme = join(import.meta.dirname, '..', 'README.md');
const rewrites = process.env['REWRITE'] === '1';
const divider = '----';

/** Blocks of `command, ----, output`, parted by empty lines; `#` begins a remark. */
function replay(text: string): string {
  const transcript = new Transcript();
  return `${text
    .trim()
    .split(/\n\n+/)
    .map((block) => {
      const lines = block.split('\n');
      const end = lines.indexOf(divider);
      const given = end === -1 ? lines : lines.slice(0, end);
      const commands = given.filter((line) => line !== '' && !line.startsWith('#'));
      if (commands.length === 0) return given.join('\n');
      const output = commands.map((command) => transcript.run(command));
      const said = output.filter((one) => one !== 'ok').join('\n');
      return `${given.join('\n')}\n${divider}\n${said === '' ? 'ok' : said}`;
    })
    .join('\n\n')}\n`;
}

for (const file of readdirSync(testdata).sort()) {
  test(`transcript: ${file.replace(/\.txt$/, '').replaceAll('-', ' ')}`, () => {
    const path = join(testdata, file);
    const text = readFileSync(path, 'utf8');
    const replayed = replay(text);
    if (rewrites) writeFileSync(path, replayed);
    else expect(replayed).toBe(text);
  });
}

test('the transcripts of the README come out as they stand there', () => {
  const text = readFileSync(readme, 'utf8');
  let count = 0;
  const replayed = text.replace(/```transcript\n([\s\S]*?)```/g, (_, block: string) => {
    count += 1;
    return `\`\`\`transcript\n${replay(block)}\`\`\``;
  });
  if (rewrites) writeFileSync(readme, replayed);
  else expect(replayed).toBe(text);
  expect(count).toBeGreaterThan(5);
});
