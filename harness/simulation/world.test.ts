/** The table of the README is what `worldNumbers` says. REWRITE=1 writes it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createRandomStream } from '../run/random.ts';
import { planSimulation } from './plan.ts';
import { describeWorld, drawWorld, optionsOfWorld, parseWorld, worldNumbers } from './world.ts';

const readmePath = fileURLToPath(new URL('README.md', import.meta.url));

function table(): string {
  const rows = Object.entries(worldNumbers).map(([name, { describe, from, to, usual }]) => {
    const otherwise = usual ?? "drawn, or the server's";
    return `| \`${name}\` | ${describe} | ${from} to ${to} | ${otherwise} |`;
  });
  return ['| number | what it is | range | usual |', '|---|---|---|---|', ...rows].join('\n');
}

test('the README has every number of the world', () => {
  const readme = readFileSync(readmePath, 'utf8');
  const [before = '', rest = ''] = readme.split(/(?<=<!-- world numbers: .*-->\n)/);
  const [, after = ''] = rest.split(/(?=<!-- end of world numbers -->)/);
  const written = `${before}${table()}\n${after || rest}`;
  if (process.env['REWRITE'] === '1') writeFileSync(readmePath, written);
  else expect(readme).toBe(written);
});

test('what is drawn is within its range, can be said again, and makes a world', () => {
  const seen = new Map<string, Set<number>>();
  for (let seed = 0; seed < 300; seed++) {
    const world = drawWorld((name) => createRandomStream(seed, name));
    expect(parseWorld(describeWorld(world))).toEqual(world);
    planSimulation({ seed, nodes: ['n1'], ...optionsOfWorld(world) });
    const { heartbeat = 0, election = 0, pace = 0 } = world;
    expect(heartbeat * (1 + pace) * 4, 'heartbeats of a slow leader').toBeLessThanOrEqual(
      (election / (1 + pace)) * (1 + 1e-9),
    );
    for (const [name, value] of Object.entries(world)) {
      seen.set(name, (seen.get(name) ?? new Set()).add(value));
    }
  }
  for (const name of Object.keys(worldNumbers)) {
    expect(seen.get(name)?.size, `${name} is drawn one way only`).toBeGreaterThan(1);
  }
});

test('what nobody names leaves the server as it is', () => {
  expect(optionsOfWorld({}).sizes).toEqual({ raft: {}, sessions: {} });
  expect(optionsOfWorld({ packet: 7, idle: 9 }).sizes).toEqual({
    raft: { maxEntryBytesPerMessage: 7 },
    sessions: { idleEntriesMax: 9 },
  });
});

test('a word that is no number of the world is refused with those that are', () => {
  expect(() => parseWorld('tare=1')).toThrow(/no tare.*tear/s);
  expect(() => parseWorld('power=2')).toThrow('power takes a number from 0 to 1, not 2');
});
