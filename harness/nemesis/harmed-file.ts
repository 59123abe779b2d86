/** Which file of a node is harmed: the one that was written last, or as the script has it. */
import type { DiskFile } from '../cluster.ts';
import { FaultError } from '../nemesis.ts';

/** Files end where this much is written, as far as disks are concerned. */
const blockBytes = 512;
/** A record may end in zeros: so many of them may be content. */
const doubtfulBytes = 64;

/** Up to its last byte that is not zero: behind it there may be room that was kept for more. */
export function contentBytesOf({ bytes, contentBytes }: DiskFile): number {
  return contentBytes ?? bytes;
}

/** Where an unfinished write may have left something, and how much room there is. */
export interface TornPlace {
  readonly offset: number;
  readonly roomBytes: number;
}

/**
 * At the end of the file; in one that keeps room for more, in the first block that holds nothing
 * for sure, and never beyond its end. Throws FaultError when such a file is full.
 */
export function tornPlaceOf(file: DiskFile): TornPlace {
  const { bytes, path } = file;
  const content = contentBytesOf(file);
  // One of whole blocks that is full to its last byte may have been made so long.
  const grows = content === bytes && bytes % blockBytes !== 0;
  if (grows) return { offset: bytes, roomBytes: Number.POSITIVE_INFINITY };
  const first = content + doubtfulBytes;
  const block = Math.ceil(first / blockBytes) * blockBytes;
  const offset = block < bytes ? block : first;
  if (offset < bytes) return { offset, roomBytes: bytes - offset };
  throw new FaultError(`${path} has no room for an unfinished write: ${content} of ${bytes} bytes`);
}

/** The youngest file with content that matches. Throws FaultError when there is none. */
export function pickFile(files: readonly DiskFile[], glob: string | null): DiskFile {
  const pattern = glob === null ? null : patternOf(glob);
  const matching = files.filter(
    (file) => contentBytesOf(file) > 0 && (pattern === null || pattern.test(file.path)),
  );
  const [youngest] = matching.sort((a, b) => a.age - b.age);
  if (youngest !== undefined) return youngest;
  const there = files.map(({ path, bytes }) => `${path} (${bytes} bytes)`).join(', ');
  const wanted = glob === null ? 'file with content' : `file with content named ${glob}`;
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
