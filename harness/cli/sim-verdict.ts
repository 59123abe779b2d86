/**
 * The verdict of a series of seeds, in words and as an exit code.
 *
 * One that crashed comes before one that is invalid, as over several runs of `rafture test`. An
 * unknown seed is never a pass: the verdict is unknown, unless a share of them is allowed by name.
 */
import { describeCount, describeMany } from '../report/figures.ts';
import type { SeriesFile } from '../seeds/series-file.ts';
import { exitCodes } from './exit-codes.ts';

export interface SeriesVerdict {
  readonly verdict: string;
  /** Also the name of its colour. */
  readonly word: 'valid' | 'invalid' | 'unknown';
  readonly exitCode: number;
}

/** `unknownOk`: the share of seeds that may be unknown. */
export function judgeSeries(
  file: Pick<SeriesFile, 'counts' | 'seedsRun' | 'seedsWanted' | 'interrupted' | 'contradictions'>,
  unknownOk: number,
): SeriesVerdict {
  const { counts, seedsRun, seedsWanted, interrupted, contradictions } = file;
  const done = `${describeCount(seedsRun)} of ${describeCount(seedsWanted)} seeds`;
  const prefix = interrupted ? `You stopped it after ${done}. ` : '';
  const { words, ...rest } = decide({ counts, seedsRun, contradictions }, unknownOk);
  return { verdict: `${prefix}${words}`, ...rest };
}

function decide(
  { counts, seedsRun, contradictions }: Pick<SeriesFile, 'counts' | 'seedsRun' | 'contradictions'>,
  unknownOk: number,
): Omit<SeriesVerdict, 'verdict'> & { readonly words: string } {
  const { valid, invalid, unknown, crashed } = counts;
  const all = describeMany(seedsRun, 'seed');
  const broken = `${describeCount(invalid)} of ${all} broke a promise`;
  if (contradictions.length > 0) {
    const words = `FAILED: seed ${contradictions[0]} went two ways, so that none can be repeated`;
    return { words, word: 'invalid', exitCode: exitCodes.crashed };
  }
  if (crashed > 0) {
    const beside = invalid > 0 ? `, and ${broken}` : '';
    const words = `CRASHED: ${describeCount(crashed)} of ${all} have no verdict${beside}`;
    return { words, word: 'invalid', exitCode: exitCodes.crashed };
  }
  if (invalid > 0) {
    return { words: `INVALID: ${broken}`, word: 'invalid', exitCode: exitCodes.invalid };
  }
  const share = `${describeCount(unknown)} of ${all} (${percent(unknown / Math.max(1, seedsRun))})`;
  const isTooMany = unknown > unknownOk * seedsRun;
  if (isTooMany || valid === 0) {
    const words =
      seedsRun === 0
        ? 'UNKNOWN: no seed was run'
        : `UNKNOWN: none broke a promise, but ${share} tested too little to tell`;
    return { words, word: 'unknown', exitCode: exitCodes.unknown };
  }
  const allowed = `; ${share} tested too little to tell, --unknown-ok allows ${percent(unknownOk)}`;
  const words = `VALID: ${all}, and none broke a promise${unknown === 0 ? '' : allowed}`;
  return { words, word: 'valid', exitCode: exitCodes.valid };
}

function percent(share: number): string {
  const value = share * 100;
  return `${value !== 0 && value < 10 ? value.toFixed(1) : Math.round(value)} %`;
}
