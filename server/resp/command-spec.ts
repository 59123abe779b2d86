/**
 * What a command is to the protocol: its name, its arity, and what a request with it asks for.
 *
 * Specs are data. Whatever they ask for is done by the session alone, in the order of the requests.
 */
import type { ErrorReply } from '../errors.ts';
import type { Command, DataCommand, ReadCommand } from '../kv/command.ts';
import type { AdminCommand, AdminReply } from '../server-node.ts';
import type { Connection } from './connection.ts';
import type { RespReply } from './reply-encoder.ts';

/** A whole request, the command's name in front. */
export type Parts = readonly Uint8Array[];

/** A command for the node stands for itself: it is what most requests are. */
export type Action =
  | Command
  | ErrorReply
  /** Needs no agreement. */
  | { readonly type: 'answer'; readonly reply: RespReply }
  /** The same, and then the connection is closed. */
  | { readonly type: 'quit'; readonly reply: RespReply | null }
  /** To be read from this node alone. */
  | { readonly type: 'stale'; readonly command: ReadCommand }
  | {
      readonly type: 'admin';
      readonly command: AdminCommand;
      readonly describe: (reply: Exclude<AdminReply, ErrorReply>) => string;
    };

interface SpecBase {
  /** Lower case; a subcommand's is `container|name`. */
  readonly name: string;
  /** As Redis counts, the name included: exactly n, or at least -n. */
  readonly arity: number;
  readonly flags: readonly string[];
  /** First key, last key, step; zeros without keys. */
  readonly keys: readonly [number, number, number];
  readonly summary: string;
}

export type CommandSpec =
  | (SpecBase & {
      readonly group: 'read';
      readonly parse: (parts: Parts, connection: Connection) => ReadCommand | ErrorReply;
    })
  | (SpecBase & {
      readonly group: 'write';
      readonly parse: (parts: Parts, connection: Connection) => DataCommand | ErrorReply;
    })
  | (SpecBase & {
      readonly group: 'connection' | 'server' | 'raft';
      readonly parse: (parts: Parts, connection: Connection) => Action;
    })
  | (SpecBase & {
      readonly group: 'container';
      readonly subcommands: readonly CommandSpec[];
      /** Of the name alone; null where a subcommand is needed. */
      readonly parse: ((parts: Parts, connection: Connection) => Action) | null;
    });

export const noKeys = [0, 0, 0] as const;
export const oneKey = [1, 1, 1] as const;
export const allKeys = [1, -1, 1] as const;

export function answer(reply: RespReply): Action {
  return { type: 'answer', reply };
}

export function arityFits({ arity }: CommandSpec, partCount: number): boolean {
  return arity >= 0 ? partCount === arity : partCount >= -arity;
}

export function subcommandName({ name }: CommandSpec): string {
  return name.slice(name.indexOf('|') + 1);
}
