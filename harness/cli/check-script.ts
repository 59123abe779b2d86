/**
 * Whether each phase of a script can be had on the cluster that there is: nodes that it has not
 * got, also those of triggers, crash points that the system has not got, a percentage above a
 * hundred. Told before the first operation, with the line.
 */
import { hintOf } from '../nearest-name.ts';
import { DesiredNetwork } from '../nemesis/desired-network.ts';
import { findFamily } from '../nemesis/families.ts';
import {
  alternativesOf,
  describeTrigger,
  phasesOf,
  type Script,
  type ScriptPhase,
  type Trigger,
  triggeredNode,
} from '../nemesis/script.ts';
import type { NemesisTools } from '../nemesis/tools.ts';
import { FaultError } from '../nemesis.ts';
import { createRandomStream } from '../run/random.ts';

/** What a plan is made with, and the variants that are possible here. */
export interface ScriptSurroundings extends Pick<NemesisTools, 'cluster' | 'system' | 'timers'> {
  possible(family: string): readonly string[];
}

/** A sentence for each phase that could never be planned: `faults.yaml:7: percent: takes …`. */
export function checkScript(script: Script, around: ScriptSurroundings): readonly string[] {
  const complaints = phasesOf(script.steps).flatMap((phase) => {
    const why = whyUnplannable(phase, around);
    const all = [...(why === null ? [] : [why]), ...whyNeverTriggered(phase, around)];
    return all.map((each) => `${script.path}:${phase.line}: ${each}`);
  });
  // A phase that is repeated is wrong once.
  return [...new Set(complaints)];
}

/** What its triggers name and nobody has, and a node that no trigger can tell. */
function whyNeverTriggered(phase: ScriptPhase, around: ScriptSurroundings): readonly string[] {
  const { begin, end, parameters } = phase;
  const triggers = [begin, ...(end === null ? [] : [end])].flatMap(alternativesOf);
  const given = parameters['nodes'];
  const named: readonly unknown[] = Array.isArray(given) ? given : [given];
  const isTold = alternativesOf(begin).some((trigger) => 'node' in trigger);
  return [
    ...triggers.flatMap((trigger) => whyUnknown(trigger, around)),
    ...(named.includes(triggeredNode) && !isTold
      ? [`nodes: ${describeTrigger(begin)} is about no node, so none is ${triggeredNode}`]
      : []),
  ];
}

function whyUnknown(trigger: Trigger, { cluster, system }: ScriptSurroundings): readonly string[] {
  const { nodes, spares } = cluster;
  const known = [...nodes, ...spares];
  const node = 'node' in trigger ? trigger.node : null;
  const place = `${trigger.type}: node: takes one of ${nodes.join(', ')}; not ${node}`;
  const unknown = node === null || known.includes(node) ? [] : [place];
  if (trigger.type !== 'crash-point') return unknown;
  // A system without any is one on which the trigger is skipped, and told.
  const names = system.operator.crashPoints?.names ?? null;
  if (names === null || names.includes(trigger.name)) return unknown;
  const hint = hintOf(trigger.name, names);
  const there = `there are ${names.join(', ')}`;
  return [...unknown, `crash-point: there is none called ${trigger.name}${hint}; ${there}`];
}

function whyUnplannable(phase: ScriptPhase, around: ScriptSurroundings): string | null {
  const { family, variant, parameters } = phase;
  const possible = around.possible(family);
  const chosen = variant ?? possible[0];
  const module = findFamily(family);
  if (chosen === undefined || module === null || !possible.includes(chosen)) return null;
  const { nodes } = around.cluster;
  try {
    module.create(toolsOf(around)).plan(chosen, {
      ...{ nodes, free: nodes, leader: nodes[0] ?? null },
      random: createRandomStream(0, 'script'),
      parameters: namedBy(parameters, nodes),
    });
    return null;
  } catch (error) {
    if (error instanceof FaultError) return error.message;
    throw error;
  }
}

/** The node that a trigger will be about is one of these. */
function namedBy(parameters: ScriptPhase['parameters'], nodes: readonly string[]) {
  const given = parameters['nodes'];
  const named: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (!named.includes(triggeredNode)) return parameters;
  return { ...parameters, nodes: named.map((name) => (name === triggeredNode ? nodes[0] : name)) };
}

function toolsOf({ cluster, system, timers }: ScriptSurroundings): NemesisTools {
  return {
    ...{ cluster, system, timers, network: new DesiredNetwork(cluster.network) },
    members: { list: () => cluster.nodes, add: () => {}, remove: () => {} },
    mayEnd: () => () => {},
    blame: () => {},
    observe: () => Promise.resolve([]),
  };
}
