import { expect, test } from 'vitest';
import { createErrorReply } from './errors.ts';
import { changeOf, PendingAdmin } from './node-admin.ts';
import { configurationOf, encodeConfiguration } from './raft/configuration.ts';
import type { Configuration, Entry } from './raft/entry.ts';
import type { AdminReply } from './server-node.ts';

const moved = createErrorReply('MOVED', '0 other:1');
const uncertain = createErrorReply('UNCERTAIN', 'gone');
const three = configurationOf(['n1', 'n2', 'n3']);
const four = configurationOf(['n1', 'n2', 'n3', 'n4']);
const joint: Configuration = { ...four, outgoingVoters: three.voters };

function createRig() {
  const admin = new PendingAdmin();
  const replies: AdminReply[] = [];
  admin.offer(1, (reply) => replies.push(reply));
  return {
    admin,
    replies,
    accept: (index: number, term: number) => admin.accept(1, { index, term }),
    apply: (index: number, term: number, configuration: Configuration | null) => {
      const entry: Entry =
        configuration === null
          ? { index, term, kind: 'command', data: Buffer.from('x') }
          : { index, term, kind: 'configuration', data: encodeConfiguration(configuration) };
      admin.applied(entry, () => moved);
    },
  };
}

test('a change of learners is done when its own entry is applied', () => {
  const { accept, apply, replies, admin } = createRig();
  accept(5, 2);
  expect(admin.hasChanges).toBe(true);
  apply(4, 2, null);
  expect(replies).toEqual([]);
  apply(5, 2, three);
  expect(replies).toEqual([{ type: 'configuration', id: 5 }]);
  expect(admin.hasChanges).toBe(false);
});

test('a change of voters is done when the configuration behind the joint one is applied', () => {
  const { accept, apply, replies } = createRig();
  accept(5, 2);
  apply(5, 2, joint);
  apply(6, 2, null);
  expect(replies).toEqual([]);
  apply(7, 2, four);
  expect(replies).toEqual([{ type: 'configuration', id: 7 }]);
});

test('it is done, too, when a later leader finishes what the first one began', () => {
  const { accept, apply, replies } = createRig();
  accept(5, 2);
  apply(5, 2, joint);
  apply(6, 4, null);
  expect(replies).toEqual([]);
  apply(8, 4, four);
  expect(replies).toEqual([{ type: 'configuration', id: 8 }]);
});

test('it is refused for certain when another entry has its place', () => {
  const { accept, apply, replies } = createRig();
  accept(5, 2);
  apply(5, 3, four);
  expect(replies).toEqual([moved]);
});

test('it is refused for certain when a later term has come before its place', () => {
  const { accept, apply, replies } = createRig();
  accept(5, 2);
  apply(4, 3, null);
  expect(replies).toEqual([moved]);
});

test('an older entry in its place settles nothing for a later term', () => {
  const { accept, apply, replies } = createRig();
  accept(5, 4);
  apply(4, 3, null);
  expect(replies).toEqual([]);
  apply(5, 3, null);
  expect(replies).toEqual([moved]);
});

test('what is lost from sight is uncertain; what the core has not answered waits', () => {
  const { accept, admin, replies } = createRig();
  accept(5, 2);
  admin.offer(2, (reply) => replies.push(reply));
  admin.abandonChanges(uncertain);
  expect(replies).toEqual([uncertain]);
  expect(admin.count).toBe(1);
  admin.transferEnded(2, 'deposed');
  expect(replies.at(-1)).toEqual({ type: 'ok' });
  admin.offer(3, (reply) => replies.push(reply));
  admin.transferEnded(3, 'givenUp');
  expect(replies.at(-1)).toMatchObject({ code: 'BUSY' });
  admin.offer(3, (reply) => replies.push(reply));
  admin.transferEnded(3, 'unanswered');
  expect(replies.at(-1)).toMatchObject({ code: 'UNCERTAIN' });
  admin.offer(4, (reply) => replies.push(reply));
  admin.abandonAll(uncertain);
  expect(replies.at(-1)).toEqual(uncertain);
  expect(admin.count).toBe(0);
});

test('what makes no sense is refused before anybody is asked', () => {
  const now = { ...three, learners: ['n4'] };
  const add = { type: 'add', peerAddress: 'p:1', clientAddress: 'c:1', expected: null } as const;
  expect(changeOf({ ...add, id: 'n4' }, now)).toMatchObject({ code: 'ERR' });
  expect(changeOf({ ...add, id: 'n1' }, now)).toMatchObject({ code: 'ERR' });
  expect(changeOf({ ...add, id: 'n5' }, now)).toMatchObject({ learners: ['n4', 'n5'] });
  const promote = { type: 'promote', expected: 7 } as const;
  expect(changeOf({ ...promote, id: 'n1' }, now)).toMatchObject({ code: 'ERR' });
  expect(changeOf({ ...promote, id: 'n4' }, now)).toMatchObject({
    expectedConfigurationIndex: 7,
    voters: ['n1', 'n2', 'n3', 'n4'],
    learners: [],
  });
  const remove = { type: 'remove', expected: null } as const;
  expect(changeOf({ ...remove, id: 'n9' }, now)).toMatchObject({ code: 'ERR' });
  expect(changeOf({ ...remove, id: 'n1' }, configurationOf(['n1']))).toMatchObject({ code: 'ERR' });
  expect(changeOf({ ...remove, id: 'n4' }, now)).toMatchObject({ learners: [] });
  expect(changeOf({ ...remove, id: 'n2' }, now)).toMatchObject({ voters: ['n1', 'n3'] });
});
