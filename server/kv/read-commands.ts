/**
 * What each command that only reads answers, with Redis's semantics.
 *
 * Changes nothing. Whether the answer is linearizable is the caller's business. [Ongaro §6.4]
 */
import { assertNever } from '../raft/invariant-error.ts';
import type { ReadCommand, Reply } from './command.ts';
import { wrongType } from './data-commands.ts';
import { type Keyspace, nameOf, placeOf } from './keyspace.ts';

export function executeReadCommand(keyspace: Keyspace, command: ReadCommand): Reply {
  switch (command.type) {
    case 'exists': {
      const found = command.keys.filter((key) => keyspace.get(placeOf(key)) !== undefined);
      return { type: 'integer', value: found.length };
    }
    case 'get':
    case 'stringLength':
      return readString(keyspace, command);
    case 'listRange':
    case 'listLength':
      return readList(keyspace, command);
    case 'setHas':
    case 'setMembers':
      return readSet(keyspace, command);
    default:
      return assertNever(command);
  }
}

type ReadOf<Type extends ReadCommand['type']> = Extract<ReadCommand, { type: Type }>;

function readString(keyspace: Keyspace, command: ReadOf<'get' | 'stringLength'>): Reply {
  const value = keyspace.get(placeOf(command.key));
  if (value !== undefined && value.type !== 'string') return wrongType;
  if (command.type === 'get') return { type: 'bulk', value: value?.bytes ?? null };
  return { type: 'integer', value: value?.bytes.length ?? 0 };
}

function readList(keyspace: Keyspace, command: ReadOf<'listRange' | 'listLength'>): Reply {
  const list = keyspace.get(placeOf(command.key));
  if (list !== undefined && list.type !== 'list') return wrongType;
  if (command.type === 'listLength') return { type: 'integer', value: list?.length ?? 0 };
  return { type: 'array', items: list?.range(command.start, command.stop) ?? [] };
}

function readSet(keyspace: Keyspace, command: ReadOf<'setHas' | 'setMembers'>): Reply {
  const set = keyspace.get(placeOf(command.key));
  if (set !== undefined && set.type !== 'set') return wrongType;
  if (command.type === 'setMembers') return { type: 'set', items: set?.members() ?? [] };
  return { type: 'integer', value: set?.has(nameOf(command.member)) === true ? 1 : 0 };
}
