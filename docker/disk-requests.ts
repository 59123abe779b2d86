/** What the harness asks the disk agent (disk-agent.ts) for, and what it answers. */
import type { Damage } from '../harness/cluster.ts';

/** Harm as a line of JSON can carry it. */
export type WiredDamage =
  | Exclude<Damage, { readonly type: 'append' }>
  | {
      readonly type: 'append';
      readonly path: string;
      readonly base64: string;
      readonly offset?: number;
    };

export type DiskOrder =
  | {
      readonly do: 'make';
      readonly node: string;
      /** Names the files that the disk is made of. */
      readonly name: string;
      readonly bytes: number;
      /** As the engine has them too. */
      readonly mountOptions: string;
    }
  | { readonly do: 'shut-down' | 'come-back'; readonly nodes: readonly string[] }
  /** `try`: on a disk that nobody has yet, whether what was not synced is lost, and no more. */
  | { readonly do: 'try' | 'fill' | 'free' | 'list' | 'repair'; readonly node: string }
  | {
      readonly do: 'slow';
      /** Whose disk. */
      readonly node: string;
      /** The id of the container that is to be slow on it. */
      readonly container: string;
      readonly perSecond: number | null;
    }
  | {
      readonly do: 'damage';
      readonly node: string;
      /** Whether all that is there is to be kept first, in the place of what was kept before. */
      readonly keep: boolean;
      readonly damage: WiredDamage;
    };

export type DiskRequest = DiskOrder & { readonly id: number };

export type DiskAnswer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string };
