/**
 * A torn write: garbage behind what a node had synced, as an unfinished write leaves it.
 *
 * Nothing that was promised is lost, so the server must cut it off and go on; one that does not
 * come back is the verdict's business, and gets its file back so that the run can end.
 */
import type { PlanContext, Skip } from '../nemesis.ts';
import { randomInteger } from '../run/random.ts';
import type { System } from '../systems/system.ts';
import { HarmNemesis, type HarmPlan } from './disk-harm.ts';
import { numberOf, textOf } from './fault-parameters.ts';
import { contentBytesOf, pickFile, tornPlaceOf } from './harmed-file.ts';
import { planTargets, targetVariants } from './targets.ts';
import type { FamilyModule } from './tools.ts';

const variants = targetVariants(['kill', 'damage'], ['one', 'follower']);

export const torn: FamilyModule = {
  family: {
    name: 'torn',
    group: 'disk',
    description: 'a node is killed, and its log ends in a write that was never finished',
    variants,
    parameters: {
      nodes: 'which node; left out: the seed picks it',
      file: 'names of files, with *; the log of the system, or the file that was written last',
      bytes: 'how many, from 1 to 1048576; left out: up to 64, as the seed says',
    },
    isMomentary: true,
    evidence: 'the file, its bytes before and after, and that the server repaired it and started',
  },
  create: (tools) =>
    new HarmNemesis<TornPlan>(tools, {
      isRepairable: true,
      plan: (variant, context) => plan(variant, context, tools.system),
      damageOf: ({ file, garbage }, files) => {
        const harmed = pickFile(files, file);
        const { offset, roomBytes } = tornPlaceOf(harmed);
        const bytes = Uint8Array.from(garbage.slice(0, roomBytes));
        return { type: 'append', path: harmed.path, bytes, offset };
      },
      isDone: (damage, { after }) => {
        if (damage.type !== 'append' || damage.offset === undefined) return false;
        const harmed = after.find(({ path }) => path === damage.path);
        const end = damage.offset + damage.bytes.length;
        return harmed !== undefined && contentBytesOf(harmed) === end;
      },
    }),
};

interface TornPlan extends HarmPlan {
  readonly file: string | null;
  readonly garbage: readonly number[];
}

function plan(variant: string, context: PlanContext, system: System): TornPlan | Skip {
  const { parameters, random } = context;
  const otherwise = 1 + randomInteger(random, 64);
  const count = numberOf(parameters, 'bytes', { min: 1, max: 1_048_576, otherwise });
  const planned = planTargets(variant, context);
  if ('skip' in planned) return planned;
  const file = textOf(parameters, 'file') ?? system.logFiles ?? null;
  // No zeros: where the garbage ends is to be seen.
  const garbage = Array.from({ length: count }, () => 1 + randomInteger(random, 255));
  return {
    ...planned,
    description: `${planned.description}, ${count} bytes`,
    value: { ...planned.value, file, bytes: count },
    ...{ file, garbage, isIsolated: false },
  };
}
