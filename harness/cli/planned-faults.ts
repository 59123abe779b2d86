/**
 * The faults of a run as they can be had on the cluster that it has: what is offered to a schedule,
 * and what is not possible.
 *
 * What somebody asked for by name and cannot have is refused here, before the first operation.
 */
import type { SelectedCluster } from '../cluster/select.ts';
import type { Capability } from '../cluster.ts';
import {
  availabilityOf,
  type Surroundings,
  type VariantAvailability,
} from '../nemesis/availability-of-faults.ts';
import { createSchedule } from '../nemesis/create-schedule.ts';
import { findFamily } from '../nemesis/families.ts';
import type { OfferedFamily } from '../nemesis/offered-faults.ts';
import type { Profile } from '../nemesis/profile.ts';
import { drawProfileScript } from '../nemesis/profile-script.ts';
import { profileStorm, profiles } from '../nemesis/profiles.ts';
import type { Schedule } from '../nemesis/schedule.ts';
import { phasesOf, type Script } from '../nemesis/script.ts';
import { ScriptSchedule } from '../nemesis/script-schedule.ts';
import { StormSchedule } from '../nemesis/storm-schedule.ts';
import { chooseSwarm, type Swarm } from '../nemesis/swarm.ts';
import type { FaultFamily, FaultGroup } from '../nemesis.ts';
import { createRandomStream, type RandomSource, randomItem } from '../run/random.ts';
import type { AskedFamily } from '../run/run-faults.ts';
import { checkScript, type ScriptSurroundings } from './check-script.ts';
import { SettingsError } from './flag-values.ts';
import { askedFamilies } from './nemesis-settings.ts';
import type { TestSettings } from './settings.ts';

export interface PlannedFaults {
  readonly nemesis: readonly AskedFamily[];
  /** The families that may come, without what is not possible here, or not chosen by a swarm. */
  readonly names: readonly string[];
  /** Completed operations between two faults; null where that is the script's to say. */
  readonly every: number | null;
  createSchedule(random: RandomSource): Schedule;
  /** What the seed has chosen, with `--nemesis-schedule swarm`; null without. */
  readonly swarm: string | null;
  /** What the console should say. */
  readonly notes: readonly string[];
}

interface FamilyHere {
  readonly family: FaultFamily;
  readonly variants: readonly VariantAvailability[];
  readonly possible: readonly string[];
}

/** Throws SettingsError for what was named and cannot be had, with why and what to do about it. */
export function planFaults(
  settings: TestSettings,
  { cluster, timers }: Pick<SelectedCluster, 'cluster' | 'timers'>,
): PlannedFaults {
  const { system, nodes, nemesisScript, nemesisIsNamed } = settings;
  const around = { capabilities: cluster.capabilities(), system, nodeCount: nodes.length };
  const here = askedFamilies(settings).map((family) => familyHere(family, around));
  if (nemesisIsNamed) refuseImpossible(settings, here);
  const there = here.filter(({ possible }) => possible.length > 0);
  const nemesis = there.map(({ family, possible }) => ({ name: family.name, variants: possible }));
  if (nemesisScript !== null) {
    refuseScript(nemesisScript, { cluster, system, timers, possible: possibleOf(there) });
    const whyNot = (family: string, variant: string | null): string | null =>
      whyImpossible(here, family, variant);
    const create = (): Schedule => new ScriptSchedule(nemesisScript, whyNot);
    const names = nemesis.map(({ name }) => name);
    return { nemesis, names, every: null, createSchedule: create, swarm: null, notes: [] };
  }
  const chosen = scheduled(settings, there);
  const notes = [...notesOf(here), ...(chosen.swarm === null ? [] : [chosen.swarm])];
  return { nemesis, notes, ...chosen };
}

function possibleOf(there: readonly FamilyHere[]): ScriptSurroundings['possible'] {
  return (name) => there.find(({ family }) => family.name === name)?.possible ?? [];
}

/** What no phase could ever do here is a mistake in the script. */
function refuseScript(script: Script, around: ScriptSurroundings): void {
  const complaints = checkScript(script, around);
  if (complaints.length > 0) throw new SettingsError(`--nemesis-file: ${complaints.join('\n')}`);
}

function familyHere(family: FaultFamily, around: Surroundings): FamilyHere {
  const variants = availabilityOf(family, around);
  const possible = variants.filter(({ capability }) => capability.available);
  return { family, variants, possible: possible.map(({ variant }) => variant) };
}

