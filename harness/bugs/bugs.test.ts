import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { applyEdit, BugError } from './bug.ts';
import { bugs } from './index.ts';

const root = new URL('../../', import.meta.url);

describe('planted bugs', () => {
  for (const bug of bugs) {
    it(`${bug.id} still fits the server's sources, each edit exactly once`, () => {
      for (const edit of bug.edits) {
        const text = readFileSync(new URL(edit.file, root), 'utf8');
        expect(applyEdit(bug.id, edit, text)).not.toBe(text);
      }
    });
  }

  it('have ids of their own', () => {
    expect(new Set(bugs.map((bug) => bug.id)).size).toBe(bugs.length);
  });

  it('are refused when an edit matches nothing, or more than once', () => {
    const edit = { file: 'server/a.ts', find: 'x', replace: 'y' };
    expect(() => applyEdit('b', edit, 'nothing here')).toThrow(BugError);
    expect(() => applyEdit('b', edit, 'x and x')).toThrow(/matches 2 times in server\/a.ts/);
    expect(applyEdit('b', edit, 'one x')).toBe('one y');
  });
});
