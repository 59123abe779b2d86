import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bugFamilies, bugs, noOpMutants } from './index.ts';
import { describeScore, type ScoreRow, scoreOf, tableOf } from './scorecard.ts';

const readmePath = new URL('README.md', import.meta.url);
const readme = readFileSync(readmePath, 'utf8');
const between = /(<!-- scorecard: .* -->\n)([\s\S]*)(<!-- end of scorecard -->)/;

/** What a scorecard says in the README; the sources that it is of among it. */
function describeScorecard(path: string): string {
  const record = JSON.parse(readFileSync(path, 'utf8')) as {
    readonly commit: string;
    readonly rows: readonly ScoreRow[];
  };
  const { commit, rows } = record;
  const clusters = [...new Set(rows.map(({ cluster }) => cluster))];
  const tables = clusters.map((cluster) => {
    const own = rows.filter((row) => row.cluster === cluster);
    return `In \`${cluster}\`: ${describeScore(scoreOf(own))}.\n\n${tableOf(own)}`;
  });
  return `Of the sources at \`${commit}\`.\n\n${tables.join('\n\n')}\n`;
}

test('the scorecard in the README tells of every bug, and of none that is not there', () => {
  const path = process.env['SCORECARD'];
  if (path !== undefined) {
    const text = readme.replace(between, (_all, first: string, _old, last: string) => {
      return `${first}${describeScorecard(path)}${last}`;
    });
    writeFileSync(readmePath, text);
    return;
  }
  const table = between.exec(readme)?.[2] ?? '';
  // The night has not come yet: nothing is claimed.
  if (table.trim() === 'Not run yet.') return;
  const told = new Set([...table.matchAll(/^\| `([a-z0-9-]+)` \|/gm)].map(([, id]) => id));
  const known = [...bugs, ...noOpMutants].map(({ id }) => id);
  expect([...told].filter((id) => id !== 'clean' && !known.includes(id ?? ''))).toEqual([]);
  expect(bugs.map(({ id }) => id).filter((id) => !told.has(id))).toEqual([]);
});

test('there are forty mechanisms at least, in every family', () => {
  expect(bugs.length).toBeGreaterThanOrEqual(40);
  expect(noOpMutants.length).toBeGreaterThanOrEqual(4);
  const thin = Object.entries(bugFamilies).filter(([, own]) => own.length < 4);
  expect(thin.map(([family]) => family)).toEqual([]);
});
