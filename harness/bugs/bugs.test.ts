import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { workloads } from '../../workloads/index.ts';
import { standardCheckers } from '../checkers/composition.ts';
import { applyEdit, type Bug, BugError, describeBugs } from './bug.ts';
import { bugs } from './index.ts';

const root = new URL('../../', import.meta.url);

/** The sources with the bug in them; several edits of one file go one after the other. */
function plantedTexts({ id, edits }: Bug): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const edit of edits) {
    const text = texts.get(edit.file) ?? readFileSync(new URL(edit.file, root), 'utf8');
    texts.set(edit.file, applyEdit(id, edit, text));
  }
  return texts;
}

describe('planted bugs', () => {
  for (const bug of bugs) {
    it(`${bug.id} still fits the server's sources, each edit exactly once`, () => {
      for (const [file, text] of plantedTexts(bug)) {
        expect(text).not.toBe(readFileSync(new URL(file, root), 'utf8'));
      }
    });

    it(`${bug.id} names a workload, and checkers that judge it`, () => {
      const workload = workloads.find(({ name }) => name === bug.workload);
      expect(workload).toBeDefined();
      const own = workload?.checkers?.add ?? [];
      const names = ['linearizable', ...[...standardCheckers, ...own].map(({ name }) => name)];
      expect(bug.expect.length).toBeGreaterThan(0);
      for (const { checker } of bug.expect) expect(names).toContain(checker);
    });
  }

  it('have ids of their own', () => {
    expect(new Set(bugs.map((bug) => bug.id)).size).toBe(bugs.length);
  });

  it('are there for each workload', () => {
    const shown = new Set(bugs.map(({ workload }) => workload));
    expect(workloads.map(({ name }) => name).filter((name) => !shown.has(name))).toEqual([]);
  });

  it('are there for each checker, but for the one that judges the faults themselves', () => {
    const finders = new Set(bugs.flatMap((bug) => bug.expect.map(({ checker }) => checker)));
    const own = workloads.flatMap((workload) => workload.checkers?.add ?? []);
    const names = ['linearizable', ...[...standardCheckers, ...own].map(({ name }) => name)];
    expect(names.filter((name) => !finders.has(name))).toEqual(['faults']);
  });

  it('are told of with the arguments that show them and who finds them', () => {
    const lines = describeBugs(bugs).split('\n');
    expect(lines).toHaveLength(bugs.length + 1);
    const line = lines.find((each) => each.includes('stale-read'));
    expect(line).toMatch(/reads without confirming.*--workload register --nemesis.*linearizable$/);
  });

  it('are refused when an edit matches nothing, or more than once', () => {
    const edit = { file: 'server/a.ts', find: 'x', replace: 'y' };
    expect(() => applyEdit('b', edit, 'nothing here')).toThrow(BugError);
    expect(() => applyEdit('b', edit, 'x and x')).toThrow(/matches 2 times in server\/a.ts/);
    expect(applyEdit('b', edit, 'one x')).toBe('one y');
  });
});
