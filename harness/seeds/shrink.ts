/**
 * Shrinking: from a run that fails to a smaller one that fails alike.
 *
 * Pure: whether a candidate fails alike is asked of `run`, and nothing else is known of it. What is
 * returned is the first candidate or one of which `run` said so. Another seed may do for a smaller
 * candidate what the first did for a larger one: each is tried with a few.
 */
import type { World, WorldName } from '../simulation/world.ts';
import { faultAnywhere, faultOnNodes, nodesNamedBy, type ScriptedFault } from './shrink-faults.ts';
import { neededItems, smallestNumber } from './shrink-search.ts';
import type { SimPlan } from './sim-plan.ts';

/** A run that may be smaller. */
export interface Candidate {
  readonly plan: SimPlan;
  /** In the place of the plan's own; null: its schedule says which. */
  readonly faults: readonly ScriptedFault[] | null;
}

/** A fault as it was asked for, and with all that was drawn for it; null: it could not be done. */
export interface RecordedFault {
  readonly asked: ScriptedFault;
  readonly spelled: ScriptedFault | null;
}

export interface ShrinkOptions {
  /** Whether it fails as the first did. */
  run(candidate: Candidate): Promise<boolean>;
  /** The faults that a candidate really has. */
  faultsOf(candidate: Candidate): Promise<readonly RecordedFault[]>;
  /** What each number of the world is in a calm one. */
  readonly calm: World;
  /** At most so many runs. */
  readonly runsMax: number;
  /** Seeds that a candidate is tried with. */
  readonly tries: number;
  /** Somebody wants no more of it. */
  isOver(): boolean;
  /** Called before each run. */
  onRun(progress: ShrinkProgress): void;
}

export interface ShrinkProgress {
  readonly runs: number;
  readonly runsMax: number;
  /** What is being tried, in words. */
  readonly step: string;
  readonly best: Candidate;
}

export interface ShrinkOutcome {
  readonly best: Candidate;
  readonly runs: number;
  /** All steps have been tried on it, and none made it smaller. */
  readonly isSmallest: boolean;
}

/** `first` is known to fail. */
export async function shrink(first: Candidate, options: ShrinkOptions): Promise<ShrinkOutcome> {
  const shrinking = new Shrinking(first, options);
  const isSmallest = await shrinking.go();
  return { best: shrinking.best, runs: shrinking.runs, isSmallest };
}

class Shrinking {
  readonly #options: ShrinkOptions;
  readonly #known = new Map<string, boolean>();
  #best: Candidate;
  #runs = 0;
  #step = '';

  constructor(first: Candidate, options: ShrinkOptions) {
    this.#best = first;
    this.#options = options;
  }

  get best(): Candidate {
    return this.#best;
  }

  get runs(): number {
    return this.#runs;
  }

