import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'rafture-parent-watch-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('a process in an endless loop ends when its parent was killed', async () => {
  const watch = new URL('./parent-watch.ts', import.meta.url).href;
  const child = join(folder, 'child.mjs');
  writeFileSync(
    child,
    `import { watchParent } from ${JSON.stringify(watch)};
     await watchParent();
     process.stdout.write(process.pid + '\\n', () => { for (;;); });`,
  );
  const parent = join(folder, 'parent.mjs');
  writeFileSync(
    parent,
    `import { spawn } from 'node:child_process';
     spawn(process.execPath, [${JSON.stringify(child)}], { stdio: 'inherit', detached: true });`,
  );
  const own = spawn(process.execPath, [parent], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [said] = (await once(own.stdout, 'data')) as [Buffer];
  const pid = Number(said.toString());
  try {
    expect(isAlive(pid)).toBe(true);
    own.kill('SIGKILL');
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 20_000, interval: 50 });
  } finally {
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  }
}, 60_000);
