/**
 * The flags that say which faults there are and when: `--nemesis`, `--nemesis-schedule`,
 * `--nemesis-file`, `--nemesis-every`, `--require-all-faults`.
 *
 * What can be refused without a cluster is refused here; planned-faults.ts refuses the rest.
 */

import { hintOf } from '../nearest-name.ts';
import {
  describeSchedule,
  findSchedule,
  type ScheduleName,
  scheduleNames,
} from '../nemesis/create-schedule.ts';
import { families as modules } from '../nemesis/families.ts';
import { alternativesOf, crashPointFamily, phasesOf, type Script } from '../nemesis/script.ts';
import { ScriptError } from '../nemesis/script-complaints.ts';
import { findScript } from '../nemesis/script-files.ts';
import type { FaultFamily } from '../nemesis.ts';
import { oneOf, positiveInteger, refusal, SettingsError, type Typed } from './flag-values.ts';

/** As the flags are named. */
export interface NemesisFlags {
  /** undefined: nobody names any. */
  readonly nemesis: string | undefined;
  readonly nemesisEvery: Typed;
  readonly nemesisInterval: unknown;
  /** undefined: nobody names one. */
  readonly nemesisSchedule: string | undefined;
  readonly nemesisFile: string | undefined;
  readonly requireAllFaults: boolean;
}

/** A family that was asked for, and which of its variants; null: whatever there can be. */
export interface AskedFaults {
  readonly family: string;
  readonly variants: readonly string[] | null;
}

export interface NemesisSettings {
  /** Names of the families that may come; empty: none. */
  readonly nemesis: readonly string[];
  readonly nemesisAsked: readonly AskedFaults[];
  /** Somebody named each of them: each must be possible. */
  readonly nemesisIsNamed: boolean;
  /** Each of them must take effect: chance or a script has not chosen among them. */
  readonly eachFamilyCounts: boolean;
  readonly nemesisEvery: number;
  readonly nemesisSchedule: ScheduleName;
  /** null: `nemesisSchedule` says when. */
  readonly nemesisScript: Script | null;
  readonly requireAllFaults: boolean;
}

export const allFamilies: readonly FaultFamily[] = modules.map(({ family }) => family);
const names: readonly string[] = allFamilies.map(({ name }) => name);

/** What comes where nobody names any: what every system must survive, anywhere. */
const usualNames = ['partition', 'kill'];

/** Throws SettingsError. */
export function parseNemesisSettings(flags: NemesisFlags, nodeCount: number): NemesisSettings {
  refuseClock(flags.nemesisInterval);
  const shared = {
    nemesisEvery: positiveInteger('--nemesis-every', flags.nemesisEvery),
    requireAllFaults: flags.requireAllFaults,
  };
  if (flags.nemesisFile !== undefined) {
    return { ...shared, ...parseScriptFlags(flags, flags.nemesisFile) };
  }
  const word = oneOf('--nemesis-schedule', scheduleNames, flags.nemesisSchedule ?? 'random');
  const nemesisSchedule = findSchedule(word) ?? 'random';
  // Chance chooses among the faults.
  const isSwarm = nemesisSchedule === 'swarm' || isTargeted(nemesisSchedule);
  const text = flags.nemesis ?? (isSwarm ? 'all' : usualNames.join(','));
  const isNamed = flags.nemesis !== undefined && text !== 'all' && text !== 'none';
  const asked = parseAsked(text).filter((each) => isNamed || hasNodes(each, nodeCount));
  if (isNamed) refuseFewNodes(asked, nodeCount);
  if (text === 'none' && flags.requireAllFaults) {
    throw new SettingsError('--require-all-faults wants faults, and --nemesis none has none');
  }
  return {
    ...shared,
    nemesis: asked.map(({ family }) => family),
    nemesisAsked: asked,
    nemesisIsNamed: isNamed,
    eachFamilyCounts: text !== 'all' && !isSwarm,
    nemesisSchedule,
    nemesisScript: null,
  };
}

function isTargeted(schedule: ScheduleName): boolean {
  return schedule === 'targeted' || typeof schedule === 'object';
}

/** The words of the command line that repeat it. */
export function describeNemesis(settings: NemesisSettings): readonly string[] {
  const { nemesisAsked, nemesisScript, nemesisSchedule } = settings;
  const required = settings.requireAllFaults ? ['--require-all-faults'] : [];
  if (nemesisScript !== null) return [`--nemesis-file ${nemesisScript.path}`, ...required];
  const isAll = nemesisAsked.length > 0 && !settings.nemesisIsNamed && !settings.eachFamilyCounts;
  const named = nemesisAsked.flatMap(({ family, variants }) =>
    variants === null ? [family] : variants.map((variant) => `${family}:${variant}`),
  );
  const words = isAll ? ['all'] : named;
  return [
    `--nemesis ${words.join(',') || 'none'}`,
    `--nemesis-every ${settings.nemesisEvery}`,
    ...(nemesisSchedule === 'random'
      ? []
      : [`--nemesis-schedule ${describeSchedule(nemesisSchedule)}`]),
    ...required,
  ];
}

/** The families that were asked for, with those of their variants that were. */
export function askedFamilies({
  nemesisAsked,
}: Pick<NemesisSettings, 'nemesisAsked'>): readonly FaultFamily[] {
  return allFamilies.flatMap((family) => {
    const asked = nemesisAsked.find((each) => each.family === family.name);
    if (asked === undefined) return [];
    const { variants } = asked;
    if (variants === null) return [family];
    return [{ ...family, variants: family.variants.filter(({ name }) => variants.includes(name)) }];
  });
}