  /** Returns false when the runs were used up before. */
  async go(): Promise<boolean> {
    await this.#toScript();
    for (;;) {
      const before = this.#best;
      for (const [words, step] of this.#steps()) {
        this.#step = words;
        await step();
      }
      if (this.#isSpent) return false;
      if (this.#best === before && (before.faults !== null || !(await this.#toScript()))) {
        return true;
      }
    }
  }

  /** What cuts most comes first, and makes the others' runs short. */
  #steps(): readonly (readonly [string, () => Promise<void>])[] {
    return [
      ['fewer operations', () => this.#fewerOperations()],
      ['fewer faults', () => this.#fewerFaults()],
      ['fewer nodes', () => this.#fewerNodes()],
      ['a calmer world', () => this.#calmerWorld()],
      ['fewer clients', () => this.#fewerClients()],
      ['fewer keys', () => this.#fewerKeys()],
      ['less time', () => this.#lessTime()],
      ['simpler faults', () => this.#simplerFaults()],
    ];
  }

  get #isSpent(): boolean {
    return this.#runs >= this.#options.runsMax || this.#options.isOver();
  }

  /** Takes the candidate when it fails alike, with its own seed or with one of a few others. */
  async #try(candidate: Candidate, tries = this.#options.tries): Promise<boolean> {
    const { seed } = candidate.plan;
    const others = Array.from({ length: this.#options.tries }, (_, at) => at + 1);
    const seeds = [seed, ...others.filter((other) => other !== seed)].slice(0, tries);
    for (const each of seeds) {
      if (await this.#fails({ ...candidate, plan: { ...candidate.plan, seed: each } })) return true;
    }
    return false;
  }

  /** What has been run is not run again; without a run left nothing fails. */
  async #fails(candidate: Candidate): Promise<boolean> {
    const key = JSON.stringify(candidate);
    const known = this.#known.get(key);
    if (known === undefined && this.#isSpent) return false;
    const { onRun, runsMax, run } = this.#options;
    if (known === undefined) {
      onRun({ runs: ++this.#runs, runsMax, step: this.#step, best: this.#best });
    }
    const fails = known ?? (await run(candidate));
    this.#known.set(key, fails);
    if (fails) this.#best = candidate;
    return fails;
  }

  /** False when the faults are one already, or none of the scripts fails alike. */
  async #toScript(): Promise<boolean> {
    if (this.#best.faults !== null || this.#isSpent) return false;
    this.#step = 'the faults as a script';
    const recorded = await this.#options.faultsOf(this.#best);
    const spelled = recorded.flatMap((each) => each.spelled ?? []);
    const asked = recorded.map((each) => each.asked);
    if (!(await this.#try({ ...this.#best, faults: asked }, 1))) {
      return this.#try({ ...this.#best, faults: spelled });
    }
    // A script that says all of its faults is worth more than one that leaves it to chance.
    const unclear = recorded.filter((each) => each.spelled !== null);
    await neededItems(unclear, (left) => {
      const faults = recorded.map((each) =>
        left.includes(each) ? each.asked : (each.spelled ?? each.asked),
      );
      return this.#try({ ...this.#best, faults }, 1);
    });
    return true;
  }

  #withPlan(change: Partial<SimPlan>): Candidate {
    return { ...this.#best, plan: { ...this.#best.plan, ...change } };
  }

  async #fewerOperations(): Promise<void> {
    const { plan } = this.#best;
    // What comes first stays as it was: one seed is enough.
    await smallestNumber(1, plan.ops, (ops) => this.#try(this.#withPlan({ ops }), 1));
    const { faults } = this.#best;
    const inTime = faults?.filter(({ begin }) => begin < this.#best.plan.ops);
    if (inTime === undefined || inTime.length === faults?.length) return;
    await this.#try({ ...this.#best, faults: inTime }, 1);
  }

  async #fewerFaults(): Promise<void> {
    const { faults } = this.#best;
    if (faults === null) return;
    await neededItems(faults, (left) => this.#try({ ...this.#best, faults: left }));
  }

  async #fewerNodes(): Promise<void> {
    // Three are enough for most; fewer are worth a try only then.
    for (const count of [3, 4, 5, 6, 7, 8, 2, 1]) {
      const { nodes } = this.#best.plan;
      if (count >= nodes || (count < 3 && nodes > 3)) continue;
      for (const candidate of this.#onNodes(count)) if (await this.#try(candidate)) break;
    }
  }

  /**
   * The first nodes; those that most faults are about, under their names; and whichever the faults
   * then hit, for another node may lead.
   */
  #onNodes(count: number): readonly Candidate[] {
    const { plan, faults } = this.#best;
    const all = Array.from({ length: plan.nodes }, (_, at) => `n${at + 1}`);
    const concurrency = Math.max(1, Math.round((plan.concurrency * count) / plan.nodes));
    const busy = (faults ?? []).flatMap(nodesNamedBy);
    const callsOf = (node: string): number => busy.filter((each) => each === node).length;
    const busiest = all.toSorted((one, other) => callsOf(other) - callsOf(one)).slice(0, count);
    const smaller = { ...plan, nodes: count, concurrency };
    if (faults === null) return [{ plan: smaller, faults }];
    const kept = [all.slice(0, count), busiest.toSorted()];
    const named = kept.map((nodes) => {
      const names = new Map(nodes.map((node, at) => [node, `n${at + 1}`]));
      return { plan: smaller, faults: faults.flatMap((each) => faultOnNodes(each, names) ?? []) };
    });
    return [...named, { plan: smaller, faults: faults.map(faultAnywhere) }];
  }

  async #calmerWorld(): Promise<void> {
    const { calm } = this.#options;
    const { world } = this.#best.plan;
    const loud = Object.keys(calm).filter(
      (name) => world[name as WorldName] !== calm[name as WorldName],
    ) as readonly WorldName[];
    await neededItems(loud, (left) => {
      const quiet = loud.filter((name) => !left.includes(name));
      const changed = Object.fromEntries(quiet.map((name) => [name, calm[name]]));
      return this.#try(this.#withPlan({ world: { ...world, ...changed } }));
    });
  }

  async #fewerClients(): Promise<void> {
    const { concurrency } = this.#best.plan;
    await smallestNumber(1, concurrency, (fewer) =>
      this.#try(this.#withPlan({ concurrency: fewer })),
    );
  }

  async #fewerKeys(): Promise<void> {
    const { keys } = this.#best.plan;
    if (keys === null) return;
    await smallestNumber(1, keys, (fewer) => this.#try(this.#withPlan({ keys: fewer })));
  }

  async #lessTime(): Promise<void> {
    const { timeLimitS } = this.#best.plan;
    await smallestNumber(1, Math.ceil(timeLimitS), (less) =>
      less < timeLimitS
        ? this.#try(this.#withPlan({ timeLimitS: less }), 1)
        : Promise.resolve(true),
    );
  }

  /** Each fault by itself: without chance, shorter, on fewer links and nodes. */
  async #simplerFaults(): Promise<void> {
    const count = this.#best.faults?.length ?? 0;
    for (let at = 0; at < count; at++) {
      const fault = (): ScriptedFault | undefined => this.#best.faults?.[at];
      if (fault() === undefined) return;
      if (fault()?.chance !== null) await this.#tryFault(at, { chance: null });
      const lasts = fault()?.lasts ?? null;
      if (lasts !== null) {
        await smallestNumber(1, lasts, (shorter) => this.#tryFault(at, { lasts: shorter }));
      }
      for (const name of ['links', 'nodes']) {
        const places: unknown = fault()?.parameters[name];
        if (!Array.isArray(places)) continue;
        await neededItems<unknown>(places, (left) => {
          if (left.length === 0) return Promise.resolve(false);
          const parameters = { ...fault()?.parameters, [name]: left };
          return this.#tryFault(at, { parameters });
        });
      }
    }
  }

  #tryFault(at: number, change: Partial<ScriptedFault>): Promise<boolean> {
    const faults = this.#best.faults?.map((fault, place) =>
      place === at ? { ...fault, ...change } : fault,
    );
    return this.#try({ ...this.#best, faults: faults ?? null }, 1);
  }
}
