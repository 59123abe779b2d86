/**
 * All commands by their names, and what a request means: the one place where it is decided whether
 * it is known, has as many words as it needs, and may be asked by this client.
 */
import {
  type Action,
  answer,
  arityFits,
  type CommandSpec,
  noKeys,
  type Parts,
  subcommandName,
} from './command-spec.ts';
import type { Connection } from './connection.ts';
import { connectionCommands } from './connection-commands.ts';
import { dataCommands } from './data-commands.ts';
import { optionOf, refuse, unknownCommand, unknownSubcommand, wrongArity } from './error-texts.ts';
import { createRaftCommands } from './raft-commands.ts';
import { createServerCommands, describeHelp } from './server-commands.ts';

const upperA = 0x41;
const upperZ = 0x5a;
const caseBit = 0x20;
const bar = 0x7c;

interface Named {
  readonly name: Uint8Array;
  readonly spec: CommandSpec;
}

/** Looked up by bytes, whatever their case: no string is made of a command's name. */
export class CommandTable {
  readonly all: readonly CommandSpec[];
  readonly #byHash = new Map<number, readonly Named[]>();

  constructor(specs: readonly CommandSpec[]) {
    this.all = specs;
    for (const spec of specs) {
      const name = Buffer.from(subcommandName(spec));
      const hash = hashOf(name);
      this.#byHash.set(hash, [...(this.#byHash.get(hash) ?? []), { name, spec }]);
    }
  }

  find(word: Uint8Array): CommandSpec | null {
    const named = this.#byHash.get(hashOf(word));
    if (named === undefined) return null;
    for (const { name, spec } of named) if (isSameName(name, word)) return spec;
    return null;
  }

  /** As COMMAND INFO names them: `get`, or `client|id`. None or one. */
  named(fullName: Uint8Array): readonly CommandSpec[] {
    const at = fullName.indexOf(bar);
    const found = this.find(at < 0 ? fullName : fullName.subarray(0, at));
    if (found === null || at < 0) return found === null ? [] : [found];
    if (found.group !== 'container') return [];
    const word = fullName.subarray(at + 1);
    const subcommand = subcommandsOf(found).find(word);
    return subcommand === null ? [] : [subcommand];
  }
}

function hashOf(word: Uint8Array): number {
  let hash = word.length;
  // No name is longer; what is can only be told apart by its bytes.
  const end = Math.min(word.length, 16);
  for (let position = 0; position < end; position += 1) {
    hash = (Math.imul(hash, 31) + ((word[position] ?? 0) | caseBit)) | 0;
  }
  return hash;
}

function isSameName(name: Uint8Array, word: Uint8Array): boolean {
  if (name.length !== word.length) return false;
  for (let position = 0; position < name.length; position += 1) {
    const byte = word[position] ?? 0;
    const lower = byte >= upperA && byte <= upperZ ? byte | caseBit : byte;
    if (lower !== name[position]) return false;
  }
  return true;
}

const commands: CommandTable = new CommandTable([
  ...dataCommands,
  ...connectionCommands,
  ...createServerCommands(() => commands),
  ...createRaftCommands(() => commands),
]);

const subcommandTables = new Map<CommandSpec, CommandTable>();

function subcommandsOf(spec: CommandSpec & { readonly group: 'container' }): CommandTable {
  const known = subcommandTables.get(spec);
  if (known !== undefined) return known;
  const help: CommandSpec = {
    group: 'server',
    name: `${spec.name}|help`,
    arity: 2,
    flags: ['fast'],
    keys: noKeys,
    summary: 'Print this help.',
    parse: () => answer(describeHelp(spec.name, spec.subcommands)),
  };
  const table = new CommandTable([...spec.subcommands, help]);
  subcommandTables.set(spec, table);
  return table;
}

const authenticationRequired = refuse('Authentication required.', 'NOAUTH');
const hangUp: Action = { type: 'quit', reply: null };

/** What a request of at least one part asks for, or the error that answers it. */
export function parseRequest(parts: Parts, connection: Connection): Action {
  const [name, word] = parts;
  const command = name === undefined ? null : commands.find(name);
  if (command === null) return isHttp(name) ? hangUp : unknownCommand(parts);
  const inside = command.group === 'container' && word !== undefined;
  const spec = inside ? subcommandsOf(command).find(word) : command;
  if (spec === null) return unknownSubcommand(command.name, word ?? new Uint8Array(0));
  if (!arityFits(spec, parts.length)) return wrongArity(spec.name);
  if (!connection.authenticated && !spec.flags.includes('no_auth')) return authenticationRequired;
  return spec.parse === null ? wrongArity(spec.name) : spec.parse(parts, connection);
}

/**
 * A page in somebody's browser can make it send a form here, whose body would be inline commands.
 * Its head gives it away, as in Redis.
 */
function isHttp(name: Uint8Array | undefined): boolean {
  return name !== undefined && ['POST', 'HOST:'].includes(optionOf(name));
}
