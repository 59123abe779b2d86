/**
 * Chance, from the system, and never from a seed: ids of directories and of requests are drawn from
 * it, and must be others after each start.
 */
import { randomBytes } from 'node:crypto';
import type { Random } from '../host.ts';

export function createRealRandom(): Random {
  const bytes = randomBytes(16);
  let a = bytes.readUInt32LE(0);
  let b = bytes.readUInt32LE(4);
  let c = bytes.readUInt32LE(8);
  let d = bytes.readUInt32LE(12);
  return {
    // sfc32: small, quick, and good enough for timeouts and marks.
    next: () => {
      const t = (a + b + d) | 0;
      d = (d + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = ((c << 21) | (c >>> 11)) + t;
      return (t >>> 0) / 0x1_0000_0000;
    },
  };
}
