/**
 * Watches when the world of a simulation changes, and who leads in it meanwhile. It judges nothing
 * and changes nothing; what it has seen is evidence for a checker.
 */
import { clientsEnd, type LinkMode, type LinkRule, type NodeState } from '../cluster.ts';
import type { StabilityEvidence, Standing, WorldSpan } from '../stability-evidence.ts';
import type { NodeTraceEvent } from './plan.ts';
import { electionTimeoutMsOf, restlessnessOf, shortestTimeoutMsOf, type World } from './world.ts';

/** Links and nodes as they are at this moment. */
export interface WorldLook {
  readonly timeUs: number;
  readonly rules: readonly LinkRule[];
  readonly states: ReadonlyMap<string, NodeState>;
}

/** Whoever changes the world tells it first. */
export interface WorldObserver {
  /** How it can see the world at any time. */
  watch(look: () => WorldLook): void;
  /** `harms`: a disk may work badly from now on. */
  changes(before: WorldLook, harms: boolean): void;
}

const blocking: ReadonlySet<LinkMode['type']> = new Set(['drop', 'oneway', 'hold', 'reset']);

/** A message takes so small a part of the shortest election timeout, in a world that is quiet. */
const waysPerTimeout = 6;

/** More of them, and the rest of the run is not watched. */
const standingsMax = 100_000;

export class WorldWatch implements WorldObserver {
  readonly #voters: string;
  readonly #world: World;
  readonly #spans: WorldSpan[] = [];
  readonly #standings: Standing[] = [];
  #look: (() => WorldLook) | null = null;
  #fromUs = 0;
  /** Of the nodes, soon after the last change; null: nobody has looked since. */
  #statesSince: ReadonlyMap<string, NodeState> | null = null;
  /** Why nothing is asked of anybody any more. */
  #restless: string | null = null;

  /** `voters`: who votes from the beginning. */
  constructor(voters: readonly string[], world: World) {
    this.#voters = [...voters].sort().join(' ');
    this.#world = world;
  }

  watch(look: () => WorldLook): void {
    this.#look = look;
  }

  changes(before: WorldLook, harms: boolean): void {
    this.#end(before);
    if (harms) this.#restless ??= 'a disk was made to work badly';
  }

  observe({ node, timeUs, told }: NodeTraceEvent): void {
    if (this.#look === null || this.#standings.length >= standingsMax) return;
    if (told.event === 'start') {
      this.#end(this.#look());
      this.#standings.push({ timeUs, node, role: 'follower', term: told.term, leader: null });
      return;
    }
    this.#statesSince ??= this.#look().states;
    if (told.event === 'status') {
      const { role, term, leaderId: leader } = told;
      this.#standings.push({ timeUs, node, role, term, leader });
    }
    if (told.event !== 'configuration') return;
    const { voters, outgoingVoters } = told.configuration;
    const isFirst = [...voters].sort().join(' ') === this.#voters && outgoingVoters.length === 0;
    if (!isFirst) this.#restless ??= 'members have changed';
  }

  /** All that was seen until now. */
  evidence(): StabilityEvidence {
    if (this.#look !== null) this.#end(this.#look());
    return {
      electionTimeoutUs: electionTimeoutMsOf(this.#world) * 1000,
      restless: restlessnessOf(this.#world),
      ...{ spans: this.#spans, standings: this.#standings },
    };
  }

  #end({ timeUs, rules, states }: WorldLook): void {
    const since = this.#statesSince ?? states;
    this.#statesSince = null;
    const fromUs = this.#fromUs;
    this.#fromUs = timeUs;
    if (timeUs === fromUs) return;
    const isSame = [...states].every(([node, state]) => since.get(node) === state);
    const blocked = rules.filter(({ mode }) => blocking.has(mode.type));
    const isSoft = rules.some(({ mode }) => !blocking.has(mode.type) && !this.#isShort(mode));
    const isOfClients = ({ from, to }: LinkRule): boolean =>
      from === clientsEnd || to === clientsEnd;
    const restless = isSoft ? 'links are slow or lossy' : isSame ? null : 'a node ended by itself';
    this.#spans.push({
      ...{ fromUs, toUs: timeUs },
      down: [...states].flatMap(([node, state]) => (state === 'running' ? [] : [node])),
      cut: blocked.filter((rule) => !isOfClients(rule)).map(({ from, to }) => ({ from, to })),
      unreached: blocked
        .filter(isOfClients)
        .map(({ from, to }) => (from === clientsEnd ? to : from)),
      restless: this.#restless ?? restless,
    });
  }

  /** A delay that leaves time for an election and more in the shortest timeout. [Raft §5.6] */
  #isShort(mode: LinkMode): boolean {
    return (
      mode.type === 'delay' &&
      waysPerTimeout * (mode.ms + mode.jitterMs) <= shortestTimeoutMsOf(this.#world)
    );
  }
}
