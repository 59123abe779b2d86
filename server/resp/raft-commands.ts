/**
 * The commands of this server's own: `RAFT.…`. Stale reads, sessions, and what operators ask for.
 */
import { isCrashPointName } from '../crash-points.ts';
import type { ErrorReply } from '../errors.ts';
import { isNodeId, nodeIdRule } from '../node-id.ts';
import type { AdminCommand, AdminReply } from '../server-node.ts';
import {
  type Action,
  answer,
  arityFits,
  type CommandSpec,
  noKeys,
  type Parts,
} from './command-spec.ts';
import type { CommandTable } from './command-table.ts';
import type { Connection } from './connection.ts';
import {
  optionOf,
  refuse,
  syntaxError,
  unknownCommand,
  wordOf,
  wrongArity,
} from './error-texts.ts';
import { describeRaftInfo } from './info.ts';
import { parseInteger, parseOrdinal } from './parse-integer.ts';

type Parse = (parts: Parts, connection: Connection) => Action;

/** As COMMAND tells it. */
type Kind = 'admin' | 'readonly' | 'write';

function define(
  name: string,
  arity: number,
  [kind, summary, parse]: readonly [Kind, string, Parse],
): CommandSpec {
  return { group: 'raft', name, arity, flags: [kind], keys: noKeys, summary, parse };
}

/** The table is asked for when a command is, not before it is there. */
export function createRaftCommands(table: () => CommandTable): readonly CommandSpec[] {
  const call: Parse = (parts, connection) => callInSession(table(), parts, connection);
  const stale: Parse = (parts, connection) => readStale(table(), parts, connection);
  const callSummary =
    'A command that takes effect once however often it is sent: id sequence [ACK below] command ' +
    '[argument ...].';
  const staleSummary =
    'A command that reads, answered by this node alone, however old what it has applied is.';
  const addSummary =
    'A learner joins: id, peer address, client address [EXPECT configuration-id]. On the leader.';
  const promoteSummary = 'A learner becomes a voter: id [EXPECT configuration-id]. On the leader.';
  const removeSummary = 'A member is one no more: id [EXPECT configuration-id]. On the leader.';
  const crashSummary =
    'For tests: the process ends at a passage of a crash point: name [n], or NONE for nowhere.';
  const sessions: readonly CommandSpec[] = [
    define('raft.session|call', -5, ['write', callSummary, call]),
    define('raft.session|close', 3, ['write', 'Ends a session: id.', closeSession]),
    define('raft.session|open', 2, ['write', 'Answers the id of a new session.', openSession]),
  ];
  return [
    define('raft.add', -4, ['admin', addSummary, addMember]),
    define('raft.crash-at', -2, ['admin', crashSummary, crashAt]),
    define('raft.hash', 1, ['readonly', 'Applied index and hash of this node’s state.', askHash]),
    define('raft.info', 1, ['readonly', 'What this node knows of the cluster.', describeNode]),
    define('raft.promote', -2, ['admin', promoteSummary, promoteMember]),
    define('raft.remove', -2, ['admin', removeSummary, removeMember]),
    {
      group: 'container',
      name: 'raft.session',
      arity: -2,
      flags: ['write'],
      keys: noKeys,
      summary: 'Writes that are sent again and take effect once.',
      subcommands: sessions,
      parse: null,
    },
    define('raft.snapshot', 1, ['admin', 'Takes a snapshot of this node’s state.', takeSnapshot]),
    define('raft.stale', -2, ['readonly', staleSummary, stale]),
    define('raft.transfer', -1, ['admin', 'Hands leadership over: [id].', transferLeadership]),
  ];
}

function describeNode(_: Parts, { node }: Connection): Action {
  return answer({ type: 'page', text: describeRaftInfo(node.info()) });
}

function readStale(table: CommandTable, parts: Parts, connection: Connection): Action {
  const request = parts.slice(1);
  const spec = request[0] === undefined ? null : table.find(request[0]);
  if (spec === null) return unknownCommand(request);
  if (spec.group !== 'read')
    return refuse(`RAFT.STALE is for commands that read, not ${spec.name}`);
  if (!arityFits(spec, request.length)) return wrongArity(spec.name);
  const command = spec.parse(request, connection);
  return command.type === 'error' ? command : { type: 'stale', command };
}

function openSession(): Action {
  return { type: 'openSession' };
}

function closeSession([, , id]: Parts): Action {
  const sessionId = id === undefined ? null : parseOrdinal(id);
  return sessionId === null ? badSessionId : { type: 'closeSession', sessionId };
}

const badSessionId = refuse('a session id is a whole number, as RAFT.SESSION OPEN answered it');

