/** Harm to the files of a simulated disk: bytes in, bytes out, and what was done. */
import type { Damage } from '../cluster.ts';

/** Changes the files. Returns what was read back. Throws RangeError when there is nothing there. */
export function harm(
  files: Map<string, Uint8Array>,
  damage: Damage,
): Readonly<Record<string, unknown>> {
  if (damage.type === 'wipe') {
    const filesBefore = files.size;
    files.clear();
    return { filesBefore, filesAfter: files.size };
  }
  const { path: file } = damage;
  const bytes = files.get(file);
  if (bytes === undefined) throw new RangeError(`there is no file ${file}`);
  const { harmed, read } = changed(bytes, damage);
  files.set(file, harmed);
  return { file, bytesBefore: bytes.length, bytesAfter: harmed.length, ...read };
}

function changed(
  bytes: Uint8Array,
  damage: Exclude<Damage, { readonly type: 'wipe' }>,
): { readonly harmed: Uint8Array; readonly read: Readonly<Record<string, unknown>> } {
  switch (damage.type) {
    case 'append': {
      const { bytes: written, offset = bytes.length } = damage;
      const harmed = new Uint8Array(Math.max(bytes.length, offset + written.length));
      harmed.set(bytes);
      harmed.set(written, offset);
      return { harmed, read: { offset, writtenBytes: written.length } };
    }
    case 'truncate': {
      const harmed = new Uint8Array(damage.keepBytes);
      harmed.set(bytes.subarray(0, damage.keepBytes));
      return { harmed, read: {} };
    }
    case 'flip': {
      const { path, offset, bit } = damage;
      const before = bytes[offset];
      if (before === undefined) throw new RangeError(`${path} has no byte ${offset}`);
      const harmed = bytes.slice();
      harmed[offset] = before ^ (1 << bit);
      return { harmed, read: { offset, bit, before, after: harmed[offset] } };
    }
  }
}
