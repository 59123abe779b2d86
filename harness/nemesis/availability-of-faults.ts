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

/** Each variant of the family, in its order: available with how, or not with why and remedy. */
export function availabilityOf(
  family: FaultFamily,
  capabilities: Capabilities,
  system: OperatedSystem,
  nodeCount: number,
): readonly VariantAvailability[] {
  return family.variants.map((variant) => ({
    variant: variant.name,
    capability: capabilityOf(variant, { capabilities, system, nodeCount }),
  }));
}

/** The names of those that are available. */
export function possibleVariants(
  family: FaultFamily,
  capabilities: Capabilities,
  system: OperatedSystem,
  nodeCount: number,
): readonly string[] {
  return availabilityOf(family, capabilities, system, nodeCount).flatMap(
    ({ variant, capability }) => (capability.available ? [variant] : []),
  );
}

/** What a cluster is to prepare, so that these variants can be had. */
export function abilitiesOf(variants: readonly FaultVariant[]): ReadonlySet<Ability> {
  return new Set(variants.flatMap(({ needs }) => needs).flatMap(abilityOf));
}

function abilityOf(need: Need): readonly Ability[] {
  return skillOf(need) === null ? [need as Ability] : [];
}

function skillOf(need: Need): OperatorSkill | null {
  return need.startsWith('operator:') ? (need.slice('operator:'.length) as OperatorSkill) : null;
}

interface Surroundings {
  readonly capabilities: Capabilities;
  readonly system: OperatedSystem;
  readonly nodeCount: number;
}

/** The first thing that is missing is told. */
function capabilityOf(variant: FaultVariant, surroundings: Surroundings): Capability {
  const { nodesMin, needs } = variant;
  const { nodeCount } = surroundings;
  if (nodeCount < nodesMin) {
    const why = `it needs ${nodesMin} nodes or more, and there ${nodeCount === 1 ? 'is' : 'are'} ${nodeCount}`;
    return { available: false, why, remedy: `--nodes ${nodesMin}` };
  }
  const met = needs.map((need) => capabilityFor(need, surroundings));
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