function scheduled(
  settings: TestSettings,
  there: readonly FamilyHere[],
): Pick<PlannedFaults, 'createSchedule' | 'swarm' | 'names' | 'every'> {
  const families = there.map(offered);
  const names = families.map(({ name }) => name);
  const { nemesisEvery: every, nemesisSchedule: style, seed } = settings;
  const options = { families, every, expectedOps: expectedOps(settings) };
  if (families.length === 0) {
    return { createSchedule: emptySchedule(options), swarm: null, names, every };
  }
  if (style === 'targeted' || typeof style === 'object') {
    return targeted(settings, there, typeof style === 'object' ? style.profile : null);
  }
  if (style !== 'swarm') {
    return {
      createSchedule: (random) => createSchedule(style, { ...options, random }),
      ...{ swarm: null, names, every },
    };
  }
  const swarm = chooseSwarm({
    ...options,
    random: createRandomStream(seed, 'swarm'),
    parametersOf: (name) =>
      Object.keys(there.find(({ family }) => family.name === name)?.family.parameters ?? {}),
  });
  const chosen = { ...options, families: swarm.families, every: swarm.every };
  return {
    createSchedule: (random) =>
      inStorms(createSchedule(swarm.style, { ...chosen, random }), { ...swarm.storm, seed }),
    swarm: swarm.description,
    names: swarm.families.map(({ name }) => name),
    every: swarm.every,
  };
}

/** `profile` null: the seed says which. */
function targeted(
  { seed, nodes }: TestSettings,
  there: readonly FamilyHere[],
  named: Profile | null,
): Pick<PlannedFaults, 'createSchedule' | 'swarm' | 'names' | 'every'> {
  const random = createRandomStream(seed, 'profile');
  const fitting = profiles.filter(({ nodesMin }) => nodesMin <= nodes.length);
  const profile = named ?? randomItem(random, fitting);
  const families = there.map(({ family, possible }) => ({ family, variants: possible }));
  const script = drawProfileScript(profile, { families, random });
  const names = [...new Set(phasesOf(script.steps).map(({ family }) => family))];
  return {
    createSchedule: () => {
      const schedule = new ScriptSchedule(script);
      return profile.isPatient === true ? schedule : inStorms(schedule, { ...profileStorm, seed });
    },
    swarm: `${profile.name}: ${profile.description}`,
    ...{ names, every: null },
  };
}

function inStorms(
  schedule: Schedule,
  { seed, ...storm }: Swarm['storm'] & Pick<TestSettings, 'seed'>,
): Schedule {
  const random = createRandomStream(seed, 'storms');
  const groupOf = (name: string): FaultGroup | null => findFamily(name)?.family.group ?? null;
  return new StormSchedule(schedule, { ...storm, random, groupOf });
}

function emptySchedule(options: {
  readonly every: number;
  readonly expectedOps: number | null;
}): PlannedFaults['createSchedule'] {
  return (random) => createSchedule('random', { ...options, families: [], random });
}

function offered({ family, possible }: FamilyHere): OfferedFamily {
  const { name, isMomentary } = family;
  return { name, isMomentary, faults: possible.map((variant) => ({ variant, parameters: {} })) };
}

/** How many operations there will be, if none has to wait; null: as many as the system can. */
function expectedOps({ opCount, rate, timeLimitS }: TestSettings): number | null {
  const bounds = [opCount ?? Infinity, rate === null ? Infinity : rate * timeLimitS];
  const fewest = Math.min(...bounds);
  return Number.isFinite(fewest) ? Math.floor(fewest) : null;
}

/** A family must have a variant that is possible, and a variant that was named must be. */
function refuseImpossible({ nemesisAsked }: TestSettings, here: readonly FamilyHere[]): void {
  const complaints = here.flatMap(({ family, variants, possible }) => {
    const asked = nemesisAsked.find((each) => each.family === family.name);
    if (asked?.variants === null && possible.length > 0) return [];
    const missing = variants.filter(({ capability }) => !capability.available);
    if (asked?.variants === null) {
      return missing.slice(0, 1).map(({ capability }) => refusalOf(family.name, capability));
    }
    return missing.map(({ variant, capability }) =>
      refusalOf(`${family.name}:${variant}`, capability),
    );
  });
  if (complaints.length > 0) throw new SettingsError(complaints.join('\n'));
}

function refusalOf(what: string, capability: Capability): string {
  return `--nemesis ${what} is not possible here: ${describeLack(capability)}`;
}

function describeLack(capability: Capability): string {
  if (capability.available) return capability.how;
  return `${capability.why} (${capability.remedy})`;
}

/** null when it can be had. */
function whyImpossible(
  here: readonly FamilyHere[],
  name: string,
  variant: string | null,
): string | null {
  const found = here.find(({ family }) => family.name === name);
  if (found === undefined) return `there is no family ${name} here`;
  if (variant === null && found.possible.length > 0) return null;
  const asked = found.variants.find((each) => variant === null || each.variant === variant);
  if (asked === undefined || asked.capability.available) return null;
  return describeLack(asked.capability);
}

/** A line for each reason, with all families that it keeps away. */
function notesOf(here: readonly FamilyHere[]): readonly string[] {
  const gone = here.filter(({ possible }) => possible.length === 0);
  const reasons = new Map<string, string[]>();
  for (const { family, variants } of gone) {
    const [first] = variants;
    const why = first === undefined ? 'it has no variants' : describeLack(first.capability);
    reasons.set(why, [...(reasons.get(why) ?? []), family.name]);
  }
  return [...reasons].map(([why, names]) => `not possible here: ${names.join(', ')}: ${why}`);
}
