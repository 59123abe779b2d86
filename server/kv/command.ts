/**
 * The commands of the key-value store and their answers.
 *
 * Shapes only: resp/ turns bytes into these and back, command-codec.ts is how they lie in the log.
 * Keys, values and members are bytes.
 */
import type { ErrorReply } from '../errors.ts';

/** Takes effect only when ... ; `equals` is the compare-and-set. */
export type SetCondition =
  | { readonly type: 'always' }
  | { readonly type: 'absent' }
  | { readonly type: 'present' }
  | { readonly type: 'equals'; readonly value: Uint8Array };

export interface GetCommand {
  readonly type: 'get';
  readonly key: Uint8Array;
}

export interface SetCommand {
  readonly type: 'set';
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly condition: SetCondition;
  /** Answer the value seen before, instead of whether it was set. */
  readonly get: boolean;
}

/** Changes nothing. */
export type ReadCommand =
  | GetCommand
  /** How many of these are there; one named twice counts twice. */
  | { readonly type: 'exists'; readonly keys: readonly Uint8Array[] }
  | { readonly type: 'stringLength'; readonly key: Uint8Array }
  /** Both ends included; negative ones count from the end. */
  | {
      readonly type: 'listRange';
      readonly key: Uint8Array;
      readonly start: number;
      readonly stop: number;
    }
  | { readonly type: 'listLength'; readonly key: Uint8Array }
  | { readonly type: 'setHas'; readonly key: Uint8Array; readonly member: Uint8Array }
  | { readonly type: 'setMembers'; readonly key: Uint8Array };

/** Changes the data. */
export type DataCommand =
  | SetCommand
  | { readonly type: 'delete'; readonly keys: readonly Uint8Array[] }
  /** By a signed 64-bit number; the sum must be one too. */
  | { readonly type: 'increment'; readonly key: Uint8Array; readonly by: bigint }
  | { readonly type: 'append'; readonly key: Uint8Array; readonly value: Uint8Array }
  | {
      readonly type: 'listPush';
      readonly key: Uint8Array;
      readonly side: 'left' | 'right';
      readonly values: readonly Uint8Array[];
    }
  | { readonly type: 'listPop'; readonly key: Uint8Array; readonly side: 'left' | 'right' }
  | { readonly type: 'setAdd'; readonly key: Uint8Array; readonly members: readonly Uint8Array[] }
  | {
      readonly type: 'setRemove';
      readonly key: Uint8Array;
      readonly members: readonly Uint8Array[];
    };

/** Sessions make a command that is sent again take effect once. [Ongaro §6.3] */
export type SessionCommand =
  /** Answers the session's id: the index of this entry. */
  | { readonly type: 'openSession' }
  | { readonly type: 'closeSession'; readonly sessionId: number }
  | {
      readonly type: 'inSession';
      readonly sessionId: number;
      /** From 1; each number names one command of this session for ever. */
      readonly sequence: number;
      /** The client has the answers of all commands below this one: they may be forgotten. */
      readonly acknowledgedBelow: number;
      readonly command: DataCommand;
    };

/** Goes through the log. */
export type WriteCommand = DataCommand | SessionCommand;
export type Command = ReadCommand | WriteCommand;

export type Reply =
  | { readonly type: 'ok' }
  /** Null: there is none. */
  | { readonly type: 'bulk'; readonly value: Uint8Array | null }
  | { readonly type: 'integer'; readonly value: number | bigint }
  | { readonly type: 'array'; readonly items: readonly Uint8Array[] }
  /** Without order, each once. */
  | { readonly type: 'set'; readonly items: readonly Uint8Array[] }
  | ErrorReply;

const readTypes: ReadonlySet<string> = new Set([
  'get',
  'exists',
  'stringLength',
  'listRange',
  'listLength',
  'setHas',
  'setMembers',
] satisfies readonly ReadCommand['type'][]);

export function isRead(command: Command): command is ReadCommand {
  return readTypes.has(command.type);
}
