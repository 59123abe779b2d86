import { expect, onTestFinished, test, vi } from 'vitest';
import { type Edit, plantBug } from '../bugs/bug.ts';
import type { SeedResult } from '../seeds/seed-result.ts';
import { loadServerCode, ownServerCode, type ServerCode } from '../simulation/server-code.ts';
import { runSeed } from './sim-run.ts';
import { planOf } from './sim-task.ts';

vi.setConfig({ testTimeout: 120_000 });

async function serverWith(edit: Edit): Promise<ServerCode> {
  const copy = await plantBug({ id: 'crash', edits: [edit] }, process.cwd());
  onTestFinished(() => copy.remove());
  return await loadServerCode(copy.root);
}

function run(server: ServerCode, nemesis: string): Promise<SeedResult> {
  const choices = { workload: 'register', nodes: 5, timeLimitS: 6, nemesis };
  const when = { nemesisSchedule: 'random', nemesisEvery: 60 };
  const plan = planOf(1, { ...choices, ...when });
  return runSeed({ plan, server, signal: new AbortController().signal });
}

const crashAtSnapshot: Edit = {
  file: 'server/node-admin.ts',
  find: "    case 'snapshot':\n",
  replace: "    case 'snapshot':\n      throw new TypeError('nothing is there');\n",
};

const crashAtRecovery: Edit = {
  file: 'server/storage/wal-corruption-error.ts',
  find: '    this.file = file;\n',
  replace: "    this.file = file;\n    throw new TypeError('nothing is there');\n",
};

test.each(['disk-full', 'disk-error'])('%s excuses no TypeError of a node', async (nemesis) => {
  expect((await run(ownServerCode, nemesis)).findings).toEqual([]);
  const { findings } = await run(await serverWith(crashAtSnapshot), nemesis);
  const invalid = findings.filter(({ valid }) => valid === false).map(({ oracle }) => oracle);
  expect(invalid).toEqual(expect.arrayContaining(['exits', 'logs']));
  const exits = findings.find(({ oracle }) => oracle === 'exits');
  expect(exits?.summary).toContain('ended by itself: nothing is there');
});

test('harm to files excuses their refusal, and no TypeError over it', async () => {
  expect((await run(ownServerCode, 'bit-flip')).findings).toEqual([]);
  const { findings } = await run(await serverWith(crashAtRecovery), 'bit-flip');
  const exits = findings.find(({ oracle }) => oracle === 'exits');
  expect(exits).toMatchObject({ valid: false });
  expect(exits?.summary).toContain('ended by itself: nothing is there');
});