/** A serial client has all earlier answers, so they are acknowledged when nothing else is said. */
function callInSession(table: CommandTable, parts: Parts, connection: Connection): Action {
  const [, , idPart, sequencePart, option, below] = parts;
  const sessionId = idPart === undefined ? null : parseOrdinal(idPart);
  if (sessionId === null) return badSessionId;
  const sequence = sequencePart === undefined ? null : parseOrdinal(sequencePart);
  if (sequence === null) return refuse('a sequence number is a whole number from 1');
  const acknowledges = option !== undefined && optionOf(option) === 'ACK';
  const acknowledgedBelow = acknowledges ? parseOrdinal(below ?? new Uint8Array(0)) : sequence;
  if (acknowledgedBelow === null || acknowledgedBelow > sequence) {
    return refuse('ACK takes a whole number from 1 to the sequence number');
  }
  const request = parts.slice(acknowledges ? 6 : 4);
  const [name] = request;
  if (name === undefined) return wrongArity('raft.session|call');
  const spec = table.find(name);
  if (spec === null) return unknownCommand(request);
  if (spec.group !== 'write') {
    return refuse(`RAFT.SESSION CALL is for commands that write, not ${spec.name}`);
  }
  if (!arityFits(spec, request.length)) return wrongArity(spec.name);
  const command = spec.parse(request, connection);
  if (command.type === 'error') return command;
  return { type: 'inSession', sessionId, sequence, acknowledgedBelow, command };
}

const addressPattern = /^(?:\[[0-9A-Fa-f:.]{2,64}\]|[A-Za-z0-9._-]{1,253}):([0-9]{1,5})$/;

function isAddress(text: string): boolean {
  const port = Number(addressPattern.exec(text)?.[1]);
  return port >= 1 && port <= 65_535;
}

/** The id of a member, behind the command's name. */
function memberOf(parts: Parts): string | ErrorReply {
  const id = parts[1] === undefined ? '' : wordOf(parts[1]);
  return isNodeId(id) ? id : refuse(`an id is ${nodeIdRule}`);
}

/** `[EXPECT n]` from the position on. Null: it was not said. */
function expectedOf(parts: Parts, position: number): number | null | ErrorReply {
  const [option, value, tooMany] = parts.slice(position);
  if (option === undefined) return null;
  if (optionOf(option) !== 'EXPECT' || value === undefined || tooMany !== undefined) {
    return syntaxError;
  }
  const index = parseInteger(value);
  if (index === null || index < 0n || index > BigInt(Number.MAX_SAFE_INTEGER)) {
    return refuse('EXPECT takes the configuration_id that RAFT.INFO tells');
  }
  return Number(index);
}

function isError(value: unknown): value is ErrorReply {
  return typeof value === 'object' && value !== null;
}

function addMember(parts: Parts): Action {
  const id = memberOf(parts);
  if (isError(id)) return id;
  const expected = expectedOf(parts, 4);
  if (isError(expected)) return expected;
  const [peerAddress = '', clientAddress = ''] = parts.slice(2, 4).map((part) => wordOf(part, 300));
  if (!isAddress(peerAddress) || !isAddress(clientAddress)) {
    return refuse('addresses are HOST:PORT: where its peers reach it, then where its clients do');
  }
  return administer(
    { type: 'add', id, peerAddress, clientAddress, expected },
    `${id} is a learner now; RAFT.PROMOTE ${id} makes it a voter once it has the log`,
  );
}

function promoteMember(parts: Parts): Action {
  const id = memberOf(parts);
  if (isError(id)) return id;
  const expected = expectedOf(parts, 2);
  if (isError(expected)) return expected;
  return administer({ type: 'promote', id, expected }, `${id} is a voter now`);
}

function removeMember(parts: Parts): Action {
  const id = memberOf(parts);
  if (isError(id)) return id;
  const expected = expectedOf(parts, 2);
  if (isError(expected)) return expected;
  return administer(
    { type: 'remove', id, expected },
    `${id} is a member no more; it may be stopped`,
  );
}

function transferLeadership(parts: Parts): Action {
  if (parts.length > 2) return wrongArity('raft.transfer');
  const to = parts.length === 1 ? null : memberOf(parts);
  if (isError(to)) return to;
  const receiver = to ?? 'the follower that was furthest';
  return administer({ type: 'transfer', to }, `leadership is handed over to ${receiver}`);
}

function crashAt(parts: Parts): Action {
  const [, namePart, passagePart, tooMany] = parts;
  const name = namePart === undefined ? '' : wordOf(namePart);
  if (tooMany !== undefined) return wrongArity('raft.crash-at');
  if (name.toUpperCase() === 'NONE' && passagePart === undefined) {
    return administer({ type: 'crashAt', at: null }, 'this node ends at no crash point');
  }
  if (!isCrashPointName(name)) return refuse('that is no crash point; --list-crash-points has all');
  const passage = passagePart === undefined ? 1n : parseInteger(passagePart);
  if (passage === null || passage < 1n || passage > 1_000_000_000n) {
    return refuse('passages are counted from 1');
  }
  const at = { name, passage: Number(passage) };
  return administer({ type: 'crashAt', at }, `this node ends at passage ${passage} of ${name}`);
}

function takeSnapshot(): Action {
  return administer({ type: 'snapshot' }, 'a snapshot is taken');
}

function askHash(): Action {
  return administer({ type: 'hash' }, '');
}

function administer(command: AdminCommand, done: string): Action {
  return { type: 'admin', command, describe: (reply) => describeDone(reply, done) };
}

function describeDone(reply: Exclude<AdminReply, ErrorReply>, done: string): string {
  switch (reply.type) {
    case 'ok':
      return done;
    case 'configuration':
      return `${done} (configuration_id ${reply.id})`;
    case 'snapshot':
      return `the snapshot holds the log up to entry ${reply.lastIncludedIndex} and is durable`;
    case 'hash':
      return `${reply.appliedIndex} ${reply.hash}`;
  }
}
