/**
 * A node that comes back under its name with an empty disk; its files are put back at the end.
 *
 * Most protocols do not survive that: the node votes as if it had never promised anything. Only
 * where the system says that its peers refuse such a node is it left among them, and not when it
 * was removed and added again: then they may not know it.
 */
import { HarmNemesis, type HarmPlan, withHarm } from './disk-harm.ts';
import { flagOf } from './fault-parameters.ts';
import { wasOnceRemoved } from './once-removed.ts';
import { planTargets, targetVariants } from './targets.ts';
import type { FamilyModule } from './tools.ts';

const variants = targetVariants(['kill', 'damage', 'drop'], ['one', 'follower']);

export const wipe: FamilyModule = {
  family: {
    name: 'wipe',
    group: 'disk',
    description: 'a node is killed, and starts with an empty data directory',
    variants,
    parameters: {
      nodes: 'which node; left out: the seed picks it',
      isolate:
        'whether it is cut off meanwhile; left out: unless the system refuses such nodes itself. ' +
        'Not isolated, it is beyond what other systems promise',
    },
    isMomentary: false,
    evidence: 'the files that were there, that none is left, and what the node and its peers did',
  },
  create: (tools) =>
    new HarmNemesis<HarmPlan>(tools, {
      isRepairable: false,
      plan: (variant, context) => {
        const planned = planTargets(variant, context);
        if ('skip' in planned) return planned;
        const { system, members } = tools;
        const isUnknown = planned.nodes.some((node) => wasOnceRemoved(members, node));
        // Alone it has nobody who could refuse it.
        const isAlone = members.list().length < 2;
        const otherwise = system.refusesWipedNodes !== true || isUnknown || isAlone;
        const isIsolated = flagOf(context.parameters, 'isolate', otherwise);
        const value = { ...planned.value, isolate: isIsolated };
        return { ...withHarm(planned), value, isIsolated };
      },
      damageOf: () => ({ type: 'wipe' }),
      isDone: (_damage, { before, after }) => before.length > 0 && after.length === 0,
    }),
};
