/**
 * Watches for a trigger of a script: told what happens, it says when it has come.
 *
 * States are looked at as soon as somebody waits for them, and at each look at the nodes; what only
 * happens (a line, an end) counts from then on.
 */
import type { IntrospectionSample } from '../checker.ts';
import { describeMany } from '../report/figures.ts';
import type { ScheduleEvent } from './schedule.ts';
import { alternativesOf, type Trigger } from './script.ts';
import type { Marks, ScriptMemory } from './script-memory.ts';

/** It has come. */
export interface Hit {
  /** What was seen, in words. */
  readonly words: string;
  /** The node that it is about; null when it is about none. */
  readonly node: string | null;
}

export interface WatchOptions {
  readonly trigger: Trigger;
  readonly memory: ScriptMemory;
  /** As of the fault before, or of the one that is to be ended. */
  readonly marks: Marks;
}

/** One trigger or alternatives of them. The first that comes counts. */
export class TriggerWatch {
  readonly #alternatives: readonly Trigger[];
  readonly #memory: ScriptMemory;
  #marks: Marks;
  #completed = 0;

  constructor({ trigger, memory, marks }: WatchOptions) {
    this.#alternatives = alternativesOf(trigger);
    this.#memory = memory;
    this.#marks = marks.term === null ? { ...marks, term: memory.marks().term } : marks;
  }

  /** Operations that have completed since somebody waits. */
  get completed(): number {
    return this.#completed;
  }

  /** Whether progress alone makes it come. */
  get comesByProgress(): boolean {
    return this.#alternatives.some(({ type }) => type === 'after');
  }

  get wantsLooks(): boolean {
    return this.#alternatives.some(({ type }) => isSeen(type));
  }

  /** Whether it has come already. */
  already(): Hit | null {
    return this.#first((trigger) => this.#stateHit(trigger) ?? this.#progressHit(trigger));
  }

  take(event: ScheduleEvent): Hit | null {
    switch (event.type) {
      case 'completed':
        this.#completed++;
        return this.#first((trigger) => this.#progressHit(trigger));
      case 'looked':
        this.#marks = { ...this.#marks, term: this.#marks.term ?? this.#memory.marks().term };
        return this.#first((trigger) => this.#stateHit(trigger));
      case 'stalled':
        return this.#first(({ type }) =>
          type === 'stalled' ? { words: 'stalled', node: null } : null,
        );
      case 'log-line':
        return this.#first((trigger) => lineHit(trigger, event));
      case 'ended':
        return this.#first((trigger) => endHit(trigger, event.node));
      case 'begun':
      case 'starved':
      case 'healed':
        return null;
    }
  }

  #first(hitOf: (trigger: Trigger) => Hit | null): Hit | null {
    for (const trigger of this.#alternatives) {
      const hit = hitOf(trigger);
      if (hit !== null) return hit;
    }
    return null;
  }

  #progressHit(trigger: Trigger): Hit | null {
    if (trigger.type !== 'after' || this.#completed < trigger.operations) return null;
    return { words: `after ${trigger.operations} operations`, node: null };
  }

  #stateHit(trigger: Trigger): Hit | null {
    const memory = this.#memory;
    switch (trigger.type) {
      case 'leader-elected': {
        const { leaderTerm } = memory.marks();
        const { leader: node } = memory;
        if (leaderTerm <= this.#marks.leaderTerm || !isOf(trigger, node)) return null;
        return { words: `leader-elected ${node} in term ${leaderTerm}`, node };
      }
      case 'term-changed': {
        const { term } = memory.marks();
        const before = this.#marks.term;
        if (term === null || before === null || term <= before) return null;
        return { words: `term-changed from ${before} to ${term}`, node: null };
      }
      case 'lag':
        return this.#nodeHit(trigger, ({ appliedIndex }) => {
          const entries = memory.commitIndex - appliedIndex;
          return entries >= trigger.entries ? `${entries} entries` : null;
        });
      case 'snapshot-installed':
        return this.#nodeHit(trigger, ({ node }) => {
          const more = memory.installedBy(node) - (this.#marks.installed.get(node) ?? 0);
          return more > 0 ? describeMany(more, 'time') : null;
        });
      case 'log-starts-after':
        return this.#nodeHit(trigger, ({ firstLogIndex = 0 }) =>
          firstLogIndex > trigger.index ? `index ${firstLogIndex}` : null,
        );
      case 'needs-snapshot':
        return this.#needsSnapshot(trigger);
      default:
        return null;
    }
  }

  #needsSnapshot(trigger: Trigger): Hit | null {
    const leader = this.#memory.nodes.find(({ node }) => node === this.#memory.leader);
    const first = leader?.firstLogIndex;
    if (first === undefined) return null;
    return this.#nodeHit(trigger, ({ lastLogIndex }) =>
      lastLogIndex + 1 < first
        ? `ends at ${lastLogIndex}, the leader's log begins at ${first}`
        : null,
    );
  }

  #nodeHit(trigger: Trigger, found: (sample: IntrospectionSample) => string | null): Hit | null {
    for (const sample of this.#memory.nodes) {
      const { node } = sample;
      const words = isOf(trigger, node) ? found(sample) : null;
      if (words !== null) return { words: `${trigger.type} ${node} ${words}`, node };
    }
    return null;
  }
}

/** Seen by a look at the nodes: a node that has ended does not answer. */
function isSeen(type: Trigger['type']): boolean {
  return !['after', 'line', 'stalled'].includes(type);
}

/** Whether the trigger is about this node, or about any. */
function isOf(trigger: Trigger, node: string | null): boolean {
  const wanted = 'node' in trigger ? trigger.node : null;
  return wanted === null || wanted === node;
}

function lineHit(
  trigger: Trigger,
  { node, line }: { readonly node: string; readonly line: string },
): Hit | null {
  if (trigger.type !== 'line' || !isOf(trigger, node) || !trigger.pattern.test(line)) return null;
  return { words: `line ${node} ${trigger.pattern}`, node };
}

function endHit(trigger: Trigger, node: string): Hit | null {
  if (!isOf(trigger, node)) return null;
  if (trigger.type === 'node-ended') return { words: `node-ended ${node}`, node };
  if (trigger.type !== 'crash-point') return null;
  return { words: `crash-point ${node} ${trigger.name}`, node };
}
