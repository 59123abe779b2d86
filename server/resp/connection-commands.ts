/**
 * The commands that are about the connection itself: greeting, password, name, protocol, end.
 *
 * Nothing here needs agreement, and nothing says yes to what would not be done.
 */
import { serverVersion } from '../version.ts';
import { type Action, answer, type CommandSpec, noKeys, type Parts } from './command-spec.ts';
import type { Connection } from './connection.ts';
import { notAnInteger, optionOf, refuse, syntaxError, wordOf, wrongArity } from './error-texts.ts';
import { parseInteger } from './parse-integer.ts';
import type { RespReply } from './reply-encoder.ts';

const ok = answer({ type: 'ok' });
const quitting: Action = { type: 'quit', reply: { type: 'ok' } };
const nameBytesMax = 256;
const wrongPassword = refuse('invalid username-password pair or user is disabled.', 'WRONGPASS');
const defaultUser = Buffer.from('default');

function define(
  name: string,
  arity: number,
  [summary, parse]: readonly [string, (parts: Parts, connection: Connection) => Action],
): CommandSpec {
  return { group: 'connection', name, arity, flags: ['fast'], keys: noKeys, summary, parse };
}

/** May be asked without the password. */
function open(spec: CommandSpec): CommandSpec {
  return { ...spec, flags: [...spec.flags, 'no_auth'] };
}

const clientCommands: readonly CommandSpec[] = [
  define('client|getname', 2, ['The name of this connection.', getName]),
  define('client|id', 2, ['The number of this connection.', (_, { id }) => integer(id)]),
  define('client|info', 2, ['This connection.', (_, connection) => page([connection.describe()])]),
  define('client|list', -2, ['The connections of this node: [ID id ...].', listClients]),
  define('client|no-evict', 3, ['ON | OFF: nothing is ever evicted here.', checkSwitch]),
  define('client|no-touch', 3, ['ON | OFF: nobody looks at times of use here.', checkSwitch]),
  define('client|setinfo', 4, ['LIB-NAME or LIB-VER of the client’s library.', setInfo]),
  define('client|setname', 3, ['Names this connection.', setName]),
];

export const connectionCommands: readonly CommandSpec[] = [
  open(define('auth', -2, ['[user] password', authenticate])),
  {
    ...define('client', -2, ['About connections.', () => ok]),
    group: 'container',
    parse: null,
    subcommands: clientCommands,
  },
  define('echo', 2, ['Answers what it is told.', ([, value]) => bulk(value)]),
  open(define('hello', -1, ['[2 | 3 [AUTH user password] [SETNAME name]]', greet])),
  define('ping', -1, ['Answers PONG, or what it is told.', ping]),
  open(define('quit', -1, ['Ends the connection.', () => quitting])),
  define('readonly', 1, ['Refused: see RAFT.STALE.', refuseReplicaReads]),
  define('readwrite', 1, ['Refused: see RAFT.STALE.', refuseReplicaReads]),
  open(define('reset', 1, ['The connection as it was when it began.', reset])),
  define('select', 2, ['There is only database 0.', select]),
];

function bulk(value: Uint8Array | undefined): Action {
  return answer({ type: 'bulk', value: value ?? null });
}

function integer(value: number): Action {
  return answer({ type: 'integer', value });
}

function page(lines: readonly string[]): Action {
  return answer({ type: 'page', text: lines.map((line) => `${line}\n`).join('') });
}

function ping(parts: Parts): Action {
  if (parts.length > 2) return wrongArity('ping');
  return parts.length === 2 ? bulk(parts[1]) : answer({ type: 'simple', text: 'PONG' });
}

function select([, index]: Parts): Action {
  const number = index === undefined ? null : parseInteger(index);
  if (number === null) return notAnInteger;
  return number === 0n ? ok : refuse('DB index is out of range');
}

function reset(_: Parts, connection: Connection): Action {
  connection.reset();
  return answer({ type: 'simple', text: 'RESET' });
}

/**
 * In a Redis cluster READONLY lets a replica answer with what it happens to have. Here each node
 * answers reads linearizably, and who wants less has to say so at the read: a mode that is set
 * once and forgotten would turn every later read into a stale one, or be a lie.
 */
function refuseReplicaReads(): Action {
  const words = 'every node answers reads linearizably, stale ones are asked for by RAFT.STALE';
  return refuse(`This instance has cluster support disabled: ${words}`);
}

function authenticate(parts: Parts, connection: Connection): Action {
  const [, first, second] = parts;
  if (first === undefined || parts.length > 3) return syntaxError;
  if (second === undefined && !connection.password.isRequired) {
    const text = 'AUTH <password> called without any password configured for the default user.';
    return refuse(`${text} Are you sure your configuration is correct?`);
  }
  const [user, given] = second === undefined ? [defaultUser, first] : [first, second];
  if (!connection.password.accepts(user, given)) return wrongPassword;
  connection.authenticated = true;
  return ok;
}

