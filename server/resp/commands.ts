/**
 * The commands that clients may send: their arity, and what each request means.
 *
 * A request becomes either a command for the node or an answer that needs no agreement. Texts of
 * errors are Redis's own wherever Redis has one, so that clients and people recognise them.
 */
import { createErrorReply, type ErrorCode, type ErrorReply } from '../errors.ts';
import type { Command, SetCommand, SetCondition } from '../kv/command.ts';
import type { NodeInfo } from '../node.ts';
import { serverVersion } from '../version.ts';
import { describeInfo, describeRaftInfo } from './info.ts';
import type { RespReply } from './resp-codec.ts';

export type Request =
  | { readonly type: 'command'; readonly command: Command }
  | { readonly type: 'local'; readonly answer: (info: NodeInfo) => RespReply };

type Arguments = readonly Uint8Array[];

interface CommandSpec {
  /** As Redis counts, the name included: exactly n, or at least -n. */
  readonly arity: number;
  readonly flags: readonly string[];
  /** First key, last key, step; zeros without keys. */
  readonly keys: readonly [number, number, number];
  /** Gets the arguments without the name. */
  readonly parse: (parts: Arguments) => Request | ErrorReply;
}

const noKeys = [0, 0, 0] as const;
const ok: RespReply = { type: 'simple', text: 'OK' };

const specs: ReadonlyMap<string, CommandSpec> = new Map<string, CommandSpec>([
  ['ping', { arity: -1, flags: ['fast'], keys: noKeys, parse: parsePing }],
  ['hello', { arity: -1, flags: ['fast'], keys: noKeys, parse: parseHelloCommand }],
  ['get', { arity: 2, flags: ['readonly', 'fast'], keys: [1, 1, 1], parse: parseGet }],
  ['set', { arity: -3, flags: ['write'], keys: [1, 1, 1], parse: parseSet }],
  ['del', { arity: -2, flags: ['write'], keys: [1, -1, 1], parse: parseDelete }],
  ['info', { arity: -1, flags: ['fast'], keys: noKeys, parse: parseInfo }],
  ['raft.info', { arity: 1, flags: ['fast'], keys: noKeys, parse: parseRaftInfo }],
  ['command', { arity: -1, flags: ['fast'], keys: noKeys, parse: parseCommandCommand }],
  ['client', { arity: -2, flags: ['fast'], keys: noKeys, parse: parseClient }],
]);

/** What a request of at least one part means, or the error that answers it. */
export function parseRequest(parts: Arguments): Request | ErrorReply {
  const [name, ...rest] = parts;
  const word = name === undefined ? '' : wordOf(name);
  const spec = specs.get(word.toLowerCase());
  if (spec === undefined) return unknownCommand(word, rest);
  const { arity } = spec;
  if (arity >= 0 ? parts.length !== arity : parts.length < -arity) return wrongArity(word);
  return spec.parse(rest);
}

export function toRespError(error: ErrorReply): RespReply {
  return { type: 'error', code: error.code, text: error.text };
}

function unknownCommand(word: string, rest: Arguments): ErrorReply {
  const shown = rest.map((part) => `'${wordOf(part).slice(0, 128)}' `).join('');
  const text = `unknown command '${word.slice(0, 128)}', with args beginning with: ${shown}`;
  return refuse(text.slice(0, 400));
}

function wrongArity(word: string): ErrorReply {
  return refuse(`wrong number of arguments for '${word.toLowerCase()}' command`);
}

function refuse(text: string, code: ErrorCode = 'ERR'): ErrorReply {
  return createErrorReply(code, text);
}

function local(reply: RespReply): Request {
  return { type: 'local', answer: () => reply };
}

function parsePing(parts: Arguments): Request | ErrorReply {
  const [message, tooMany] = parts;
  if (tooMany !== undefined) return wrongArity('ping');
  return local(
    message === undefined ? { type: 'simple', text: 'PONG' } : { type: 'bulk', value: message },
  );
}

/** Only RESP2 is spoken. */
function parseHelloCommand(parts: Arguments): Request | ErrorReply {
  const [version, ...options] = parts.map(wordOf);
  if (version !== undefined && !/^[0-9]+$/.test(version)) {
    return refuse('Protocol version is not an integer or out of range');
  }
  if (version !== undefined && version !== '2') {
    return refuse('unsupported protocol version, only 2 is spoken here', 'NOPROTO');
  }
  if (options[0]?.toLowerCase() === 'auth') return refuse('AUTH is not supported: no users here');
  const named = options.length === 2 && options[0]?.toLowerCase() === 'setname';
  if (options.length > 0 && !named) return refuse(`Syntax error in HELLO option '${options[0]}'`);
  return { type: 'local', answer: ({ role }) => describeHello(role === 'leader') };
}