function refuseClock(interval: unknown): void {
  if (interval === undefined) return;
  throw new SettingsError(
    '--nemesis-interval means seconds in Jepsen; rafture triggers no fault by a clock. ' +
      'Use --nemesis-every: completed operations between two faults, such as --nemesis-every 300',
  );
}

function parseScriptFlags(
  flags: NemesisFlags,
  path: string,
): Omit<NemesisSettings, 'nemesisEvery' | 'requireAllFaults'> {
  for (const [flag, value] of [
    ['--nemesis', flags.nemesis],
    ['--nemesis-schedule', flags.nemesisSchedule],
  ]) {
    if (value === undefined) continue;
    throw new SettingsError(`--nemesis-file says which faults come, and when: leave ${flag} out`);
  }
  const script = readScript(path);
  const asked = askedOf(script);
  return {
    nemesis: asked.map(({ family }) => family),
    nemesisAsked: asked,
    nemesisIsNamed: false,
    eachFamilyCounts: false,
    nemesisSchedule: 'random',
    nemesisScript: script,
  };
}

function readScript(path: string): Script {
  try {
    return findScript(path, allFamilies);
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    const [first, ...others] = error.message.split('\n');
    throw new SettingsError([`--nemesis-file: ${first}`, ...others].join('\n'));
  }
}

/** The families of a script, and those that its triggers use. */
function askedOf({ steps }: Script): readonly AskedFaults[] {
  const phases = phasesOf(steps);
  const triggers = phases
    .flatMap(({ begin, end }) => (end === null ? [begin] : [begin, end]))
    .flatMap(alternativesOf);
  const arms = triggers.some(({ type }) => type === 'crash-point');
  return names.flatMap((family) => {
    const own = phases.filter((phase) => phase.family === family);
    const isArmed = arms && family === crashPointFamily;
    if (own.length === 0 && !isArmed) return [];
    const named = own.flatMap(({ variant }) => (variant === null ? [] : [variant]));
    const isOpen = isArmed || named.length < own.length;
    return [{ family, variants: isOpen ? null : [...new Set(named)] }];
  });
}

function parseAsked(text: string): readonly AskedFaults[] {
  const words = [...new Set(text.split(',').map((word) => word.trim()))];
  const single = words.find((word) => word === 'all' || word === 'none');
  if (single !== undefined && words.length > 1) {
    const others = words.filter((word) => word !== single);
    throw new SettingsError(`--nemesis ${single} stands alone, without ${others.join(', ')}`);
  }
  if (single === 'none') return [];
  if (single === 'all') return names.map((family) => ({ family, variants: null }));
  if (text.includes(',') && words.includes('')) {
    throw new SettingsError(`--nemesis ${text} has a comma too many`);
  }
  const asked = new Map<string, readonly string[] | null>();
  for (const { family, variants } of parseWords(words)) {
    const before = asked.has(family) ? asked.get(family) : [];
    const both = before === null || variants === null ? null : [...(before ?? []), ...variants];
    asked.set(family, both);
  }
  return [...asked].map(([family, variants]) => ({ family, variants }));
}

/** Throws SettingsError with every word that cannot be used. */
function parseWords(words: readonly string[]): readonly AskedFaults[] {
  const complaints: string[] = [];
  const parsed = words.flatMap((word) => {
    try {
      return [parseWord(word)];
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      complaints.push(error.message);
      return [];
    }
  });
  if (complaints.length > 0) throw new SettingsError(complaints.join('\n'));
  return parsed;
}

/** `partition`, or `partition:majorities-ring`. */
function parseWord(word: string): AskedFaults {
  const [name = '', variant, ...rest] = word.split(':');
  const family = allFamilies.find((each) => each.name === name);
  if (family === undefined) {
    if (name === 'all' || name === 'none') {
      throw new SettingsError(`--nemesis ${word}: ${name} has no variants; it stands alone`);
    }
    const known = ['none', 'all', ...names];
    const hint = hintOf(name.toLowerCase(), known);
    throw refusal('--nemesis', known.join(', '), `${name || 'nothing'}${hint}`);
  }
  if (variant === undefined) return { family: name, variants: null };
  const variants = family.variants.map((each) => each.name);
  if (rest.length === 0 && variants.includes(variant)) return { family: name, variants: [variant] };
  const given = [variant, ...rest].join(':');
  const known = `there are ${variants.join(', ')}`;
  if (given === '') throw new SettingsError(`--nemesis ${word} has a colon too many; ${known}`);
  throw new SettingsError(
    `--nemesis ${word}: ${name} has no variant ${given}${hintOf(given, variants)}; ${known}`,
  );
}

function hasNodes(asked: AskedFaults, nodeCount: number): boolean {
  const variants = askedFamilies({ nemesisAsked: [asked] }).flatMap((family) => family.variants);
  return variants.some(({ nodesMin }) => nodesMin <= nodeCount);
}

function refuseFewNodes(asked: readonly AskedFaults[], nodeCount: number): void {
  const single = asked.flatMap(({ family, variants }): readonly AskedFaults[] =>
    variants === null
      ? [{ family, variants }]
      : variants.map((variant) => ({ family, variants: [variant] })),
  );
  const impossible = single.find((each) => !hasNodes(each, nodeCount));
  if (impossible === undefined) return;
  const { family, variants } = impossible;
  const own = askedFamilies({ nemesisAsked: [impossible] }).flatMap((each) => each.variants);
  const fewest = Math.min(...own.map(({ nodesMin }) => nodesMin));
  const possible = names.filter((name) => hasNodes({ family: name, variants: null }, nodeCount));
  throw new SettingsError(
    `--nemesis ${[family, ...(variants ?? [])].join(':')} takes ${fewest} nodes or more; ` +
      `with --nodes ${nodeCount} take ${possible.join(', ')}`,
  );
}