/** What HELLO was asked to do besides. */
interface Greeting {
  credentials: readonly [Uint8Array, Uint8Array] | null;
  name: Uint8Array | null;
}

/** All or nothing, as in Redis: a greeting that fails leaves the protocol as it was. */
function greet(parts: Parts, connection: Connection): Action {
  const [, versionPart] = parts;
  const version = versionPart === undefined ? null : parseInteger(versionPart);
  if (versionPart !== undefined && version === null) {
    return refuse('Protocol version is not an integer or out of range');
  }
  if (version !== null && version !== 2n && version !== 3n) {
    return refuse('unsupported protocol version', 'NOPROTO');
  }
  const greeting = parseGreeting(parts);
  if ('code' in greeting) return greeting;
  const { credentials, name } = greeting;
  if (credentials !== null) {
    if (!connection.password.accepts(...credentials)) return wrongPassword;
    connection.authenticated = true;
  }
  if (!connection.authenticated) return greetingWithoutAuth;
  if (name !== null) {
    const named = setName([name, name, name], connection);
    if (named.type === 'error') return named;
  }
  if (version !== null) connection.protocol = version === 3n ? 3 : 2;
  return answer(describeServer(connection));
}

const greetingWithoutAuth = refuse(
  'HELLO must be called with the client already authenticated, otherwise the HELLO AUTH ' +
    '<user> <pass> option can be used to authenticate the client and select the RESP protocol ' +
    'version at the same time',
  'NOAUTH',
);

function parseGreeting(parts: Parts): Greeting | ReturnType<typeof refuse> {
  const greeting: Greeting = { credentials: null, name: null };
  for (let position = 2; position < parts.length; position += 1) {
    const [option, first, second] = parts.slice(position, position + 3);
    const word = option === undefined ? '' : optionOf(option);
    if (word === 'AUTH' && first !== undefined && second !== undefined) {
      greeting.credentials = [first, second];
      position += 2;
    } else if (word === 'SETNAME' && first !== undefined) {
      greeting.name = first;
      position += 1;
    } else {
      const shown = option === undefined ? '' : wordOf(option);
      return refuse(`Syntax error in HELLO option '${shown}'`);
    }
  }
  return greeting;
}

function describeServer({ node, id, protocol }: Connection): RespReply {
  const text = (value: string): RespReply => ({ type: 'text', text: value });
  return {
    type: 'map',
    entries: [
      [text('server'), text('rafture')],
      [text('version'), text(serverVersion)],
      [text('proto'), { type: 'integer', value: protocol }],
      [text('id'), { type: 'integer', value: id }],
      [text('mode'), text('standalone')],
      [text('role'), text(node.info().role === 'leader' ? 'master' : 'replica')],
      [text('modules'), { type: 'array', items: [] }],
    ],
  };
}

function getName(_: Parts, { name }: Connection): Action {
  return bulk(name === '' ? undefined : Buffer.from(name));
}

function setName(parts: Parts, connection: Connection): Action {
  const name = parts[2] ?? new Uint8Array(0);
  if (name.length > nameBytesMax) {
    return refuse(`Client names cannot be longer than ${nameBytesMax} bytes.`);
  }
  if (!isPlain(name)) {
    return refuse('Client names cannot contain spaces, newlines or special characters.');
  }
  connection.name = wordOf(name, nameBytesMax);
  return ok;
}

function setInfo(parts: Parts, connection: Connection): Action {
  const [, , option, value] = parts;
  if (option === undefined || value === undefined) return wrongArity('client|setinfo');
  const word = optionOf(option);
  if (word !== 'LIB-NAME' && word !== 'LIB-VER') {
    return refuse(`Unrecognized option '${wordOf(option)}'`);
  }
  if (value.length > nameBytesMax || !isPlain(value)) {
    const what = word.toLowerCase();
    return refuse(`${what} cannot contain spaces, newlines or special characters.`);
  }
  if (word === 'LIB-NAME') connection.libraryName = wordOf(value, nameBytesMax);
  else connection.libraryVersion = wordOf(value, nameBytesMax);
  return ok;
}

function isPlain(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte >= 0x21 && byte <= 0x7e);
}

function checkSwitch(parts: Parts): Action {
  const option = parts[2] === undefined ? '' : optionOf(parts[2]);
  return option === 'ON' || option === 'OFF' ? ok : syntaxError;
}

function listClients(parts: Parts, { clients }: Connection): Action {
  const [, , option, ...ids] = parts;
  if (option === undefined) return page(clients.all.map((each) => each.describe()));
  if (optionOf(option) !== 'ID' || ids.length === 0) return syntaxError;
  const wanted = ids.map(parseInteger);
  if (wanted.includes(null)) return refuse('Invalid client ID');
  const listed = clients.all.filter(({ id }) => wanted.includes(BigInt(id)));
  return page(listed.map((each) => each.describe()));
}