function describeHello(leads: boolean): RespReply {
  const items: RespReply[] = [
    text('server'),
    text('rafture'),
    text('version'),
    text(serverVersion),
    text('proto'),
    { type: 'integer', value: 2 },
    text('mode'),
    text('cluster'),
    text('role'),
    text(leads ? 'master' : 'replica'),
    text('modules'),
    { type: 'array', items: [] },
  ];
  return { type: 'array', items };
}

function parseGet([key]: Arguments): Request | ErrorReply {
  return key === undefined ? wrongArity('get') : forNode({ type: 'get', key });
}

function parseDelete(keys: Arguments): Request | ErrorReply {
  return forNode({ type: 'delete', keys });
}

function forNode(command: Command): Request {
  return { type: 'command', command };
}

const syntaxError = refuse('syntax error');
const expiryOptions = ['EX', 'PX', 'EXAT', 'PXAT', 'KEEPTTL'];
const otherConditions = ['IFNE', 'IFDEQ', 'IFDNE'];

/** `SET key value [NX | XX | IFEQ expected] [GET]`, the options in any order. */
function parseSet([key, value, ...options]: Arguments): Request | ErrorReply {
  if (key === undefined || value === undefined) return wrongArity('set');
  let condition: SetCondition | null = null;
  let get = false;
  const rest = [...options];
  for (let option = rest.shift(); option !== undefined; option = rest.shift()) {
    const word = wordOf(option).toUpperCase();
    if (word === 'GET') {
      get = true;
      continue;
    }
    if ([...expiryOptions, ...otherConditions].includes(word)) {
      return refuse(`SET with ${word} is not supported here, only NX, XX, IFEQ and GET are`);
    }
    const parsed = parseCondition(word, rest);
    if (parsed === null || condition !== null) return syntaxError;
    condition = parsed;
  }
  const command: SetCommand = {
    type: 'set',
    key,
    value,
    condition: condition ?? { type: 'always' },
    get,
  };
  return forNode(command);
}

/** Takes what belongs to the option from the rest. Null when it is none. */
function parseCondition(word: string, rest: Uint8Array[]): SetCondition | null {
  switch (word) {
    case 'NX':
      return { type: 'absent' };
    case 'XX':
      return { type: 'present' };
    case 'IFEQ': {
      const expected = rest.shift();
      return expected === undefined ? null : { type: 'equals', value: expected };
    }
    default:
      return null;
  }
}

function parseInfo(parts: Arguments): Request | ErrorReply {
  const sections = parts.map((part) => wordOf(part).toLowerCase());
  return { type: 'local', answer: (info) => text(describeInfo(info, sections)) };
}

function parseRaftInfo(): Request {
  return { type: 'local', answer: (info) => text(describeRaftInfo(info)) };
}

/** As much as redis-cli asks for when it starts. */
function parseCommandCommand(parts: Arguments): Request | ErrorReply {
  const subcommand = parts.map(wordOf)[0]?.toLowerCase();
  switch (subcommand) {
    case undefined:
      return local({
        type: 'array',
        items: [...specs].map(([name, spec]) => describe(name, spec)),
      });
    case 'count':
      return local({ type: 'integer', value: specs.size });
    case 'docs':
      // Help is optional in the protocol, and there is none.
      return local({ type: 'array', items: [] });
    default:
      return refuse(`unknown subcommand '${subcommand}'. Try COMMAND, COMMAND COUNT.`);
  }
}

function describe(name: string, { arity, flags, keys }: CommandSpec): RespReply {
  return {
    type: 'array',
    items: [
      text(name),
      { type: 'integer', value: arity },
      { type: 'array', items: flags.map((flag): RespReply => ({ type: 'simple', text: flag })) },
      ...keys.map((position): RespReply => ({ type: 'integer', value: position })),
    ],
  };
}

/** What libraries say of themselves is taken note of by nobody. */
function parseClient(parts: Arguments): Request | ErrorReply {
  const subcommand = parts.map(wordOf)[0]?.toLowerCase();
  if (subcommand === 'setname' || subcommand === 'setinfo') return local(ok);
  return refuse(`unknown subcommand '${subcommand}'. Try CLIENT SETNAME, CLIENT SETINFO.`);
}

function text(value: string): RespReply {
  return { type: 'bulk', value: Buffer.from(value) };
}

function wordOf(part: Uint8Array): string {
  return Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString('latin1');
}
