/**
 * Which faults can be had: of a family's variants, those whose needs are met by the cluster and by
 * the system under test, and for the others why not and what to do about it.
 *
 * Pure: doctor, the command line and the run ask it, each with what it knows.
 */
import type { Ability, Capabilities, Capability } from '../cluster.ts';
import type { FaultFamily, FaultVariant, Need, OperatorSkill } from '../nemesis.ts';
import type { Operator, System } from '../systems/system.ts';

export interface VariantAvailability {
  readonly variant: string;
  readonly capability: Capability;
}

/** What a system must have of its operator to be asked at all. */
export type OperatedSystem = Pick<System, 'name' | 'operator'>;

const skills: Readonly<Record<OperatorSkill, { has(of: Operator): boolean; words: string }>> = {
  transfer: {
    has: (operator) => operator.transferLeadership !== undefined,
    words: 'transferLeadership: to hand leadership over',
  },
  members: {
    has: (operator) => operator.members !== undefined,
    words: 'members: to add and remove nodes',
  },
  snapshot: {
    has: (operator) => operator.forceSnapshot !== undefined,
    words: 'forceSnapshot: to have a node take a snapshot',
  },
  'crash-points': {
    has: (operator) => operator.crashPoints !== undefined,
    words: 'crashPoints: to have a node end at a named point',
  },
};

/** What a run would have around it. */
export interface Surroundings {
  readonly capabilities: Capabilities;
  readonly system: OperatedSystem;
  readonly nodeCount: number;
}

/** Each variant of the family, in its order: available with how, or not with why and remedy. */
export function availabilityOf(
  family: FaultFamily,
  around: Surroundings,
): readonly VariantAvailability[] {
  return family.variants.map((variant) => ({
    variant: variant.name,
    capability: capabilityOf(variant, around),
  }));
}

/** The names of those that are available. */
export function possibleVariants(family: FaultFamily, around: Surroundings): readonly string[] {
  return availabilityOf(family, around).flatMap(({ variant, capability }) =>
    capability.available ? [variant] : [],
  );
}

function skillOf(need: Need): OperatorSkill | null {
  return need.startsWith('operator:') ? (need.slice('operator:'.length) as OperatorSkill) : null;
}

/** The first thing that is missing is told. */
function capabilityOf({ nodesMin, needs }: FaultVariant, around: Surroundings): Capability {
  const { nodeCount } = around;
  if (nodeCount < nodesMin) {
    const why = `it takes ${nodesMin} nodes or more, and the cluster has ${nodeCount}`;
    return { available: false, why, remedy: `--nodes ${nodesMin}` };
  }
  const met = needs.map((need) => capabilityFor(need, around));
  const missing = met.find(({ available }) => !available);
  if (missing !== undefined) return missing;
  const how = met.flatMap((each) => (each.available ? [each.how] : []));
  return { available: true, how: [...new Set(how)].join('; ') };
}

function capabilityFor(need: Need, { capabilities, system }: Surroundings): Capability {
  const skill = skillOf(need);
  if (skill === null) return capabilities[need as Ability];
  const { has, words } = skills[skill];
  if (has(system.operator)) return { available: true, how: `asked of ${system.name}` };
  const why = `${system.name} cannot be asked for it`;
  return { available: false, why, remedy: `an operator of the system that has ${words}` };
}
