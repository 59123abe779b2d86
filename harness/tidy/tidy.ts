/** All tidy rules over the project. */
import { checkArrows } from './arrows.ts';
import {
  checkBannedCalls,
  checkCitations,
  checkHeaders,
  checkLengths,
  checkLinks,
  checkLockfile,
  checkNames,
  checkStrayMarks,
} from './rules.ts';
import type { SourceFile } from './source-files.ts';

type Rule = (files: readonly SourceFile[]) => readonly string[];

export const rules: Readonly<Record<string, Rule>> = {
  'arrows between folders': checkArrows,
  'banned calls': checkBannedCalls,
  'lengths of files and lines': checkLengths,
  'names of files': checkNames,
  'header comments': checkHeaders,
  'stray marks': checkStrayMarks,
  'hosts in the lockfile': checkLockfile,
  'links in Markdown': checkLinks,
  citations: checkCitations,
};

/** Every problem, one sentence each. */
export function checkTidy(files: readonly SourceFile[]): readonly string[] {
  return Object.values(rules).flatMap((rule) => rule(files));
}
