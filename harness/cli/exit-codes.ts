/**
 * Exit codes of the harness, Jepsen's where Jepsen has one. [Jepsen]
 */
import type { Validity } from '../checker.ts';

interface ExitCodes {
  readonly valid: number;
  readonly invalid: number;
  readonly unknown: number;
  readonly interrupted: number;
  readonly unreadable: number;
  readonly badArguments: number;
  readonly crashed: number;
}

export const exitCodes: ExitCodes = {
  valid: 0,
  invalid: 1,
  unknown: 2,
  interrupted: 130,
  unreadable: 253,
  badArguments: 254,
  crashed: 255,
};

export function exitCodeOf(valid: Validity): number {
  if (valid === 'unknown') return exitCodes.unknown;
  return valid ? exitCodes.valid : exitCodes.invalid;
}

/** For the end of `--help`. */
export const exitCodesHelp: string = [
  'Exit codes: 0 valid, 1 invalid, 2 unknown (vacuous included), 130 interrupted twice,',
  '253 a history or results folder that cannot be read, 254 bad arguments, 255 rafture failed.',
].join('\n');
