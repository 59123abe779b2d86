/**
 * The faults of a run in words, for what it tested and what it did not: a sentence for each family
 * that came, and for those that did not come a sentence for each kind.
 *
 * What no family does is not tested by any run, and is always said.
 */
import type { Cluster } from '../cluster.ts';

type ClusterKind = Cluster['kind'];

/** In the order in which they are told. */
const familyWords: Readonly<Record<string, string>> = {
  partition: 'Network partitions',
  'client-cut': 'Clients that are cut off from nodes',
  loss: 'Links that lose packets',
  delay: 'Links that delay',
  rate: 'Narrow links',
  hold: 'Links that hold back what is sent, and deliver it later',
  reset: 'Broken connections',
  kill: 'Crashes (SIGKILL and restart)',
  pause: 'Frozen processes (SIGSTOP)',
  'crash-point': 'Crashes at named places of the code',
  'crash-step': 'Crashes at any step',
  power: 'Power losses, with all that was not synced',
  'disk-full': 'Full disks',
  'disk-slow': 'Slow disks',
  'disk-error': 'Disks of which an operation fails, with what it held',
  torn: 'Logs that end in an unfinished write',
  'bit-flip': 'Files with a flipped bit, of a node that is cut off',
  truncate: 'Files that lost their end, of a node that is cut off',
  wipe: 'Nodes that lost their data',
  members: 'Changes of membership',
  'members-apart': 'Changes of membership by who sees a part of the cluster',
  transfer: 'Transfers of leadership',
  'rolling-restart': 'Rolling restarts',
  upgrade: 'Rolling upgrades',
  snapshot: 'Snapshots at once',
  'until-snapshot': 'Nodes that only a snapshot can bring back',
};

const crashesThatLose = 'Crashes that lose what was not synced, and restarts';

/** The simulation's crashes lose more than those of a machine. */
export function describeFamily(family: string, kind: ClusterKind): string {
  if (family === 'kill' && kind === 'sim') return crashesThatLose;
  return familyWords[family] ?? family;
}

/** In the order in which they are told; what nobody knows comes last. */
export function inOrder(families: Iterable<string>): readonly string[] {
  const names = Object.keys(familyWords);
  const rank = (family: string): number => {
    const at = names.indexOf(family);
    return at === -1 ? names.length : at;
  };
  return [...new Set(families)].sort((one, other) => rank(one) - rank(other));
}

/** Families that are told in one sentence where they did not come: `Links that delay or lose`. */
interface Kind {
  readonly lead: string;
  readonly parts: Readonly<Record<string, string>>;
  /** What no run does. */
  readonly beyond: readonly string[];
}

const links: Kind = {
  lead: 'Links that',
  parts: {
    ...{ loss: 'lose', delay: 'delay', rate: 'are narrow', hold: 'hold back', reset: 'break' },
  },
  beyond: ['duplicate', 'reorder'],
};

const disks: Kind = {
  lead: 'Disks that',
  parts: {
    ...{ 'disk-full': 'are full', 'disk-slow': 'are slow', torn: 'leave a write unfinished' },
    ...{ 'bit-flip': 'flip a bit', truncate: 'lose the end of a file', wipe: 'lose everything' },
  },
  beyond: ['fail or misdirect writes'],
};

/** A sentence for each kind of fault of which something had no effect here. */
export function describeMissing(
  effective: ReadonlySet<string>,
  kind: ClusterKind,
): readonly string[] {
  const has = (...families: readonly string[]): boolean =>
    families.some((family) => effective.has(family));
  const unless = (isTested: boolean, words: string): readonly string[] => (isTested ? [] : [words]);
  const isSimulated = kind === 'sim';
  return [
    ...unless(has('partition'), describeFamily('partition', kind)),
    ...unless(has('client-cut'), describeFamily('client-cut', kind)),
    // The simulation's network does all of that in every run.
    ...(isSimulated ? [] : [sentenceOf(links, effective)]),
    ...unless(has('kill'), describeFamily('kill', kind)),
    ...unless(has('pause'), describeFamily('pause', kind)),
    ...unless(has('power') || (isSimulated && has('kill')), whyPower(isSimulated)),
    sentenceOf(disks, effective),
    ...['members', 'transfer', 'upgrade'].flatMap((family) =>
      unless(has(family), describeFamily(family, kind)),
    ),
  ];
}

function whyPower(isSimulated: boolean): string {
  if (isSimulated) return 'Power losses';
  return 'Power losses: SIGKILL alone loses nothing that the kernel holds';
}

function sentenceOf({ lead, parts, beyond }: Kind, effective: ReadonlySet<string>): string {
  const missing = Object.entries(parts).filter(([family]) => !effective.has(family));
  const all = [...missing.map(([, words]) => words), ...beyond];
  const last = all.at(-1) ?? '';
  return `${lead} ${all.length === 1 ? last : `${all.slice(0, -1).join(', ')} or ${last}`}`;
}
