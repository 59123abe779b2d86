/**
 * From a profile to a script: rounds one after the other, each with faults, nodes and numbers drawn
 * anew, so that no two runs of one profile are alike.
 */
import type { FaultFamily } from '../nemesis.ts';
import { type RandomSource, randomInteger, randomItem } from '../run/random.ts';
import type { Profile, ProfileFault, ProfileStep, ProfileTrigger } from './profile.ts';
import type { Script, ScriptPhase, ScriptStep, Trigger } from './script.ts';
import type { Range } from './storm-schedule.ts';

/** A family with the names of those of its variants that can be had. */
export interface PossibleFamily {
  readonly family: Pick<FaultFamily, 'name' | 'isMomentary'>;
  readonly variants: readonly string[];
}

/** More than any run has time for. */
const roundCount = 60;
/** Every other trigger is bounded by an `after` beside it. */
const notReachedAfter = 400;

export interface ProfileSurroundings {
  readonly families: readonly PossibleFamily[];
  readonly random: RandomSource;
}

/** Faults that cannot be had are left out, and steps of which nothing is left. */
export function drawProfileScript(profile: Profile, around: ProfileSurroundings): Script {
  const drawing = new Drawing(around);
  const steps: ScriptStep[] = [];
  for (let round = 0; round < roundCount; round++) {
    steps.push(...drawing.steps(randomItem(around.random, profile.rounds)));
  }
  return { path: profile.name, hurries: profile.isPatient !== true, steps };
}

class Drawing {
  readonly #around: ProfileSurroundings;
  /** Stands for the line of a file: which phase it is. */
  #count = 0;

  constructor(around: ProfileSurroundings) {
    this.#around = around;
  }

  steps(steps: readonly ProfileStep[]): readonly ScriptStep[] {
    return steps.flatMap((step): readonly ScriptStep[] => {
      if (!('beside' in step)) return this.#phase(step);
      const branches = step.beside
        .map((branch) => this.steps(branch))
        .filter((branch) => branch.length > 0);
      return branches.length === 0 ? [] : [{ type: 'parallel', branches }];
    });
  }

  #phase({ oneOf, with: parameters = {}, begin, end }: ProfileFault): readonly ScriptPhase[] {
    const possible = oneOf.flatMap((word) => this.#possible(word));
    if (possible.length === 0) return [];
    const { family, variant, isMomentary } = randomItem(this.#around.random, possible);
    const first = this.#trigger(begin);
    const last = end === undefined || isMomentary ? null : this.#trigger(end);
    const usual: Trigger = { type: 'after', operations: 20 };
    return [
      {
        chance: null,
        ...{ type: 'phase', line: ++this.#count, family, variant, parameters, begin: first },
        ...{ end: isMomentary ? null : (last ?? usual), notReachedAfter },
      },
    ];
  }

  #possible(word: string): readonly {
    readonly family: string;
    readonly variant: string | null;
    readonly isMomentary: boolean;
  }[] {
    const [name = '', variant = null] = word.split(':');
    const found = this.#around.families.find(({ family }) => family.name === name);
    if (found === undefined || found.variants.length === 0) return [];
    if (variant !== null && !found.variants.includes(variant)) return [];
    return [{ family: name, variant, isMomentary: found.family.isMomentary }];
  }

  #trigger(trigger: ProfileTrigger): Trigger {
    if ('after' in trigger) return this.#after(trigger.after);
    const { on, orAfter } = trigger;
    const seen: Trigger =
      typeof on === 'object'
        ? { type: 'lag', node: null, entries: on.lag }
        : on === 'term-changed'
          ? { type: on }
          : { type: on, node: null };
    return { type: 'any', triggers: [seen, this.#after(orAfter)] };
  }

  #after([from, to]: Range): Trigger {
    const operations = from + randomInteger(this.#around.random, to - from + 1);
    return { type: 'after', operations };
  }
}
