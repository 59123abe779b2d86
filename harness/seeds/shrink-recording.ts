/**
 * Watches a schedule at work, and tells afterwards which faults there were and when: as they were
 * asked for, and with everything that was drawn for them spelled out.
 */
import { clientsEnd } from '../cluster.ts';
import type { ConductedFault } from '../nemesis/conductor.ts';
import { findFamily } from '../nemesis/families.ts';
import type { Schedule, ScheduledAction, ScheduleEvent } from '../nemesis/schedule.ts';
import type { FaultFamily, FaultParameters } from '../nemesis.ts';
import type { RecordedFault } from './shrink.ts';
import type { ScriptedFault } from './shrink-faults.ts';

/** What a conducted fault tells of its plan. */
export type PlannedFault = Pick<
  ConductedFault,
  'id' | 'family' | 'variant' | 'nodes' | 'chance' | 'value'
>;

interface Noted {
  readonly action: ScheduledAction;
  /** Completed operations before it. */
  readonly at: number;
}

/** What could not be done then lasts so long, if it can be done this time. */
const usualLength = 100;

export class ScheduleRecording {
  readonly #noted: Noted[] = [];
  #completed = 0;

  /** The same schedule; what it wants is noted. */
  watch(schedule: Schedule): Schedule {
    const take = (event: ScheduleEvent): readonly ScheduledAction[] => {
      if (event.type === 'completed') this.#completed++;
      const actions = schedule.take(event);
      // It comes with an operation that is not told of, for there is something to do: a script that
      // does the same has it told, and waits for it.
      if (event.type === 'starved' && actions.length > 0) this.#completed++;
      for (const action of actions) this.#noted.push({ action, at: this.#completed });
      return actions;
    };
    return {
      take,
      get wantsLooks() {
        return schedule.wantsLooks;
      },
      get isOver() {
        return schedule.isOver;
      },
      get unreached() {
        return schedule.unreached;
      },
    };
  }

  /** In their order, also those that could not be done. */
  faults(conducted: readonly PlannedFault[]): readonly RecordedFault[] {
    return this.#begins().map((begin) => {
      const fault = conducted.find(({ id }) => id === begin.action.id);
      const { family, variant, parameters } = begin.action;
      const span = this.#spanOf(begin);
      const asked = { family, variant, parameters, chance: fault?.chance ?? null, ...span };
      const module = findFamily(family);
      if (fault === undefined || module === null) return { asked, spelled: null };
      const variants = module.family.variants.map(({ name }) => name);
      const named = { ...parameters, ...namedParameters(module.family, fault) };
      const known = variant ?? variants.find((name) => name === fault.variant) ?? null;
      return { asked, spelled: { ...asked, variant: known, parameters: named, chance: null } };
    });
  }

  #begins(): readonly Noted[] {
    return this.#noted.filter(({ action }) => action.phase === 'begin');
  }

  /** One that nobody ended lasts longer than the run. */
  #spanOf({ action, at }: Noted): Pick<ScriptedFault, 'begin' | 'lasts'> {
    if (findFamily(action.family)?.family.isMomentary === true) return { begin: at, lasts: null };
    const end = this.#noted.find(
      (each) => each.action.phase === 'end' && each.action.id === action.id,
    );
    const lasts = end === undefined ? this.#completed - at + usualLength : end.at - at;
    return { begin: at, lasts };
  }
}

/** What the plan says under the names of the parameters of its family. */
function namedParameters(family: FaultFamily, fault: PlannedFault): FaultParameters {
  const known = Object.keys(family.parameters);
  const { value, nodes } = fault;
  const mode = typeof value['mode'] === 'object' ? value['mode'] : null;
  const told: Readonly<Record<string, unknown>> = { ...mode, ...value };
  const parameters: Record<string, unknown> = {};
  for (const name of known) {
    const given = told[name];
    if (given !== undefined && given !== null) parameters[name] = given;
  }
  const rules = Array.isArray(value['rules']) ? value['rules'].map(String) : [];
  const isOfClients = rules.some((rule) => rule.split(' ')[0]?.split('>').includes(clientsEnd));
  if (known.includes('links') && rules.length > 0 && !isOfClients) {
    const { nodes: _, ...others } = parameters;
    return { ...others, ...placeOf(family, rules) };
  }
  if (!known.includes('nodes')) return parameters;
  // Of a change of members the parameter names who is removed.
  const named = 'removed' in value ? [value['removed']].filter((node) => node !== null) : nodes;
  return named.length === 0 ? parameters : { ...parameters, nodes: named };
}

/** `groups` where the rules are a partition, else the links that they are on. */
function placeOf({ parameters }: FaultFamily, rules: readonly string[]): FaultParameters {
  const words = rules.map((rule) => rule.split(' '));
  const links = [...new Set(words.map(([link = '']) => link))];
  const isOneWay = words.some(([, mode]) => mode === 'oneway');
  const mode = 'mode' in parameters && isOneWay ? { mode: 'oneway' } : {};
  return { links, ...mode };
}
