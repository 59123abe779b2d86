/** A bit flip in what a node had synced; the node is cut off until its file is put back. */
import { randomInteger } from '../run/random.ts';
import { HarmNemesis, type HarmPlan, isFlipped, withHarm } from './disk-harm.ts';
import { textOf } from './fault-parameters.ts';
import { contentBytesOf, pickFile } from './harmed-file.ts';
import { planTargets, targetVariants } from './targets.ts';
import type { FamilyModule } from './tools.ts';

const variants = targetVariants(['kill', 'damage', 'drop'], ['one', 'follower']);

export const bitFlip: FamilyModule = {
  family: {
    name: 'bit-flip',
    group: 'disk',
    description: 'a node is killed, and one bit of a file changes; it is cut off meanwhile',
    variants,
    parameters: {
      nodes: 'which node; left out: the seed picks it',
      file: 'names of files, with *; left out: the file that was written last',
    },
    isMomentary: false,
    evidence: 'the file, the byte before and after, and whether the server refused, in its words',
  },
  create: (tools) =>
    new HarmNemesis<BitFlipPlan>(tools, {
      isRepairable: false,
      plan: (variant, context) => {
        const file = textOf(context.parameters, 'file');
        const planned = planTargets(variant, context);
        if ('skip' in planned) return planned;
        const [where, bit] = [context.random(), randomInteger(context.random, 8)];
        const value = { ...planned.value, file };
        return { ...withHarm(planned), value, file, where, bit, isIsolated: true };
      },
      damageOf: ({ file, where, bit }, files) => {
        const harmed = pickFile(files, file);
        const offset = Math.floor(where * contentBytesOf(harmed));
        return { type: 'flip', path: harmed.path, offset, bit };
      },
      isDone: isFlipped,
    }),
};

interface BitFlipPlan extends HarmPlan {
  readonly file: string | null;
  /** The place in the file, as a share of it, in [0, 1). */
  readonly where: number;
  readonly bit: number;
}
