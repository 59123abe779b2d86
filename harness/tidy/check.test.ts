import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, it } from 'vitest';

it('npm run check finds nothing: types, lint, dead code, tidy rules', async () => {
  const check = fileURLToPath(new URL('check.ts', import.meta.url));
  const { exitCode, stdout } = await execa(process.execPath, [check], { reject: false });
  expect(exitCode, stdout).toBe(0);
}, 120_000);
