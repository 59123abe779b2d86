import { expect, it } from 'vitest';
import { findFilesystem, parseProcessMemory, parseProcessorSeconds } from './server-machine.ts';

const mountinfo = [
  '22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw',
  '30 22 0:26 / /tmp rw,nosuid - tmpfs tmpfs rw,size=1g',
  '31 22 0:27 / /tmp/data rw master:3 - xfs /dev/vdb rw',
].join('\n');

it('names the filesystem of the nearest mount point, not of one that only begins alike', () => {
  expect(findFilesystem(mountinfo, '/srv')).toBe('ext4');
  expect(findFilesystem(mountinfo, '/tmp')).toBe('tmpfs');
  expect(findFilesystem(mountinfo, '/tmp/data/n1')).toBe('xfs');
  expect(findFilesystem(mountinfo, '/tmpfiles')).toBe('ext4');
  expect(findFilesystem('', '/tmp')).toBe('unknown');
});

it('reads resident memory and its peak from what Linux says of a process', () => {
  const status = 'Name:\tnode\nVmPeak:\t 999999 kB\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\n';
  expect(parseProcessMemory(status)).toEqual({ residentMb: 100, peakResidentMb: 200 });
  expect(parseProcessMemory('').residentMb).toBeNaN();
});

it('adds up the processor time of a process, whatever its name is', () => {
  const stat = '42 (a) b (c) S 1 42 42 0 -1 4194560 9 8 7 6 150 25 3 4 20 0 11 0 12345 678';
  expect(parseProcessorSeconds(stat)).toBe(1.75);
  expect(parseProcessorSeconds('')).toBeNaN();
});
