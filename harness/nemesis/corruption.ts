/**
 * Corruption that a server can tell: a bit flips in the older half of a file, with records behind
 * it that prove it was durable. A server that holds its files against their checksums refuses to
 * start; it is left among its peers, so that one that does not refuse is heard. [PAR, FAST'18]
 */
import type { DiskFile } from '../cluster.ts';
import { FaultError } from '../nemesis.ts';
import { randomInteger } from '../run/random.ts';
import { HarmNemesis, type HarmPlan, isFlipped, withHarm } from './disk-harm.ts';
import { flagOf, textOf } from './fault-parameters.ts';
import { contentBytesOf, pickFile } from './harmed-file.ts';
import { planTargets, targetVariants } from './targets.ts';
import type { FamilyModule } from './tools.ts';

const variants = targetVariants(['kill', 'damage', 'drop'], ['one', 'leader', 'follower']);

/** A file of less has nothing behind its first half that proves anything. */
const contentMin = 512;

export const corruption: FamilyModule = {
  family: {
    name: 'corruption',
    group: 'disk',
    description:
      'a node is killed, and a bit changes in the older half of a file: whoever checks refuses it',
    variants,
    parameters: {
      nodes: 'which node; left out: the seed picks it',
      file: 'names of files, with *; left out: the seed picks one of 512 bytes or more',
      isolate:
        'whether it is cut off meanwhile; left out: unless the system refuses damaged files. Not ' +
        'isolated, it is beyond what other systems promise',
    },
    isMomentary: false,
    evidence: 'the file, the byte before and after, and whether the server refused, in its words',
  },
  create: (tools) =>
    new HarmNemesis<CorruptionPlan>(tools, {
      isRepairable: false,
      staysOnceStarted: true,
      plan: (variant, context) => {
        const file = textOf(context.parameters, 'file');
        const [which, where] = [context.random(), context.random()];
        const bit = randomInteger(context.random, 8);
        const planned = planTargets(variant, context);
        if ('skip' in planned) return planned;
        const otherwise = tools.system.refusesDamagedFiles !== true;
        const isIsolated = flagOf(context.parameters, 'isolate', otherwise);
        const value = { ...planned.value, file, isolate: isIsolated };
        const plan = isIsolated ? withHarm(planned) : planned;
        return { ...plan, value, file, which, where, bit, isIsolated };
      },
      damageOf: ({ file, which, where, bit, isIsolated }, files) => {
        const harmed = file === null ? drawFile(files, which) : pickFile(files, file);
        const offset = Math.floor((where * contentBytesOf(harmed)) / 2);
        return { type: 'flip', path: harmed.path, offset, bit, isTellable: !isIsolated };
      },
      isDone: isFlipped,
    }),
};

interface CorruptionPlan extends HarmPlan {
  readonly file: string | null;
  /** Which of the files, as a share of their number, in [0, 1). */
  readonly which: number;
  /** The place in the first half of its content, in [0, 1). */
  readonly where: number;
  readonly bit: number;
}

function drawFile(files: readonly DiskFile[], which: number): DiskFile {
  const large = files.filter((file) => contentBytesOf(file) >= contentMin);
  const sorted = large.toSorted((one, other) => (one.path < other.path ? -1 : 1));
  const drawn = sorted[Math.floor(which * sorted.length)];
  if (drawn !== undefined) return drawn;
  throw new FaultError(`no file has ${contentMin} bytes of content yet`);
}
