/**
 * A file that lost its end, synced as it was. Where the system tells a file that is too short, the
 * node is left among its peers, so that one that does not is heard; else it is cut off until the
 * file is put back.
 */
import { FaultError } from '../nemesis.ts';
import { HarmNemesis, type HarmPlan, withHarm } from './disk-harm.ts';
import { flagOf, numberOf, textOf } from './fault-parameters.ts';
import { contentBytesOf, pickFile } from './harmed-file.ts';
import { planTargets, targetVariants } from './targets.ts';
import type { FamilyModule } from './tools.ts';

const variants = targetVariants(['kill', 'damage', 'drop'], ['one', 'follower']);

export const truncate: FamilyModule = {
  family: {
    name: 'truncate',
    group: 'disk',
    description: 'a node is killed, and a file loses its end: whoever knows its length refuses it',
    variants,
    parameters: {
      nodes: 'which node; left out: the seed picks it',
      file: 'names of files, with *; left out: the file that was written last',
      keepPercent: 'how much of it stays, from 0 to 99; left out: as the seed says',
      isolate:
        'whether it is cut off meanwhile; left out: unless the system refuses damaged files. Not ' +
        'isolated, it is beyond what other systems promise',
    },
    isMomentary: false,
    evidence: 'the file, its bytes before and after, and whether the server refused',
  },
  create: (tools) =>
    new HarmNemesis<TruncatePlan>(tools, {
      isRepairable: false,
      staysOnceStarted: true,
      plan: (variant, context) => {
        const { parameters, random } = context;
        const file = textOf(parameters, 'file');
        const otherwise = Math.floor(random() * 100);
        const range = { min: 0, max: 99, otherwise };
        const keepPercent = numberOf(parameters, 'keepPercent', range);
        const planned = planTargets(variant, context);
        if ('skip' in planned) return planned;
        const isIsolated = flagOf(parameters, 'isolate', tools.system.refusesDamagedFiles !== true);
        const value = { ...planned.value, file, keepPercent, isolate: isIsolated };
        const plan = isIsolated ? withHarm(planned) : planned;
        return { ...plan, value, file, keepPercent, isIsolated };
      },
      damageOf: ({ file, keepPercent, isIsolated }, files) => {
        const harmed = pickFile(files, file);
        const wanted = Math.floor((contentBytesOf(harmed) * keepPercent) / 100);
        // A file without even its beginning may be one that was about to be made.
        const keepBytes = isIsolated ? wanted : Math.max(wanted, beginningBytes);
        if (keepBytes >= contentBytesOf(harmed)) {
          throw new FaultError(`${harmed.path} has nothing behind its first ${keepBytes} bytes`);
        }
        return { type: 'truncate', path: harmed.path, keepBytes, isTellable: !isIsolated };
      },
      isDone: (damage, { after }) =>
        damage.type === 'truncate' &&
        after.some(({ path, bytes }) => path === damage.path && bytes === damage.keepBytes),
    }),
};

/** By which a system can tell what file it is. */
const beginningBytes = 512;

interface TruncatePlan extends HarmPlan {
  readonly file: string | null;
  readonly keepPercent: number;
}
