/** Which file of a node is harmed: the one that was written last, or as the script has it. */
import type { DiskFile } from '../cluster.ts';
import { FaultError } from '../nemesis.ts';

/** The youngest file with content that matches. Throws FaultError when there is none. */
export function pickFile(files: readonly DiskFile[], glob: string | null): DiskFile {
  const pattern = glob === null ? null : patternOf(glob);
  const matching = files.filter(
    ({ path, bytes }) => bytes > 0 && (pattern === null || pattern.test(path)),
  );
  const [youngest] = matching.sort((a, b) => a.age - b.age);
  if (youngest !== undefined) return youngest;
  const there = files.map(({ path, bytes }) => `${path} (${bytes} bytes)`).join(', ');
  const wanted = glob === null ? 'a file with content' : `a file with content named ${glob}`;
  throw new FaultError(`there is no ${wanted}; there is ${there || 'nothing'}`);
}

/** `*` stands for anything but a slash, `**` for anything, `?` for one character. */
function patternOf(glob: string): RegExp {
  const source = glob.replaceAll(/\*\*|[\s\S]/g, (part) => {
    if (part === '**') return '.*';
    if (part === '*') return '[^/]*';
    if (part === '?') return '[^/]';
    return part.replaceAll(/[\\^$.|+()[\]{}]/g, '\\$&');
  });
  return new RegExp(`^${source}$`);
}
