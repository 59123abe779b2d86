/**
 * The commands that are about the server: INFO, CONFIG GET, and COMMAND, which tells of all others.
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
import type { CommandTable } from './command-table.ts';
import type { Connection } from './connection.ts';
import { refuse, syntaxError, wordOf } from './error-texts.ts';
import { describeInfo } from './info.ts';
import { type RespReply, respText } from './reply-encoder.ts';
import { respLimits } from './request-parser.ts';

function define(
  name: string,
  arity: number,
  [summary, parse]: readonly [string, (parts: Parts, connection: Connection) => Action],
): CommandSpec {
  return { group: 'server', name, arity, flags: ['fast'], keys: noKeys, summary, parse };
}

/** The table is asked for when a command is, not before it is there. */
export function createServerCommands(table: () => CommandTable): readonly CommandSpec[] {
  const commands: readonly CommandSpec[] = [
    define('command|count', 2, ['How many commands there are.', () => count(table())]),
    define('command|docs', -2, ['What commands do: [name ...].', (parts) => docs(table(), parts)]),
    define('command|getkeys', -3, ['The keys of a request.', (parts) => getKeys(table(), parts)]),
    define('command|info', -2, ['About commands: [name ...].', (parts) => infos(table(), parts)]),
    define('command|list', -2, ['All names of commands.', (parts) => list(table(), parts)]),
  ];
  const container = { group: 'container', flags: ['fast'], keys: noKeys } as const;
  return [
    {
      ...container,
      name: 'command',
      arity: -1,
      summary: 'About commands.',
      subcommands: commands,
      parse: () => answer({ type: 'array', items: table().all.map(describeSpec) }),
    },
    {
      ...container,
      name: 'config',
      arity: -2,
      summary: 'About settings.',
      subcommands: [define('config|get', -3, ['Settings by pattern.', getConfig])],
      parse: null,
    },
    define('info', -1, ['What the node says of itself: [section ...].', describeNode]),
  ];
}

function describeNode(parts: Parts, { node, clients }: Connection): Action {
  const sections = parts.slice(1).map((part) => wordOf(part).toLowerCase());
  return answer({ type: 'page', text: describeInfo(node.info(), sections, clients.count) });
}

/** As far as clients ask for them, and true: nothing is saved aside, all writes are logged. */
const settings: readonly (readonly [string, string])[] = [
  ['save', ''],
  ['appendonly', 'yes'],
  ['appendfsync', 'always'],
  ['databases', '1'],
  ['proto-max-bulk-len', String(respLimits.bulkBytesMax)],
];

function getConfig(parts: Parts): Action {
  const patterns = parts.slice(2).map((part) => wordOf(part).toLowerCase());
  const wanted = settings.filter(([name]) => patterns.some((each) => matches(each, name)));
  const entries = wanted.map(([name, value]) => [respText(name), respText(value)] as const);
  return answer({ type: 'map', entries });
}

/** A star at the end stands for any rest: no other pattern is needed for so few names. */
function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}

function count(table: CommandTable): Action {
  return answer({ type: 'integer', value: table.all.length });
}

function docs(table: CommandTable, parts: Parts): Action {
  const specs =
    parts.length === 2 ? table.all : parts.slice(2).flatMap((name) => table.named(name));
  const entries = specs.map((spec) => [respText(spec.name), describeDocs(spec)] as const);
  return answer({ type: 'map', entries });
}

function describeDocs(spec: CommandSpec): RespReply {
  return {
    type: 'map',
    entries: [
      [respText('summary'), respText(spec.summary)],
      [respText('group'), respText(spec.group === 'container' ? 'server' : spec.group)],
    ],
  };
}

function infos(table: CommandTable, parts: Parts): Action {
  if (parts.length === 2) {
    return answer({ type: 'array', items: table.all.map(describeSpec) });
  }
  const items = parts.slice(2).map((name): RespReply => {
    const [spec] = table.named(name);
    return spec === undefined ? { type: 'bulk', value: null } : describeSpec(spec);
  });
  return answer({ type: 'array', items });
}

/** As Redis 7 does it; categories, tips and key specifications are not kept. */
function describeSpec(spec: CommandSpec): RespReply {
  const none: RespReply = { type: 'array', items: [] };
  const flags = spec.flags.map((flag): RespReply => ({ type: 'simple', text: flag }));
  const subcommands = spec.group === 'container' ? spec.subcommands.map(describeSpec) : [];
  return {
    type: 'array',
    items: [
      respText(spec.name),
      { type: 'integer', value: spec.arity },
      { type: 'set', items: flags },
      ...spec.keys.map((position): RespReply => ({ type: 'integer', value: position })),
      { type: 'set', items: [] },
      none,
      none,
      { type: 'array', items: subcommands },
    ],
  };
}

function list(table: CommandTable, parts: Parts): Action {
  if (parts.length > 2) return syntaxError;
  return answer({ type: 'array', items: table.all.map(({ name }) => respText(name)) });
}

function getKeys(table: CommandTable, parts: Parts): Action {
  const request = parts.slice(2);
  const [name] = request;
  const [spec] = name === undefined ? [] : table.named(name);
  if (spec === undefined) return refuse('Invalid command specified');
  const [first, last, step] = spec.keys;
  if (first === 0) return refuse('The command has no key arguments');
  if (!arityFits(spec, request.length)) {
    return refuse('Invalid number of arguments specified for command');
  }
  const end = last < 0 ? request.length + last : last;
  const keys = request.filter((_, at) => at >= first && at <= end && (at - first) % step === 0);
  return answer({ type: 'array', items: keys });
}

/** `CONTAINER HELP`, made of what the subcommands say of themselves. */
export function describeHelp(name: string, subcommands: readonly CommandSpec[]): RespReply {
  const lines = [
    `${name.toUpperCase()} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`,
    ...subcommands.flatMap((spec) => [subcommandName(spec).toUpperCase(), `    ${spec.summary}`]),
    'HELP',
    '    Print this help.',
  ];
  return { type: 'array', items: lines.map((text): RespReply => ({ type: 'simple', text })) };
}
