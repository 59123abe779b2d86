/**
 * From the text of a script of faults to what it asks for.
 *
 * Every mistake is told with its line and with what to write instead, all of them at once: nothing
 * is guessed, and nothing that the file says is left aside.
 */
import { hintOf } from '../nearest-name.ts';
import type { FaultFamily } from '../nemesis.ts';
import type { Script, ScriptPhase, ScriptStep, Trigger } from './script.ts';
import { type Place, ScriptReader, show } from './script-complaints.ts';
import { hurryShape, phaseShapes, repeatShape } from './script-shapes.ts';
import { readTrigger } from './script-triggers.ts';

/** Where a script says nothing. */
const usual = {
  begin: { type: 'after', operations: 100 },
  end: { type: 'after', operations: 100 },
  notReachedAfter: 3000,
} as const satisfies Record<string, Trigger | number>;

export interface ScriptSource {
  /** As it was asked for; it stands before each mistake. */
  readonly path: string;
  readonly text: string;
  readonly families: readonly FaultFamily[];
}

/** Throws ScriptError with every mistake. */
export function parseScript({ path, text, families }: ScriptSource): Script {
  const reader = new ScriptReader(path, text);
  const parser = new ScriptParser(reader, families);
  const { content } = reader;
  reader.finish();
  const top = reader.mapping([], content, ['description', 'hurry', 'phases']);
  const steps = top === null ? [] : parser.steps(['phases'], top['phases']);
  const hurries = reader.fitting(['hurry'], top?.['hurry'] ?? true, hurryShape) ?? true;
  reader.finish();
  return { path, steps, hurries };
}

class ScriptParser {
  readonly #reader: ScriptReader;
  readonly #families: readonly FaultFamily[];

  constructor(reader: ScriptReader, families: readonly FaultFamily[]) {
    this.#reader = reader;
    this.#families = families;
  }

  steps(place: Place, value: unknown): readonly ScriptStep[] {
    const list = this.#reader.list(place, value, 'phases, such as - fault: kill:leader');
    return (list ?? []).flatMap((each, position) => this.#step([...place, position], each));
  }

  #step(place: Place, value: unknown): readonly ScriptStep[] {
    const known = [...Object.keys(phaseShapes), 'parallel', 'repeat', 'phases'];
    const step = this.#reader.mapping(place, value, known);
    if (step === null) return [];
    if ('parallel' in step) return this.#parallel(place, step);
    if ('repeat' in step || 'phases' in step) return this.#repeat(place, step);
    return this.#phase(place, step);
  }

  #parallel(place: Place, step: Record<string, unknown>): readonly ScriptStep[] {
    this.#reader.mapping(place, step, ['parallel']);
    const what = 'phases, or of lists of phases';
    const inside = [...place, 'parallel'];
    const list = this.#reader.list(inside, step['parallel'], what);
    const branches = (list ?? []).map((branch, position) => {
      const at = [...inside, position];
      return Array.isArray(branch) ? this.steps(at, branch) : this.#step(at, branch);
    });
    return [{ type: 'parallel', branches }];
  }

  #repeat(place: Place, step: Record<string, unknown>): readonly ScriptStep[] {
    this.#reader.mapping(place, step, ['repeat', 'phases']);
    const times = this.#reader.fitting([...place, 'repeat'], step['repeat'], repeatShape);
    const steps = this.steps([...place, 'phases'], step['phases']);
    return Array.from({ length: times ?? 1 }, () => steps).flat();
  }

  #phase(place: Place, step: Record<string, unknown>): readonly ScriptPhase[] {
    const fault = this.#fault([...place, 'fault'], step['fault']);
    const parameters = this.#parameters([...place, 'with'], step['with'], fault?.family ?? null);
    const chance = this.#chance([...place, 'chance'], step['chance']);
    const begin = this.#trigger([...place, 'begin'], step['begin'], usual.begin);
    const end = this.#end(place, step, fault?.family ?? null);
    const bound = step['not-reached-after'] ?? usual.notReachedAfter;
    const shape = phaseShapes['not-reached-after'];
    const notReachedAfter = this.#reader.fitting([...place, 'not-reached-after'], bound, shape);
    if (fault === null || begin === null || notReachedAfter === null) return [];
    const { family, variant } = fault;
    const line = this.#reader.lineOf(place);
    const shared = { type: 'phase', line, family: family.name, variant, parameters } as const;
    return [{ ...shared, chance, begin, end, notReachedAfter }];
  }

  #chance(place: Place, value: unknown): number | null {
    return value === undefined ? null : this.#reader.fitting(place, value, phaseShapes.chance);
  }

  #fault(place: Place, value: unknown): NamedFault | null {
    const words = this.#reader.fitting(place, value, phaseShapes.fault);
    if (words === null) return null;
    const [name = '', variant, ...rest] = words.split(':');
    const names = this.#families.map((family) => family.name);
    const family = this.#families.find((each) => each.name === name);
    if (family === undefined) {
      const hint = hintOf(name, names);
      this.#reader.complain(
        place,
        `no family of faults is ${name}${hint}; there are ${names.join(', ')}`,
      );
      return null;
    }
    const variants = family.variants.map((each) => each.name);
    if (variant === undefined) return { family, variant: null };
    if (rest.length === 0 && variants.includes(variant)) return { family, variant };
    const given = [variant, ...rest].join(':');
    const hint = hintOf(given, variants);
    const known = `there are ${variants.join(', ')}`;
    this.#reader.complain(place, `${name} has no variant ${given}${hint}; ${known}`);
    return null;
  }

  #parameters(
    place: Place,
    value: unknown,
    family: FaultFamily | null,
  ): Readonly<Record<string, unknown>> {
    if (value === undefined) return {};
    const given = this.#reader.fitting(place, value, phaseShapes.with);
    if (given === null || family === null) return {};
    const known = Object.keys(family.parameters);
    for (const word of Object.keys(given)) {
      if (known.includes(word)) continue;
      const there = known.length === 0 ? 'it takes none' : `it takes ${known.join(', ')}`;
      const text = `${family.name} has no parameter ${word}${hintOf(word, known)}; ${there}`;
      this.#reader.complain([...place, word], text);
    }
    return given;
  }

  #end(place: Place, step: Record<string, unknown>, family: FaultFamily | null): Trigger | null {
    const inside = [...place, 'end'];
    if (family?.isMomentary !== true) return this.#trigger(inside, step['end'], usual.end);
    if (step['end'] !== undefined) {
      const why = `${family.name} is over as soon as it is done`;
      this.#reader.complain(inside, `${why}: leave the end out, not ${show(step['end'])}`);
    }
    return null;
  }

  #trigger(place: Place, value: unknown, otherwise: Trigger): Trigger | null {
    return value === undefined ? otherwise : readTrigger(this.#reader, place, value);
  }
}

interface NamedFault {
  readonly family: FaultFamily;
  readonly variant: string | null;
}
