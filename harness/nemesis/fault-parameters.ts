/** What a script says of a fault beside its variant, narrowed. Throws FaultError for mistakes. */
import { FaultError, type FaultParameters } from '../nemesis.ts';

export interface NumberRange {
  readonly min: number;
  readonly max: number;
  readonly otherwise: number;
}

/** A whole number within the range. */
export function numberOf(parameters: FaultParameters, name: string, range: NumberRange): number {
  const { min, max, otherwise } = range;
  const given = parameters[name] ?? otherwise;
  if (typeof given === 'number' && Number.isInteger(given) && given >= min && given <= max) {
    return given;
  }
  const shown = JSON.stringify(given);
  throw new FaultError(`${name}: takes a whole number from ${min} to ${max}, not ${shown}`);
}

/** null when it is not given. */
export function textOf(parameters: FaultParameters, name: string): string | null {
  const given = parameters[name];
  if (given === undefined) return null;
  if (typeof given === 'string' && given !== '') return given;
  throw new FaultError(`${name}: takes a text, not ${JSON.stringify(given)}`);
}

export function flagOf(parameters: FaultParameters, name: string, otherwise: boolean): boolean {
  const given = parameters[name] ?? otherwise;
  if (typeof given === 'boolean') return given;
  throw new FaultError(`${name}: takes true or false, not ${JSON.stringify(given)}`);
}
