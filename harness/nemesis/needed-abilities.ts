/** What a cluster is to prepare for the faults of a run. */
import type { Ability } from '../cluster.ts';
import type { FaultFamily, Need } from '../nemesis.ts';

/** Everything that one of their variants needs of the cluster. */
export function neededAbilities(families: readonly FaultFamily[]): ReadonlySet<Ability> {
  const needs = families.flatMap(({ variants }) => variants.flatMap((variant) => variant.needs));
  return new Set(needs.filter(isAbility));
}

function isAbility(need: Need): need is Ability {
  return !need.startsWith('operator:');
}
