/** A file that lost its end, synced as it was; the node is cut off until the file is put back. */
import { HarmNemesis, type HarmPlan, withHarm } from './disk-harm.ts';
import { numberOf, textOf } from './fault-parameters.ts';
import { contentBytesOf, pickFile } from './harmed-file.ts';
import { planTargets, targetVariants } from './targets.ts';
import type { FamilyModule } from './tools.ts';

const variants = targetVariants(['kill', 'damage', 'drop'], ['one', 'follower']);

export const truncate: FamilyModule = {
  family: {
    name: 'truncate',
    group: 'disk',
    description: 'a node is killed, and a file loses its end; it is cut off meanwhile',
    variants,
    parameters: {
      nodes: 'which node; left out: the seed picks it',
      file: 'names of files, with *; left out: the file that was written last',
      keepPercent: 'how much of it stays, from 0 to 99; left out: as the seed says',
    },
    isMomentary: false,
    evidence: 'the file, its bytes before and after, and whether the server refused',
  },
  create: (tools) =>
    new HarmNemesis<TruncatePlan>(tools, {
      isRepairable: false,
      plan: (variant, context) => {
        const { parameters, random } = context;
        const file = textOf(parameters, 'file');
        const otherwise = Math.floor(random() * 100);
        const range = { min: 0, max: 99, otherwise };
        const keepPercent = numberOf(parameters, 'keepPercent', range);
        const planned = planTargets(variant, context);
        if ('skip' in planned) return planned;
        const value = { ...planned.value, file, keepPercent };
        return { ...withHarm(planned), value, file, keepPercent, isIsolated: true };
      },
      damageOf: ({ file, keepPercent }, files) => {
        const harmed = pickFile(files, file);
        const keepBytes = Math.floor((contentBytesOf(harmed) * keepPercent) / 100);
        return { type: 'truncate', path: harmed.path, keepBytes };
      },
      isDone: (damage, { after }) =>
        damage.type === 'truncate' &&
        after.some(({ path, bytes }) => path === damage.path && bytes === damage.keepBytes),
    }),
};

interface TruncatePlan extends HarmPlan {
  readonly file: string | null;
  readonly keepPercent: number;
}
